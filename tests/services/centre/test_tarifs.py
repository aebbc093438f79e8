"""Tariffs recorded by the centre: the year's tariff does away with the warning of another year."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from services.adhesion.dossiers import open_dossier
from services.adhesion.workflow import perform
from services.centre.tarifs import list_centre_tarifs, list_codes, save_tarif
from services.core.portail import Portail
from tests.factories import Monde, journal_actions, lift_warnings, make_dossier, make_stranger

GIVEN = {"annee": "2023", "montant": "70 000,50 €", "numero": "2022-60", "date": "1/12/2022"}


def _save(monde: Monde, code: str = "temps_complet", *, role: Role = Role.RESPONSABLE, **changed: str) -> None:
    save_tarif(monde.portail, monde[role], monde.centre_id, code, GIVEN | changed)


def test_codes_are_those_that_offers_print(monde_sqlite: Monde) -> None:
    found = list_codes(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id)
    assert list(found) == ["temps_complet", "heure"]


def test_the_tariff_of_the_year_needs_no_lifting(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "en_instruction")
    before = open_dossier(portail, monde.instructeur, dossier_id).avertissements
    (told,) = open_dossier(portail, monde.gestionnaire, dossier_id).avertissements
    assert "vérifiez" in before[0].texte and "Le centre vous le confirmera" in told.texte
    _save(monde)
    _save(monde, "heure", montant="58")
    after = open_dossier(portail, monde.instructeur, dossier_id)
    assert before and not after.avertissements
    assert after.montants is not None and after.montants["tarif"]["montant"] == Decimal("70000.50")


def test_a_warning_lifted_for_one_amount_does_not_cover_another(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde, "en_instruction")
    lift_warnings(portail, monde, dossier_id)
    _save(monde, annee="2019")  # a year that the dossier does not use changes nothing
    (warning,) = open_dossier(portail, monde.instructeur, dossier_id).avertissements
    assert warning.levee is not None
    _save(monde, annee="2022", montant="99 999,00")
    (warning,) = open_dossier(portail, monde.instructeur, dossier_id).avertissements
    assert warning.levee is None
    with pytest.raises(Refus, match="Levez l’avertissement"):
        perform(portail, monde.instructeur, dossier_id, "accepter")


def test_a_tariff_is_corrected_in_place(portail: Portail, monde: Monde) -> None:
    _save(monde)
    _save(monde, montant="71000")
    rows = [row for row in list_centre_tarifs(portail, monde.responsable, monde.centre_id) if row.annee == 2023]
    assert [(row.montant, row.numero) for row in rows] == [(Decimal("71000.00"), "2022-60")]
    assert journal_actions(portail, monde.centre_id).count("tarif.enregistrer") == 2


@pytest.mark.parametrize(
    ("champ", "typed"),
    [
        ("annee", ""),
        ("annee", "vingt"),
        ("annee", "1850"),
        ("montant", "-5"),
        ("montant", "12,345"),
        ("montant", "{{ 7*7 }}"),
        ("numero", ""),
        ("numero", "x" * 100_000),
        ("date", "31/02/2022"),
        ("date", ""),
    ],
)
def test_bad_value_is_told_next_to_its_field(monde_sqlite: Monde, champ: str, typed: str) -> None:
    with pytest.raises(Invalide) as caught:
        _save(monde_sqlite, **{champ: typed})
    assert caught.value.champ == champ


def test_unknown_kind_is_refused(monde_sqlite: Monde) -> None:
    with pytest.raises(Invalide):
        _save(monde_sqlite, "demi_journee")


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.RESPONSABLE, Role.ADMINISTRATEUR)])
def test_others_record_nothing(monde_sqlite: Monde, role: Role) -> None:
    with pytest.raises(Refus):
        _save(monde_sqlite, role=role)
    rows = list_centre_tarifs(monde_sqlite.portail, monde_sqlite.responsable, monde_sqlite.centre_id)
    assert {row.annee for row in rows} == {2022}


def test_strangers_read_nothing(monde_sqlite: Monde) -> None:
    with pytest.raises(Introuvable):
        list_centre_tarifs(monde_sqlite.portail, make_stranger(monde_sqlite.portail), monde_sqlite.centre_id)
