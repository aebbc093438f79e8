"""The second offer, by the hour, from the draft to the convention; and two centres that keep to themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.calendar import last_notice_day
from domain.errors import Introuvable
from domain.roles import Role
from models import Convention, DemandeAdhesion
from services.adhesion import dossier_lists, dossiers, editique
from services.adhesion.dossier_lists import DossierFilter
from services.centre import centres
from services.centre.offres import published_offers
from services.convention import conventions, registre
from services.convention.convention_views import ConventionFilter
from services.core import clock
from services.core.portail import Portail
from tests.conventions import examine_here, pdf, word_text
from tests.factories import Monde, make_acteur, make_collectivite
from tests.martinique import accept, begin, example, fill, make_martinique

NBSP, NARROW = "\u00a0", "\u202f"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """LibreOffice has tests of its own: here the PDF is one of three pages."""
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr(conventions, "docx_to_pdf", lambda data: pdf(3))


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_martinique(portail)


def _whole_year(**changes: object) -> dict[str, Any]:
    return example(
        besoin__minutes_prevues="40 h",
        besoin__date_effet="2027-01-01",
        besoin__date_debut_prestations="2027-01-01",
        **changes,
    )


@pytest.mark.sqlite
def test_forty_hours_from_the_draft_to_the_convention(portail: Portail, monde: Monde) -> None:
    dossier_id = begin(portail, monde)
    view = fill(portail, monde, dossier_id, _whole_year())
    assert view.evaluation.missing == []
    assert view.montants is not None
    assert (view.montants["horaire"]["minutes_prevues"], view.montants["annuel"]) == (2400, Decimal("2400.00"))
    projet = word_text(editique.render_projet(portail, monde.gestionnaire, dossier_id).data)
    assert f"fixé à 40{NBSP}h pour une année entière" in projet
    assert f"2{NARROW}400,00{NBSP}€" in projet
    deliberation = word_text(editique.render_deliberation(portail, monde.gestionnaire, dossier_id).data)
    assert f"2{NARROW}400,00{NBSP}€" in deliberation and "le conseil municipal décide" in deliberation
    accept(portail, monde, dossier_id)
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    issued = conventions.open_convention(portail, monde.gestionnaire, convention_id)
    assert (issued.quotite, issued.minutes_prevues, issued.montant_annuel) == (None, 2400, Decimal("2400.00"))
    assert (issued.date_effet, issued.terme) == (date(2027, 1, 1), date(2031, 12, 31))
    text = word_text(portail.files.read(issued.sha256))
    assert f"2{NARROW}400,00{NBSP}€" in text and "tribunal administratif de la Martinique" in text
    with portail.db.read() as session:
        row = session.scalars(select(Convention)).one()
        assert (row.affiliee, row.effectif) == (True, 62)
    (line,) = registre.list_conventions(portail, monde.responsable, ConventionFilter()).rows
    assert (line.quotite, line.minutes_prevues) == (None, 2400)


@pytest.mark.sqlite
def test_the_example_begins_in_april(portail: Portail, monde: Monde) -> None:
    """120 hours for a whole year, served from 1 April: 275 days out of 365, in whole minutes."""
    view = fill(portail, monde, begin(portail, monde), example())
    assert view.montants is not None
    assert view.montants["annuel"] == Decimal("7200.00")
    assert view.montants["horaire"]["minutes_premiere_annee"] == 5425
    assert view.montants["premiere_annee"]["du"] == Decimal("5425.00")
    assert view.montants["premiere_annee"]["jours"] == 275


@pytest.mark.sqlite
def test_a_board_decides_for_a_ccas(portail: Portail, monde: Monde) -> None:
    tree = _whole_year()
    tree["collectivite"] |= {"type": "ccas", "nom": "L'Ajoupa-Bouillon", "appellation": "le CCAS"}
    tree["deliberation"]["organe"], tree["representant"]["qualite"] = "conseil d’administration", "président"
    dossier_id = begin(portail, monde)
    fill(portail, monde, dossier_id, tree)
    text = word_text(editique.render_deliberation(portail, monde.gestionnaire, dossier_id).data)
    assert "Le centre communal d’action sociale de L’Ajoupa-Bouillon" in text
    assert "le conseil d’administration décide" in text and "le président" in text


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("path", "value", "champ"),
    [
        ("collectivite__affilie", False, "collectivite.affilie"),
        ("instance_pluridisciplinaire__engagement", False, "instance_pluridisciplinaire.engagement"),
    ],
)
def test_conditions_of_the_offer_block_the_deposit(
    portail: Portail, monde: Monde, path: str, value: object, champ: str
) -> None:
    view = fill(portail, monde, begin(portail, monde), example(**{path: value}))
    assert [one.field_id for one in view.evaluation.blocking("deposer")] == [champ]


def test_each_centre_sees_its_own(portail: Portail, monde: Monde) -> None:
    """The other centre's people, and the other centre's collectivités, know nothing of this one."""
    dossier_id = begin(portail, monde)
    other = next(one for one in centres.list_centres(portail) if one.id != monde.centre_id)
    for role in (Role.INSTRUCTEUR, Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR):
        foreign = make_acteur(portail, role, centre=other.id)
        assert dossier_lists.list_dossiers(portail, foreign, DossierFilter()).total == 0
        with pytest.raises(Introuvable):
            dossiers.open_dossier(portail, foreign, dossier_id)
    elsewhere = make_collectivite(portail)
    with pytest.raises(Introuvable):
        dossiers.open_dossier(portail, make_acteur(portail, Role.GESTIONNAIRE, collectivite=elsewhere), dossier_id)


def test_offers_shown_are_those_of_the_centres_that_know_the_collectivite(portail: Portail, monde: Monde) -> None:
    """A request forwarded to the collectivité's own people opens the other centre's offer to them, not to that centre."""
    offered = dossier_lists.list_creatable(portail, monde.gestionnaire)
    assert [(one.centre_id, one.offre) for one in offered] == [(monde.centre_id, "Accompagnement social des agents")]
    other = next(one for one in centres.list_centres(portail) if one.id != monde.centre_id)
    foreign = make_acteur(portail, Role.INSTRUCTEUR, centre=other.id)
    with portail.db.write() as session:
        session.add(
            DemandeAdhesion(
                centre_id=other.id, etat="acceptee", siren="219722014", collectivite_nom="L’Ajoupa-Bouillon",
                collectivite_type="commune", prenom="Léa", nom="Ailleurs", courriel="lea@example.org",
            )
        )  # fmt: skip
    assert {one.centre_id for one in dossier_lists.list_creatable(portail, monde.gestionnaire)} == {
        monde.centre_id,
        other.id,
    }
    assert dossier_lists.list_creatable(portail, foreign) == []


@pytest.mark.sqlite
def test_the_banner_names_the_centre_of_the_person(portail: Portail, monde: Monde) -> None:
    assert centres.banner(portail, None).nom == centres.SEVERAL
    assert "Martinique" in centres.banner(portail, monde.instructeur).nom
    begin(portail, monde)
    assert "Martinique" in centres.banner(portail, monde.gestionnaire).nom


def test_numbers_follow_the_day_of_each_centre(portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten in the evening of 31 December in Fort-de-France is already next year in Pantin; each centre counts its own."""
    monkeypatch.setattr(clock, "utc_now", lambda: datetime(2027, 1, 1, 2, 0, tzinfo=UTC))
    reference = dossiers.open_dossier(portail, monde.gestionnaire, begin(portail, monde)).reference
    other = next(one for one in centres.list_centres(portail) if one.id != monde.centre_id)
    with portail.db.read() as session:
        version = published_offers(session, other.id)[0].id
    clerk = make_acteur(portail, Role.INSTRUCTEUR, centre=other.id)
    begun = dossiers.create_dossier(
        portail, clerk, collectivite_id=make_collectivite(portail), offre_version_id=version, operation_id=uuid4().hex
    )
    assert reference == "D-2026-0001"
    assert dossiers.open_dossier(portail, clerk, begun).reference == "D-2027-0001"


def test_a_letter_of_29_september_evening_is_of_the_29th() -> None:
    """22:00 in Fort-de-France, when it is the 30th in Paris: the notice is in time (B12)."""
    evening = datetime(2026, 9, 30, 2, 0, tzinfo=UTC)
    assert clock.today("America/Martinique", evening) == last_notice_day(2026) == date(2026, 9, 29)
    assert clock.today("Europe/Paris", evening) == date(2026, 9, 30)
