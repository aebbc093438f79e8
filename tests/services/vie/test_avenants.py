"""Avenants: from the request to the two signatures, what they change from their day on, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Conflit, Introuvable, Refus
from domain.roles import Role
from models import AuditEvent, Avenant, Collectivite, Convention, Courriel, Exercice, Piece, Reconduction
from services.accueil.taches import list_taches
from services.activite import equipe
from services.adhesion import dossiers, editique, workflow
from services.adhesion.pieces import open_piece
from services.convention import conventions, signatures
from services.convention.convention_views import ConventionFilter
from services.convention.quantites import share_on
from services.convention.registre import list_conventions
from services.core import clock
from services.core.portail import Portail
from services.facturation.exercices import compare, refresh_convention
from services.pilotage.capacite import capacity_by_month
from services.pilotage.filtres import Filtres
from services.vie import avenants, demandes, effets
from services.vie.fil import open_life
from services.vie.texte import text_in_force
from tests.conventions import examine_here, make_convention, pdf, signing, word_text
from tests.decomptes import add_tarif
from tests.demandes import begin, fill, issue, make_request, quotite_60, sign
from tests.factories import Monde, journal_actions, lift_warnings, make_monde, make_other_centre, make_stranger

TODAY = date(2026, 6, 15)


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


@pytest.fixture(autouse=True)
def _june(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Mid-June 2026; files are examined here, and no PDF is made."""
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr("services.convention.conventions.try_pdf", lambda *_: None)
    monkeypatch.setattr("services.vie.avenants.try_pdf", lambda *_: None)
    with clock.pretend(TODAY):
        yield


@pytest.mark.sqlite
def test_avenant_bills_both_parts_of_the_year(portail: Portail, monde: Monde) -> None:
    """G10: 60 % from 1 September 2026, 35 221,28 €."""
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 1, 1))
    avenant_id = issue(portail, monde, convention_id, quotite_60())
    with portail.db.read() as session:
        avenant = session.get_one(Avenant, avenant_id)
        convention = session.get_one(Convention, convention_id)
        assert avenant.numero == f"{convention.numero}-A1"
        assert (avenant.quotite, avenant.minutes_prevues, avenant.date_effet) == (60, None, date(2026, 9, 1))
        assert (avenant.montant_annuel, avenant.montant_premiere_annee) == (Decimal("40788.00"), Decimal("35221.28"))
        assert avenant.terme == convention.terme
        word = session.scalars(select(Piece).where(Piece.convention_id == avenant_id)).one()
        text = word_text(portail.files.read(word.sha256)).replace("\u00a0", " ").replace("\u202f", " ")
    assert word.usage == "avenant"
    for told in (
        f"Avenant n° {avenant.numero}".replace("-", "\u2011"),
        "47,70 %",
        "60,00 %",
        "32 426,46 €",
        "40 788,00 €",
        "35 221,28 €",
        "1er septembre 2026",
        "Le second site ouvre à la rentrée.",
    ):
        assert told in text, told
    assert sign(portail, monde, avenant_id) == "en_vigueur"
    with portail.db.read() as session:
        years = session.scalars(
            select(Exercice).where(Exercice.convention_id == convention_id).order_by(Exercice.annee)
        ).all()
        assert [one.montant_du for one in years[:2]] == [Decimal("35221.28"), Decimal("40788.00")]
        assert [one.quotite for one in years[:2]] == [60, 60]
        assert compare(session) == []
        convention = session.get_one(Convention, convention_id)
        assert convention.quotite == Decimal("47.70")
        before, after = (text_in_force(session, convention, date(2026, *day)) for day in ((8, 31), (9, 1)))
        assert (before["besoin.quotite"], after["besoin.quotite"]) == ("47.70", "60.00")
        assert before["deliberation.numero"] == after["deliberation.numero"]
        modeles = set(session.scalars(select(Courriel.modele)))
    assert {
        "demande_envoyee",
        "demande_suivie",
        "avenant_emis",
        "avenant_signature_deposee",
        "avenant_signe",
    } <= modeles
    actions = journal_actions(portail, avenant_id)
    assert actions == ["avenant.emettre", "avenant.deposer_signature", "avenant.signer_centre"]
    view = conventions.open_convention(portail, monde.gestionnaire, avenant_id)
    assert (view.avenant, view.titre, view.etat_libelle) == (True, f"Avenant {avenant.numero}", "À venir")


