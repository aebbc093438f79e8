"""Notice: the worked examples G12 and G14 through the portal, who may do what, bad input, two people at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Conflit, Introuvable, Invalide, PortailError, Refus
from domain.roles import Role
from domain.workflow.tables import CONVENTION
from models import AuditEvent, Centre, Convention, Courriel, Denonciation, Exercice, OffreVersion, Piece, Reconduction
from services.activite.regles import RUNNING_STATES
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.facturation.exercices import refresh_convention
from services.vie import denonciations
from services.vie.denonciation_views import DenonciationRow, open_denonciations
from tests.conventions import make_convention, pdf, read_convention, word_text
from tests.factories import Monde, journal_actions, make_monde, make_other_centre, make_stranger

TODAY = date(2026, 11, 20)


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail)


def record(portail: Portail, acteur: Acteur, convention_id: UUID, envoi: date | str = "", **given: Any) -> UUID:
    """Record the letter of the collectivité sent on this day."""
    dates = {"envoi": envoi.isoformat() if isinstance(envoi, date) else envoi, **given.pop("dates", {})}
    made = denonciations.record_denonciation(
        portail, acteur, convention_id,
        **{"auteur": "collectivite", "dates": dates, "operation_id": uuid4().hex, **given},
    )  # fmt: skip
    assert made is not None
    return made


def row_of(portail: Portail, acteur: Acteur, convention_id: UUID) -> DenonciationRow:
    return open_denonciations(portail, acteur, convention_id).denonciations[0]


def confirm(portail: Portail, acteur: Acteur, convention_id: UUID, **given: Any) -> date:
    """Confirm the notice as the page shows it."""
    row = row_of(portail, acteur, convention_id)
    return denonciations.confirm(
        portail, acteur, row.id, **{"fin_vue": row.fin_proposee, "version_vue": row.version, **given}
    )


def years(portail: Portail, convention_id: UUID) -> dict[int, Decimal]:
    with portail.db.read() as session:
        query = select(Exercice.annee, Exercice.montant_du).where(Exercice.convention_id == convention_id)
        return {row.annee: row.montant_du for row in session.execute(query.order_by(Exercice.annee))}


def refresh(portail: Portail, convention_id: UUID) -> None:
    with portail.db.write() as session:
        refresh_convention(session, convention_id)


# The worked examples ----------------------------------------------------------------------------------------------------


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("lettre", "recevabilite", "fin"),
    [
        (date(2023, 9, 28), "oui", date(2023, 12, 31)),
        (date(2024, 9, 29), "oui", date(2024, 12, 31)),  # a Sunday: never moved
        (date(2026, 9, 29), "oui", date(2026, 12, 31)),
        (date(2026, 9, 30), "tardive", None),  # the end proposed is the term: without effect
        (date(2023, 9, 30), "tardive", date(2024, 12, 31)),
        (date(2025, 10, 1), "tardive", date(2026, 12, 31)),
        (date(2025, 1, 15), "oui", date(2025, 12, 31)),
        (date(2027, 9, 12), "sans_objet", None),
    ],
)
def test_the_letters_of_g12(portail: Portail, monde: Monde, lettre: date, recevabilite: str, fin: date | None) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(lettre):
        record(portail, monde.gestionnaire, convention_id, lettre)
        row = row_of(portail, monde.responsable, convention_id)
        assert (row.recevabilite, row.fin_proposee) == (recevabilite, fin)
        if fin is None:
            assert "confirmer" not in row.actions and "classer" in row.actions
            with pytest.raises(Refus, match="sans suite"):
                denonciations.confirm(portail, monde.responsable, row.id, fin_vue=None, version_vue=row.version)
            assert read_convention(portail, convention_id).dernier_jour == date(2027, 12, 31)
            return
        assert confirm(portail, monde.responsable, convention_id, tardive_confirmee=recevabilite == "tardive") == fin
    found = read_convention(portail, convention_id)
    assert (found.etat, found.fin, found.fin_motif, found.dernier_jour) == ("denoncee", fin, "denonciation", fin)
    assert max(years(portail, convention_id)) == fin.year


def test_a_late_letter_never_ends_on_the_next_1_january_unless_nothing_is_said(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2023, 10, 2)):
        record(portail, monde.signataire, convention_id, date(2023, 9, 30))
        with pytest.raises(Invalide, match="tardive") as refused:
            confirm(portail, monde.instructeur, convention_id)
        assert refused.value.champ == "tardive"
        assert read_convention(portail, convention_id).etat == "en_vigueur"
        with pytest.raises(Conflit, match="31 décembre 2024"):
            confirm(portail, monde.instructeur, convention_id, fin_vue=date(2023, 12, 31), tardive_confirmee=True)
        assert confirm(portail, monde.instructeur, convention_id, tardive_confirmee=True) == date(2024, 12, 31)


def test_a_start_in_september_and_its_letter_as_g14(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 9, 15))
    refresh(portail, convention_id)
    assert sorted(years(portail, convention_id)) == [2026, 2027, 2028, 2029, 2030]
    with clock.pretend(date(2026, 9, 28)):
        record(portail, monde.gestionnaire, convention_id, date(2026, 9, 25))
        assert confirm(portail, monde.responsable, convention_id) == date(2026, 12, 31)
    assert years(portail, convention_id) == {2026: Decimal("9594.68")}


def test_a_start_in_october_and_its_late_letter_as_g14(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2026, 10, 1))
    with clock.pretend(date(2026, 10, 15)):
        record(portail, monde.gestionnaire, convention_id, date(2026, 10, 15))
        row = row_of(portail, monde.responsable, convention_id)
        assert (row.recevabilite, row.fin_proposee) == ("tardive", date(2027, 12, 31))
        confirm(portail, monde.responsable, convention_id, tardive_confirmee=True)
    assert years(portail, convention_id) == {2026: Decimal("8173.24"), 2027: Decimal("32426.46")}


def rule_notice(portail: Portail, convention_id: UUID, **denonciation: Any) -> None:
    """Give the convention another version of its offer, with other rules of notice."""
    with portail.db.write() as session:
        dossier = session.get_one(Convention, convention_id).dossier
        known = session.get_one(OffreVersion, dossier.offre_version_id)
        rules = {**known.contenu["denonciation"], **denonciation}
        other = OffreVersion(
            id=uuid4(), centre_id=known.centre_id, code=known.code, titre=known.titre, numero=2, etat="publiee",
            contenu={**known.contenu, "denonciation": rules}, gabarits=known.gabarits,
        )  # fmt: skip
        session.add(other)
        session.flush()
        dossier.offre_version_id = other.id


def test_the_offer_says_which_date_counts(portail: Portail, monde: Monde) -> None:
    """B13: with the first presentation as the reference, a letter sent in time may be late, and says nothing until then."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    rule_notice(portail, convention_id, reference="presentation")
    with clock.pretend(date(2025, 10, 6)):
        made = record(portail, monde.gestionnaire, convention_id, date(2025, 9, 28))
        row = row_of(portail, monde.responsable, convention_id)
        assert row.recevabilite is None and row.fin_proposee is None and "confirmer" not in row.actions
        with pytest.raises(Refus, match="date de première présentation"):
            denonciations.confirm(portail, monde.responsable, made, fin_vue=None, version_vue=row.version)
        typed = {"envoi": "28/09/2025", "presentation": "30/09/2025"}
        denonciations.set_dates(portail, monde.instructeur, made, typed, version_vue=row.version)
        row = row_of(portail, monde.responsable, convention_id)
        assert (row.recevabilite, row.fin_proposee) == ("tardive", date(2026, 12, 31))


