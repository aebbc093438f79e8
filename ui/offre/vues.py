"""The views of the page: one part of an offer each. Everything is in the address."""

from __future__ import annotations

from ui import page
from ui.editeur.lieu import PANELS, enter
from ui.editeur.tete import choose_vue

ECRAN = "offre"
VUES = {
    "reglages": "Réglages",
    "circuit": "Circuit",
    "documents": "Documents",
    "parties": "Collectivités",
    "bilan": "Bilan",
    "demandes": "Demandes",
    "rappels": "Rappels",
    "changements": "Changements et publication",
    "versions": "Versions",
}


def enter_vue() -> str:
    """The view of the address, where one now is."""
    vue = choose_vue(VUES)
    opened = [f"{name}:{page.param(name)}" for name in (*PANELS, "circuit", "liste", "demande") if page.param(name)]
    enter(" ".join([ECRAN, vue, *opened]))
    return vue
