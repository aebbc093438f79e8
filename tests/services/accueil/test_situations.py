"""What a collectivité's people read about their dossiers and conventions when nothing waits for them."""

from __future__ import annotations

from datetime import date

import pytest

from services.accueil.situations import list_situations
from tests.conventions import make_convention
from tests.factories import Monde, make_dossier, make_stranger


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("etat", "said"),
    [
        ("brouillon", "À compléter."),
        ("depose", "le centre va l’examiner"),
        ("en_instruction", "En cours d’examen par le centre"),
        ("a_corriger", "Corrections demandées."),
        ("accepte", "le centre prépare la convention"),
        ("refuse", "Refusé."),
    ],
)
def test_a_dossier_says_where_it_stands(monde: Monde, etat: str, said: str) -> None:
    dossier_id = make_dossier(monde.portail, monde, etat)
    for person in (monde.gestionnaire, monde.signataire, monde.direction):
        (line,) = list_situations(monde.portail, person)
        assert said in line.detail
        assert (line.page, line.parametres) == ("dossier", {"id": str(dossier_id)})
    for person in (monde.instructeur, make_stranger(monde.portail)):
        assert list_situations(monde.portail, person) == []


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("etat", "date_effet", "said"),
    [
        ("a_signer", date(2023, 1, 1), "à signer par la collectivité"),
        ("signee_collectivite", date(2023, 1, 1), "le centre vérifie"),
        ("en_vigueur", date(2023, 1, 1), "En vigueur depuis le 1er janvier 2023, jusqu’au 31 décembre 2027"),
        ("en_vigueur", date(2199, 1, 1), "Signée par les deux parties : elle prend effet le 1er janvier 2199."),
        ("annulee", date(2023, 1, 1), "Annulée."),
    ],
)
def test_a_convention_stands_for_its_dossier(monde: Monde, etat: str, date_effet: date, said: str) -> None:
    convention_id = make_convention(monde.portail, monde, etat, date_effet=date_effet)
    (line,) = list_situations(monde.portail, monde.gestionnaire)
    assert said in line.detail and line.titre == "Convention 2026-0001, Choisy-le-Roi"
    assert (line.page, line.parametres) == ("convention", {"id": str(convention_id)})