def test_the_offer_says_which_day_is_the_last(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    rule_notice(portail, convention_id, dernier_mois=6, dernier_jour=30)
    with clock.pretend(date(2025, 7, 2)):
        view = open_denonciations(portail, monde.gestionnaire, convention_id)
        assert view.prochaine == (date(2026, 6, 30), date(2026, 12, 31))
        record(portail, monde.gestionnaire, convention_id, date(2025, 7, 1))
        row = row_of(portail, monde.responsable, convention_id)
        assert (row.recevabilite, row.fin_proposee) == ("tardive", date(2026, 12, 31))
        assert "30 juin 2025" in row.consequence.replace("\u00a0", " ")


def test_notice_on_any_day_ends_in_the_middle_of_a_year(portail: Portail) -> None:
    """Six months ahead: the page says so, the letter is never late, the last year is due to its last day, the letter of the
    centre tells it."""
    monde = make_monde(portail, gabarits=True)
    convention_id = make_convention(portail, monde, "en_vigueur")
    rule_notice(portail, convention_id, mode="preavis", preavis_mois=6)
    with clock.pretend(date(2026, 8, 31)):
        view = open_denonciations(portail, monde.gestionnaire, convention_id)
        assert (view.regles.preavis, view.prochaine) == (6, (date(2026, 8, 31), date(2027, 2, 28)))
        record(portail, monde.gestionnaire, convention_id, date(2026, 8, 31))
        row = row_of(portail, monde.responsable, convention_id)
        assert (row.recevabilite, row.fin_proposee) == ("oui", date(2027, 2, 28))
        assert confirm(portail, monde.responsable, convention_id) == date(2027, 2, 28)
        pieces = row_of(portail, monde.direction, convention_id).pieces
    found = read_convention(portail, convention_id)
    assert (found.etat, found.dernier_jour) == ("denoncee", date(2027, 2, 28))
    due = years(portail, convention_id)
    assert max(due) == 2027 and due[2026] == Decimal("32426.46") and due[2027] == Decimal("5241.54")  # 59/365
    with portail.db.read() as session:
        text = word_text(portail.files.read(session.get_one(Piece, pieces[0].id).sha256)).replace("\u00a0", " ")
    assert "prendra fin le 28 février 2027" in text and "dernier jour prévu" not in text


def test_today_is_that_of_the_centre(portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """29 September at 22:00 in Fort-de-France is 30 September in Paris: each centre lives its own day."""
    monkeypatch.setattr(clock, "utc_now", lambda: datetime(2026, 9, 30, 2, 0, tzinfo=UTC))
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2025, 1, 1))
    with portail.db.write() as session:
        session.get_one(Centre, monde.centre_id).fuseau = "America/Martinique"
    view = open_denonciations(portail, monde.gestionnaire, convention_id)
    assert view.prochaine == (date(2026, 9, 29), date(2026, 12, 31))
    with pytest.raises(Invalide, match="dans le futur"):
        record(portail, monde.gestionnaire, convention_id, date(2026, 9, 30))
    record(portail, monde.gestionnaire, convention_id, date(2026, 9, 29))
    assert row_of(portail, monde.responsable, convention_id).recevabilite == "oui"
    with portail.db.write() as session:
        session.get_one(Centre, monde.centre_id).fuseau = "Europe/Paris"
    assert open_denonciations(portail, monde.responsable, convention_id).today == date(2026, 9, 30)


