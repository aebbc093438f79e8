"""Every state × action × role of the table of conventions, refusals included, on both databases."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.errors import Conflit, Refus
from domain.roles import Role
from domain.workflow.tables import ACTIONS_DU_CALENDRIER, CONVENTION
from models import OffreVersion
from services.convention import conventions, signatures
from services.core.access import Acteur
from services.core.portail import Portail
from tests.conventions import examine_here, make_convention, read_convention, signing
from tests.factories import Monde, journal_actions, make_other_centre, make_stranger

G, S, INSTR, R, SC = "gestionnaire", "signataire", "instructeur", "responsable", "signataire_centre"
# As in conception.md: action, from, to, roles. Written again on purpose: the program's own table is what is tested.
TABLE = {
    "deposer_signature": (("a_signer",), "signee_collectivite", (G, S)),
    "rejeter_signature": (("signee_collectivite",), "a_signer", (INSTR, SC)),
    "signer_centre": (("signee_collectivite",), "en_vigueur", (SC,)),
    "annuler": (("a_signer", "signee_collectivite"), "annulee", (INSTR, R)),
}
Action = Callable[[Portail, Acteur, UUID], str]
ACTIONS: dict[str, Action] = {
    "deposer_signature": lambda p, a, c: signatures.submit_signature(p, a, c, **signing()),
    "rejeter_signature": lambda p, a, c: signatures.reject_signature(p, a, c, motif="Page manquante."),
    "signer_centre": lambda p, a, c: signatures.countersign(p, a, c, **signing()),
    "annuler": lambda p, a, c: signatures.cancel_convention(p, a, c, motif="Erreur de collectivité."),
}


def test_the_table_is_that_of_the_design() -> None:
    assert {line.action for line in CONVENTION.transitions} - set(ACTIONS_DU_CALENDRIER) == set(TABLE) == set(ACTIONS)


@pytest.fixture(autouse=True)
def _examine_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", list(CONVENTION.etats))
def test_state_action_role(portail: Portail, monde: Monde, etat: str) -> None:
    for action, (sources, target, roles) in TABLE.items():
        convention_id = make_convention(portail, monde, etat)
        for role in Role:
            allowed = role.value in roles and etat in sources
            if allowed:
                assert ACTIONS[action](portail, monde[role], convention_id) == target
                assert read_convention(portail, convention_id).etat == target
                assert journal_actions(portail, convention_id)[-1] == f"convention.{action}"
                convention_id = make_convention(portail, monde, etat)
                continue
            with pytest.raises((Refus, Conflit)) as refused:
                ACTIONS[action](portail, monde[role], convention_id)
            assert read_convention(portail, convention_id).etat == etat
            expected = [] if isinstance(refused.value, Conflit) else ["refus"]
            assert journal_actions(portail, convention_id)[-1:] in (expected, ["refus"])


@pytest.mark.parametrize("condition", ["avis_du_comite", "pdf_signe"])
def test_condition_that_nobody_checks_never_passes(monde_sqlite: Monde, condition: str) -> None:
    """An offer may bring its own table: `pdf_signe` means something for a deposit only."""
    portail = monde_sqlite.portail
    with portail.db.write() as session:
        version = session.get_one(OffreVersion, monde_sqlite.version_id)
        content = copy.deepcopy(version.contenu)
        for line in content["workflow_convention"]["transitions"]:
            line["condition"] = condition
        own = OffreVersion(
            centre_id=version.centre_id,
            code="propre",
            titre="Propre",
            numero=1,
            etat="publiee",
            contenu=content,
            gabarits={},
        )
        session.add(own)
        session.flush()
        monde = replace(monde_sqlite, version_id=own.id)
    for etat, action in (
        ("a_signer", "deposer_signature"),
        ("a_signer", "annuler"),
        ("signee_collectivite", "signer_centre"),
    ):
        convention_id = make_convention(portail, monde, etat)
        person = monde[TABLE[action][2][0]]
        shown = conventions.open_convention(portail, person, convention_id).action(action)
        assert shown is not None
        if condition == "pdf_signe" and action != "annuler":
            assert shown.blocages == ()
            assert ACTIONS[action](portail, person, convention_id) == TABLE[action][1]
            continue
        assert condition in shown.blocages[0]
        with pytest.raises(Refus, match="est inconnue"):
            ACTIONS[action](portail, person, convention_id)
        assert read_convention(portail, convention_id).etat == etat


@pytest.mark.parametrize("make_outsider", [make_stranger, make_other_centre])
def test_outsiders_find_nothing_and_are_journalled(
    portail: Portail, monde: Monde, make_outsider: Callable[[Portail], Acteur]
) -> None:
    outsider = make_outsider(portail)
    for etat in ("a_signer", "signee_collectivite", "en_vigueur"):
        for action, perform in ACTIONS.items():
            convention_id = make_convention(portail, monde, etat)
            with pytest.raises(Refus, match="n’existe pas, ou vous n’y avez pas accès"):
                perform(portail, outsider, convention_id)
            assert journal_actions(portail, convention_id) == ["refus"], action
            assert read_convention(portail, convention_id).etat == etat


def test_accuse_and_warnings_are_for_the_centre(portail: Portail, monde: Monde) -> None:
    attempts: dict[str, tuple[tuple[str, ...], Callable[[Acteur, UUID], Any]]] = {
        "joindre_accuse": (
            (INSTR, R, SC),
            lambda a, c: signatures.attach_accuse(
                portail, a, c, nom="accuse.pdf", data=signing()["data"], operation_id=f"{a.utilisateur_id}{c}"[:64]
            ),
        ),
        "lever_avertissement": (
            (INSTR,),
            lambda a, c: signatures.lift_convention_warning(portail, a, c, "pages:inconnu", "Vérifié."),
        ),
    }
    convention_id = make_convention(portail, monde, "signee_collectivite")
    for action, (roles, attempt) in attempts.items():
        for role in Role:
            if role.value not in roles:
                with pytest.raises(Refus):
                    attempt(monde[role], convention_id)
                assert journal_actions(portail, convention_id)[-1] == "refus"
            elif action == "joindre_accuse":
                attempt(monde[role], convention_id)
                assert journal_actions(portail, convention_id)[-1] == "convention.joindre_accuse"
            else:
                with pytest.raises(Conflit, match="n’existe plus"):
                    attempt(monde[role], convention_id)
