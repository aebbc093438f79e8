"""The dashboard of capacity: posts promised by conventions, held by the centre, assigned to conventions, month by month.

All in full-time posts (ETP). A convention by the hour counts for its planned hours over those of a full-time year, as its
offer says. Each month is taken on its last day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.orm import Session

from domain.pilotage import month_end
from domain.tarification import HEURES_ANNUELLES
from models import Affectation, Collectivite, Convention, Dossier, Exercice, OffreVersion, Poste, Utilisateur
from services.centre.offres import get_offer
from services.convention.quantites import minutes_on, share_on
from services.core.paging import MAX_PAGE_SIZE, Page
from services.facturation.exercices import COMMITTED_STATES
from services.pilotage.filtres import Filtres
from services.pilotage.requetes import Forme, day, shape_of, values_of
from services.pilotage.tableaux import PERSON, Recherche

PLEIN = 100
"""A full-time post, in percents."""
ETP = Decimal("0.0001")
Annees = tuple[tuple[int, tuple[UUID, ...]], ...]
"""Hours of a full-time year, and the versions of offers that count it so."""


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
    given = {**values_of(filtres), **{f"jour_{rank}": one for rank, one in enumerate(days)}}
    forme = shape_of(filtres)
    count = len(days)
    queries = (
        _promised(forme, count, find_years(session, filtres.centre_id)),
        _given(forme, count),
        _posts(forme, count),
    )
    promised, assigned, posts = ([_etp(value) for value in session.execute(query, given).one()] for query in queries)
    by_day = zip(days, promised, assigned, posts[:count], posts[count:], strict=True)
    return tuple(LigneCapacite(*values) for values in by_day)


def find_years(session: Session, centre_id: UUID) -> Annees:
    """The offers of the centre whose full-time year is not the usual one (`HEURES_ANNUELLES`): their versions by hours."""
    issued = select(OffreVersion.id).where(OffreVersion.centre_id == centre_id, OffreVersion.etat != "brouillon")
    found: dict[int, list[UUID]] = {}
    for version_id in session.scalars(issued.order_by(OffreVersion.id)):
        hours = get_offer(session, version_id).facturation.heures_annuelles
        if hours != HEURES_ANNUELLES:
            found.setdefault(hours, []).append(version_id)
    return tuple((hours, tuple(versions)) for hours, versions in sorted(found.items()))


def _by_day(share: Callable[[Any], Any], running: Callable[[Any], ColumnElement[bool]], count: int) -> Select[Any]:
    """Sum of the `share` of the day over the rows that run on each of `count` days, in one pass."""
    days = (day(f"jour_{rank}") for rank in range(count))
    return select(*(func.sum(case((running(one), share(one)), else_=0)) for one in days))


@lru_cache(maxsize=128)
def _promised(forme: Forme, count: int, annees: Annees) -> Select[Any]:
    return _by_day(partial(_promised_share, annees), _lives, count).where(*_conventions(forme))


@lru_cache(maxsize=128)
def _given(forme: Forme, count: int) -> Select[Any]:
    query = _by_day(lambda _: Affectation.quotite, lambda one: and_(_runs(Affectation, one), _lives(one)), count)
    joined = query.select_from(Affectation).join(Convention, Convention.id == Affectation.convention_id)
    return joined.where(Affectation.centre_id == bindparam("centre"), *_conventions(forme))


@lru_cache(maxsize=128)
def _posts(_forme: Forme, count: int) -> Select[Any]:
    """Posts held on each day, then those of them that nobody is in."""
    held = _by_day(lambda _: Poste.quotite, lambda one: _runs(Poste, one), count)
    empty = _by_day(lambda _: Poste.quotite, lambda one: and_(_runs(Poste, one), Poste.assistant_id.is_(None)), count)
    both = held.add_columns(*empty.selected_columns)
    return both.where(Poste.centre_id == bindparam("centre"))


def assignment_gaps(session: Session, filtres: Filtres, jour: date, recherche: Recherche) -> Page[EcartConvention]:
    """Conventions of that day that are not assigned what they were promised, the largest lack first."""
    size = min(max(recherche.taille, 1), MAX_PAGE_SIZE)
    number = max(recherche.page, 1)
    given = {**values_of(filtres), "jour": jour, "taille": size, "avant": (number - 1) * size}
    rows = session.execute(_gaps(shape_of(filtres)), given).all()
    if not rows and number > 1:
        return assignment_gaps(session, filtres, jour, replace(recherche, page=1))
    found = tuple(EcartConvention(row.id, row.numero, row.nom, _etp(row.promis), _etp(row.affecte)) for row in rows)
    return Page(found, rows[0].trouvees if rows else 0, number, size)


@lru_cache(maxsize=8)
def _gaps(forme: Forme) -> Select[Any]:
    assigned = (
        select(Affectation.convention_id, func.sum(Affectation.quotite).label("part"))
        .where(Affectation.centre_id == bindparam("centre"), _runs(Affectation, day("jour")))
        .group_by(Affectation.convention_id)
        .subquery("affectes")
    )
    promised: Any = share_on(day("jour"))
    given = func.coalesce(assigned.c.part, 0)
    return (
        select(
            Convention.id,
            Convention.numero,
            Collectivite.nom,
            promised.label("promis"),
            given.label("affecte"),
            func.count().over().label("trouvees"),
        )
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .outerjoin(assigned, assigned.c.convention_id == Convention.id)
        .where(
            *_conventions(forme),
            _lives(day("jour")),
            Convention.quotite.is_not(None),
            func.abs(promised - given) > HALF_HUNDREDTH,
        )
        .order_by((given - promised).asc(), Collectivite.nom.asc(), Convention.id.asc())
        .limit(bindparam("taille"))
        .offset(bindparam("avant"))
    )


HALF_HUNDREDTH = Decimal("0.005")
"""Shares have four decimals at most, and two in practice: less than this is no gap."""


def capacity_by_assistant(session: Session, filtres: Filtres, jour: date) -> tuple[LigneAssistant, ...]:
    """Everybody who holds a post or is assigned on that day, by name."""
    rows = session.execute(_people(), {"centre": filtres.centre_id, "jour": jour})
    return tuple(LigneAssistant(row.id, f"{row.prenom} {row.nom}", _etp(row.tenu), _etp(row.affecte)) for row in rows)


@lru_cache(maxsize=1)
def _people() -> Select[Any]:
    held = (
        select(Poste.assistant_id.label("id"), func.sum(Poste.quotite).label("part"))
        .where(Poste.centre_id == bindparam("centre"), Poste.assistant_id.is_not(None), _runs(Poste, day("jour")))
        .group_by(Poste.assistant_id)
        .subquery("tenus")
    )
    given = (
        select(Affectation.assistant_id.label("id"), func.sum(Affectation.quotite).label("part"))
        .join(Convention, Convention.id == Affectation.convention_id)
        .where(Affectation.centre_id == bindparam("centre"), _runs(Affectation, day("jour")), _lives(day("jour")))
        .group_by(Affectation.assistant_id)
        .subquery("affectes")
    )
    columns: tuple[Any, ...] = (*PERSON, held.c.part.label("tenu"), given.c.part.label("affecte"))
    return (
        select(*columns)
        .outerjoin(held, held.c.id == Utilisateur.id)
        .outerjoin(given, given.c.id == Utilisateur.id)
        .where(or_(held.c.id.is_not(None), given.c.id.is_not(None)))
        .order_by(Utilisateur.nom, Utilisateur.prenom, Utilisateur.id)
    )


def _promised_share(annees: Annees, jour: Any) -> ColumnElement[Any]:
    """What a convention promises on a day, its avenants included, in percents of a full-time post."""
    whens = [
        (Convention.dossier_id.in_(select(Dossier.id).where(Dossier.offre_version_id.in_(versions))), hours)
        for hours, versions in annees
    ]
    full_time = case(*whens, else_=HEURES_ANNUELLES) if whens else literal(HEURES_ANNUELLES)
    hours = minutes_on(jour) * PLEIN / (full_time * 60)
    return case((Convention.quotite.is_not(None), share_on(jour)), else_=func.coalesce(hours, 0))


def _conventions(forme: Forme) -> list[ColumnElement[bool]]:
    """Conditions on Convention: those of the filters that commit the centre."""
    wanted = [Convention.centre_id == bindparam("centre"), Convention.etat.in_(COMMITTED_STATES)]
    if forme.collectivite:
        wanted.append(Convention.collectivite_id == bindparam("collectivite"))
    if forme.offre:
        of_offer = select(Exercice.convention_id).where(
            Exercice.centre_id == bindparam("centre"), Exercice.offre_code == bindparam("offre")
        )
        wanted.append(Convention.id.in_(of_offer))
    return wanted


def _lives(jour: Any) -> ColumnElement[bool]:
    """The convention gives services on that day."""
    return and_(
        Convention.date_effet <= jour, Convention.date_debut_prestations <= jour, Convention.dernier_jour >= jour
    )


def _runs(table: type[Poste] | type[Affectation], jour: Any) -> ColumnElement[bool]:
    return and_(table.du <= jour, or_(table.au.is_(None), table.au >= jour))


def _etp(percents: Any) -> Decimal:
    return (Decimal(str(percents or 0)) / PLEIN).quantize(ETP)