# Who ------------------------------------------------------------------------------------------------------------------


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", list(CONVENTION.etats))
def test_every_state_and_role_may_or_may_not_record(portail: Portail, monde: Monde, etat: str) -> None:
    convention_id = make_convention(portail, monde, etat)
    own, ours = (Role.GESTIONNAIRE, Role.SIGNATAIRE), (Role.INSTRUCTEUR, Role.RESPONSABLE)
    possible = ("en_vigueur", "en_demeure")
    with clock.pretend(date(2025, 5, 2)):
        for role in Role:
            for auteur in ("collectivite", "centre"):
                allowed = role in ours or (role in own and auteur == "collectivite")
                if allowed and etat in possible:
                    made = record(portail, monde[role], convention_id, date(2025, 5, 1), auteur=auteur)
                    row = row_of(portail, monde[role], convention_id)
                    assert "retirer" in row.actions or (role in ours and auteur == "collectivite")
                    by = monde[role] if "retirer" in row.actions else monde.gestionnaire
                    denonciations.withdraw(portail, by, made, version_vue=row.version)
                    continue
                with pytest.raises(Refus):
                    record(portail, monde[role], convention_id, date(2025, 5, 1), auteur=auteur)
    assert read_convention(portail, convention_id).etat == etat


ACTIONS: dict[str, tuple[Role, ...]] = {
    "confirm": (Role.INSTRUCTEUR, Role.RESPONSABLE),
    "leave_without_effect": (Role.INSTRUCTEUR, Role.RESPONSABLE),
    "withdraw": (Role.GESTIONNAIRE, Role.SIGNATAIRE),
    "set_dates": (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.INSTRUCTEUR, Role.RESPONSABLE),
    "lift": (Role.RESPONSABLE,),
}


