"""Periods without an assistant: what they take off (G11), what is refused, who may, and what stays written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from models import AuditEvent, Convention, Decompte, Exercice, PeriodeSansAssistant
from services.activite import absences, regles
from services.activite.absences import AbsenceFilter
from services.activite.affectation_lists import list_conventions
from services.activite.equipe import Enregistre
from services.core import clock
from services.facturation.exercices import refresh_convention
from tests.activite import add_hours, assign
from tests.conventions import make_convention
from tests.factories import Monde, journal_actions, make_other_centre, make_stranger

DAYS = {"du": "01/03/2023", "au": "14/04/2023", "motif": "Poste vacant, recrutement en cours."}  # 45 days


def _convention(monde: Monde) -> UUID:
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        refresh_convention(session, convention_id)
    return convention_id


def _save(monde: Monde, convention_id: UUID | None, **changed: str) -> Enregistre:
    return absences.save_absence(
        monde.portail,
        monde.responsable,
        monde.centre_id,
        convention_id,
        {**DAYS, **changed},
        operation_id=uuid4().hex,
    )


def _due(monde: Monde, convention_id: UUID, annee: int = 2023) -> Decimal:
    with monde.portail.db.read() as session:
        return session.get_one(Exercice, (convention_id, annee)).montant_du


@pytest.mark.parametrize("etat", regles.RECORDING_STATES)
def test_days_of_a_convention_that_has_ended_since_are_taken_off_too(monde: Monde, etat: str) -> None:
    """Its final statement is still to be made (8.3): 32 426,46 × 320 / 365."""
    convention_id = _convention(monde)
    with monde.portail.db.write() as session:
        one = session.get_one(Convention, convention_id)
        one.etat, one.fin, one.fin_motif = etat, date(2023, 12, 31), "denonciation"
    with clock.pretend(date(2024, 1, 5)):
        shown = list_conventions(monde.portail, monde.responsable, monde.centre_id, finies=True)
        assert convention_id in shown
    _save(monde, convention_id)
    assert _due(monde, convention_id) == Decimal("28428.68")


def test_45_days_take_off_what_g11_says(monde: Monde) -> None:
    convention_id = _convention(monde)
    assert _due(monde, convention_id) == Decimal("32426.46")
    (effect,) = absences.preview_absence(monde.portail, monde.responsable, monde.centre_id, convention_id, DAYS)
    assert (effect.annee, effect.avant, effect.apres) == (2023, Decimal("32426.46"), Decimal("28428.68"))
    assert any("320/365" in step for step in effect.etapes) and effect.avertissement == ""
    assert _due(monde, convention_id) == Decimal("32426.46")  # nothing is saved yet
    saved = _save(monde, convention_id)
    assert saved.avertissements == () and _due(monde, convention_id) == Decimal("28428.68")
    with monde.portail.db.read() as session:
        assert regles.absences_of(session, convention_id) == [(date(2023, 3, 1), date(2023, 4, 14))]
    (row,) = absences.list_absences(monde.portail, monde.instructeur, monde.centre_id, AbsenceFilter()).rows
    assert (row.jours, row.reduction, row.saisie_par) == (45, Decimal("3997.78"), "Responsable Modèle")


def test_a_leap_year_has_366_days(monde_sqlite: Monde) -> None:
    convention_id = _convention(monde_sqlite)
    _save(monde_sqlite, convention_id, du="29/02/2024", au="13/04/2024")
    assert _due(monde_sqlite, convention_id, 2024) == Decimal("28439.60")


def test_a_period_over_two_years_reduces_both(monde_sqlite: Monde) -> None:
    convention_id = _convention(monde_sqlite)
    given = {**DAYS, "du": "31/12/2023", "au": "01/01/2024"}
    found = absences.preview_absence(
        monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id, convention_id, given
    )
    assert [(one.annee, one.reduction) for one in found] == [(2023, Decimal("88.84")), (2024, Decimal("88.60"))]


def test_taking_a_period_back_restores_what_is_due_and_keeps_it_written(monde: Monde) -> None:
    convention_id = _convention(monde)
    one = _save(monde, convention_id).id
    assert one is not None
    for _ in range(2):  # the second of two clicks finds it done
        absences.cancel_absence(monde.portail, monde.responsable, monde.centre_id, one)
    assert _due(monde, convention_id) == Decimal("32426.46")
    assert journal_actions(monde.portail, one) == ["absence.enregistrer", "absence.annuler"]
    assert absences.list_absences(monde.portail, monde.responsable, monde.centre_id, AbsenceFilter()).total == 0
    (row,) = absences.list_absences(
        monde.portail, monde.responsable, monde.centre_id, AbsenceFilter(annulees=True)
    ).rows
    assert row.annulee_le is not None and row.reduction == 0
    assert _save(monde, convention_id).id  # the same days, again


def test_the_reason_stays_out_of_the_journal(monde_sqlite: Monde) -> None:
    _save(monde_sqlite, _convention(monde_sqlite), motif="MOTIF-TAPÉ")
    with monde_sqlite.portail.db.read() as session:
        assert not any("MOTIF" in str(event.details) for event in session.query(AuditEvent))


@pytest.mark.parametrize(
    ("changed", "champ"),
    [
        ({"motif": "  "}, "motif"),
        ({"du": ""}, "du"),
        ({"au": ""}, "au"),
        ({"du": "31/12/2022"}, "du"),
        ({"au": "01/01/2028"}, "au"),
        ({"au": "28/02/2023"}, "au"),
        ({"du": "29/02/2023"}, "du"),
    ],
)
def test_what_is_refused(monde_sqlite: Monde, changed: dict[str, str], champ: str) -> None:
    convention_id = _convention(monde_sqlite)
    with pytest.raises(Invalide) as caught:
        _save(monde_sqlite, convention_id, **changed)
    assert caught.value.champ == champ
    assert _due(monde_sqlite, convention_id) == Decimal("32426.46")


def test_a_day_is_deducted_once(monde: Monde) -> None:
    convention_id = _convention(monde)
    _save(monde, convention_id)
    for du, au in [("14/04/2023", "30/04/2023"), ("01/02/2023", "01/03/2023"), ("10/03/2023", "11/03/2023")]:
        with pytest.raises(Invalide, match="du 1er mars 2023 au 14 avril 2023") as caught:
            _save(monde, convention_id, du=du, au=au)
        assert caught.value.champ == "du"
    assert _save(monde, convention_id, du="15/04/2023", au="15/04/2023").id


def test_days_before_the_services_are_not_billed_and_not_deducted(monde_sqlite: Monde) -> None:
    convention_id = _convention(monde_sqlite)
    with monde_sqlite.portail.db.write() as session:
        session.get_one(Convention, convention_id).date_debut_prestations = date(2023, 3, 15)
    with pytest.raises(Invalide, match="15 mars 2023"):
        _save(monde_sqlite, convention_id)


@pytest.mark.parametrize("etat", ["a_signer", "signee_collectivite", "annulee"])
def test_only_a_convention_in_force(monde_sqlite: Monde, etat: str) -> None:
    with pytest.raises(Invalide) as caught:
        _save(monde_sqlite, make_convention(monde_sqlite.portail, monde_sqlite, etat))
    assert caught.value.champ == "convention_id"
    with pytest.raises(Invalide):
        _save(monde_sqlite, None)


def test_hours_on_those_days_are_told(monde_sqlite: Monde) -> None:
    convention_id = _convention(monde_sqlite)
    add_hours(monde_sqlite.portail, monde_sqlite, convention_id, date(2023, 3, 2), 90)
    add_hours(monde_sqlite.portail, monde_sqlite, convention_id, date(2023, 3, 3), 30, nature="service_degrade")
    asked = (monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id, convention_id, DAYS)
    before = absences.warn_absence(*asked)
    saved = _save(monde_sqlite, convention_id)
    assert saved.avertissements == tuple(before)
    assert saved.avertissements[-1:] == (
        "1\xa0h\xa030 de service ordinaire sont enregistrées sur ces jours : vérifiez la période.",
    )


def test_somebody_assigned_on_those_days_is_told_before_and_after(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = _convention(monde)
    asked = (monde.portail, monde.responsable, monde.centre_id, convention_id, DAYS)
    assert absences.warn_absence(*asked) == []
    assign(monde.portail, monde, convention_id, du=date(2023, 4, 1))
    (told,) = absences.warn_absence(*asked)
    assert "du 1er avril 2023 au 14 avril 2023" in told.replace("\xa0", " ") and "n’a affecté personne" in told
    assert _save(monde, convention_id).avertissements == (told,)


def test_a_year_invoiced_for_more_is_told(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = _convention(monde)
    with monde.portail.db.write() as session:
        session.add(
            Decompte(
                centre_id=monde.centre_id,
                collectivite_id=monde.collectivite_id,
                convention_id=convention_id,
                exercice=2023,
                du=date(2023, 1, 1),
                au=date(2023, 12, 31),
                etat="emis",
                numero="2023-0001",
                annee=2023,
                rang=1,
                total=Decimal("32426.46"),
            )
        )
        session.flush()
        refresh_convention(session, convention_id)
    saved = _save(monde, convention_id)
    assert len(saved.avertissements) == 1 and "annulez le dernier et préparez-le de nouveau" in saved.avertissements[0]
    assert _due(monde, convention_id) == Decimal("28428.68")


def test_a_double_click_saves_once(monde: Monde) -> None:
    convention_id, operation = _convention(monde), uuid4().hex
    given = (monde.portail, monde.responsable, monde.centre_id, convention_id, DAYS)
    assert absences.save_absence(*given, operation_id=operation).id
    assert absences.save_absence(*given, operation_id=operation).id is None
    with monde.portail.db.read() as session:
        assert session.query(PeriodeSansAssistant).count() == 1


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.RESPONSABLE])
def test_nobody_else_records_or_takes_back(monde_sqlite: Monde, role: Role) -> None:
    convention_id = _convention(monde_sqlite)
    one = _save(monde_sqlite, convention_id).id
    assert one
    _refused(monde_sqlite, replace(monde_sqlite[role]), convention_id, one)


def test_nobody_from_elsewhere(monde_sqlite: Monde) -> None:
    convention_id = _convention(monde_sqlite)
    one = _save(monde_sqlite, convention_id).id
    assert one
    other = make_other_centre(monde_sqlite.portail)
    for stranger in (other, make_stranger(monde_sqlite.portail)):
        _refused(monde_sqlite, stranger, convention_id, one)
        with pytest.raises(Introuvable):
            absences.list_absences(monde_sqlite.portail, stranger, monde_sqlite.centre_id, AbsenceFilter())
    (theirs,) = other.centre_ids
    with pytest.raises(Introuvable):
        absences.cancel_absence(monde_sqlite.portail, other, theirs, one)
    with pytest.raises(Invalide):
        absences.preview_absence(monde_sqlite.portail, other, theirs, convention_id, DAYS)


def _refused(monde: Monde, who: object, convention_id: UUID, one: UUID) -> None:
    with pytest.raises(Refus):
        absences.save_absence(
            monde.portail,
            who,  # type: ignore[arg-type]
            monde.centre_id,
            convention_id,
            {**DAYS, "du": "01/09/2023", "au": "02/09/2023"},
            operation_id=uuid4().hex,
        )
    with pytest.raises(Refus):
        absences.cancel_absence(monde.portail, who, monde.centre_id, one)  # type: ignore[arg-type]
    assert _due(monde, convention_id) == Decimal("28428.68")
