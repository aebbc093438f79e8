"""Statistical secrecy: which counts of interventions may be published, and which are masked.

A count under the threshold, zero included, is never published; nor is what would let it be recomputed, by someone who
also knows these rules. `docs/decisions/0007-secret-statistique.md` says what is published where, and why the rules hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.activite import MAX_MINUTES
from domain.formatting import MONTHS

SEUIL = 5
"""Counts under it are masked (domaine.md §6, point 12)."""
MASQUE = "masqué"
"""What a masked cell says; the reason is told once, beside the table."""


@dataclass(frozen=True)
class Cellule:
    """One line of a table as recorded: a code, a number of interventions, their whole minutes."""

    code: str
    nombre: int
    minutes: int


@dataclass(frozen=True)
class CellulePubliee:
    """The same line as published: both figures, or neither."""

    code: str
    nombre: int | None
    minutes: int | None

    @property
    def masquee(self) -> bool:
        return self.nombre is None


def least_number(groupes: Iterable[int]) -> int:
    """Fewest interventions that groups of minutes published elsewhere (month by nature, on statements) can hold: one for
    each group that is not empty, more where one intervention cannot be that long."""
    return sum(-(-minutes // MAX_MINUTES) for minutes in groupes)


def may_publish(nombre: int, groupes: Sequence[int], seuil: int = SEUIL, *, unite: int = 1) -> bool:
    """Whether a year's number of interventions may be published beside these groups of minutes, `unite` being the least that
    one intervention is billed.

    Not under the threshold; nor when it is what the minutes oblige (four months worked and "fewer than five" would give
    four), or one more: then the number withheld is always one of two at least. Nor when it would give away the number of a
    month: at the most that the minutes allow, or where a single month can take what the others leave, if that is too few.
    """
    obliged = least_number(groupes)
    free = [minutes for minutes in groupes if minutes // unite > least_number([minutes])]
    least = max(seuil, obliged + 2)
    if len(free) == 1:
        least = max(least, seuil + obliged - least_number(free))
    return least <= nombre < max(1, sum(minutes // unite for minutes in groupes))


def mask_table(cellules: Sequence[Cellule], seuil: int = SEUIL) -> tuple[CellulePubliee, ...]:
    """A table of one dimension whose total is published, with the cells that must be masked.

    Masked: every cell under the threshold; when there is one, the first others from the end of the list, until what is
    masked together holds more than the least that is known of it (`seuil` for each cell that was masked in addition). The
    order is that of the closed list, the same for everyone: choosing by size, as is usual, would tell that what stays is
    larger than what was hidden.
    """
    masked = {cellule.code for cellule in cellules if cellule.nombre < seuil}
    if masked:
        somme, added = sum(one.nombre for one in cellules if one.code in masked), 0
        for cellule in reversed(cellules):
            if added and somme > seuil * added:
                break
            if cellule.code not in masked:
                masked.add(cellule.code)
                somme, added = somme + cellule.nombre, added + 1
    return tuple(
        CellulePubliee(one.code, None, None)
        if one.code in masked
        else CellulePubliee(one.code, one.nombre, one.minutes)
        for one in cellules
    )


def mask_everything(cellules: Sequence[Cellule]) -> tuple[CellulePubliee, ...]:
    """The table of a year whose total is not published: no figure at all."""
    return tuple(CellulePubliee(one.code, None, None) for one in cellules)


_NOT_PEOPLE = "|".join(
    ["fois", "ans?", "années?", "mois", "semaines?", "jours?", "heures?", "minutes?", *MONTHS.values()]
)
_SMALL_NUMBER = re.compile(
    r"(?<![\w.,/’'-])(?:"
    r"[0-4](?![\w.,/’'-]*\d)(?!\s*%|\s*h\b|\s*°)(?=\s+[^\W\d])|"
    r"(?:un seul|une seule|deux|trois|quatre)(?=\s+[^\W\d]))"
    rf"\s+(?!(?:{_NOT_PEOPLE})\b)[^\W\d]+",
    re.IGNORECASE,
)


def find_small_numbers(texte: str) -> tuple[str, ...]:
    """Passages of a text that count something in figures or words under the threshold (« trois agents », « 2 situations »):
    to be read again by a person, since nothing can tell a number of people from a number of meetings."""
    return tuple(dict.fromkeys(" ".join(found.group().split()) for found in _SMALL_NUMBER.finditer(texte)))