def perform(portail: Portail, acteur: Acteur, row: DenonciationRow, action: str) -> None:
    given: dict[str, dict[str, Any]] = {
        "confirm": {"fin_vue": date(2025, 12, 31)},
        "leave_without_effect": {"motif": "Lettre sans signature."},
        "withdraw": {},
        "set_dates": {"dates": {"envoi": "02/05/2025"}},
        "lift": {"motif": "D’un commun accord."},
    }
    getattr(denonciations, action)(portail, acteur, row.id, version_vue=row.version, **given[action])


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("action", list(ACTIONS))
@pytest.mark.parametrize("etat", ["recue", "confirmee", "sans_suite", "retiree"])
def test_every_state_of_a_notice_action_and_role(portail: Portail, monde: Monde, etat: str, action: str) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    bring = {"confirmee": "confirm", "sans_suite": "leave_without_effect", "retiree": "withdraw"}
    with clock.pretend(date(2025, 5, 2)):
        record(portail, monde.gestionnaire, convention_id, date(2025, 5, 1))
        row = row_of(portail, monde.responsable, convention_id)
        if etat in bring:
            by = monde.gestionnaire if etat == "retiree" else monde.responsable
            perform(portail, by, row, bring[etat])
        row = row_of(portail, monde.responsable, convention_id)
        possible = etat == ("confirmee" if action == "lift" else "recue")
        refused = [role for role in Role if role not in ACTIONS[action] or not possible]
        for role in refused:
            with pytest.raises((Refus, Conflit)):
                perform(portail, monde[role], row, action)
        for acteur in (make_stranger(portail), make_other_centre(portail)):
            with pytest.raises(Introuvable):
                perform(portail, acteur, row, action)
        assert row_of(portail, monde.responsable, convention_id).etat == etat
        if possible:
            perform(portail, monde[ACTIONS[action][0]], row, action)
            after = row_of(portail, monde.responsable, convention_id)
            assert (after.etat, after.version) != (row.etat, row.version)


