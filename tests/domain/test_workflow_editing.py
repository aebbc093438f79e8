"""Circuits changed as data: what programs rely on stays, a circuit that is right stays right, faults name their place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.definitions import DefinitionError
from domain.errors import Invalide
from domain.offer import load_offer, read_offer
from domain.offer.requests import CIRCUITS
from domain.roles import Role
from domain.workflow import editing
from domain.workflow.rules import CODE, REGLES, find_faults
from domain.workflow.tables import Workflow
from services.adhesion.workflow import _CONDITIONS
from services.core.settings import ROOT
from tests.factories import cig_offer

VALIDER = {"libelle": "Valider le dossier", "roles": ["responsable"]}


def contenu() -> dict[str, Any]:
    return cig_offer().model_dump(mode="json")


def with_validation(content: dict[str, Any] | None = None) -> dict[str, Any]:
    """« À valider » between the acceptance and « Accepté »."""
    changed, etat = editing.add_state(
        content or contenu(), "dossier", "À valider", "En cours de validation", "accepter", VALIDER
    )
    assert etat == "valider"
    return changed


def faults(change: Any) -> list[str]:
    """What is wrong with the circuit of a dossier after `change` of its JSON."""
    table = editing.find_table(contenu(), "dossier")
    change(table)
    return find_faults(Workflow.model_validate(table), "dossier")


def line(table: dict[str, Any], action: str) -> dict[str, Any]:
    return editing.find_action(table, action)


def test_shipped_circuits_are_right() -> None:
    for folder in (ROOT / "forms").glob("*/*/"):
        load_offer(folder)
    for circuit, table in CIRCUITS.items():
        assert find_faults(table, "dossier" if circuit == "signature" else circuit) == []
    assert find_faults(REGLES["convention"].base, "convention") == []


def test_conditions_are_those_that_the_service_checks() -> None:
    assert set(REGLES["dossier"].conditions) == set(_CONDITIONS)


def test_a_state_is_added_with_the_way_in_and_the_way_out() -> None:
    before = contenu()
    kept = copy.deepcopy(before)
    after = with_validation(before)
    assert before == kept
    table = editing.find_table(after, "dossier")
    assert line(table, "accepter")["vers"] == "valider"
    assert line(table, "valider_dossier") == {
        "action": "valider_dossier", "libelle": "Valider le dossier", "de": ["valider"], "vers": "accepte",
        "roles": ["responsable"], "condition": None, "motif": False,
    }  # fmt: skip
    assert list(table["etats"])[2:5] == ["en_instruction", "valider", "a_corriger"]
    assert table["etats_collectivite"]["valider"] == "En cours de validation"
    assert read_offer(after).workflow_dossier.label("valider") == "À valider"


def test_taking_the_state_away_gives_the_circuit_back() -> None:
    after = editing.delete_state(with_validation(), "dossier", "valider", "accepte")
    assert editing.find_table(after, "dossier") == editing.find_table(contenu(), "dossier")
    assert editing.reset_circuit(with_validation(), "dossier") == contenu()


def test_codes_never_take_the_place_of_the_portal_s_own() -> None:
    after, action = editing.add_action(
        contenu(),
        "dossier",
        {"libelle": "Valider", "de": ["depose"], "vers": "en_instruction", "roles": ["instructeur"]},
    )
    assert action == "valider_2"  # `valider` gives the centre's agreement to a request
    after, other = editing.add_action(
        after, "dossier", {"libelle": "Déposer !", "de": ["depose"], "vers": "en_instruction", "roles": ["responsable"]}
    )
    assert other == "deposer_2" and CODE.fullmatch(other)
    _, long = editing.add_action(
        after, "dossier", {"libelle": "Le " + "très long nom d’une action " * 2, "de": ["depose"],
                           "vers": "en_instruction", "roles": ["responsable"]},
    )  # fmt: skip
    assert CODE.fullmatch(long)


@pytest.mark.parametrize("etat", ["brouillon", "a_corriger", "emis", "retire"])
def test_states_that_programs_rely_on_stay(etat: str) -> None:
    with pytest.raises(Invalide, match="ne se supprime pas"):
        editing.delete_state(contenu(), "dossier", etat, "refuse")


@pytest.mark.parametrize("action", ["deposer", "demander_corrections", "redeposer", "accepter", "emettre"])
def test_actions_that_programs_rely_on_stay(action: str) -> None:
    with pytest.raises(Invalide, match="ne se supprime pas"):
        editing.delete_action(contenu(), "dossier", action)


def test_a_state_whose_only_way_on_is_needed_stays() -> None:
    with pytest.raises(Invalide, match=r"Émettre la convention.*ne part que de cet état"):
        editing.delete_state(contenu(), "dossier", "accepte", "en_instruction")


def test_what_may_go_goes() -> None:
    after = editing.delete_action(contenu(), "dossier", "refuser")
    assert "refuse" in editing.find_table(after, "dossier")["etats"]  # one may still be told that it is refused
    after = editing.delete_state(contenu(), "dossier", "depose", "en_instruction")
    table = editing.find_table(after, "dossier")
    assert line(table, "deposer")["vers"] == "en_instruction"
    assert "prendre_en_charge" not in [one["action"] for one in table["transitions"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: line(t, "deposer").update(condition=None), "action « deposer » : sa condition ne change pas"),
        (lambda t: line(t, "deposer").update(de=["a_corriger"]), "action « deposer » : son départ ne change pas"),
        (lambda t: line(t, "emettre").update(vers="accepte", de=["en_instruction"]), "« emettre » : son arrivée ne change"),
        (lambda t: line(t, "accepter").update(condition="comite"), "« accepter » : la condition « comite » est inconnue"),
        (lambda t: line(t, "accepter").update(condition="complt"), "vouliez-vous"),
        (lambda t: line(t, "accepter").update(vers="acepte"), "« accepter » : l’état « acepte » n’existe pas"),
        (lambda t: line(t, "accepter").update(vers="brouillon"), "un dossier déposé ne redevient pas un brouillon"),
        (lambda t: line(t, "accepter").update(vers="emis"), "seule l’action « emettre » produit le document"),
        (lambda t: line(t, "accepter").update(vers="a_corriger"), "seule l’action « demander_corrections »"),
        (lambda t: line(t, "accepter").update(de=["brouillon"]), "que par un dépôt"),
        (lambda t: line(t, "accepter").update(de=["refuse"]), "est clos"),
        (lambda t: line(t, "accepter").update(de=[]), "elle ne part d’aucun état"),
        (lambda t: line(t, "accepter").update(roles=[]), "aucun rôle"),
        (lambda t: line(t, "accepter").update(roles=["assistant"]), "ne peut pas revenir au rôle « assistant »"),
        (lambda t: line(t, "emettre").update(roles=["gestionnaire"]), "ne peut pas revenir au rôle « gestionnaire »"),
        (lambda t: t["transitions"].append(line(t, "accepter")), "« accepter » est définie deux fois"),
        (lambda t: t["transitions"].remove(line(t, "emettre")), "« emettre » manque"),
        (lambda t: t["etats"].pop("retire"), "l’état « retire » manque"),
        (lambda t: t["etats"].update(perdu="Perdu"), "état « perdu » : aucune action n’y conduit"),
        (lambda t: (t["etats"].update(perdu="Perdu"), line(t, "refuser").update(vers="perdu")),
         "état « perdu » : aucune action n’en sort"),
        (lambda t: line(t, "refuser").update(vers="accepte"), "mène à « emis » sans passer par elle, c’est elle qui arrête"),
        (lambda t: line(t, "emettre").update(de=["depose"]), "état « accepte » : aucune action n’en sort"),
        (lambda t: (t["etats"].update(a1="A", a2="B"), line(t, "refuser").update(vers="a1"), t["transitions"].extend([
            {**line(t, "accepter"), "action": "va", "de": ["a1"], "vers": "a2"},
            {**line(t, "accepter"), "action": "vient", "de": ["a2"], "vers": "a1"}])),
         "état « a1 » : on y tourne en rond"),
        (lambda t: (t["etats"].update({"É": "É"}), line(t, "refuser").update(vers="É")), "état « É » : un identifiant"),
        (lambda t: t["etats_collectivite"].update(acepte="?"), "l’état « acepte » n’existe pas"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(change: Any, message: str) -> None:
    assert message in " | ".join(faults(change))


def test_no_way_to_the_end_is_told() -> None:
    """Every state has a way out, and none leads to an issued convention."""

    def stop(table: dict[str, Any]) -> None:
        line(table, "accepter").update(vers="refuse")
        line(table, "refuser").update(de=["en_instruction", "accepte"])

    assert "aucun chemin ne mène de « brouillon » à « emis »" in faults(stop)


def test_a_faulty_circuit_keeps_an_offer_from_being_read_and_says_where() -> None:
    content = contenu()
    line(content["workflow_dossier"], "accepter")["condition"] = "comite"
    with pytest.raises(DefinitionError, match="circuit « Dossier d’adhésion » : action « accepter »"):
        read_offer(content)


def test_operations_refuse_what_would_be_wrong() -> None:
    with pytest.raises(DefinitionError, match="n’en sort"):
        editing.update_action(contenu(), "dossier", "emettre", {"de": ["en_instruction"]})
    with pytest.raises(DefinitionError, match="sa condition ne change pas"):
        editing.update_action(contenu(), "dossier", "deposer", {"condition": None})
    for values, champ in (
        ({"libelle": " "}, "action.libelle"), ({"de": []}, "action.de"), ({"vers": "?"}, "action.vers"),
        ({"roles": ["assistant"]}, "action.roles"),
    ):  # fmt: skip
        with pytest.raises(Invalide) as refused:
            editing.update_action(contenu(), "dossier", "accepter", values)
        assert refused.value.champ == champ


def test_the_convention_s_circuit_is_worded_not_rewired() -> None:
    content = contenu()
    after = editing.update_state(content, "convention", "a_signer", "À faire signer", "À faire signer chez vous")
    after = editing.update_action(after, "convention", "annuler", {"libelle": "Annuler", "roles": ["responsable"]})
    table = read_offer(after).workflow_convention
    assert table.label("a_signer", collectivite=True) == "À faire signer chez vous"
    assert table.transition("annuler").roles == (Role.RESPONSABLE,)
    with pytest.raises(Invalide, match="Rien ne s’ajoute à ce circuit"):
        editing.add_action(content, "convention", {**VALIDER, "de": ["a_signer"], "vers": "en_vigueur"})
    with pytest.raises(DefinitionError, match="son arrivée ne change pas"):
        editing.update_action(content, "convention", "signer_centre", {"vers": "annulee"})
    with pytest.raises(DefinitionError, match="gestionnaire"):
        editing.update_action(content, "convention", "signer_centre", {"roles": ["gestionnaire"]})


class Circuits(RuleBasedStateMachine):
    """Whatever is asked of a right circuit, done or refused, it stays right and keeps what programs rely on."""

    @initialize()
    def start(self) -> None:
        self.content = {**_SMALL}

    def _table(self) -> dict[str, Any]:
        return editing.find_table(self.content, "dossier")

    def _try(self, operation: Any, *args: Any) -> None:
        before = copy.deepcopy(self.content)
        try:
            found = operation(self.content, "dossier", *args)
        except Invalide as error:
            assert error.message
            assert self.content == before
        else:
            self.content = found[0] if isinstance(found, tuple) else found

    @rule(label=st.text(max_size=12), at=st.integers(0, 30), to=st.integers(0, 30))
    def add_state(self, label: str, at: int, to: int) -> None:
        lines, states = self._table()["transitions"], list(self._table()["etats"])
        out = {**VALIDER, "vers": states[to % len(states)]}
        self._try(editing.add_state, label, "", lines[at % len(lines)]["action"], out)

    @rule(at=st.integers(0, 30), to=st.integers(0, 30))
    def delete_state(self, at: int, to: int) -> None:
        states = list(self._table()["etats"])
        self._try(editing.delete_state, states[at % len(states)], states[to % len(states)])

    @rule(at=st.integers(0, 30), to=st.integers(0, 30), role=st.sampled_from(list(Role)))
    def add_action(self, at: int, to: int, role: Role) -> None:
        states = list(self._table()["etats"])
        values = {
            "libelle": "Faire",
            "de": [states[at % len(states)]],
            "vers": states[to % len(states)],
            "roles": [role],
        }
        self._try(editing.add_action, values)

    @rule(which=st.integers(0, 30), at=st.integers(0, 30), to=st.integers(0, 30))
    def change_action(self, which: int, at: int, to: int) -> None:
        lines, states = self._table()["transitions"], list(self._table()["etats"])
        values = {"de": [states[at % len(states)]], "vers": states[to % len(states)]}
        self._try(editing.update_action, lines[which % len(lines)]["action"], values)

    @rule(which=st.integers(0, 30))
    def delete_action(self, which: int) -> None:
        lines = self._table()["transitions"]
        self._try(editing.delete_action, lines[which % len(lines)]["action"])

    @invariant()
    def right(self) -> None:
        table = Workflow.model_validate(self._table())
        assert find_faults(table, "dossier") == []
        assert set(REGLES["dossier"].etats) <= set(table.etats)


_SMALL = contenu()
TestCircuits = Circuits.TestCase
TestCircuits.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
