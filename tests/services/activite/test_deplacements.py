"""Journeys: what they claim (G16), which days and people, closed months, versions, roles."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from openpyxl import load_workbook

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.formatting import date_courte
from domain.roles import Role
from models import Convention, Deplacement, OffreVersion
from services import exports
from services.activite import deplacement_lists, deplacements
from services.activite.deplacement_lists import DeplacementFilter
from services.activite.equipe import Enregistre
from services.core import clock
from services.core.access import Acteur
from tests.activite import assign, close_month
from tests.conventions import make_convention
from tests.factories import (
    Monde,
    cig_offer,
    journal_actions,
    make_acteur,
    make_other_centre,
    make_stranger,
)

TODAY = clock.today()


@pytest.fixture
def convention_id(monde: Monde) -> UUID:
    found = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, found)
    return found


def _save(monde: Monde, convention_id: UUID | None, who: Acteur | None = None, **changed: object) -> Enregistre:
    given: dict[str, object] = {"jour": "12/03/2024", "km": "42,5", "puissance": "5", **changed}
    return deplacements.save_deplacement(
        monde.portail,
        who or monde["assistant"],
        monde.centre_id,
        {key: given[key] for key in ("jour", "km", "puissance")},
        convention_id=convention_id,
        zone=str(given["zone"]) if "zone" in given else "hors_zone",
        operation_id=str(given.get("operation_id", uuid4().hex)),
        assistant_id=given.get("assistant_id"),  # type: ignore[arg-type]
        deplacement_id=given.get("deplacement_id"),  # type: ignore[arg-type]
        version_vue=given.get("version_vue"),  # type: ignore[arg-type]
    )


def _claims(monde: Monde, convention_id: UUID, du: date, au: date) -> list[tuple[date, Decimal]]:
    with monde.portail.db.read() as session:
        return [(one.jour, one.montant) for one in deplacements.claims_of(session, convention_id, du, au)]


def test_g16(monde: Monde, convention_id: UUID) -> None:
    _save(monde, convention_id, jour="02/01/2024", km="320")
    _save(monde, convention_id, jour="01/02/2024", km="1630")
    _save(monde, convention_id, jour="29/02/2024", km="180")
    assert _claims(monde, convention_id, date(2024, 1, 1), date(2024, 1, 31)) == [(date(2024, 1, 2), Decimal("102.40"))]
    assert _claims(monde, convention_id, date(2024, 2, 29), date(2024, 3, 31)) == [
        (date(2024, 2, 29), Decimal("68.00"))
    ]
    rows = deplacement_lists.list_deplacements(monde.portail, monde["assistant"], monde.centre_id, 2024)
    assert [row.montant for row in rows] == [Decimal("68.00"), Decimal("521.60"), Decimal("102.40")]
    assert rows[0].etapes == (
        "Déjà parcourus dans l’année\xa0: 1\u202f950\xa0km",
        "50\xa0km × 0,32\xa0€ + 130\xa0km × 0,40\xa0€ = 68,00\xa0€",
    )


def test_the_distance_of_the_year_counts_every_journey_of_the_person(monde: Monde, convention_id: UUID) -> None:
    elsewhere = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, elsewhere, quotite=Decimal(10))
    colleague = make_acteur(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    assign(monde.portail, monde, convention_id, assistant_id=colleague.utilisateur_id, quotite=Decimal(10))
    _save(monde, elsewhere, jour="03/06/2024", km="1000")
    _save(monde, elsewhere, jour="03/05/2024", km="950", zone="incluse")
    _save(monde, convention_id, colleague, jour="03/04/2024", km="500")  # somebody else's
    _save(monde, convention_id, jour="31/12/2023", km="800")  # another year
    _save(monde, convention_id, jour="04/06/2024", km="180")
    assert _claims(monde, convention_id, date(2024, 6, 1), date(2024, 6, 30)) == [(date(2024, 6, 4), Decimal("68.00"))]


def test_only_journeys_out_of_the_zone_are_claimed(monde: Monde, convention_id: UUID) -> None:
    _save(monde, convention_id, zone="incluse")
    assert _claims(monde, convention_id, date(2024, 1, 1), date(2024, 12, 31)) == []
    (row,) = deplacement_lists.list_deplacements(monde.portail, monde["assistant"], monde.centre_id, 2024)
    assert row.montant is None and row.raison == "Zone comprise dans l’adhésion."


def test_an_offer_that_does_not_bill_journeys_claims_nothing(monde: Monde, convention_id: UUID) -> None:
    bare = cig_offer().model_dump(mode="json")
    bare["facturation"]["deplacements_factures"] = False
    with monde.portail.db.write() as session:
        version = OffreVersion(
            centre_id=monde.centre_id, code="sans", titre="Sans", numero=1, contenu=bare, gabarits={}
        )
        session.add(version)
        session.flush()
        session.get_one(Convention, convention_id).dossier.offre_version_id = version.id
    _save(monde, convention_id)
    assert _claims(monde, convention_id, date(2024, 1, 1), date(2024, 12, 31)) == []
    (row,) = deplacement_lists.list_deplacements(monde.portail, monde["assistant"], monde.centre_id, 2024)
    assert row.montant is None and "ne facture pas" in row.raison


@pytest.mark.parametrize(
    ("changed", "champ"),
    [
        ({"jour": ""}, "jour"),
        ({"jour": "29/02/2023"}, "jour"),
        ({"jour": date_courte(TODAY + timedelta(days=1))}, "jour"),
        ({"jour": "31/12/2022"}, "convention_id"),
        ({"km": ""}, "km"),
        ({"km": "0"}, "km"),
        ({"km": "-12"}, "km"),
        ({"km": "12,34"}, "km"),
        ({"km": "5001"}, "km"),
        ({"km": "loin"}, "km"),
        ({"puissance": ""}, "puissance"),
        ({"puissance": "0"}, "puissance"),
        ({"puissance": "150"}, "puissance"),
        ({"zone": "ailleurs"}, "zone"),
    ],
)
def test_what_is_refused(monde_sqlite: Monde, changed: dict[str, object], champ: str) -> None:
    found = make_convention(monde_sqlite.portail, monde_sqlite, "en_vigueur")
    assign(monde_sqlite.portail, monde_sqlite, found)
    with pytest.raises(Invalide) as caught:
        _save(monde_sqlite, found, **changed)
    assert caught.value.champ == champ
    with monde_sqlite.portail.db.read() as session:
        assert session.query(Deplacement).count() == 0


def test_a_day_without_a_scale_is_refused_when_it_would_be_billed(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    old = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2021, 1, 1))
    assign(monde.portail, monde, old, du=date(2021, 1, 1))
    with pytest.raises(Invalide) as caught:
        _save(monde, old, jour="31/12/2021")
    assert caught.value.champ == "jour"
    assert _save(monde, old, jour="31/12/2021", zone="incluse").id
    assert _save(monde, old, jour="01/01/2022").id


def test_only_where_and_while_assigned(monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id, du=date(2024, 2, 1), au=date(2024, 2, 29))
    cancelled = make_convention(monde.portail, monde, "annulee")
    assign(monde.portail, monde, cancelled)
    assert _save(monde, convention_id, jour="29/02/2024").id
    for convention, jour in ((convention_id, "31/01/2024"), (convention_id, "01/03/2024"), (cancelled, "12/03/2024")):
        with pytest.raises(Invalide) as caught:
            _save(monde, convention, jour=jour)
        assert caught.value.champ == "convention_id"
    for nothing in (None, uuid4()):
        with pytest.raises(Invalide):
            _save(monde, nothing)


def test_a_closed_month_stays_as_it_is(monde: Monde, convention_id: UUID) -> None:
    kept = _save(monde, convention_id, jour="31/01/2024").id
    moved = _save(monde, convention_id, jour="01/02/2024").id
    assert kept and moved
    close_month(monde.portail, monde, 2024, 1)
    for given in (
        {"jour": "15/01/2024"},
        {"jour": "31/01/2024", "km": "1", "deplacement_id": kept, "version_vue": 1},
        {"jour": "02/02/2024", "deplacement_id": kept, "version_vue": 1},  # out of the closed month
        {"jour": "31/01/2024", "deplacement_id": moved, "version_vue": 1},  # into it
    ):
        with pytest.raises(Invalide, match="janvier 2024"):
            _save(monde, convention_id, **given)
    with pytest.raises(Invalide, match="janvier 2024"):
        deplacements.remove_deplacement(monde.portail, monde["assistant"], monde.centre_id, kept, version_vue=1)
    rows = deplacement_lists.list_deplacements(monde.portail, monde["assistant"], monde.centre_id, 2024)
    assert [(row.jour, row.fige) for row in rows] == [(date(2024, 2, 1), False), (date(2024, 1, 31), True)]


def test_a_change_and_a_removal_keep_what_was_there(monde: Monde, convention_id: UUID) -> None:
    one = _save(monde, convention_id).id
    assert one
    _save(monde, convention_id, km="50", deplacement_id=one, version_vue=1)
    with pytest.raises(Conflit):
        _save(monde, convention_id, km="60", deplacement_id=one, version_vue=1)
    with pytest.raises(Conflit):
        deplacements.remove_deplacement(monde.portail, monde["assistant"], monde.centre_id, one, version_vue=1)
    deplacements.remove_deplacement(monde.portail, monde["assistant"], monde.centre_id, one, version_vue=2)
    assert journal_actions(monde.portail, one) == [
        "deplacement.enregistrer",
        "deplacement.modifier",
        "deplacement.retirer",
    ]


def test_a_double_click_records_once(monde: Monde, convention_id: UUID) -> None:
    operation = uuid4().hex
    assert _save(monde, convention_id, operation_id=operation).id
    assert _save(monde, convention_id, operation_id=operation).id is None
    assert len(deplacement_lists.list_deplacements(monde.portail, monde["assistant"], monde.centre_id, 2024)) == 1


# Who -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_who_records_and_who_reads(monde_sqlite: Monde, role: Role) -> None:
    monde, who = monde_sqlite, monde_sqlite[role]
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id)
    theirs = monde["assistant"].utilisateur_id
    one = _save(monde, convention_id).id
    assert one
    change = {"km": "50", "deplacement_id": one, "version_vue": 1}
    if role in (Role.ASSISTANT, Role.RESPONSABLE):
        _save(monde, convention_id, who, assistant_id=theirs, **change)
        assert deplacement_lists.open_saisie(monde.portail, who, monde.centre_id, theirs).puissance == 5
    else:
        with pytest.raises(Refus):
            _save(monde, convention_id, who, assistant_id=theirs, **change)
        with pytest.raises(Refus):
            deplacements.remove_deplacement(
                monde.portail, who, monde.centre_id, one, version_vue=1, assistant_id=theirs
            )
    reads = (monde.portail, who, monde.centre_id, 2024)
    if role in (Role.ASSISTANT, Role.RESPONSABLE, Role.INSTRUCTEUR):
        assert len(deplacement_lists.list_deplacements(*reads, assistant_id=theirs)) == 1
    else:
        with pytest.raises(Introuvable):
            deplacement_lists.list_deplacements(*reads, assistant_id=theirs)
    if role is not Role.ASSISTANT:
        with pytest.raises(Refus):
            deplacement_lists.list_deplacements(*reads)
        with pytest.raises(Refus):
            _save(monde, convention_id, who)
    assert (monde.centre_id in deplacement_lists.list_my_centres(monde.portail, who)) is (role is Role.ASSISTANT)


def test_one_assistant_does_not_touch_the_journeys_of_another(monde: Monde, convention_id: UUID) -> None:
    one = _save(monde, convention_id).id
    assert one
    colleague = make_acteur(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    assign(monde.portail, monde, convention_id, assistant_id=colleague.utilisateur_id, quotite=Decimal(10))
    others = (colleague, make_other_centre(monde.portail), make_stranger(monde.portail))
    for who in others:
        with pytest.raises(Introuvable):
            deplacements.remove_deplacement(monde.portail, who, monde.centre_id, one, version_vue=1)
        with pytest.raises(Introuvable):
            _save(monde, convention_id, who, deplacement_id=one, version_vue=1)
        with pytest.raises(Introuvable):
            _save(monde, convention_id, who, assistant_id=monde["assistant"].utilisateur_id)
    with pytest.raises(Introuvable):  # somebody who never was in the team
        _save(monde, convention_id, monde.responsable, assistant_id=monde.gestionnaire.utilisateur_id)


def test_the_form_offers_what_is_assigned_these_last_months(monde: Monde, convention_id: UUID) -> None:
    over = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, over, au=date(2023, 6, 30), quotite=Decimal(10))
    _save(monde, convention_id, jour="12/03/2024", puissance="7")
    saisie = deplacement_lists.open_saisie(monde.portail, monde["assistant"], monde.centre_id)
    assert list(saisie.conventions) == [convention_id]
    assert (saisie.zone_incluse, saisie.puissance) == ("région Île-de-France", 7)
    assert saisie.annees == tuple(range(TODAY.year, 2023, -1))


# The centre's list and its export ---------------------------------------------------------------------------------------


def test_the_centre_reads_every_journey_and_exports_them(monde: Monde, convention_id: UUID) -> None:
    colleague = make_acteur(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    assign(monde.portail, monde, convention_id, assistant_id=colleague.utilisateur_id, quotite=Decimal(10))
    _save(monde, convention_id, km="320")
    _save(monde, convention_id, colleague, km="10", zone="incluse", jour="13/03/2024")
    _save(monde, convention_id, jour="31/12/2023")

    def listed(**filtre: object) -> list[tuple[str, Decimal | None]]:
        wanted = DeplacementFilter(2024, **filtre)  # type: ignore[arg-type]
        found = deplacement_lists.list_centre_deplacements(monde.portail, monde.instructeur, monde.centre_id, wanted)
        return [(row.assistant, row.montant) for row in found.rows]

    both = [("Camille Exemple", None), ("Assistant Modèle", Decimal("102.40"))]
    assert listed() == both and listed(texte="choisy") == both
    assert listed(texte="zzz") == [] and listed(zone="hors_zone") == both[1:]
    assert listed(assistant_id=colleague.utilisateur_id) == both[:1]
    years = deplacement_lists.list_years(monde.portail, monde.responsable, monde.centre_id)
    assert (years[0], years[-1]) == (TODAY.year, 2023)
    asked = {"centre": str(monde.centre_id), "annee": "2024"}
    sheet = _sheet(monde, monde.responsable, asked)
    assert [row[1] for row in sheet] == ["Assistant Modèle", "Camille Exemple"] and sheet[0][7] == 102.4
    assert [row[1] for row in _sheet(monde, colleague, asked)] == ["Camille Exemple"]  # one's own only
    assert "deplacement.exporter" in journal_actions(monde.portail)


def _sheet(monde: Monde, who: Acteur, asked: dict[str, str]) -> list[tuple[object, ...]]:
    data = exports.produce(monde.portail, who, "deplacements.xlsx", asked).data
    rows = list(load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))
    start = next(place for place, row in enumerate(rows) if row[0] == "Date")
    return rows[start + 1 :]


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.RESPONSABLE, Role.INSTRUCTEUR)])
def test_nobody_else_reads_the_centre_s_journeys(monde_sqlite: Monde, role: Role) -> None:
    monde, who = monde_sqlite, monde_sqlite[role]
    with pytest.raises(Introuvable):
        deplacement_lists.list_centre_deplacements(monde.portail, who, monde.centre_id, DeplacementFilter(2024))
    asked = {"centre": str(monde.centre_id), "annee": "2024", "assistant": str(monde.responsable.utilisateur_id)}
    with pytest.raises(Refus):
        exports.produce(monde.portail, who, "deplacements.xlsx", asked)


@pytest.mark.parametrize("annee", ["", "abcd", "1999", "99999999999", "²024"])
def test_an_export_of_an_impossible_year(monde_sqlite: Monde, annee: str) -> None:
    with pytest.raises(Invalide):
        exports.produce(
            monde_sqlite.portail,
            monde_sqlite.responsable,
            "deplacements.xlsx",
            {"centre": str(monde_sqlite.centre_id), "annee": annee},
        )


def test_an_export_of_another_centre(monde_sqlite: Monde) -> None:
    asked = {"centre": str(monde_sqlite.centre_id), "annee": "2024"}
    for stranger in (make_other_centre(monde_sqlite.portail), make_stranger(monde_sqlite.portail)):
        with pytest.raises(Introuvable):
            exports.produce(monde_sqlite.portail, stranger, "deplacements.xlsx", asked)
