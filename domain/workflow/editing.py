"""Changing the circuits of an offer, as data: what the web editor does to a draft (see `domain.forms.editing`).

An operation gives a new content and never touches the one it was given; one that would make a mistake that was not there is
refused with its place. A circuit is named by its `cle`: `dossier`, `convention`, `demande:<nature>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from domain.definitions import DefinitionError, Fault
from domain.errors import Invalide
from domain.forms.editing import Contenu, change, free_id, slug
from domain.forms.field_editing import clean_label
from domain.offer.circuits import GENRES
from domain.offer.requests import CIRCUITS
from domain.roles import Role
from domain.text import clean_text
from domain.workflow.rules import REGLES, ROLES_CIRCUIT, Genre, Regles, find_faults
from domain.workflow.tables import Workflow

LABEL = 80
ID_LENGTH = 30
NAMES = {"workflow_dossier": "dossier", "workflow_convention": "convention"}
_KEYS = {name: key for key, name in NAMES.items()}


# -- reading ----------------------------------------------------------------------------------------------------------


def list_circuits(contenu: Contenu) -> dict[str, str]:
    """Title of each circuit of the offer, by `cle`."""
    found = {"dossier": "Dossier d’adhésion", "convention": "Convention"}
    return found | {f"demande:{one['nature']}": str(one["titre"]) for one in contenu.get("demandes", ())}


def genre_of(contenu: Contenu, cle: str) -> Genre:
    """What a circuit is for; Invalide when it is gone."""
    if cle == "dossier":
        return "dossier"
    if cle == "convention":
        return "convention"
    return GENRES[_demande(contenu, cle)["circuit"]]


def rules_of(contenu: Contenu, cle: str) -> Regles:
    """What programs rely on in a circuit."""
    return REGLES[genre_of(contenu, cle)]


def find_table(contenu: Contenu, cle: str) -> Contenu:
    """A copy of the circuit as JSON: the one of its kind when the offer has none of its own."""
    return Workflow.model_validate(_kept(contenu, cle)).model_dump(mode="json")


def find_action(table: Contenu, action: str) -> Contenu:
    """The action of a circuit; Invalide when it is gone."""
    found: Contenu | None = next((line for line in table["transitions"] if line["action"] == action), None)
    if found is None:
        raise Invalide("Cette action n’existe plus dans le brouillon : rechargez la page.")
    return found


def movable_actions(contenu: Contenu, cle: str) -> list[Contenu]:
    """Actions that a new state may come after: those whose destination programs do not rely on."""
    rules, table = rules_of(contenu, cle), find_table(contenu, cle)
    return [
        line
        for line in table["transitions"]
        if not rules.fixed(line["action"], "vers") and line["vers"] not in rules.finaux
    ]


def _demande(contenu: Contenu, cle: str) -> Contenu:
    nature = cle.removeprefix("demande:")
    found: Contenu | None = next((one for one in contenu.get("demandes", ()) if one["nature"] == nature), None)
    if found is None or cle == nature:
        raise Invalide("Ce circuit n’existe plus dans le brouillon : rechargez la page.")
    return found


def _kept(contenu: Contenu, cle: str) -> Contenu:
    if cle in _KEYS:
        found: Contenu = contenu[_KEYS[cle]]
        return found
    demande = _demande(contenu, cle)
    own: Contenu | None = demande.get("workflow")
    return own if own is not None else CIRCUITS[demande["circuit"]].model_dump(mode="json")


# -- operations -------------------------------------------------------------------------------------------------------


def change_circuit(contenu: Contenu, cle: str, operation: Callable[[Contenu], None]) -> Contenu:
    """The offer with a circuit after `operation`; DefinitionError with the mistakes that were not there before, in the
    circuit whatever else is wrong in the offer."""
    genre, before = genre_of(contenu, cle), find_table(contenu, cle)
    after = find_table(contenu, cle)
    operation(after)
    known = find_faults(Workflow.model_validate(before), genre)
    try:
        added = [one for one in find_faults(Workflow.model_validate(after), genre) if one not in known]
    except ValidationError:
        raise Invalide("Ce circuit ne peut pas être enregistré : rechargez la page.") from None
    if added:
        raise DefinitionError([Fault("", f"{one[:1].upper()}{one[1:]}.") for one in added])
    if after == before:
        return contenu

    def put(new: Contenu) -> None:
        if cle in _KEYS:
            new[_KEYS[cle]] = after
        else:
            _demande(new, cle)["workflow"] = after

    return change(contenu, put)


def reset_circuit(contenu: Contenu, cle: str) -> Contenu:
    """The portal's own circuit again."""
    own = rules_of(contenu, cle).base if cle in _KEYS else CIRCUITS[_demande(contenu, cle)["circuit"]]
    base = own.model_dump(mode="json")

    def reset(table: Contenu) -> None:
        table.clear()
        table.update(base)

    return change_circuit(contenu, cle, reset)


