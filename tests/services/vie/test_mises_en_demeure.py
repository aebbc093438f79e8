"""Formal notice: its delay, its answer, its closing, the termination by right; who may do what; bad input; two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Conflit, Introuvable, Invalide, PortailError, Refus
from domain.roles import Role
from domain.workflow.tables import CONVENTION
from models import AuditEvent, Convention, Courriel, Denonciation, Exercice, MiseEnDemeure, Piece
from services.adhesion.pieces import open_piece
from services.convention.conventions import open_convention
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.facturation.exercices import refresh_convention
from services.vie import denonciations, mises_en_demeure
from services.vie.demeure_views import DemeureRow, open_demeures
from services.vie.denonciation_views import open_denonciations
from services.vie.fil import open_life
from tests.activite import assign
from tests.conventions import add_piece, make_convention, pdf, read_convention, word_text
from tests.factories import (
    Monde,
    example_answers,
    journal_actions,
    make_acteur,
    make_monde,
    make_other_centre,
    make_stranger,
)

SENT, PRESENTED, LAST = date(2026, 3, 2), date(2026, 3, 4), date(2026, 4, 3)
"""Thirty calendar days from the first presentation on 4 March: the last one is 3 April, a Friday."""


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail)


def prepare(portail: Portail, monde: Monde, convention_id: UUID, **changed: Any) -> UUID:
    given = {
        "article": "moyens",
        "manquements": "Le bureau n’est pas individuel.",
        "delai_jours": 30,
        "operation_id": uuid4().hex,
    }
    made = mises_en_demeure.prepare(portail, monde.responsable, convention_id, **{**given, **changed})
    assert made is not None
    return made


def row_of(portail: Portail, acteur: Acteur, convention_id: UUID) -> DemeureRow:
    return open_demeures(portail, acteur, convention_id).demeures[0]


def send(portail: Portail, monde: Monde, convention_id: UUID, presentation: date | None = PRESENTED) -> DemeureRow:
    """Prepare and send a formal notice; how it then is."""
    with clock.pretend(SENT):
        prepare(portail, monde, convention_id)
    row = row_of(portail, monde.responsable, convention_id)
    dates = {"envoi": SENT.isoformat(), "presentation": presentation.isoformat() if presentation else ""}
    with clock.pretend(PRESENTED + timedelta(days=1)):
        mises_en_demeure.send(portail, monde.responsable, row.id, dates, version_vue=row.version)
        return row_of(portail, monde.responsable, convention_id)


def terminate(portail: Portail, acteur: Acteur, row: DemeureRow, motif: str = "Aucun bureau n’est attribué.") -> date:
    return mises_en_demeure.terminate(portail, acteur, row.id, motif, version_vue=row.version)


# The delay --------------------------------------------------------------------------------------------------------------


def test_the_delay_runs_from_the_presentation(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    row = send(portail, monde, convention_id, presentation=None)
    assert row.echeance is None and read_convention(portail, convention_id).etat == "en_demeure"
    with clock.pretend(date(2026, 12, 1)):
        assert "resilier" not in row_of(portail, monde.responsable, convention_id).actions
        with pytest.raises(Refus, match="première présentation"):
            terminate(portail, monde.responsable, row)
        typed = {"envoi": "02/03/2026", "presentation": "04/03/2026"}
        found = mises_en_demeure.set_dates(portail, monde.instructeur, row.id, typed, version_vue=row.version)
    assert found == LAST


def test_nothing_ends_before_the_day_after_the_delay(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    row = send(portail, monde, convention_id)
    for day in (PRESENTED + timedelta(days=1), LAST - timedelta(days=1), LAST):
        with clock.pretend(day):
            assert "resilier" not in row_of(portail, monde.responsable, convention_id).actions
            with pytest.raises(Refus, match="3 avril 2026 compris"):
                terminate(portail, monde.responsable, row)
    assert read_convention(portail, convention_id).etat == "en_demeure"
    with clock.pretend(LAST + timedelta(days=1)):
        assert terminate(portail, monde.responsable, row) == LAST


def test_the_convention_ends_with_the_delay_and_its_years_are_due_until_then(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    convention_id = make_convention(portail, monde, "en_vigueur")
    with portail.db.write() as session:
        refresh_convention(session, convention_id)
    row = send(portail, monde, convention_id)
    with clock.pretend(date(2026, 5, 20)):  # recorded late: the last day is the same
        terminate(portail, monde.responsable, row)
    found = read_convention(portail, convention_id)
    assert (found.etat, found.fin, found.fin_motif) == ("resiliee", LAST, "resiliation")
    with portail.db.read() as session:
        query = select(Exercice.annee, Exercice.montant_du).where(Exercice.convention_id == convention_id)
        years = {row.annee: row.montant_du for row in session.execute(query)}
        # 93 days of 365, January to 3 April: 32 426,46 × 93 / 365
        assert years[2026] == Decimal("8262.08") and max(years) == 2026
        models = session.scalars(select(Courriel.modele)).all()
        pieces = session.scalars(select(Piece).where(Piece.usage == "mise_en_demeure").order_by(Piece.deposee_le)).all()
        letter, record = (word_text(portail.files.read(one.sha256)).replace("\u00a0", " ") for one in pieces)
        details = session.scalars(select(AuditEvent).where(AuditEvent.action == "convention.resilier")).one().details
    assert models.count("demeure_envoyee") == 3 and models.count("convention_resiliee") == 3
    assert "délai de 30 jours calendaires" in letter and "Le bureau n’est pas individuel." in letter
    assert "Le délai a expiré le 3 avril 2026" in record and "aucune réponse" in record
    assert "Aucun bureau n’est attribué." in record and details["fin"] == "2026-04-03"
    assert journal_actions(portail, convention_id) == [
        "demeure.preparer", "convention.mettre_en_demeure", "convention.resilier",
    ]  # fmt: skip


# Answers and closing ----------------------------------------------------------------------------------------------------


def test_answers_add_up_and_the_centre_is_told(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    row = send(portail, monde, convention_id)
    given: dict[str, Any] = {"version_vue": row.version, "operation_id": "a"}
    with clock.pretend(date(2026, 3, 20)):
        mises_en_demeure.answer(portail, monde.signataire, row.id, texte="Un bureau sera attribué.", **given)
        mises_en_demeure.answer(portail, monde.signataire, row.id, texte="Un bureau sera attribué.", **given)
        row = row_of(portail, monde.gestionnaire, convention_id)
        mises_en_demeure.answer(
            portail, monde.instructeur, row.id, texte="", reponse_le="18/03/2026",
            fichier=("reponse.pdf", pdf(1, "réponse")), version_vue=row.version, operation_id="b",
        )  # fmt: skip
    row = row_of(portail, monde.direction, convention_id)
    assert row.reponse.count("Un bureau sera attribué.") == 1 and row.reponse_le == date(2026, 3, 20)
    assert [piece.nom for piece in row.pieces] == ["reponse.pdf"]
    with portail.db.read() as session:
        models = list(session.scalars(select(Courriel.modele)))
    assert models.count("demeure_repondue") == 2


def test_closing_gives_back_what_was_there_before(portail: Portail, monde: Monde) -> None:
    """Under notice, then under formal notice: closing the second leaves the first."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2026, 2, 2)):
        denonciations.record_denonciation(
            portail, monde.gestionnaire, convention_id,
            auteur="collectivite", dates={"envoi": "01/02/2026"}, operation_id="d",
        )  # fmt: skip
        seen = open_denonciations(portail, monde.responsable, convention_id).denonciations[0]
        denonciations.confirm(portail, monde.responsable, seen.id, fin_vue=seen.fin_proposee, version_vue=seen.version)
    row = send(portail, monde, convention_id)
    assert read_convention(portail, convention_id).etat == "en_demeure"
    with clock.pretend(date(2026, 3, 20)):
        mises_en_demeure.close(
            portail, monde.responsable, row.id, "Bureau attribué.", satisfaite=True, version_vue=row.version
        )
    found = read_convention(portail, convention_id)
    assert (found.etat, found.fin) == ("denoncee", date(2026, 12, 31))
    assert row_of(portail, monde.gestionnaire, convention_id).etat == "satisfaite"


