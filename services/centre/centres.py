"""What is public about a centre: the name and the logo that stand above every page, the login page included."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.nom import NOM
from models import Centre, Piece
from services.centre.offres import published_offers
from services.core.access import Acteur, visible_centres
from services.core.portail import Portail

SEVERAL = NOM
"""Name above the pages of somebody who is of no centre in particular."""


@dataclass(frozen=True)
class Banner:
    """Name to show, address of the logo when the centre has one, and what the portal is for: the titles of its offers in force."""

    nom: str
    logo: str | None
    service: str = NOM


@dataclass(frozen=True)
class CentreRow:
    """A centre that receives requests for adhesion, and the titles of its offers in force."""

    id: UUID
    code: str
    nom: str
    offres: tuple[str, ...] = ()


def banner(portail: Portail, acteur: Acteur | None) -> Banner:
    """The person's centre; for someone not logged in, the only centre there is, or no name in particular."""
    with portail.db.read() as session:
        query = visible_centres(acteur) if acteur else select(Centre)
        found = session.scalars(query.limit(2)).all() or session.scalars(select(Centre).limit(2)).all()
        if len(found) != 1:
            return Banner(SEVERAL, None)
        centre = found[0]
        piece = _logo(session, centre.id)
        titles = _titles(session, centre.id)
    logo = f"/portail/logo/{centre.code}?v={piece.sha256[:12]}" if piece else None
    return Banner(centre.nom, logo, " · ".join(titles) or NOM)


def list_centres(portail: Portail) -> list[CentreRow]:
    """All centres, by name."""
    with portail.db.read() as session:
        found = session.scalars(select(Centre).order_by(Centre.nom)).all()
        return [CentreRow(one.id, one.code, one.nom, _titles(session, one.id)) for one in found]


def _titles(session: Session, centre_id: UUID) -> tuple[str, ...]:
    """Titles of the offers of a centre in force, each once."""
    return tuple(dict.fromkeys(version.titre for version in published_offers(session, centre_id)))


def read_logo(portail: Portail, code: str) -> tuple[bytes, str] | None:
    """Bytes and type of a centre's logo; public, since it stands on the login page. None when there is none."""
    with portail.db.read() as session:
        centre = session.scalars(select(Centre).where(Centre.code == code)).one_or_none()
        piece = _logo(session, centre.id) if centre else None
    if piece is None or piece.type_mime not in ("image/png", "image/jpeg"):
        return None
    return portail.files.read(piece.sha256), piece.type_mime


def _logo(session: Session, centre_id: UUID) -> Piece | None:
    return session.scalars(
        select(Piece)
        .where(Piece.centre_id == centre_id, Piece.usage == "logo", Piece.retiree_le.is_(None))
        .order_by(Piece.deposee_le.desc())
        .limit(1)
    ).one_or_none()