def _issued(portail: Portail, monde: Monde, effet: date = date(2026, 1, 1)) -> UUID:
    return make_convention(portail, monde, "en_vigueur", date_effet=effet)


def _deposit(portail: Portail, monde: Monde, convention_id: UUID, values: dict[str, Any]) -> UUID:
    dossier_id = make_request(portail, monde, convention_id, "avenant", values)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    return dossier_id


def test_the_register_shows_the_share_in_force(portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one of the issue, from the avenant's day on; also where another centre lives in another day."""
    convention_id = _issued(portail, monde)
    sign(portail, monde, issue(portail, monde, convention_id, quotite_60()))
    (other,) = make_other_centre(portail).par_centre
    for day, share in ((date(2026, 8, 31), "47.70"), (date(2026, 9, 1), "60.00")):
        for elsewhere in (day, day - timedelta(days=1)):
            days = {monde.centre_id: day, other: elsewhere}
            monkeypatch.setattr("services.convention.registre._days", lambda _, days=days: days)
            found = list_conventions(portail, monde.instructeur, ConventionFilter(tri="volume"))
            assert [row.quotite for row in found.rows] == [Decimal(share)]


def test_an_avenant_that_contradicts_a_signed_one_is_refused(portail: Portail, monde: Monde) -> None:
    """The share already changes on 1 September: not again on that day or before; after, yes; and the premises at any time."""
    convention_id = _issued(portail, monde)
    sign(portail, monde, issue(portail, monde, convention_id, quotite_60()))
    for day in ("2026-07-01", "2026-09-01"):
        values = {**quotite_60(day), "besoin.quotite": "80"}
        dossier_id = make_request(portail, monde, convention_id, "avenant", values)
        with pytest.raises(Refus, match="modifie déjà ce point à compter du 1er septembre 2026"):
            workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
        workflow.perform(portail, monde.gestionnaire, dossier_id, "retirer", motif="Mauvaise date.")
    locaux = {"avenant.objets": ["locaux"], "avenant.date_effet": "2026-07-01", "avenant.motif": "Déménagement."}
    other = _deposit(portail, monde, convention_id, {**locaux, "locaux.telephone": "01 11 22 33 44"})
    workflow.perform(portail, monde.instructeur, other, "prendre_en_charge")
    workflow.perform(portail, monde.instructeur, other, "accepter")  # no délibération is asked for
    sign(portail, monde, avenants.issue_avenant(portail, monde.instructeur, other))
    third = issue(portail, monde, convention_id, {**quotite_60("2027-01-01"), "besoin.quotite": "80"})
    with portail.db.read() as session:
        assert session.get_one(Avenant, third).numero.endswith("-A3")
    sign(portail, monde, third)
    life = open_life(portail, monde.gestionnaire, convention_id, date(2026, 10, 1))
    assert [(one.le, one.applique) for one in life.maillons] == [
        (date(2026, 1, 1), True),
        (date(2026, 7, 1), True),
        (date(2026, 9, 1), True),
        (date(2027, 1, 1), False),
    ]
    told = {row.libelle: (row.valeur, row.source) for _, rows in life.texte for row in rows}
    assert told["Part d’un temps plein"] == ("60,00\u00a0%", f"Avenant {life.maillons[2].titre.split()[-1]}")
    with portail.db.read() as session:
        years = session.scalars(
            select(Exercice.montant_du).where(Exercice.convention_id == convention_id).order_by(Exercice.annee)
        ).all()
    assert years[:2] == [Decimal("35221.28"), Decimal("54384.00")]


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"avenant.date_effet": "2025-12-31"}, "précède celle de la convention"),
        ({"avenant.date_effet": "2031-01-01"}, "suit le dernier jour"),
        ({"besoin.quotite": "47,7"}, "Rien ne change : modifiez"),
        ({"avenant.objets": ["temps", "dates"]}, "Rien ne change dans « Dates »"),
        ({"avenant.objets": ["dates"], "besoin.date_debut_prestations": "2026-08-01"}, "ne peut plus changer"),
        ({"avenant.objets": ["dates"], "besoin.date_effet": "2025-12-01"}, "ne peut plus changer"),
    ],
)
def test_bad_avenants_are_refused(portail: Portail, monde: Monde, changed: dict[str, Any], said: str) -> None:
    convention_id = _issued(portail, monde)
    with pytest.raises(Refus, match=said):
        _deposit(portail, monde, convention_id, {**quotite_60(), **changed})


