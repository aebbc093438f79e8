"""Which mail an action sends: those of the portal's own circuits, and those that an offer adds."""

from __future__ import annotations

import pytest

from domain.courriels import catalogue
from domain.workflow.mails import mails_of
from domain.workflow.tables import ACCORD, AVENANT, DOSSIER, IMMEDIAT, Workflow

DEPOSE = ("dossier_depose", "centre")


@pytest.mark.parametrize(
    ("action", "vers", "demande", "expected"),
    [
        ("deposer", "depose", False, [DEPOSE]),
        ("prendre_en_charge", "en_instruction", False, []),
        ("accepter", "accepte", False, [("dossier_accepte", "collectivite")]),
        ("valider", "enregistre", True, [("demande_suivie", "collectivite")]),
        ("deposer", "enregistre", True, [("demande_envoyee", "centre")]),
        # An offer's own: accepted is said once it is; whoever is awaited is told, once deposited too.
        ("accepter", "a_valider", False, [("dossier_a_suivre", "suite")]),
        ("valider_dossier", "accepte", False, [("dossier_accepte", "collectivite")]),
        ("deposer", "a_viser", False, [DEPOSE, ("dossier_a_suivre", "suite")]),
        ("rouvrir", "en_instruction", True, [("demande_a_suivre", "suite")]),
        ("refuser_visa", "refuse", True, [("demande_declinee", "collectivite")]),
        ("abandonner", "retire", False, [("dossier_retire", "centre")]),
    ],
)
def test_mail_of_an_action(action: str, vers: str, demande: bool, expected: list[tuple[str, str]]) -> None:
    assert list(mails_of(action, vers, demande=demande)) == expected


@pytest.mark.parametrize("table", [DOSSIER, AVENANT, ACCORD, IMMEDIAT])
@pytest.mark.parametrize("demande", [True, False])
def test_every_mail_has_a_text_that_an_offer_may_change(table: Workflow, demande: bool) -> None:
    for line in table.transitions:
        for vers in (line.vers, "etat_ajoute"):
            for modele, _ in (*mails_of(line.action, vers, demande=demande), *mails_of("x", vers, demande=demande)):
                assert catalogue().editable(modele)
