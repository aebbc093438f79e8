"""Changing the reminders of an offer, as data: what the web editor does to a draft (see `domain.offer.editing`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import Invalide, raise_faults
from domain.forms.editing import Contenu, change
from domain.offer.terms import CENTRE_SEUL, ECHEANCES
from domain.roles import ROLES_CENTRE, Role

MOST_DELAYS = 8
LONGEST = 365


def list_rappels(contenu: Contenu) -> list[dict[str, Any]]:
    """The reminders of the offer, each with its deadline, its days before and its roles."""
    return [dict(row) for row in contenu.get("rappels") or ()]


def update_rappels(contenu: Contenu, lignes: Sequence[Mapping[str, Any]]) -> Contenu:
    """The reminders of the offer, all of them. A line has `echeance`, `jours_avant` as typed (« 60, 30, 7 ») and `roles`; one
    without days is taken away. What is wrong is told beside its part: `0.jours_avant`, `0.roles`…"""
    faults: list[Invalide] = []
    rows = []
    for rank, ligne in enumerate(lignes):
        try:
            days = read_days(str(ligne.get("jours_avant") or ""), f"{rank}.jours_avant")
            if days:
                rows.append({"echeance": _kind(ligne, rank), "jours_avant": days, "roles": _roles(ligne, rank)})
        except Invalide as error:
            faults.append(error)
    raise_faults(faults)
    return change(contenu, lambda new: new.__setitem__("rappels", rows))


def read_days(text: str, champ: str) -> list[int]:
    """« 60, 30, 7 » as numbers of days, the farthest first; empty for nothing. 0 is the very day."""
    words = [word for word in re.split(r"[\s,;]+", text.strip()) if word and word != "et"]
    if any(not (word.isascii() and word.isdigit() and len(word) < 4) for word in words):
        raise Invalide("Des nombres de jours séparés par des virgules, par exemple « 60, 30, 7 ».", champ)
    days = sorted({int(word) for word in words}, reverse=True)
    if days and days[0] > LONGEST:
        raise Invalide(f"{LONGEST} jours au plus.", champ)
    if len(days) > MOST_DELAYS:
        raise Invalide(f"{MOST_DELAYS} délais au plus.", champ)
    return days


def _kind(ligne: Mapping[str, Any], rank: int) -> str:
    kind = str(ligne.get("echeance"))
    if kind not in ECHEANCES:
        raise Invalide("Choisissez l’échéance.", f"{rank}.echeance")
    return kind


def _roles(ligne: Mapping[str, Any], rank: int) -> list[str]:
    given = set(ligne.get("roles") or ())
    roles = [role for role in Role if role.value in given]
    if not roles or len(roles) != len(given):
        raise Invalide("Choisissez qui reçoit ce rappel.", f"{rank}.roles")
    if ligne.get("echeance") in CENTRE_SEUL and not ROLES_CENTRE.issuperset(roles):
        raise Invalide("Cette échéance ne concerne que le centre : choisissez des rôles du centre.", f"{rank}.roles")
    return [role.value for role in roles]
