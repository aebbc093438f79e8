"""The state of a statement as a badge: what is still to pay waits, what cancels another is only told."""

from __future__ import annotations

from markupsafe import Markup

from domain.decompte import ETATS_COLLECTIVITE
from ui.html import badge


def statement_badge(libelle: str, etat: str, *, contre: bool) -> Markup:
    """`libelle` in the tone of `etat`."""
    to_pay = libelle == ETATS_COLLECTIVITE["emis"]
    return badge(libelle, "retire" if contre else "depose" if to_pay else etat)
