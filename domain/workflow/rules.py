"""What programs rely on in a circuit, whoever changed it, and what is wrong with one.

A circuit is data: an offer may add states and actions, name them otherwise, give them to other roles. What it may not take
away is what the portal does something with: where answers are open, what takes the snapshot of a deposit, what issues and
numbers a convention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from domain.roles import ROLE_LABELS, ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from domain.text import suggestion
from domain.workflow.tables import ACCORD, CONVENTION, DOSSIER, ENREGISTRE, IMMEDIAT, Transition, Workflow

Genre = Literal["dossier", "convention", "immediat", "accord"]
"""What a circuit is for: a dossier that leads to a document to sign (an adhesion, an avenant), the convention itself, a
request that takes effect at once, or once the centre agrees."""

CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")
ROLES_CIRCUIT = (
    Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION, Role.INSTRUCTEUR, Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE,
)  # fmt: skip
"""Roles that see dossiers and conventions: the others would never find the action."""
_CENTRE = ROLES_CENTRE.intersection(ROLES_CIRCUIT)

CONDITIONS: dict[str, str] = {
    "complet": "Tout ce qui est obligatoire pour le dépôt est rempli",
    "corrections_ouvertes": "Au moins une demande de correction est préparée",
    "corrections_traitees": "Toutes les corrections demandées sont traitées",
    "deliberation_complete": "La délibération est complète et aucun avertissement ne reste à lever",
    "emission_possible": "Tout ce qu’il faut pour émettre la convention est réuni",
}
"""Conditions that the portal can check on a dossier, in French."""
CONDITIONS_CONVENTION = {"pdf_signe": "Un PDF signé est déposé"}


@dataclass(frozen=True)
class Regles:
    """What holds for every circuit of one kind. `base` is the portal's own; `but` the state that it must lead to; `finaux`
    those where it ends. `etats` and `actions` cannot be taken away, for the reason given; `figes` are the parts of these
    actions that cannot change. `entrees` and `sorties`: the only actions that lead to a state, or leave it otherwise than
    for an end, and why. `passages`: actions without which one may not come to `but`. `roles`: the only roles that may have an
    action. `ajouts`: why states and actions cannot be added, empty when they can."""

    base: Workflow
    initial: str
    but: str
    finaux: frozenset[str]
    etats: Mapping[str, str]
    actions: Mapping[str, str]
    figes: Mapping[str, frozenset[str]]
    entrees: Mapping[str, tuple[frozenset[str], str]]
    sorties: Mapping[str, tuple[frozenset[str], str]]
    conditions: Mapping[str, str]
    passages: tuple[str, ...] = ()
    roles: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    ajouts: str = ""

    def roles_of(self, action: str) -> frozenset[Role]:
        """Roles that may be given this action."""
        return self.roles.get(action, frozenset(ROLES_CIRCUIT))

    def fixed(self, action: str, part: str) -> bool:
        """Whether this part (`de`, `vers`, `condition`) of an action cannot change."""
        return part in self.figes.get(action, frozenset())


_BEGINS = "tout dossier y commence, et ses réponses y sont ouvertes"
_NO_RETURN = (
    frozenset[str](),
    "un dossier déposé ne redevient pas un brouillon : pour rouvrir des réponses, demandez des corrections",
)
_PUT_AWAY = "les brouillons abandonnés y sont rangés"
_DEPOSIT = "c’est elle qui enregistre les réponses que le centre reçoit"
_ONLY_DEPOSIT = (frozenset({"deposer"}), "le centre ne reçoit des réponses que par un dépôt (action « deposer »)")

_DOSSIER = Regles(
    base=DOSSIER,
    initial="brouillon",
    but="emis",
    finaux=frozenset({"emis", "retire", "refuse"}),
    etats={
        "brouillon": _BEGINS,
        "a_corriger": "les champs à corriger y sont rouverts à la collectivité",
        "emis": "le document y reçoit son numéro et y est scellé",
        "retire": _PUT_AWAY,
    },
    actions={
        "deposer": _DEPOSIT,
        "demander_corrections": "c’est elle qui envoie les corrections préparées et rouvre les champs",
        "redeposer": "c’est elle qui enregistre les réponses corrigées",
        "accepter": "c’est elle qui arrête les réponses dont le document est fait",
        "emettre": "c’est elle qui numérote, produit et scelle le document",
    },
    figes={
        "deposer": frozenset({"de", "condition"}),
        "demander_corrections": frozenset({"vers", "condition"}),
        "redeposer": frozenset({"de", "condition"}),
        "emettre": frozenset({"vers", "condition"}),
    },
    entrees={
        "brouillon": _NO_RETURN,
        "a_corriger": (
            frozenset({"demander_corrections"}),
            "seule l’action « demander_corrections » rouvre des champs : sans elle, rien ne pourrait y être corrigé",
        ),
        "emis": (frozenset({"emettre"}), "seule l’action « emettre » produit le document"),
    },
    sorties={
        "brouillon": _ONLY_DEPOSIT,
        "a_corriger": (
            frozenset({"redeposer"}),
            "les réponses corrigées n’arrivent au centre que par un nouveau dépôt (action « redeposer »)",
        ),
    },
    conditions=CONDITIONS,
    passages=("accepter",),
    roles={
        "prendre_en_charge": frozenset({Role.INSTRUCTEUR}),
        "demander_corrections": frozenset({Role.INSTRUCTEUR}),
        "redeposer": frozenset({Role.GESTIONNAIRE, Role.SIGNATAIRE}),
        "accepter": _CENTRE,
        "emettre": _CENTRE,
    },
)

_IMMEDIAT = Regles(
    base=IMMEDIAT,
    initial="brouillon",
    but=ENREGISTRE,
    finaux=frozenset({ENREGISTRE, "retire", "refuse"}),
    etats={"brouillon": _BEGINS, ENREGISTRE: "la demande y prend effet", "retire": _PUT_AWAY},
    actions={"deposer": _DEPOSIT},
    figes={"deposer": frozenset({"de", "vers", "condition"})},
    entrees={"brouillon": _NO_RETURN},
    sorties={"brouillon": _ONLY_DEPOSIT},
    conditions=CONDITIONS,
    ajouts="cette demande prend effet dès son envoi : pour y ajouter un examen, choisissez l’accord du centre",
)

_ACCORD = Regles(
    base=ACCORD,
    initial="brouillon",
    but=ENREGISTRE,
    finaux=frozenset({ENREGISTRE, "retire", "refuse"}),
    etats={"brouillon": _BEGINS, ENREGISTRE: "la demande y prend effet", "retire": _PUT_AWAY},
    actions={"deposer": _DEPOSIT, "valider": "c’est elle qui donne l’accord du centre"},
    figes={"deposer": frozenset({"de", "condition"}), "valider": frozenset({"vers"})},
    entrees={
        "brouillon": _NO_RETURN,
        ENREGISTRE: (frozenset({"valider"}), "seule l’action « valider » donne l’accord du centre"),
    },
    sorties={"brouillon": _ONLY_DEPOSIT},
    conditions=CONDITIONS,
    roles={"valider": _CENTRE},
)

_WHOLE = "les heures, les décomptes et le calendrier de la convention s’appuient sur {}"

_CONVENTION = Regles(
    base=CONVENTION,
    initial="a_signer",
    but="en_vigueur",
    finaux=frozenset({"annulee", "resiliee", "echue", "remplacee"}),
    etats={code: _WHOLE.format("lui") for code in CONVENTION.etats},
    actions={line.action: _WHOLE.format("elle") for line in CONVENTION.transitions},
    figes={line.action: frozenset({"de", "vers", "condition"}) for line in CONVENTION.transitions},
    entrees={},
    sorties={},
    conditions=CONDITIONS_CONVENTION,
    roles={
        line.action: _CENTRE if ROLES_CENTRE.intersection(line.roles) else ROLES_COLLECTIVITE
        for line in CONVENTION.transitions
    },
    ajouts=(
        "les heures, les décomptes et le calendrier s’appuient sur ces états : seuls leurs noms, les rôles et les motifs"
        " changent"
    ),
)

REGLES: dict[Genre, Regles] = {
    "dossier": _DOSSIER,
    "convention": _CONVENTION,
    "immediat": _IMMEDIAT,
    "accord": _ACCORD,
}


def find_faults(table: Workflow, genre: Genre) -> list[str]:
    """Everything wrong with a circuit, in French, each with the state or the action that it is about; empty when it is right."""
    rules = REGLES[genre]
    found = [
        *_faults_of_states(table, rules),
        *(one for line in table.transitions for one in _faults_of(line, table, rules)),
    ]
    counts = Counter(line.action for line in table.transitions)
    found += [f"l’action « {one} » est définie deux fois" for one, count in counts.items() if count > 1]
    found += [f"l’action « {one} » manque : {why}" for one, why in rules.actions.items() if one not in counts]
    # Where one can go only means something between states that exist.
    return found or list(_faults_of_paths(table, rules))


def _faults_of_states(table: Workflow, rules: Regles) -> Iterator[str]:
    for etat, why in rules.etats.items():
        if etat not in table.etats:
            yield f"l’état « {etat} » manque : {why}"
    for etat, label in table.etats.items():
        if not CODE.fullmatch(etat):
            yield f"état « {etat} » : un identifiant a des minuscules sans accent, des chiffres et « _ », 30 signes au plus"
        if not label.strip():
            yield f"état « {etat} » : son nom est vide"
        if rules.ajouts and etat not in rules.base.etats:
            yield f"état « {etat} » : {rules.ajouts}"
    for etat in table.etats_collectivite:
        if etat not in table.etats:
            yield f"« etats_collectivite » : l’état « {etat} » n’existe pas{suggestion(etat, table.etats)}"


def _faults_of(line: Transition, table: Workflow, rules: Regles) -> Iterator[str]:
    """What is wrong with one action, taken by itself."""
    where = f"action « {line.action} »"
    if not CODE.fullmatch(line.action):
        yield f"{where} : un identifiant a des minuscules sans accent, des chiffres et « _ », 30 signes au plus"
    if not line.libelle.strip():
        yield f"{where} : son nom est vide"
    if rules.ajouts and not any(one.action == line.action for one in rules.base.transitions):
        yield f"{where} : {rules.ajouts}"
    for etat in (*line.de, line.vers):
        if etat not in table.etats:
            yield f"{where} : l’état « {etat} » n’existe pas{suggestion(etat, table.etats)}"
    if not line.de:
        yield f"{where} : elle ne part d’aucun état"
    if line.vers in line.de:
        yield f"{where} : elle ramène à l’état « {line.vers} » d’où elle part"
    if line.condition is not None and line.condition not in rules.conditions:
        yield f"{where} : la condition « {line.condition} » est inconnue{suggestion(line.condition, rules.conditions)}"
    yield from _faults_of_roles(line, where, rules)
    yield from _faults_of_fixed(line, where, rules)


def _faults_of_roles(line: Transition, where: str, rules: Regles) -> Iterator[str]:
    if not line.roles:
        yield f"{where} : aucun rôle ne pourrait la faire"
    allowed = rules.roles_of(line.action)
    for role in line.roles:
        if role not in allowed:
            names = ", ".join(ROLE_LABELS[one].lower() for one in ROLES_CIRCUIT if one in allowed)
            yield f"{where} : elle ne peut pas revenir au rôle « {ROLE_LABELS[role].lower()} » (possibles : {names})"


def _faults_of_fixed(line: Transition, where: str, rules: Regles) -> Iterator[str]:
    """What programs rely on: the parts of their actions, the ways in and out of their states."""
    if line.action in rules.figes:
        base = rules.base.transition(line.action)
        for part, words in (("de", "son départ"), ("vers", "son arrivée"), ("condition", "sa condition")):
            now, then = getattr(line, part), getattr(base, part)
            same = set(now) == set(then) if part == "de" else now == then
            if rules.fixed(line.action, part) and not same:
                yield f"{where} : {words} ne change pas, {rules.actions[line.action]}"
    only, why = rules.entrees.get(line.vers, (frozenset({line.action}), ""))
    if line.action not in only:
        yield f"{where} : elle ne peut pas conduire à « {line.vers} » : {why}"
    for etat in line.de:
        if etat in rules.finaux:
            if rules.base is not CONVENTION:
                yield f"{where} : elle part de « {etat} », or un dossier qui y est arrivé est clos"
        elif etat in rules.sorties and line.vers not in rules.finaux and line.action not in rules.sorties[etat][0]:
            yield f"{where} : elle ne peut pas partir de « {etat} » : {rules.sorties[etat][1]}"


def _faults_of_paths(table: Workflow, rules: Regles) -> Iterator[str]:
    """States that nothing leads to, those that nothing leaves, those between which one turns for ever."""
    reached = _closure({rules.initial}, [(etat, line.vers) for line in table.transitions for etat in line.de])
    back = [(line.vers, etat) for line in table.transitions for etat in line.de]
    ending = _closure(set(rules.finaux), back)
    leading = _closure({rules.but}, back)
    kept = {*rules.finaux, *rules.etats}
    left = {etat for line in table.transitions for etat in line.de}
    for etat in table.etats:
        if etat not in reached and etat not in kept:
            yield f"état « {etat} » : aucune action n’y conduit"
        elif etat not in rules.finaux and etat not in left:
            yield f"état « {etat} » : aucune action n’en sort, un dossier y resterait pour toujours"
        elif etat not in ending:
            yield f"état « {etat} » : on y tourne en rond, aucun chemin ne mène de là à une fin"
    if rules.initial not in leading:
        yield f"aucun chemin ne mène de « {rules.initial} » à « {rules.but} »"
    for action in rules.passages:
        others = [(etat, line.vers) for line in table.transitions if line.action != action for etat in line.de]
        if rules.but in _closure({rules.initial}, others):
            yield (
                f"action « {action} » : un chemin mène à « {rules.but} » sans passer par elle, {rules.actions[action]}"
            )


def _closure(start: set[str], edges: list[tuple[str, str]]) -> set[str]:
    """What can be reached from `start` by these edges, `start` included."""
    found, todo = set(start), list(start)
    while todo:
        here = todo.pop()
        new = {after for before, after in edges if before == here} - found
        found |= new
        todo += new
    return found