def update_state(contenu: Contenu, cle: str, etat: str, libelle: str, lu_par_collectivite: str = "") -> Contenu:
    """Other names for a state. Without `lu_par_collectivite`, the collectivité reads the same as the centre."""
    _require_state(find_table(contenu, cle), etat)
    name = clean_label(libelle, "libelle", "le nom de l’état", LABEL)
    theirs = clean_text(lu_par_collectivite)[:LABEL]

    def update(table: Contenu) -> None:
        table["etats"][etat] = name
        table["etats_collectivite"].pop(etat, None)
        if theirs and theirs != name:
            table["etats_collectivite"][etat] = theirs

    return change_circuit(contenu, cle, update)


def add_state(
    contenu: Contenu, cle: str, libelle: str, lu_par_collectivite: str, apres: str, sortie: Mapping[str, Any]
) -> tuple[Contenu, str]:
    """A new state, and its code. The action `apres` now leads to it; `sortie` is the new action that leaves it (see
    `add_action`; without `vers`, it leads where `apres` led)."""
    _require_open(contenu, cle)
    table = find_table(contenu, cle)
    name = clean_label(libelle, "libelle", "le nom de l’état", LABEL)
    if apres not in {line["action"] for line in movable_actions(contenu, cle)}:
        raise Invalide("Choisissez l’action qui conduit au nouvel état.", "apres")
    etat = _free(name, table["etats"], "etat")
    former = find_action(table, apres)["vers"]
    line = _line({"vers": former, **sortie, "de": [etat]}, table, None)
    theirs = clean_text(lu_par_collectivite)[:LABEL]

    def add(new: Contenu) -> None:
        redirected = find_action(new, apres)
        redirected["vers"] = etat
        new["etats"] = _inserted(new["etats"], etat, name, after=redirected["de"][-1])
        if theirs and theirs != name:
            new["etats_collectivite"][etat] = theirs
        new["transitions"].insert(new["transitions"].index(redirected) + 1, line)

    return change_circuit(contenu, cle, add), etat


def delete_state(contenu: Contenu, cle: str, etat: str, remplacant: str) -> Contenu:
    """Takes a state away: what led to it leads to `remplacant`, the actions that only it had go away with it."""
    table, rules = find_table(contenu, cle), rules_of(contenu, cle)
    _require_state(table, etat)
    if etat in rules.etats:
        raise Invalide(f"« {table['etats'][etat]} » ne se supprime pas : {rules.etats[etat]}.")
    if remplacant == etat or remplacant not in table["etats"]:
        raise Invalide("Choisissez l’état où conduiront les actions qui menaient à celui-ci.", "remplacant")
    alone = [line for line in table["transitions"] if line["de"] == [etat]]
    needed = next((line for line in alone if line["action"] in rules.actions), None)
    if needed is not None:
        raise Invalide(
            f"« {needed['libelle']} » ne part que de cet état et ne se supprime pas : {rules.actions[needed['action']]}."
            " Faites-la d’abord partir d’un autre état."
        )

    def delete(new: Contenu) -> None:
        new["etats"].pop(etat)
        new["etats_collectivite"].pop(etat, None)
        new["transitions"] = [line for line in new["transitions"] if line["de"] != [etat]]
        for line in new["transitions"]:
            line["de"] = [one for one in line["de"] if one != etat]
            if line["vers"] == etat:
                line["vers"] = remplacant
        # An action that would lead where it comes from has nothing left to do.
        new["transitions"] = [
            line for line in new["transitions"] if line["vers"] not in line["de"] or line["action"] in rules.actions
        ]

    return change_circuit(contenu, cle, delete)