def test_the_page_offers_what_the_service_accepts(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    codes = {"confirm": "confirmer", "leave_without_effect": "classer", "withdraw": "retirer", "set_dates": "dater"}
    with clock.pretend(date(2025, 5, 2)):
        record(portail, monde.gestionnaire, convention_id, date(2025, 5, 1))
        for role in set(Role) - {Role.ASSISTANT}:
            offered = row_of(portail, monde[role], convention_id).actions
            assert set(offered) == {codes[name] for name in codes if role in ACTIONS[name]}
        confirm(portail, monde.responsable, convention_id)
        for role in set(Role) - {Role.ASSISTANT}:
            assert row_of(portail, monde[role], convention_id).actions == (
                ("lever",) if role is Role.RESPONSABLE else ()
            )


# Bad input --------------------------------------------------------------------------------------------------------------


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("dates", "champ", "dit"),
    [
        ({}, "envoi", "au moins une date"),
        ({"envoi": "21/11/2026"}, "envoi", "dans le futur"),
        ({"envoi": "31/02/2026"}, "envoi", "date"),
        ({"envoi": "10/09/2026", "presentation": "09/09/2026"}, "presentation", "précéder"),
        ({"envoi": "10/09/2026", "reception": "09/09/2026"}, "reception", "précéder"),
        ({"presentation": "10/09/2026", "reception": "09/09/2026"}, "reception", "précéder"),
        ({"envoi": "01/12/2022"}, "envoi", "précède la signature"),
        ({"envoi": "01/01/1999"}, "envoi", "1"),
    ],
)
def test_dates_that_make_no_sense_are_refused_beside_their_field(
    portail: Portail, monde: Monde, dates: dict[str, str], champ: str, dit: str
) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with portail.db.write() as session:
        session.get_one(Convention, convention_id).centre_signee_le = date(2022, 12, 14)
    with clock.pretend(TODAY), pytest.raises(Invalide, match=dit) as refused:
        record(portail, monde.gestionnaire, convention_id, dates=dates)
    assert refused.value.champ == champ
    assert open_denonciations(portail, monde.gestionnaire, convention_id).denonciations == ()


def test_a_letter_before_the_effect_counts_for_the_first_year(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2027, 1, 1))
    with clock.pretend(TODAY):
        record(portail, monde.gestionnaire, convention_id, date(2026, 9, 2))
        row = row_of(portail, monde.responsable, convention_id)
        assert (row.recevabilite, row.fin_proposee) == ("oui", date(2027, 12, 31))
        assert "précède la prise d’effet" in row.consequence


def test_nothing_is_recorded_after_the_end(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2018, 1, 1))
    with clock.pretend(TODAY):
        assert "a pris fin le 31 décembre 2022" in open_denonciations(portail, monde.gestionnaire, convention_id).refus
        with pytest.raises(Refus, match="a pris fin le 31 décembre 2022"):
            record(portail, monde.gestionnaire, convention_id, date(2022, 9, 1))


def test_a_second_notice_is_told_of_the_first(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2025, 5, 2)):
        record(portail, monde.gestionnaire, convention_id, date(2025, 5, 1))
        with pytest.raises(Conflit, match="attend déjà"):
            record(portail, monde.responsable, convention_id, date(2025, 5, 1))
        confirm(portail, monde.responsable, convention_id)
        with pytest.raises(Conflit, match="déjà dénoncée"):
            record(portail, monde.responsable, convention_id, date(2025, 5, 1), auteur="centre")
    with portail.db.read() as session:
        assert len(session.scalars(select(Denonciation)).all()) == 1


def test_a_double_click_records_once(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    given: Any = {"auteur": "collectivite", "dates": {"envoi": "01/05/2025"}, "operation_id": "clic"}
    with clock.pretend(date(2025, 5, 2)):
        assert denonciations.record_denonciation(portail, monde.gestionnaire, convention_id, **given)
        row = row_of(portail, monde.gestionnaire, convention_id)
        denonciations.withdraw(portail, monde.gestionnaire, row.id, version_vue=row.version)
        assert denonciations.record_denonciation(portail, monde.gestionnaire, convention_id, **given) is None
        assert len(open_denonciations(portail, monde.gestionnaire, convention_id).denonciations) == 1


def test_two_people_at_once_confirm_once(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2025, 5, 2)):
        record(portail, monde.gestionnaire, convention_id, date(2025, 5, 1))
        row = row_of(portail, monde.responsable, convention_id)

    def attempt(acteur: Acteur) -> str:
        with clock.pretend(date(2025, 5, 2)):
            try:
                given = {"fin_vue": row.fin_proposee, "version_vue": row.version}
                denonciations.confirm(portail, acteur, row.id, **given)
            except PortailError as error:
                return error.message
            return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(attempt, (monde.responsable, monde.instructeur)))
    assert said[0] == "" and said[1]
    assert journal_actions(portail, convention_id).count("convention.denoncer") == 1


