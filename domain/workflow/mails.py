"""Which mail an action on a dossier sends, and to whom: read by what sends it and by the page that changes the circuit.

What an action means decides, so that a circuit that an offer made its own tells the right thing: « accepté » leaves when the
state is reached, whichever action leads there; an action or a state that was added tells those who are awaited next.
"""

from __future__ import annotations

from typing import Literal

from domain.workflow.tables import ACCORD, DOSSIER, ENREGISTRE, IMMEDIAT

Cote = Literal["centre", "collectivite", "suite"]
"""Who is told: the centre's side, the collectivité's, or those who have something to do in the state that is reached."""

COTES: dict[Cote, str] = {
    "centre": "à l’instructeur en charge",
    "collectivite": "à la collectivité",
    "suite": "à ceux qui ont une action à faire dans l’état où elle conduit",
}
ACCEPTE = "accepte"
"""State where the answers of a dossier stand, in every circuit (see domain.workflow.rules)."""

_TABLES = (DOSSIER, IMMEDIAT, ACCORD)
_ETATS = frozenset(etat for table in _TABLES for etat in table.etats)
_ACTIONS = frozenset(line.action for table in _TABLES for line in table.transitions)

_BY_ACTION: dict[str, tuple[str, str, Cote]] = {
    "deposer": ("dossier_depose", "demande_envoyee", "centre"),
    "redeposer": ("corrections_deposees", "demande_corrigee", "centre"),
    "retirer": ("dossier_retire", "demande_retiree", "centre"),
    "demander_corrections": ("corrections_demandees", "demande_a_corriger", "collectivite"),
    "refuser": ("dossier_refuse", "demande_declinee", "collectivite"),
}
_BY_ETAT: dict[str, tuple[str, str, Cote]] = {
    ACCEPTE: ("dossier_accepte", "demande_suivie", "collectivite"),
    ENREGISTRE: ("dossier_accepte", "demande_suivie", "collectivite"),
    "refuse": _BY_ACTION["refuser"],
    "retire": _BY_ACTION["retirer"],
}
_NEXT: tuple[str, str, Cote] = ("dossier_a_suivre", "demande_a_suivre", "suite")


def mails_of(action: str, vers: str, *, demande: bool) -> tuple[tuple[str, Cote], ...]:
    """The models of the mails that `action`, which leads to `vers`, sends, each with whom it tells; none when nobody is told.
    `demande`: of a request about a convention. Issuing a document has mails of its own."""
    added = vers not in _ETATS or action not in _ACTIONS
    found: list[tuple[str, str, Cote]] = []
    if action in _BY_ACTION:
        found.append(_BY_ACTION[action])
    elif vers in _BY_ETAT:
        found.append(_BY_ETAT[vers])
    if added and vers not in _BY_ETAT:
        found.append(_NEXT)
    return tuple((of_request if demande else of_dossier, cote) for of_dossier, of_request, cote in found)