def add_action(contenu: Contenu, cle: str, valeurs: Mapping[str, Any]) -> tuple[Contenu, str]:
    """A new action, and its code: `libelle`, `de` (codes of states), `vers`, `roles`, `condition`, `motif`."""
    _require_open(contenu, cle)
    table = find_table(contenu, cle)
    line = _line(valeurs, table, None)
    return change_circuit(contenu, cle, lambda new: new["transitions"].append(line)), str(line["action"])


def update_action(contenu: Contenu, cle: str, action: str, valeurs: Mapping[str, Any]) -> Contenu:
    """An action done otherwise: those of `libelle`, `de`, `vers`, `roles`, `condition`, `motif` that `valeurs` holds."""
    table = find_table(contenu, cle)
    current = find_action(table, action)
    line = _line({**current, **valeurs}, table, action)
    return change_circuit(contenu, cle, lambda new: find_action(new, action).update(line))


def delete_action(contenu: Contenu, cle: str, action: str) -> Contenu:
    """Takes an action away, unless programs rely on it."""
    rules = rules_of(contenu, cle)
    line = find_action(find_table(contenu, cle), action)
    if action in rules.actions:
        raise Invalide(f"« {line['libelle']} » ne se supprime pas : {rules.actions[action]}.")
    return change_circuit(contenu, cle, lambda new: new["transitions"].remove(find_action(new, action)))


def _require_open(contenu: Contenu, cle: str) -> None:
    reason = rules_of(contenu, cle).ajouts
    if reason:
        raise Invalide(f"Rien ne s’ajoute à ce circuit : {reason}.")


def _require_state(table: Contenu, etat: str) -> None:
    if etat not in table["etats"]:
        raise Invalide("Cet état n’existe plus dans le brouillon : rechargez la page.")


def _line(valeurs: Mapping[str, Any], table: Contenu, action: str | None) -> Contenu:
    """An action as it is stored, a new one when `action` is None; Invalide about the part that is wrong."""
    label = clean_label(valeurs.get("libelle"), "action.libelle", "le nom de l’action", LABEL)
    de = [one for one in table["etats"] if one in (valeurs.get("de") or ())]
    if not de and valeurs.get("de"):
        de = list(valeurs["de"])  # the state that is being added
    vers = valeurs.get("vers")
    roles = [role.value for role in ROLES_CIRCUIT if role in (valeurs.get("roles") or ())]
    if not de:
        raise Invalide("Choisissez au moins un état de départ.", "action.de")
    if vers not in table["etats"]:
        raise Invalide("Choisissez l’état où conduit l’action.", "action.vers")
    if not roles:
        raise Invalide("Choisissez au moins un rôle.", "action.roles")
    return {
        "action": action or _free(label, [line["action"] for line in table["transitions"]], "action"),
        "libelle": label,
        "de": de,
        "vers": vers,
        "roles": roles,
        "condition": valeurs.get("condition") or None,
        "motif": bool(valeurs.get("motif")),
    }


def _free(label: str, known: Iterable[str], default: str) -> str:
    """A code for a state (`default` is `etat`) or an action, from its name: free in its circuit, and none that programs give
    a meaning to."""
    words = slug(label)
    base = default if words.startswith("question") and not label.lower().startswith("question") else words
    reserved = _STATES if default == "etat" else _ACTIONS
    return free_id(base[: ID_LENGTH - 3].rstrip("_"), {*known, *reserved})


_STATES = frozenset(code for rules in REGLES.values() for code in rules.base.etats)
_ACTIONS = frozenset(line.action for rules in REGLES.values() for line in rules.base.transitions) | {
    "creer", "ouvrir", "basculer", "purger", "historique", "attribuer", "lever_avertissement",
}  # fmt: skip
"""What else the journal says of a dossier is named like an action."""


def _inserted(states: Mapping[str, str], etat: str, name: str, *, after: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, label in states.items():
        found[code] = label
        if code == after:
            found[etat] = name
    return found if etat in found else {**found, etat: name}


def role_names(roles: object) -> list[Role]:
    """Roles of an action, in the order that screens use."""
    return [role for role in ROLES_CIRCUIT if isinstance(roles, list | tuple) and role in roles]