def test_a_notice_confirmed_under_formal_notice_leaves_the_termination_possible(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    row = send(portail, monde, convention_id)
    with clock.pretend(date(2026, 3, 20)):
        denonciations.record_denonciation(
            portail, monde.gestionnaire, convention_id,
            auteur="collectivite", dates={"envoi": "19/03/2026"}, operation_id="d",
        )  # fmt: skip
        seen = open_denonciations(portail, monde.responsable, convention_id).denonciations[0]
        denonciations.confirm(portail, monde.responsable, seen.id, fin_vue=seen.fin_proposee, version_vue=seen.version)
    assert read_convention(portail, convention_id).etat == "en_demeure"
    with clock.pretend(date(2026, 4, 4)):
        assert terminate(portail, monde.responsable, row) == LAST
    assert read_convention(portail, convention_id).fin_motif == "resiliation"


def test_a_delay_past_the_end_of_the_convention_terminates_nothing(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with portail.db.write() as session:
        one = session.get_one(Convention, convention_id)
        one.fin, one.fin_motif = date(2026, 3, 31), "non_reconduite"
    row = send(portail, monde, convention_id)
    with clock.pretend(date(2026, 4, 10)), pytest.raises(Refus, match="31 mars 2026"):
        terminate(portail, monde.responsable, row)


# Who --------------------------------------------------------------------------------------------------------------------


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", list(CONVENTION.etats))
def test_only_the_responsable_prepares_and_only_while_it_runs(portail: Portail, monde: Monde, etat: str) -> None:
    convention_id = make_convention(portail, monde, etat)
    given: dict[str, Any] = {"article": "moyens", "manquements": "Local.", "delai_jours": 30}
    for role in Role:
        if role is Role.RESPONSABLE and etat in ("en_vigueur", "denoncee"):
            continue
        with pytest.raises(Refus):
            mises_en_demeure.prepare(portail, monde[role], convention_id, **given, operation_id=uuid4().hex)
        if role is not Role.ASSISTANT:
            assert not open_demeures(portail, monde[role], convention_id).peut_preparer
    for stranger in (make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Introuvable):
            mises_en_demeure.prepare(portail, stranger, convention_id, **given, operation_id=uuid4().hex)
    if etat in ("en_vigueur", "denoncee"):
        prepare(portail, monde, convention_id)
        assert read_convention(portail, convention_id).etat == etat


R, I, G, S = Role.RESPONSABLE, Role.INSTRUCTEUR, Role.GESTIONNAIRE, Role.SIGNATAIRE  # noqa: E741
ACTIONS: dict[str, tuple[str, tuple[str, ...], tuple[Role, ...]]] = {
    "revise": ("reviser", ("preparee",), (R,)),
    "discard": ("abandonner", ("preparee",), (R,)),
    "send": ("envoyer", ("preparee",), (R,)),
    "set_dates": ("dater", ("envoyee", "expiree"), (R, I)),
    "answer": ("repondre", ("envoyee", "expiree"), (R, I, G, S)),
    "close": ("clore", ("envoyee", "expiree"), (R,)),
    "terminate": ("resilier", ("expiree",), (R,)),
}
"""What may be done: its code on the page, from which states (`expiree`: sent, its delay over), by whom."""


def perform(portail: Portail, acteur: Acteur, row: DemeureRow, action: str) -> None:
    given: dict[str, dict[str, Any]] = {
        "revise": {"article": "manquement", "manquements": "Téléphone.", "delai_jours": 15},
        "discard": {},
        "send": {"dates": {"envoi": "02/03/2026"}},
        "set_dates": {"dates": {"envoi": "02/03/2026", "presentation": "04/03/2026"}},
        "answer": {"texte": "Fait.", "reponse_le": "04/04/2026", "operation_id": uuid4().hex},
        "close": {"motif": "Fait.", "satisfaite": True},
        "terminate": {"motif": "Silence."},
    }
    getattr(mises_en_demeure, action)(portail, acteur, row.id, version_vue=row.version, **given[action])


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", ["preparee", "envoyee", "expiree", "satisfaite", "resiliee", "retiree"])
def test_every_state_action_and_role(portail: Portail, monde: Monde, etat: str) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    if etat == "preparee":
        prepare(portail, monde, convention_id)
    else:
        send(portail, monde, convention_id)
    day = LAST if etat == "envoyee" else LAST + timedelta(days=1)
    with clock.pretend(day):
        row = row_of(portail, monde.responsable, convention_id)
        if etat in ("satisfaite", "retiree"):
            mises_en_demeure.close(
                portail, monde.responsable, row.id, "Fait.", satisfaite=etat == "satisfaite", version_vue=row.version
            )
        elif etat == "resiliee":
            terminate(portail, monde.responsable, row)
        row = row_of(portail, monde.responsable, convention_id)
        outsiders = (make_stranger(portail), make_other_centre(portail))
        for action, (code, states, roles) in ACTIONS.items():
            for role in Role:
                seen = open_demeures(portail, monde[role], convention_id).demeures if role is not Role.ASSISTANT else ()
                allowed = etat in states and role in roles
                assert (bool(seen) and code in seen[0].actions) == allowed
                if not allowed:
                    with pytest.raises((Refus, Conflit)):
                        perform(portail, monde[role], row, action)
            for outsider in outsiders:
                with pytest.raises(Introuvable):
                    perform(portail, outsider, row, action)
        before = row_of(portail, monde.responsable, convention_id)
        assert (before.etat, before.version) == (row.etat, row.version)
    for action, (_, states, roles) in reversed(ACTIONS.items()):
        if etat in states:
            with clock.pretend(day):
                _do_once(portail, monde, convention_id, action, roles)
            break


def _do_once(portail: Portail, monde: Monde, convention_id: UUID, action: str, roles: tuple[Role, ...]) -> None:
    row = row_of(portail, monde[roles[-1]], convention_id)
    perform(portail, monde[roles[-1]], row, action)
    with pytest.raises((Conflit, Refus)):
        perform(portail, monde[roles[0]], row, action)


def test_the_collectivite_reads_nothing_before_it_is_sent(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    convention_id = make_convention(portail, monde, "en_vigueur")
    prepare(portail, monde, convention_id)
    letter = row_of(portail, monde.responsable, convention_id).pieces[0].id
    assert open_demeures(portail, monde.gestionnaire, convention_id).demeures == ()
    with pytest.raises(Introuvable):
        open_piece(portail, monde.gestionnaire, letter)
    row = row_of(portail, monde.responsable, convention_id)
    mises_en_demeure.send(portail, monde.responsable, row.id, {"envoi": "02/03/2026"}, version_vue=row.version)
    assert open_demeures(portail, monde.gestionnaire, convention_id).demeures[0].pieces[0].id == letter
    assert open_piece(portail, monde.gestionnaire, letter).data[:2] == b"PK"


def test_revising_makes_the_letter_again(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    convention_id = make_convention(portail, monde, "en_vigueur")
    prepare(portail, monde, convention_id)
    row = row_of(portail, monde.responsable, convention_id)
    perform(portail, monde.responsable, row, "revise")
    after = row_of(portail, monde.responsable, convention_id)
    assert len(after.pieces) == 1 and after.pieces[0].id != row.pieces[0].id
    text = word_text(open_piece(portail, monde.responsable, after.pieces[0].id).data)
    assert "délai de 15 jours" in text and "Téléphone." in text


# Bad input --------------------------------------------------------------------------------------------------------------


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("changed", "champ"),
    [
        ({"article": None}, "article"),
        ({"article": "9.9"}, "article"),
        ({"manquements": "  "}, "manquements"),
        ({"manquements": "x" * 5001}, "manquements"),
        ({"delai_jours": None}, "delai_jours"),
        ({"delai_jours": 0}, "delai_jours"),
        ({"delai_jours": 366}, "delai_jours"),
    ],
)
def test_what_the_letter_needs_is_asked_for(
    portail: Portail, monde: Monde, changed: dict[str, Any], champ: str
) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with pytest.raises(Invalide) as refused:
        prepare(portail, monde, convention_id, **changed)
    assert refused.value.champ == champ
    assert open_demeures(portail, monde.responsable, convention_id).demeures == ()


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("dates", "champ"),
    [
        ({}, "envoi"),
        ({"envoi": "06/03/2026"}, "envoi"),
        ({"envoi": "31/02/2026"}, "envoi"),
        ({"envoi": "01/01/2022"}, "envoi"),
        ({"envoi": "04/03/2026", "presentation": "03/03/2026"}, "presentation"),
        ({"envoi": "04/03/2026", "presentation": "06/03/2026"}, "presentation"),
    ],
)
def test_dates_in_the_wrong_order_or_to_come_are_refused(
    portail: Portail, monde: Monde, dates: dict[str, str], champ: str
) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with portail.db.write() as session:
        session.get_one(Convention, convention_id).centre_signee_le = date(2022, 12, 14)
    prepare(portail, monde, convention_id)
    row = row_of(portail, monde.responsable, convention_id)
    with clock.pretend(date(2026, 3, 5)), pytest.raises(Invalide) as refused:
        mises_en_demeure.send(portail, monde.responsable, row.id, dates, version_vue=row.version)
    assert refused.value.champ == champ
    assert read_convention(portail, convention_id).etat == "en_vigueur"


def test_an_empty_answer_is_refused(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    row = send(portail, monde, convention_id)
    with pytest.raises(Invalide, match="Écrivez la réponse"):
        mises_en_demeure.answer(
            portail, monde.gestionnaire, row.id, texte=" ", version_vue=row.version, operation_id="a"
        )


def test_two_people_at_once(portail: Portail, monde: Monde) -> None:
    """One prepares, the other too: one formal notice. Then one closes it while the other ends the convention: one of them."""
    convention_id = make_convention(portail, monde, "en_vigueur")

    def attempt(action: Any) -> str:
        with clock.pretend(LAST + timedelta(days=1)):
            try:
                action()
            except PortailError as error:
                return error.message
            return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(attempt, [lambda: prepare(portail, monde, convention_id)] * 2))
    assert said[0] == "" and ("déjà" in said[1] or "vient d" in said[1])
    row = row_of(portail, monde.responsable, convention_id)
    with clock.pretend(PRESENTED):
        dates = {"envoi": SENT.isoformat(), "presentation": PRESENTED.isoformat()}
        mises_en_demeure.send(portail, monde.responsable, row.id, dates, version_vue=row.version)
    row = row_of(portail, monde.responsable, convention_id)
    close = {"satisfaite": True, "version_vue": row.version}
    actions = [
        lambda: terminate(portail, monde.responsable, row),
        lambda: mises_en_demeure.close(portail, monde.responsable, row.id, "Fait.", **close),
    ]
    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(attempt, actions))
    assert said[0] == "" and said[1]
    with portail.db.read() as session:
        one = session.scalars(select(MiseEnDemeure)).one()
        etat = session.get_one(Convention, convention_id).etat
    assert (one.etat, etat) in {("resiliee", "resiliee"), ("satisfaite", "en_vigueur")}


def test_an_assistant_reads_nothing_of_the_end(portail: Portail, monde: Monde) -> None:
    """Neither what is prepared nor what was sent, neither the motives nor the letters; of the text, what they need to come."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    assign(portail, monde, convention_id)
    assistant = monde.gens[Role.ASSISTANT]
    prepare(portail, monde, convention_id)
    with portail.db.write() as session:
        session.add(
            Denonciation(
                convention_id=convention_id, auteur="collectivite", etat="recue", motif="Trop cher.", recevabilite="oui"
            )
        )  # fmt: skip
        for usage in ("mise_en_demeure", "denonciation"):
            add_piece(session, portail, convention_id, usage, f"{usage}.docx", usage.encode(), None)
    with portail.db.read() as session:
        wanted = ("mise_en_demeure", "denonciation")
        letters = list(session.scalars(select(Piece.id).where(Piece.usage.in_(wanted))))
    demeures, notices = (one(portail, assistant, convention_id) for one in (open_demeures, open_denonciations))
    assert (demeures.demeures, demeures.cote_centre, demeures.peut_preparer) == ((), False, False)
    assert (notices.denonciations, notices.auteurs, notices.refus) == ((), (), "")
    assert open_convention(portail, assistant, convention_id).historique == ()
    for letter in letters:
        with pytest.raises(Introuvable):
            open_piece(portail, assistant, letter)
        assert open_piece(portail, monde.instructeur, letter).data
    assert open_demeures(portail, monde.instructeur, convention_id).demeures
    assert open_denonciations(portail, monde.instructeur, convention_id).denonciations
    told, whole = (
        {row.libelle: row.valeur for _, rows in open_life(portail, one, convention_id).texte for row in rows}
        for one in (assistant, monde.instructeur)
    )
    answers = example_answers()
    come = [answers[one] for one in ("referent.courriel", "locaux.telephone")]
    others = [answers[one] for one in ("deliberation.numero", "representant.nom", "collectivite.siren")]
    assert set(come) <= set(told.values()) and {"47,70\xa0%", "01/01/2023"} <= set(told.values())
    assert not set(others) & set(told.values()) and set(told) < set(whole)


def test_an_assistant_who_is_more_than_that_reads_it(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    prepare(portail, monde, convention_id)
    both = make_acteur(portail, Role.ASSISTANT, Role.INSTRUCTEUR, centre=monde.centre_id)
    assert open_demeures(portail, both, convention_id).demeures
    assert open_life(portail, both, convention_id).texte == open_life(portail, monde.instructeur, convention_id).texte
