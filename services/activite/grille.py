"""The lines of a week as a grid holds them: typed, seen at a version, compared with what was recorded.

A grid is plain values that go to JSON and back: that is how a draft survives a reload.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from domain.activite import DIMENSIONS, nomenclature
from domain.errors import Invalide
from domain.releve import MAX_DUREE, Valeurs, read_minutes, write_minutes
from models import Intervention
from services.activite.interventions import MAX_LIGNES
from services.activite.verification import Ligne

DEFAUTS = {
    "nature": "ordinaire",
    "categorie": "accueil",
    "origine": "agent",
    "lieu": "collectivite",
    "forme": "individuelle",
}
"""What a new line holds when nothing was recorded before it: the most usual."""


@dataclass(frozen=True)
class LigneGrille:
    """One line of the grid. `avant` is what is recorded under `id`, seen at `version`; all three None for a new line."""

    jour: date | None = None
    convention_id: UUID | None = None
    duree: str = ""
    codes: Mapping[str, str | None] = field(default_factory=lambda: dict(DEFAUTS))
    id: UUID | None = None
    version: int | None = None
    avant: Valeurs | None = None

    @property
    def vide(self) -> bool:
        """Nothing but defaults: a line that was opened and left."""
        return self.id is None and not self.duree.strip() and self.convention_id is None

    @property
    def minutes(self) -> int | None:
        """Minutes of the duration typed; None while it is not one."""
        return _minutes(self.duree)

    @property
    def changee(self) -> bool:
        """Whether recording it would change something."""
        if self.avant is None:
            return not self.vide
        typed = (self.jour, self.convention_id, self.minutes, *(self.codes.get(name) for name in DIMENSIONS))
        held = (self.avant.jour, self.avant.convention_id, self.avant.minutes)
        return typed != (*held, *(getattr(self.avant, name) for name in DIMENSIONS))

    def plain(self) -> dict[str, Any]:
        """The line as JSON."""
        return {
            "jour": self.jour.isoformat() if self.jour else None,
            "convention": str(self.convention_id) if self.convention_id else None,
            "duree": self.duree[:MAX_DUREE],
            "codes": {name: self.codes.get(name) for name in DIMENSIONS},
            "id": str(self.id) if self.id else None,
            "version": self.version,
            "avant": self.avant.plain() if self.avant else None,
        }

    @classmethod
    def recorded(cls, id: UUID | None, version: int | None, valeurs: Valeurs) -> LigneGrille:
        """A line that shows what is recorded."""
        codes = {name: getattr(valeurs, name) for name in DIMENSIONS}
        return cls(valeurs.jour, valeurs.convention_id, write_minutes(valeurs.minutes), codes, id, version, valeurs)

    @classmethod
    def from_plain(cls, held: Mapping[str, Any]) -> LigneGrille:
        """The line that `plain` wrote."""
        before = held["avant"]
        return cls(
            date.fromisoformat(held["jour"]) if held["jour"] else None,
            UUID(held["convention"]) if held["convention"] else None,
            held["duree"],
            held["codes"],
            UUID(held["id"]) if held["id"] else None,
            held["version"],
            Valeurs(
                **{
                    **before,
                    "jour": date.fromisoformat(before["jour"]),
                    "convention_id": UUID(before["convention_id"]),
                }
            )
            if before
            else None,
        )


@lru_cache(maxsize=2000)
def _minutes(written: str) -> int | None:
    """Asked several times for each line at each change."""
    try:
        return read_minutes(written)
    except Invalide:
        return None


def line_of(row: Intervention, valeurs: Valeurs) -> LigneGrille:
    """A recorded intervention as a line of the grid."""
    return LigneGrille.recorded(row.id, row.version, valeurs)


def restore(ligne: LigneGrille) -> LigneGrille:
    """The line as it is recorded."""
    return LigneGrille.recorded(ligne.id, ligne.version, ligne.avant) if ligne.avant else ligne


@dataclass(frozen=True)
class Grille:
    """What somebody has in front of them: the lines shown, and the recorded ones that they took out."""

    lignes: tuple[LigneGrille, ...] = ()
    retirees: tuple[LigneGrille, ...] = ()

    @property
    def changee(self) -> bool:
        """Whether there is something to record."""
        return bool(self.retirees) or any(one.changee for one in self.lignes)

    def plain(self) -> dict[str, Any]:
        """What the grid changes, as JSON. At most as many lines as one submission takes."""
        changed = [one for one in self.lignes if one.changee]
        return {
            "lignes": [one.plain() for one in changed[:MAX_LIGNES]],
            "retirees": [one.plain() for one in self.retirees[:MAX_LIGNES]],
        }

    def resume(self, held: Mapping[str, Any]) -> Grille:
        """The changes that `plain` wrote, over what is recorded now (this grid): what somebody did elsewhere meanwhile
        (another tab, an import) shows, and each change keeps the version it was made from."""
        typed, gone = ([LigneGrille.from_plain(one) for one in held[name]] for name in ("lignes", "retirees"))
        mine = {one.id: one for one in typed if one.id}
        here = {one.id for one in self.lignes}
        out = {one.id for one in gone}
        lines = [mine.get(one.id, one) if one.id else one for one in self.lignes if one.id not in out]
        lines += [one for one in typed if one.id is None or one.id not in here]
        return Grille(tuple(lines), tuple(one for one in gone if one.id in here))

    def to_record(self) -> list[Ligne]:
        """What differs from what is recorded, each line numbered as it is shown; lines left empty are nothing."""
        lines = [
            Ligne(one.jour, one.convention_id, one.duree, one.codes, one.id, one.version, rang=rank)
            for rank, one in enumerate(self.lignes, start=1)
            if one.changee
        ]
        gone = [
            Ligne(one.jour, one.convention_id, one.duree, one.codes, one.id, one.version, True, len(self.lignes) + rank)
            for rank, one in enumerate(self.retirees, start=1)
        ]
        return lines + gone


def apply_edits(
    grille: Grille,
    edited: Mapping[int, Mapping[str, Any]],
    added: Iterable[Mapping[str, Any]],
    deleted: Sequence[int],
) -> Grille:
    """The grid after what a data editor reports: cells by line, new lines, lines taken out. Values are those of the
    browser: what is no day, no id and no code of a list becomes None."""
    lines, gone = [], list(grille.retirees)
    for rank, line in enumerate(grille.lignes):
        if rank in deleted:
            if line.id is not None:
                gone.append(restore(line))
        else:
            lines.append(_edited(line, edited[rank]) if rank in edited else line)
    lines += [_edited(LigneGrille(codes={}), cells) for cells in added]
    return Grille(tuple(lines[:MAX_LIGNES]), tuple(gone))


def _edited(line: LigneGrille, cells: Mapping[str, Any]) -> LigneGrille:
    changed: dict[str, Any] = {}
    if "jour" in cells:
        changed["jour"] = _day(cells["jour"])
    if "convention" in cells:
        changed["convention_id"] = _id(cells["convention"])
    if "duree" in cells:
        changed["duree"] = str(cells["duree"] or "")[:MAX_DUREE]
    lists = nomenclature()
    codes = {name: cells[name] if cells[name] in lists.labels(name) else None for name in DIMENSIONS if name in cells}
    return replace(line, **changed, codes={**line.codes, **codes})


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _id(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
