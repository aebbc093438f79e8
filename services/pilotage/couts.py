"""The dashboard of costs: committed, invoiced, to come, by year, collectivité and offer.

Committed is what the conventions make due (`Exercice.montant_du`); invoiced, the statements issued less those cancelled.
To come is what is committed less what was invoiced of it. Service dégradé and journeys are invoiced on top of it; what was
invoiced of it in excess (an absence recorded afterwards) is to be given back: each is told apart, so that committed + on top
+ in excess = invoiced + to come, to the cent, for each convention and year.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, Select, bindparam, case, func, literal, select
from sqlalchemy.orm import Session

from domain.text import fold
from models import Collectivite, Exercice
from services.adhesion.dossier_lists import search_condition
from services.core.paging import MAX_PAGE_SIZE, Page
from services.pilotage.filtres import Filtres
from services.pilotage.requetes import Forme, of_centre, of_year, shape_of, values_of
from services.pilotage.tableaux import Recherche

CENT = Decimal("0.01")
TRIS = ("nom", "engage", "facture", "a_venir")
"""Codes that `Recherche.tri` may hold; another one means `nom`."""


@dataclass(frozen=True)
class Montants:
    """Euros: committed, invoiced, still to be invoiced, invoiced on top of what is due (service dégradé, journeys), and
    invoiced in excess of what is due."""

    engage: Decimal
    facture: Decimal
    a_venir: Decimal
    hors_engagement: Decimal
    trop: Decimal

    @property
    def taux(self) -> Decimal | None:
        """Percent of what is committed that is invoiced, what is beyond it apart."""
        return (self.engage - self.a_venir) * 100 / self.engage if self.engage else None


@dataclass(frozen=True)
class LigneCout:
    """Amounts of one year, offer or collectivité (`code`: the year, the offer's code, the collectivité's id)."""

    code: str
    libelle: str
    montants: Montants


def costs_by_year(session: Session, filtres: Filtres) -> tuple[LigneCout, ...]:
    """Every year that has conventions, for the centre, the offer and the collectivité of the filters."""
    rows = session.execute(_years(shape_of(filtres)), values_of(filtres))
    return tuple(LigneCout(str(row.annee), str(row.annee), _montants(row)) for row in rows)


@lru_cache(maxsize=8)
def _years(forme: Forme) -> Select[Any]:
    return select(Exercice.annee, *_sums()).where(*of_centre(forme)).group_by(Exercice.annee).order_by(Exercice.annee)


def costs_by_offer(session: Session, filtres: Filtres, titres: dict[str, str]) -> tuple[LigneCout, ...]:
    """Each offer over the year of the filters; `titres`: its title by code."""
    rows = session.execute(_offers(shape_of(filtres)), values_of(filtres))
    return tuple(LigneCout(row.offre_code, titres.get(row.offre_code, row.offre_code), _montants(row)) for row in rows)


@lru_cache(maxsize=8)
def _offers(forme: Forme) -> Select[Any]:
    grouped = select(Exercice.offre_code, *_sums()).where(*of_year(forme)).group_by(Exercice.offre_code)
    return grouped.order_by(Exercice.offre_code)


def costs_by_collectivite(session: Session, filtres: Filtres, recherche: Recherche) -> tuple[Page[LigneCout], Montants]:
    """One page of the collectivités over the year of the filters, and the total of all of them."""
    size = min(max(recherche.taille, 1), MAX_PAGE_SIZE)
    number = max(recherche.page, 1)
    given = {**values_of(filtres), "taille": size, "avant": (number - 1) * size}
    build = _listing.__wrapped__ if recherche.texte else _listing  # a search is never twice the same
    tri = recherche.tri if recherche.tri in TRIS else "nom"
    query = build(shape_of(filtres), tri, recherche.descendant, fold(recherche.texte[:200]))
    rows = session.execute(query, given).all()
    found = tuple(
        LigneCout(str(row.collectivite_id), row.nom, _montants(row)) for row in rows if row.collectivite_id is not None
    )
    if not found and number > 1:
        return costs_by_collectivite(session, filtres, replace(recherche, page=1))
    return Page(found, int(rows[0].trouvees or 0), number, size), _montants(rows[0], "t_")


@lru_cache(maxsize=128)
def _listing(forme: Forme, tri: str, descendant: bool, texte: str) -> Select[Any]:
    """One page of the list beside the totals of the whole: a row for each collectivité, or one of totals alone."""
    lines = _by_collectivite(forme)
    total = (
        select(*(func.sum(lines.c[name]).label(f"t_{name}") for name in NAMES)).select_from(lines).subquery("totaux")
    )
    words = search_condition(texte, lines.c.nom, lines.c.siren)
    wanted = select(lines, func.count().over().label("trouvees")).where(*words).subquery()
    page = (
        select(wanted)
        .order_by(*_order(wanted.c, tri, descendant))
        .limit(bindparam("taille"))
        .offset(bindparam("avant"))
        .subquery("page")
    )
    joined = total.outerjoin(page, literal(True))
    return select(total, page).select_from(joined).order_by(*_order(page.c, tri, descendant))


NAMES = ("engage", "facture", "a_venir", "hors_engagement", "trop")


def _sums() -> tuple[Any, ...]:
    due, invoiced, paying = Exercice.montant_du, Exercice.montant_facture, Exercice.montant_facture_du
    left = case((due > paying, due - paying), else_=0)
    excess = case((paying > due, paying - due), else_=0)
    columns = (due, invoiced, left, invoiced - paying, excess)
    return tuple(func.sum(column).label(name) for name, column in zip(NAMES, columns, strict=True))


def _by_collectivite(forme: Forme) -> CTE:
    sums = (
        select(Exercice.collectivite_id, *_sums())
        .where(*of_year(forme))
        .group_by(Exercice.collectivite_id)
        .subquery("sommes")
    )
    return (
        select(sums, Collectivite.nom, Collectivite.siren)
        .join(Collectivite, Collectivite.id == sums.c.collectivite_id)
        .cte("lignes")
    )


def _order(columns: Any, tri: str, descendant: bool) -> tuple[Any, ...]:
    column = columns[tri]
    return (column.desc() if descendant else column.asc()).nulls_last(), columns.nom, columns.collectivite_id


def _montants(row: Any, prefix: str = "") -> Montants:
    """Sums to the cent: SQLite adds decimals as floats, far more precise than a cent."""
    return Montants(*(Decimal(str(getattr(row, prefix + name) or 0)).quantize(CENT) for name in NAMES))