def test_dates_still_to_come_move_within_the_convention(portail: Portail, monde: Monde) -> None:
    """The convention begins on 1 September; its services are put off to 1 November, never before it nor after its end."""
    convention_id = _issued(portail, monde, date(2026, 9, 1))
    base = {**quotite_60(), "avenant.objets": ["dates"]}
    for day, said in (("2026-08-01", "avancé avant"), ("2031-01-01", "dépasserait le dernier jour")):
        dossier_id = make_request(portail, monde, convention_id, "avenant", base)
        fill(portail, monde.gestionnaire, dossier_id, {"besoin.date_debut_prestations": day})
        with pytest.raises(Refus, match=said):
            workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
        workflow.perform(portail, monde.gestionnaire, dossier_id, "retirer", motif="Mauvaise date.")
    avenant_id = issue(portail, monde, convention_id, {**base, "besoin.date_debut_prestations": "2026-11-01"})
    with portail.db.read() as session:
        before = session.scalars(select(Exercice).where(Exercice.convention_id == convention_id)).all()
    sign(portail, monde, avenant_id)
    with portail.db.read() as session:
        convention, avenant = session.get_one(Convention, convention_id), session.get_one(Avenant, avenant_id)
        assert (convention.date_effet, convention.date_debut_prestations) == (date(2026, 9, 1), date(2026, 11, 1))
        assert (convention.terme, avenant.quotite) == (date(2030, 12, 31), None)
        due = session.scalars(
            select(Exercice.montant_du).where(Exercice.convention_id == convention_id, Exercice.annee == 2026)
        ).one()
        # 61 days of 2026 at 47,70 %, as the avenant printed it.
        assert due == avenant.montant_premiere_annee == Decimal("5419.22")
        assert compare(session) == [] and not before


def test_only_one_avenant_at_a_time(portail: Portail, monde: Monde) -> None:
    convention_id = _issued(portail, monde)
    avenant_id = issue(portail, monde, convention_id, quotite_60())
    with pytest.raises(Conflit, match="attend encore une signature"):
        begin(portail, monde.gestionnaire, convention_id, "avenant")
    life = open_life(portail, monde.gestionnaire, convention_id)
    assert next(one for one in life.possibles if one.nature == "avenant").attend
    signatures.cancel_convention(portail, monde.responsable, avenant_id, motif="Erreur de date.")
    again = issue(portail, monde, convention_id, quotite_60("2026-10-01"))
    with portail.db.read() as session:
        assert session.get_one(Avenant, again).numero.endswith("-A2")  # a number is never used again
        assert text_in_force(session, session.get_one(Convention, convention_id), date.max)["besoin.quotite"] == "47.70"


def test_two_clicks_issue_one_avenant(portail: Portail, monde: Monde) -> None:
    convention_id = _issued(portail, monde)
    dossier_id = _deposit(portail, monde, convention_id, quotite_60())
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")

    def click(_: int) -> str:
        with clock.pretend(TODAY):
            try:
                avenants.issue_avenant(portail, monde.instructeur, dossier_id)
            except Conflit:
                return "conflit"
            return "fait"

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(click, range(3))) == ["conflit", "conflit", "fait"]
    with portail.db.read() as session:
        assert len(session.scalars(select(Avenant)).all()) == 1


