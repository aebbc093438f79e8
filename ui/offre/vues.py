"""The views of the page: one part of an offer each. Everything is in the address."""

from __future__ import annotations

from ui import page
from ui.editeur.lieu import PANELS, Lieu, enter
from ui.html import show, tabs

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


def choose_vue(lieu: Lieu) -> str:
    """The view of the address, and the tabs that lead to the others."""
    asked = page.param("vue") or ""
    vue = asked if asked in VUES else next(iter(VUES))
    opened = [f"{name}:{page.param(name)}" for name in (*PANELS, "circuit", "liste", "demande") if page.param(name)]
    enter(" ".join([ECRAN, vue, *opened]))
    show(tabs("Parties de l’offre", ((titre, lieu.url(vue=code), code == vue) for code, titre in VUES.items())))
    return vue
