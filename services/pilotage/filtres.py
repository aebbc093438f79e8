"""What a dashboard is asked to show: read from its address, as untrusted text, and bounded by what the person may see.

Values that make no sense are left out, so that an old or mistyped address still shows something; a centre, collectivité
or assistant that is not the person's does not exist for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from domain.errors import Introuvable
from domain.formatting import MONTHS
from domain.pilotage import cut_off, month_end
from domain.roles import Role
from models import Affectation, Centre, Collectivite, Convention, Cumul, Exercice, OffreVersion, Utilisateur
from services.core import clock
from services.core.access import Acteur

READERS = (Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.INSTRUCTEUR)
"""Who reads the dashboards of a centre. An assistant reads their own hours only, a collectivité its own page (suivi)."""
OPENERS = (*READERS, Role.ASSISTANT)
EARLIEST, LATEST = 2000, 2100
OFFER_LENGTH = 60


@dataclass(frozen=True)
class Filtres:
    """What is shown: a centre and a year; months (both included), an offer, a collectivité, an assistant when chosen.

    `personnel`: the person sees their own hours only. `today` is the centre's day."""

    centre_id: UUID
    annee: int
    today: date
    du: int = 1
    au: int = 12
    offre: str | None = None
    collectivite_id: UUID | None = None
    assistant_id: UUID | None = None
    personnel: bool = False

    @property
    def premier(self) -> date:
        """First day of the months shown."""
        return date(self.annee, self.du, 1)

    @property
    def dernier(self) -> date:
        """Last day of the months shown."""
        return month_end(self.annee, self.au)

    @property
    def arrete(self) -> date | None:
        """Day up to which the year's hours are compared and carried on: the end of its last finished month."""
        return cut_off(self.annee, self.today)

    @property
    def annee_entiere(self) -> bool:
        return (self.du, self.au) == (1, 12)

    @property
    def periode(self) -> str:
        """The months shown, in words: "2026", "mars 2026", "de mars à juin 2026"."""
        if self.annee_entiere:
            return str(self.annee)
        if self.du == self.au:
            return f"{MONTHS[self.du]} {self.annee}"
        first = MONTHS[self.du]
        return f"{'d’' if first[0] in 'ao' else 'de '}{first} à {MONTHS[self.au]} {self.annee}"

    def params(self) -> dict[str, str]:
        """The same in an address: what differs from what is shown by default."""
        given: dict[str, object] = {
            "centre": self.centre_id,
            "annee": self.annee,
            "du": self.du if self.du != 1 else None,
            "au": self.au if self.au != 12 else None,
            "offre": self.offre,
            "collectivite": self.collectivite_id,
            "assistant": None if self.personnel else self.assistant_id,
        }
        return {name: str(value) for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Choix:
    """What the filters offer, by the value that the address holds; and the name of the collectivité chosen."""

    centres: dict[str, str]
    annees: tuple[int, ...]
    offres: dict[str, str]
    assistants: dict[str, str]
    collectivite: str | None


def read_filtres(session: Session, acteur: Acteur, params: Mapping[str, str], *, propres: bool = True) -> Filtres:
    """The filters of an address. Introuvable when the person opens no dashboard, or when the address names a centre, a
    collectivité or an assistant that is not theirs to see. Without `propres`, an assistant opens nothing (costs, posts)."""
    centres = acteur.centres_with(*(OPENERS if propres else READERS))
    centre = _centre(session, centres, params.get("centre"))
    today = clock.today(centre.fuseau)
    months = sorted((_number(params.get("du"), 1, 12) or 1, _number(params.get("au"), 1, 12) or 12))
    found = Filtres(
        centre_id=centre.id,
        annee=_number(params.get("annee"), EARLIEST, LATEST) or today.year,
        today=today,
        du=months[0],
        au=months[1],
        offre=(params.get("offre") or "")[:OFFER_LENGTH] or None,
        collectivite_id=_collectivite(session, centre.id, params.get("collectivite")),
    )
    if centre.id in acteur.centres_with(*READERS):
        return replace(found, assistant_id=_assistant(session, centre.id, params.get("assistant")))
    _check_recorded(session, acteur.utilisateur_id, found)
    return replace(found, assistant_id=acteur.utilisateur_id, personnel=True)


def read_choix(session: Session, acteur: Acteur, filtres: Filtres, *, assistants: bool = False) -> Choix:
    """What the filters offer to this person. Choices of one are left out; `assistants`: what is shown can be one's."""
    years = session.scalars(_years(), {"centre": filtres.centre_id})
    known = {annee for annee in years if annee <= filtres.today.year + 1}
    chosen = filtres.collectivite_id and session.get(Collectivite, filtres.collectivite_id)
    return Choix(
        _centres(session, acteur.centres_with(*OPENERS)),
        tuple(sorted(known | {filtres.annee, filtres.today.year}, reverse=True)),
        _offres(session, filtres.centre_id),
        _assistants(session, filtres.centre_id) if assistants and not filtres.personnel else {},
        chosen.nom if chosen else None,
    )


@lru_cache(maxsize=1)
def _years() -> Select[Any]:
    columns: tuple[Any, ...] = (Exercice.annee,)
    return select(*columns).where(Exercice.centre_id == bindparam("centre")).distinct()


def _number(text: str | None, least: int, most: int) -> int | None:
    if not text or not text.isascii() or not text.isdigit() or len(text) > 4:
        return None
    return int(text) if least <= int(text) <= most else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _centre(session: Session, centres: frozenset[UUID], asked: str | None) -> Row[UUID, str]:
    """Id and time zone of the centre asked for, else of the first."""
    wanted = _uuid(asked)
    query = select(Centre.id, Centre.fuseau).where(Centre.id.in_({wanted} & centres if wanted else centres))
    found = session.execute(query.order_by(Centre.nom).limit(1)).first()
    if found is None:
        raise Introuvable()
    return found


def _centres(session: Session, centres: frozenset[UUID]) -> dict[str, str]:
    if len(centres) < 2:
        return {}
    names = session.execute(select(Centre.id, Centre.nom).where(Centre.id.in_(centres)).order_by(Centre.nom))
    return {str(row.id): row.nom for row in names}


def _collectivite(session: Session, centre_id: UUID, asked: str | None) -> UUID | None:
    wanted = _uuid(asked)
    if wanted is None:
        return None
    query = select(Exercice.collectivite_id).where(Exercice.centre_id == centre_id, Exercice.collectivite_id == wanted)
    if session.scalar(query.limit(1)) is None:
        raise Introuvable()
    return wanted


def _check_recorded(session: Session, assistant_id: UUID, filtres: Filtres) -> None:
    """Introuvable when an assistant names a collectivité where they are not, and were never, assigned."""
    if filtres.collectivite_id is None:
        return
    mine = (
        select(Affectation.id)
        .join(Affectation.convention)
        .where(
            Affectation.assistant_id == assistant_id,
            Affectation.centre_id == filtres.centre_id,
            Convention.collectivite_id == filtres.collectivite_id,
        )
    )
    if session.scalar(mine.limit(1)) is None:
        raise Introuvable()


def _assistant(session: Session, centre_id: UUID, asked: str | None) -> UUID | None:
    wanted = _uuid(asked)
    if wanted is None:
        return None
    assigned = select(Affectation.id).where(Affectation.centre_id == centre_id, Affectation.assistant_id == wanted)
    recorded = select(Cumul.annee).where(Cumul.centre_id == centre_id, Cumul.assistant_id == wanted)
    if session.scalar(assigned.limit(1)) is None and session.scalar(recorded.limit(1)) is None:
        raise Introuvable()
    return wanted


def _offres(session: Session, centre_id: UUID) -> dict[str, str]:
    """Offers that conventions of the centre were made with: newest title by code."""
    titles = {row.code: row.titre for row in session.execute(_used_offers(), {"centre": centre_id})}
    return dict(sorted(titles.items(), key=lambda one: one[1]))


@lru_cache(maxsize=1)
def _used_offers() -> Select[Any]:
    used = select(Exercice.offre_code).where(Exercice.centre_id == bindparam("centre")).distinct()
    columns: tuple[Any, ...] = (OffreVersion.code, OffreVersion.titre)
    mine = OffreVersion.centre_id == bindparam("centre")
    return select(*columns).where(mine, OffreVersion.code.in_(used)).order_by(OffreVersion.numero)


def _assistants(session: Session, centre_id: UUID) -> dict[str, str]:
    """Everybody assigned in the centre, now or before: full name by id."""
    rows = session.execute(_assigned_people(), {"centre": centre_id})
    return {str(row.id): f"{row.prenom} {row.nom}" for row in rows}


@lru_cache(maxsize=1)
def _assigned_people() -> Select[Any]:
    assigned = select(Affectation.assistant_id).where(Affectation.centre_id == bindparam("centre"))
    columns: tuple[Any, ...] = (Utilisateur.id, Utilisateur.prenom, Utilisateur.nom)
    return select(*columns).where(Utilisateur.id.in_(assigned)).order_by(Utilisateur.nom, Utilisateur.prenom)