def test_two_people_at_once_record_one_notice(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")

    def attempt(acteur: Acteur) -> str:
        with clock.pretend(date(2025, 5, 2)):
            try:
                record(portail, acteur, convention_id, date(2025, 5, 1))
            except PortailError as error:
                return error.message
            return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(attempt, (monde.gestionnaire, monde.instructeur)))
    assert said[0] == "" and "Rechargez" in said[1]


# Effects ----------------------------------------------------------------------------------------------------------------


def test_a_confirmed_notice_is_answered_told_and_journalled(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2026, 9, 30)):
        record(
            portail, monde.gestionnaire, convention_id, date(2026, 9, 24),
            dates={"presentation": "26/09/2026"}, fichier=("lettre.pdf", pdf(1, "lettre")), motif="Réorganisation.",
        )  # fmt: skip
        confirm(portail, monde.responsable, convention_id, reponse="Un rendez-vous vous sera proposé.")
        row = row_of(portail, monde.direction, convention_id)
    assert [piece.usage for piece in row.pieces] == ["denonciation", "denonciation"]
    with portail.db.read() as session:
        letter = session.get_one(Piece, row.pieces[1].id)
        text = word_text(portail.files.read(letter.sha256)).replace("\u00a0", " ")
        models = session.scalars(select(Courriel.modele).order_by(Courriel.cree_le)).all()
        details = session.scalars(select(AuditEvent).where(AuditEvent.action == "convention.denoncer")).one().details
    assert "prendra fin le 31 décembre 2026" in text and "envoyée le 24 septembre 2026" in text
    assert "présentée pour la première fois le 26 septembre 2026" in text and "rendez-vous" in text
    assert models.count("denonciation_enregistree") == 2 and models.count("denonciation_confirmee") == 3
    assert details["fin"] == "2026-12-31" and "Réorganisation" not in str(details)
    assert journal_actions(portail, convention_id) == ["denonciation.enregistrer", "convention.denoncer"]