def test_a_tariff_of_another_year_is_lifted_before_an_avenant_is_accepted(portail: Portail, monde: Monde) -> None:
    """B03: the avenant prints the year of its effect; at a tariff of another year, somebody says that it applies. Not where the
    avenant changes nothing of what is due, nor once the tariff of that year is voted."""

    def waiting() -> list[str]:
        return [one.detail for one in list_taches(portail, monde.instructeur) if "avertissement" in one.detail]

    convention_id = _issued(portail, monde)
    dossier_id = _deposit(portail, monde, convention_id, quotite_60())
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    (told,) = dossiers.open_dossier(portail, monde.instructeur, dossier_id).avertissements
    assert told.texte.startswith("Aucun tarif 2026 n’est enregistré : vérifiez que celui de 2022 s’applique")
    assert "67 980,00" in told.texte.replace("\u202f", " ").replace("\u00a0", " ") and "heure" not in told.texte
    (theirs,) = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).avertissements
    assert "Le centre vous le confirmera" in theirs.texte
    with pytest.raises(Refus, match="Levez l’avertissement : Aucun tarif 2026"):
        workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    assert any("1 avertissement à lever" in one for one in waiting())
    lift_warnings(portail, monde, dossier_id)
    assert waiting() == []
    accept = dossiers.open_dossier(portail, monde.instructeur, dossier_id).action("accepter")
    assert accept and accept.blocages == ()
    workflow.perform(portail, monde.instructeur, dossier_id, "refuser", motif="Autre date.")
    premises = {"avenant.objets": ["locaux"], "avenant.date_effet": "2026-07-01", "avenant.motif": "Déménagement."}
    other = _deposit(portail, monde, convention_id, {**premises, "locaux.telephone": "01 11 22 33 44"})
    assert dossiers.open_dossier(portail, monde.instructeur, other).avertissements == ()
    workflow.perform(portail, monde.gestionnaire, other, "retirer", motif="Plus tard.")
    add_tarif(portail, monde.centre_id, "temps_complet", 2026, "72140.00")
    last = _deposit(portail, monde, convention_id, quotite_60())
    assert dossiers.open_dossier(portail, monde.instructeur, last).avertissements == ()


def test_who_issues_and_signs_an_avenant(portail: Portail, monde: Monde) -> None:
    convention_id = _issued(portail, monde)
    dossier_id = _deposit(portail, monde, convention_id, quotite_60())
    with pytest.raises(Refus, match="pas possible"):
        avenants.issue_avenant(portail, monde.instructeur, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    with pytest.raises(Refus, match="pas à une convention"):
        conventions.issue_convention(portail, monde.instructeur, dossier_id)
    for role in set(Role) - {Role.INSTRUCTEUR}:
        with pytest.raises((Refus, Introuvable)):
            avenants.issue_avenant(portail, monde[role], dossier_id)
    avenant_id = avenants.issue_avenant(portail, monde.instructeur, dossier_id)
    strangers = (make_stranger(portail), make_other_centre(portail))
    for who in (*(monde[role] for role in set(Role) - {Role.GESTIONNAIRE, Role.SIGNATAIRE}), *strangers):
        with pytest.raises((Refus, Introuvable)):
            signatures.submit_signature(portail, who, avenant_id, **signing(pdf(3, "a"), date_signature=TODAY))
    with portail.db.read() as session:
        piece = session.scalars(select(Piece).where(Piece.convention_id == avenant_id)).one()
    for who in strangers:
        with pytest.raises(Introuvable):
            conventions.open_convention(portail, who, avenant_id)
        with pytest.raises(Introuvable):
            open_piece(portail, who, piece.id)
    assert open_piece(portail, monde.direction, piece.id).nom == piece.nom
    signatures.submit_signature(portail, monde.signataire, avenant_id, **signing(pdf(3, "a"), date_signature=TODAY))
    signatures.reject_signature(portail, monde.instructeur, avenant_id, motif="Page manquante.")
    assert sign(portail, monde, avenant_id) == "en_vigueur"


@pytest.mark.sqlite
def test_the_projet_shows_what_would_change(portail: Portail, monde: Monde) -> None:
    convention_id = _issued(portail, monde)
    dossier_id = make_request(portail, monde, convention_id, "avenant", quotite_60())
    projet = avenants.render_projet(portail, monde.gestionnaire, dossier_id)
    text = word_text(projet.data)
    assert "Projet d’avenant, non numéroté" in text and "35" in text
    assert projet.nom.startswith("projet-avenant-2026")
    blank = begin(portail, monde.gestionnaire, convention_id, "referent")
    with pytest.raises(Refus, match="aucun document"):
        avenants.render_projet(portail, monde.gestionnaire, blank)
    with pytest.raises(Refus, match="adhésion"):
        editique.render_deliberation(portail, monde.gestionnaire, dossier_id)


def test_the_name_changes_on_its_day(portail: Portail, monde: Monde) -> None:
    convention_id = _issued(portail, monde)
    values = {**quotite_60(), "avenant.objets": ["identite"], "collectivite.nom": "Choisy-sur-Seine"}
    sign(portail, monde, issue(portail, monde, convention_id, values))

    def name(jour: date) -> str:
        with portail.db.write() as session:
            effets.rename_due(session, monde.centre_id, jour)
        with portail.db.read() as session:
            return session.get_one(Collectivite, monde.collectivite_id).nom

    assert name(date(2026, 8, 31)) == "Choisy-le-Roi"
    assert name(date(2026, 9, 3)) == "Choisy-sur-Seine"
    with portail.db.write() as session:
        session.get_one(Collectivite, monde.collectivite_id).nom = "Choisy"
    assert name(date(2026, 9, 4)) == "Choisy"  # renamed since: left alone
    with portail.db.write() as session:
        session.get_one(Collectivite, monde.collectivite_id).nom = "Choisy-le-Roi"
    assert name(date(2026, 9, 5)) == "Choisy-le-Roi"  # the former name, put back by a person: left alone too
    with portail.db.read() as session:
        convention = session.get_one(Convention, convention_id)
        text = text_in_force(session, convention, date(2026, 9, 1))
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "collectivite.renommer")).all()
        (avenant_id,) = session.scalars(select(Avenant.id).where(Avenant.parent_id == convention_id))
    assert text["collectivite.nom"] == "Choisy-sur-Seine"
    assert [(one.objet_id, one.details) for one in told] == [
        (str(avenant_id), {"collectivite": str(monde.collectivite_id)})
    ]


