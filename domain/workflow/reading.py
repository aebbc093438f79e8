"""What screens and lists say of a circuit that an offer may have changed: where a dossier is under review, who is awaited."""

from __future__ import annotations

from collections.abc import Iterable

from domain.roles import ROLE_LABELS, ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from domain.workflow.tables import ENREGISTRE, Transition, Workflow

CLOS = ("emis", "retire", "refuse", ENREGISTRE)
"""States where the circuit of a dossier ends, in every offer (see domain.workflow.rules)."""
SAISIE = ("brouillon", "a_corriger")
"""States where its collectivité answers."""


def correction_states(table: Workflow) -> tuple[str, ...]:
    """States from which corrections can be asked for; none when the circuit has no such thing."""
    return next((line.de for line in table.transitions if line.action == "demander_corrections"), ())


def is_under_review(table: Workflow, etat: str) -> bool:
    """Whether somebody of the centre has the dossier in hand: deposited, taken in charge when the circuit wants it, not over."""
    waiting = next((line.de for line in table.transitions if line.action == "prendre_en_charge"), ())
    return etat in table.etats and etat not in (*CLOS, *SAISIE, *waiting)


def steps_forward(table: Workflow, etat: str, roles: Iterable[Role]) -> tuple[Transition, ...]:
    """What a holder of `roles` may do that brings the dossier on: neither gives it up, nor refuses it, nor sends it back."""
    return tuple(line for line in table.actions(etat, roles) if line.vers not in ("retire", "refuse", "a_corriger"))


def tell_next(table: Workflow, etat: str, roles: Iterable[Role]) -> str:
    """What comes next, for somebody of the collectivité who holds `roles`, in a state that the offer added."""
    held = frozenset(roles)
    mine = steps_forward(table, etat, held)
    if mine:
        return f"À vous : {_names(mine)}."
    centre = steps_forward(table, etat, ROLES_CENTRE)
    if centre:
        return f"Étape suivante, par le centre : {_names(centre)}. Vous n’avez rien à faire pour l’instant."
    theirs = steps_forward(table, etat, ROLES_COLLECTIVITE)
    if theirs:
        who = " ou ".join(dict.fromkeys(ROLE_LABELS[role].lower() for line in theirs for role in line.roles))
        return f"Étape suivante, par votre collectivité ({who}) : {_names(theirs)}."
    return ""


def tells_reason(table: Workflow, etat: str) -> bool:
    """Whether the reason kept with the dossier is about how it came to this state."""
    return any(line.motif and line.vers == etat for line in table.transitions)


def _names(lines: Iterable[Transition]) -> str:
    return " ou ".join(f"« {line.libelle} »" for line in lines)
