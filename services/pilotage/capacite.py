"""The dashboard of capacity: posts promised by conventions, held by the centre, assigned to conventions, month by month.

All in full-time posts (ETP). A convention by the hour counts for its planned hours over those of a full-time year. Each
month is taken on its last day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from domain.pilotage import month_end
from domain.tarification import HEURES_ANNUELLES
from models import Affectation, Collectivite, Convention, Exercice, Poste, Utilisateur
from services.core.paging import Page, paginate
from services.facturation.exercices import COMMITTED_STATES
from services.pilotage.filtres import Filtres
from services.pilotage.tableaux import Recherche

PLEIN = 100
"""A full-time post, in percents."""
ETP = Decimal("0.0001")


@dataclass(frozen=True)
class LigneCapacite:
    """One month, in full-time posts: promised, assigned to conventions, held by the centre, of which nobody holds."""

    jour: date
    promis: Decimal
    affectes: Decimal
    tenus: Decimal
    vacants: Decimal

    @property
    def marge(self) -> Decimal:
        """Posts held less those promised: negative when the centre promised more than it holds."""
        return self.tenus - self.promis


@dataclass(frozen=True)
class EcartConvention:
    """A convention on one day: promised and assigned, in full-time posts."""

    convention_id: UUID
    numero: str
    nom: str
    promis: Decimal
    affecte: Decimal

    @property
    def ecart(self) -> Decimal:
        return self.affecte - self.promis


@dataclass(frozen=True)
class LigneAssistant:
    """An assistant on one day: posts held and assignments, in full-time posts."""

    assistant_id: UUID
    nom: str
    tenu: Decimal
    affecte: Decimal

    @property
    def marge(self) -> Decimal:
        return self.tenu - self.affecte


def capacity_by_month(session: Session, filtres: Filtres) -> tuple[LigneCapacite, ...]:
    """The months shown, each on its last day."""
    days = [month_end(filtres.annee, mois) for mois in range(filtres.du, filtres.au + 1)]
    promised = _by_day(session, _promised_share(), days, lambda day: _lives(day), _conventions(filtres))
    posts = [Poste.centre_id == filtres.centre_id]
    held = _by_day(session, Poste.quotite, days, lambda day: _runs(Poste, day), posts)
    empty = _by_day(session, Poste.quotite, days, lambda day: _runs(Poste, day), [*posts, Poste.assistant_id.is_(None)])
    assigned = _by_day(
        session,
        Affectation.quotite,
        days,
        lambda day: and_(_runs(Affectation, day), _lives(day)),
        [Affectation.centre_id == filtres.centre_id, *_conventions(filtres)],
        joined=True,
    )
    return tuple(
        LigneCapacite(day, *values) for day, *values in zip(days, promised, assigned, held, empty, strict=True)
    )


def _by_day(
    session: Session,
    share: Any,
    days: list[date],
    running: Any,
    where: list[ColumnElement[bool]],
    *,
    joined: bool = False,
) -> list[Decimal]:
    """Sum of `share` over the rows that run on each day, in one pass."""
    query = select(*(func.sum(case((running(day), share), else_=0)) for day in days)).where(*where)
    if joined:
        query = query.select_from(Affectation).join(Convention, Convention.id == Affectation.convention_id)
    return [_etp(value) for value in session.execute(query).one()]


def assignment_gaps(session: Session, filtres: Filtres, jour: date, recherche: Recherche) -> Page[EcartConvention]:
    """Conventions of that day that are not assigned what they were promised, the largest lack first."""
    assigned = _assigned(jour)
    promised = func.coalesce(_promised_share(), 0)
    given = func.coalesce(assigned.c.part, 0)
    query = (
        select(Convention.id, Convention.numero, Collectivite.nom, promised.label("promis"), given.label("affecte"))
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .outerjoin(assigned, assigned.c.convention_id == Convention.id)
        .where(
            *_conventions(filtres),
            _lives(jour),
            Convention.quotite.is_not(None),
            func.abs(promised - given) > HALF_HUNDREDTH,
        )
    )
    return paginate(
        session,
        query,
        page=recherche.page,
        taille=recherche.taille,
        order=((given - promised).asc(), Collectivite.nom.asc(), Convention.id.asc()),
        build=lambda row: EcartConvention(row.id, row.numero, row.nom, _etp(row.promis), _etp(row.affecte)),
    )


HALF_HUNDREDTH = Decimal("0.005")
"""Shares have four decimals at most, and two in practice: less than this is no gap."""


def capacity_by_assistant(session: Session, filtres: Filtres, jour: date) -> tuple[LigneAssistant, ...]:
    """Everybody who holds a post or is assigned on that day, by name."""
    held = (
        select(Poste.assistant_id.label("id"), func.sum(Poste.quotite).label("part"))
        .where(Poste.centre_id == filtres.centre_id, Poste.assistant_id.is_not(None), _runs(Poste, jour))
        .group_by(Poste.assistant_id)
        .subquery("tenus")
    )
    given = (
        select(Affectation.assistant_id.label("id"), func.sum(Affectation.quotite).label("part"))
        .join(Convention, Convention.id == Affectation.convention_id)
        .where(Affectation.centre_id == filtres.centre_id, _runs(Affectation, jour), _lives(jour))
        .group_by(Affectation.assistant_id)
        .subquery("affectes")
    )
    query = (
        select(Utilisateur, held.c.part.label("tenu"), given.c.part.label("affecte"))
        .outerjoin(held, held.c.id == Utilisateur.id)
        .outerjoin(given, given.c.id == Utilisateur.id)
        .where(or_(held.c.id.is_not(None), given.c.id.is_not(None)))
        .order_by(Utilisateur.nom, Utilisateur.prenom, Utilisateur.id)
    )
    return tuple(
        LigneAssistant(row.Utilisateur.id, row.Utilisateur.nom_complet, _etp(row.tenu), _etp(row.affecte))
        for row in session.execute(query)
    )


def _promised_share() -> ColumnElement[Any]:
    """What a convention promises, in percents of a full-time post."""
    hours = Convention.minutes_prevues * float(PLEIN) / (HEURES_ANNUELLES * 60)
    return case((Convention.quotite.is_not(None), Convention.quotite), else_=func.coalesce(hours, 0))


def _assigned(jour: date) -> Any:
    return (
        select(Affectation.convention_id, func.sum(Affectation.quotite).label("part"))
        .where(_runs(Affectation, jour))
        .group_by(Affectation.convention_id)
        .subquery("affectes")
    )


def _conventions(filtres: Filtres) -> list[ColumnElement[bool]]:
    wanted = [Convention.centre_id == filtres.centre_id, Convention.etat.in_(COMMITTED_STATES)]
    if filtres.collectivite_id:
        wanted.append(Convention.collectivite_id == filtres.collectivite_id)
    if filtres.offre:
        of_offer = select(Exercice.convention_id).where(
            Exercice.centre_id == filtres.centre_id, Exercice.offre_code == filtres.offre
        )
        wanted.append(Convention.id.in_(of_offer))
    return wanted


def _lives(day: date) -> ColumnElement[bool]:
    """The convention gives services on that day."""
    return and_(Convention.date_effet <= day, Convention.date_debut_prestations <= day, Convention.terme >= day)


def _runs(table: type[Poste] | type[Affectation], day: date) -> ColumnElement[bool]:
    return and_(table.du <= day, or_(table.au.is_(None), table.au >= day))


def _etp(percents: Any) -> Decimal:
    return (Decimal(str(percents or 0)) / PLEIN).quantize(ETP)