# The convention that follows --------------------------------------------------------------------------------------------


def _renew(portail: Portail, monde: Monde, convention_id: UUID, **dates: str) -> UUID:
    """The convention that follows, issued."""
    dossier_id = demandes.create_renewal(portail, monde.gestionnaire, convention_id, uuid4().hex)
    values = {"besoin.quotite": "50", "deliberation.numero": "2030-100", "deliberation.date": "2026-06-01", **dates}
    fill(portail, monde.gestionnaire, dossier_id, values)
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    return conventions.issue_convention(portail, monde.instructeur, dossier_id)


def test_the_next_convention_begins_answered_and_replaces_this_one(portail: Portail, monde: Monde) -> None:
    old = _issued(portail, monde)
    sign(portail, monde, issue(portail, monde, old, quotite_60()))
    operation = uuid4().hex
    first = demandes.create_renewal(portail, monde.gestionnaire, old, operation)
    assert demandes.create_renewal(portail, monde.gestionnaire, old, operation) == first
    view = dossiers.open_dossier(portail, monde.gestionnaire, first)
    assert view.answers["besoin.quotite"].valeur == "60.00"  # as the avenant left it
    assert view.answers["besoin.date_effet"].valeur == "2031-01-01"
    assert "deliberation.numero" not in view.answers
    assert view.adhesion and view.sujet and view.sujet.convention_id == old
    with pytest.raises(Conflit, match="déjà en cours"):
        demandes.create_renewal(portail, monde.instructeur, old, uuid4().hex)
    workflow.perform(portail, monde.gestionnaire, first, "retirer", motif="Plus tard.")
    dates = {"besoin.date_effet": "2027-01-01", "besoin.date_debut_prestations": "2027-01-01"}
    new = _renew(portail, monde, old, **dates)
    assert sign(portail, monde, new) == "en_vigueur"

    def state(jour: date) -> tuple[str, date | None, str | None]:
        with portail.db.write() as session:
            effets.replace_due(session, monde.centre_id, jour)
        with portail.db.read() as session:
            convention = session.get_one(Convention, old)
            assert compare(session) == []
            return convention.etat, convention.fin, convention.fin_motif

    # Two conventions never bill the same day; the old one is in force until the eve.
    assert state(date(2026, 12, 31)) == ("en_vigueur", date(2026, 12, 31), "remplacement")
    assert state(date(2027, 1, 2)) == ("remplacee", date(2026, 12, 31), "remplacement")
    assert state(date(2027, 1, 3))[0] == "remplacee"
    assert journal_actions(portail, old).count("convention.remplacer") == 1
    with portail.db.read() as session:
        assert session.get_one(Convention, new).remplace_id == old
        due = dict(
            session.execute(select(Exercice.convention_id, Exercice.montant_du).where(Exercice.annee == 2027)).all()
        )
        assert due == {new: Decimal("33990.00")}
    links = [one.titre for one in open_life(portail, monde.direction, new).maillons]
    assert [one.split()[0] for one in links] == ["Convention", "Convention"]


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("effet", ["2025-06-01", "2026-01-01", "2026-01-02"])
def test_no_day_is_due_twice_whenever_the_next_convention_begins(portail: Portail, monde: Monde, effet: str) -> None:
    """From the first day of the convention that it replaces, or before it: nothing is due for the old one any more."""
    old = _issued(portail, monde)
    with portail.db.write() as session:
        refresh_convention(session, old)
        session.add(Reconduction(convention_id=old, annee=2027, rang=1, decision="tacite"))
    new = _renew(portail, monde, old, **{"besoin.date_effet": effet, "besoin.date_debut_prestations": effet})
    sign(portail, monde, new)
    with portail.db.read() as session:
        assert session.get_one(Convention, old).dernier_jour == date.fromisoformat(effet) - timedelta(days=1)
        assert compare(session) == [] and session.scalars(select(Reconduction)).all() == []
        query = select(Exercice.annee, Exercice.montant_du).where(Exercice.convention_id == old)
        due = dict(session.execute(query).all())
    # One day of 2026 where the next one begins on the second: 32 426,46 / 365.
    assert due == ({2026: Decimal("88.84")} if effet == "2026-01-02" else {})