def test_nothing_is_half_done_when_it_breaks(portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed just before the end: no date, state, year or line of the journal is kept; done again, all are, once."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    refresh(portail, convention_id)
    with clock.pretend(date(2025, 5, 2)):
        record(portail, monde.gestionnaire, convention_id, date(2025, 5, 1))
        before, journal = years(portail, convention_id), journal_actions(portail)
        with monkeypatch.context() as broken:
            broken.setattr(denonciations, "notify_life", _break)
            with pytest.raises(RuntimeError):
                confirm(portail, monde.responsable, convention_id)
        found = read_convention(portail, convention_id)
        assert (found.etat, found.fin, years(portail, convention_id)) == ("en_vigueur", None, before)
        assert journal_actions(portail) == journal
        assert row_of(portail, monde.responsable, convention_id).etat == "recue"
        confirm(portail, monde.responsable, convention_id)
    assert journal_actions(portail, convention_id).count("convention.denoncer") == 1
    with portail.db.read() as session:
        assert list(session.scalars(select(Courriel.modele))).count("denonciation_confirmee") == 3


def _break(*_: object, **__: object) -> None:
    raise RuntimeError("killed")


def test_lifting_gives_back_the_years_and_the_state(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    refresh(portail, convention_id)
    before = years(portail, convention_id)
    with clock.pretend(date(2025, 5, 2)):
        record(portail, monde.gestionnaire, convention_id, date(2025, 5, 1))
        confirm(portail, monde.responsable, convention_id)
        assert sorted(years(portail, convention_id)) == [2023, 2024, 2025]
        row = row_of(portail, monde.responsable, convention_id)
        denonciations.lift(portail, monde.responsable, row.id, "D’un commun accord.", version_vue=row.version)
    found = read_convention(portail, convention_id)
    assert (found.etat, found.fin, found.fin_motif) == ("en_vigueur", None, None)
    assert years(portail, convention_id) == before


def test_a_notice_is_not_lifted_once_another_convention_follows(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2025, 5, 2)):
        record(portail, monde.gestionnaire, convention_id, date(2025, 5, 1))
        confirm(portail, monde.responsable, convention_id)
        following = make_convention(portail, monde, "a_signer", date_effet=date(2026, 1, 1))
        row = row_of(portail, monde.responsable, convention_id)
        with portail.db.write() as session:
            one = session.get_one(Convention, following)
            one.remplace_id, one.etat = convention_id, "en_vigueur"
        with pytest.raises(Refus, match="prend la suite"):
            denonciations.lift(portail, monde.responsable, row.id, "Erreur.", version_vue=row.version)
        with portail.db.write() as session:
            session.get_one(Convention, following).etat = "annulee"
        denonciations.lift(portail, monde.responsable, row.id, "Erreur.", version_vue=row.version)
    assert read_convention(portail, convention_id).etat == "en_vigueur"


def test_a_letter_in_time_confirmed_long_after_takes_the_renewals_back(portail: Portail, monde: Monde) -> None:
    year = clock.today().year
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(year - 2, 1, 1))
    with portail.db.write() as session:
        for rang, annee in enumerate((year - 1, year), start=1):
            session.add(Reconduction(convention_id=convention_id, annee=annee, rang=rang))
    record(portail, monde.responsable, convention_id, date(year - 1, 9, 20))
    assert confirm(portail, monde.responsable, convention_id) == date(year - 1, 12, 31)
    with portail.db.read() as session:
        kept = session.scalars(select(Reconduction.annee).where(Reconduction.convention_id == convention_id)).all()
    assert list(kept) == [year - 1]
    row = row_of(portail, monde.responsable, convention_id)
    assert row.actions == ("lever",)  # a mistake can be undone the same day
    with clock.pretend(date(year + 1, 1, 1)):
        assert row_of(portail, monde.responsable, convention_id).actions == ()
        with pytest.raises(Refus, match="ne peut plus être levée"):
            denonciations.lift(portail, monde.responsable, row.id, "Erreur.", version_vue=row.version)


def test_the_next_last_day_is_told(portail: Portail, monde: Monde) -> None:
    convention_id = make_convention(portail, monde, "en_vigueur")
    with clock.pretend(date(2025, 9, 29)):
        view = open_denonciations(portail, monde.gestionnaire, convention_id)
        assert view.prochaine == (date(2025, 9, 29), date(2025, 12, 31))
    with clock.pretend(date(2025, 9, 30)):
        view = open_denonciations(portail, monde.gestionnaire, convention_id)
        assert view.prochaine == (date(2026, 9, 29), date(2026, 12, 31))
    with clock.pretend(date(2026, 9, 30)):  # only the term is left
        assert open_denonciations(portail, monde.gestionnaire, convention_id).prochaine is None


def test_the_letter_of_the_centre_can_be_prepared_before_it_is_sent(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    convention_id = make_convention(portail, monde, "en_vigueur")
    asked = {"convention": str(convention_id)}
    with clock.pretend(date(2026, 9, 10)):
        found = denonciations.export_lettre(portail, monde.responsable, asked)
        text = word_text(found.data).replace("\u00a0", " ")
        assert "Lettre recommandée" in text and "prendra fin le 31 décembre 2026" in text
        with pytest.raises(Refus):
            denonciations.export_lettre(portail, monde.gestionnaire, asked)
        with pytest.raises(Introuvable):
            denonciations.export_lettre(portail, make_other_centre(portail), asked)
    assert read_convention(portail, convention_id).etat in RUNNING_STATES
