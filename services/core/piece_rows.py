"""A stored file as screens show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models import Piece


@dataclass(frozen=True)
class PieceRow:
    """A file that can be opened by its id (services.adhesion.pieces). `avertissements`: what the check of the file noticed."""

    id: UUID
    nom: str
    taille: int
    usage: str
    champ: str | None
    type_mime: str
    deposee_le: datetime
    pages: int | None
    avertissements: tuple[str, ...]


def piece_row(piece: Piece) -> PieceRow:
    """The row of this file."""
    return PieceRow(
        id=piece.id,
        nom=piece.nom,
        taille=piece.taille,
        usage=piece.usage,
        champ=piece.champ,
        type_mime=piece.type_mime,
        deposee_le=piece.deposee_le,
        pages=piece.pages,
        avertissements=tuple(piece.analyse.get("avertissements", ())),
    )