def test_one_convention_follows_another(portail: Portail, monde: Monde) -> None:
    """Two, from a page left open, would both be due for the same years."""
    old = _issued(portail, monde)
    new = _renew(
        portail, monde, old, **{"besoin.date_effet": "2027-01-01", "besoin.date_debut_prestations": "2027-01-01"}
    )
    with pytest.raises(Conflit, match="prend déjà la suite"):
        demandes.create_renewal(portail, monde.instructeur, old, uuid4().hex)
    signatures.cancel_convention(portail, monde.instructeur, new, motif="La part a changé.")
    demandes.create_renewal(portail, monde.instructeur, old, uuid4().hex)


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", ["a_signer", "annulee", "resiliee", "remplacee"])
def test_some_conventions_are_followed_by_none(portail: Portail, monde: Monde, etat: str) -> None:
    convention_id = make_convention(portail, monde, etat, date_effet=date(2026, 1, 1))
    with pytest.raises(Refus, match="suivie"):
        demandes.create_renewal(portail, monde.gestionnaire, convention_id, uuid4().hex)
    for role in set(Role) - {Role.GESTIONNAIRE, Role.INSTRUCTEUR}:
        with pytest.raises((Refus, Introuvable)):
            demandes.create_renewal(portail, monde[role], convention_id, uuid4().hex)


def test_screens_of_the_team_follow_the_share_of_the_day(portail: Portail, monde: Monde) -> None:
    """Coverage and capacity say what is promised on the day, not what was on the first."""
    convention_id = _issued(portail, monde)
    sign(portail, monde, issue(portail, monde, convention_id, quotite_60()))
    for jour, share in ((date(2026, 8, 31), Decimal("47.70")), (date(2026, 9, 1), Decimal("60.00"))):
        with portail.db.read() as session:
            assert session.scalar(select(share_on(jour)).where(Convention.id == convention_id)) == share
        with clock.pretend(jour):
            (row,) = equipe.list_couvertures(
                portail, monde.responsable, monde.centre_id, equipe.CouvertureFilter(couverture="sans_assistant")
            ).rows
            assert row.prevue == share
    with portail.db.read() as session:
        filtres = Filtres(centre_id=monde.centre_id, annee=2026, today=TODAY)
        months = capacity_by_month(session, filtres)
    assert [one.promis for one in months][7:9] == [Decimal("0.4770"), Decimal("0.6000")]


def test_an_avenant_is_not_signed_once_its_convention_ends_before_it(portail: Portail, monde: Monde) -> None:
    convention_id = _issued(portail, monde)
    avenant_id = issue(portail, monde, convention_id, quotite_60("2027-03-01"))
    with portail.db.write() as session:
        convention = session.get_one(Convention, convention_id)
        convention.etat, convention.fin, convention.fin_motif = "denoncee", date(2026, 12, 31), "denonciation"
    (blocked,) = conventions.open_convention(portail, monde.gestionnaire, avenant_id).actions
    assert "prend fin le 31 décembre 2026" in blocked.blocages[0]
    with pytest.raises(Refus, match="annulez-le"):
        signatures.submit_signature(
            portail, monde.gestionnaire, avenant_id, **signing(pdf(3, "a"), date_signature=TODAY)
        )
    assert signatures.cancel_convention(portail, monde.responsable, avenant_id, motif="Dénonciation.") == "annulee"
