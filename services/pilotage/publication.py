"""What a collectivité is given of the activity recorded for it: the only source of counts on its side of the portal.

The counts of a year are frozen once, masked, when its last month is closed (`freeze_closed`, in the transaction that closes
it), and read from there ever after: two looks, at whatever dates, show the same figures, so nothing can be subtracted from
them. A month reopened and corrected afterwards changes what is billed, never what was published. Minutes by month, which the
bill says anyway, are shown as soon as the month is closed. See `docs/decisions/0007-secret-statistique.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from domain.activite import DIMENSION_LABELS, ORDINAIRE, nomenclature
from domain.secret import SEUIL, Cellule, mask_everything, mask_table, may_publish
from models import Bilan, Convention, Cumul, utc_now
from services.activite.regles import closed_months, first_day, last_day
from services.centre.offres import get_offer
from services.facturation.exercices import COMMITTED_STATES
from services.facturation.minutes import load_minutes

PUBLISHED = ("categorie", "origine", "lieu", "forme")
"""Dimensions with a table of their own. Never crossed, never by assistant; `nature` is what bills say, in minutes."""


@dataclass(frozen=True)
class LignePubliee:
    """One line of a published table; both figures are None when it is masked."""

    libelle: str
    court: str
    nombre: int | None
    minutes: int | None


@dataclass(frozen=True)
class TablePubliee:
    """The interventions of a year by one dimension."""

    dimension: str
    titre: str
    lignes: tuple[LignePubliee, ...]

    @property
    def masquee(self) -> bool:
        """Whether nothing at all is shown."""
        return all(ligne.nombre is None for ligne in self.lignes)


@dataclass(frozen=True)
class Publication:
    """One year of a convention as its collectivité sees it.

    `mois`: minutes of each closed month (1 to 12), as they are billed. `arretee`: the counts are frozen; until then `tables` is
    empty and `nombre` None. `nombre`, and `minutes_tables` which the tables add up to, stay None when the year's total is
    itself too small. `minutes_ordinaires`: of those months, what counts against the hours due. `restants`: months still to be
    closed.
    """

    annee: int
    arretee: bool
    nombre: int | None
    mois: tuple[tuple[int, int], ...]
    tables: tuple[TablePubliee, ...]
    restants: tuple[int, ...]
    minutes_ordinaires: int = 0
    minutes_tables: int | None = None
    seuil: int = SEUIL

    @property
    def minutes(self) -> int:
        """Minutes of the months shown."""
        return sum(minutes for _, minutes in self.mois)


def published_tables(session: Session, convention: Convention, annee: int) -> Publication:
    """Everything that may be said to the collectivité of the activity of one year of its convention. The caller has checked
    that the person may see the convention."""
    chiffres = session.scalar(select(Bilan.chiffres).where(Bilan.convention_id == convention.id, Bilan.annee == annee))
    if chiffres:
        return read_snapshot(annee, chiffres)
    closed = closed_months(session, convention.centre_id, annee)
    wanted = months_of(convention, annee)
    minutes = _minutes_by_month(session, [convention], annee).get(convention.id, {})
    shown = tuple((mois, sum(minutes.get(mois, {}).values())) for mois in wanted if (annee, mois) in closed)
    return Publication(
        annee=annee,
        arretee=False,
        nombre=None,
        mois=shown,
        tables=(),
        minutes_ordinaires=sum(minutes.get(mois, {}).get(ORDINAIRE, 0) for mois, _ in shown),
        restants=tuple(left_to_close(wanted, {mois for _, mois in closed})),
    )


def read_snapshot(annee: int, chiffres: Mapping[str, Any]) -> Publication:
    """A frozen year, from what was stored."""
    tables = tuple(
        TablePubliee(
            table["dimension"],
            table["titre"],
            tuple(LignePubliee(one["libelle"], one["court"], one["nombre"], one["minutes"]) for one in table["lignes"]),
        )
        for table in chiffres["tables"]
    )
    return Publication(
        annee=annee,
        arretee=True,
        nombre=chiffres["nombre"],
        mois=tuple((mois, minutes) for mois, minutes in chiffres["mois"]),
        tables=tables,
        restants=(),
        minutes_ordinaires=chiffres["ordinaires"],
        minutes_tables=chiffres["minutes"],
        seuil=chiffres["seuil"],
    )


def months_of(convention: Convention, annee: int) -> range:
    """Months of a year that a convention lives through; empty when there is none."""
    start, end = max(first_day(convention), date(annee, 1, 1)), min(last_day(convention), date(annee, 12, 31))
    return range(start.month, end.month + 1) if start <= end else range(0)


def left_to_close(wanted: Iterable[int], closed: Collection[int]) -> list[int]:
    """Months of a year that must still be closed before its figures are frozen."""
    return [mois for mois in wanted if mois not in closed]


# Freezing ---------------------------------------------------------------------------------------------------------------


def freeze_closed(session: Session, centre_id: UUID, annee: int) -> int:
    """Freeze the counts of a year for each convention of the centre whose months of that year are all closed, and that is
    not frozen yet; how many were. Each gets its annual report to write. In the transaction that closes the month, which
    holds the centre's row."""
    closed = {mois for _, mois in closed_months(session, centre_id, annee)}
    if not closed:
        return 0
    kept = {
        row.convention_id: row
        for row in session.scalars(select(Bilan).where(Bilan.centre_id == centre_id, Bilan.annee == annee))
    }
    conventions = session.scalars(
        select(Convention)
        .where(Convention.centre_id == centre_id, Convention.etat.in_(COMMITTED_STATES))
        .options(joinedload(Convention.dossier))
    ).all()
    ready = [
        convention
        for convention in conventions
        if (wanted := months_of(convention, annee))
        and not (convention.id in kept and kept[convention.id].chiffres)
        and not left_to_close(wanted, closed)
    ]
    snapshots = build_snapshots(session, ready, annee)
    for convention in ready:
        bilan = kept.get(convention.id) or add_bilan(session, convention, annee)
        bilan.chiffres = snapshots[convention.id]
    session.flush()
    return len(ready)


def add_bilan(session: Session, convention: Convention, annee: int) -> Bilan:
    """The row of an annual report, to be written."""
    bilan = Bilan(
        centre_id=convention.centre_id,
        collectivite_id=convention.collectivite_id,
        convention_id=convention.id,
        annee=annee,
        sections={},
        chiffres={},
    )
    session.add(bilan)
    return bilan


def build_snapshots(session: Session, conventions: Sequence[Convention], annee: int) -> dict[UUID, dict[str, Any]]:
    """The masked figures of a year, by convention: what is stored, and nothing that is hidden."""
    ids = [convention.id for convention in conventions]
    months = _minutes_by_month(session, conventions, annee)
    values = _totals_by_value(session, ids, annee)
    return {
        convention.id: _snapshot(
            months_of(convention, annee),
            months.get(convention.id, {}),
            values.get(convention.id, {}),
            _billed_unit(session, convention),
        )
        for convention in conventions
    }


def _billed_unit(session: Session, convention: Convention) -> int:
    """The least that one intervention is billed, in minutes."""
    billing = get_offer(session, convention.dossier.offre_version_id).facturation
    return max(billing.unite_minutes, billing.minimum_minutes)


def _snapshot(
    wanted: Iterable[int],
    months: Mapping[int, Mapping[str, int]],
    values: Mapping[tuple[str, str], tuple[int, int]],
    unite: int,
) -> dict[str, Any]:
    groups = [minutes for natures in months.values() for minutes in natures.values()]
    cells = [cell for (dimension, _), cell in values.items() if dimension == PUBLISHED[0]]
    total, total_minutes = sum(nombre for nombre, _ in cells), sum(minutes for _, minutes in cells)
    visible = may_publish(total, groups, unite=unite)
    return {
        "seuil": SEUIL,
        "nombre": total if visible else None,
        "minutes": total_minutes if visible else None,
        "ordinaires": sum(natures.get(ORDINAIRE, 0) for natures in months.values()),
        "mois": [[mois, sum(months.get(mois, {}).values())] for mois in wanted],
        "tables": [_table(dimension, values, visible) for dimension in PUBLISHED],
        "arrete_le": utc_now().date().isoformat(),
    }


def _table(dimension: str, values: Mapping[tuple[str, str], tuple[int, int]], visible: bool) -> dict[str, Any]:
    """One table; codes that the closed list no longer holds come first, under their own name."""
    known = nomenclature().labels(dimension)
    short = nomenclature().labels(dimension, court=True)
    codes = [*sorted(code for name, code in values if name == dimension and code not in known), *known]
    cells = [Cellule(code, *values.get((dimension, code), (0, 0))) for code in codes]
    published = mask_table(cells) if visible else mask_everything(cells)
    return {
        "dimension": dimension,
        "titre": DIMENSION_LABELS[dimension],
        "lignes": [
            {
                "libelle": known.get(cell.code, cell.code),
                "court": short.get(cell.code, cell.code),
                "nombre": cell.nombre,
                "minutes": cell.minutes,
            }
            for cell in published
        ],
    }


CHUNK = 500
"""How many ids are put in one query."""


def _minutes_by_month(
    session: Session, conventions: Sequence[Convention], annee: int
) -> dict[UUID, dict[int, dict[str, int]]]:
    """Minutes by convention, month and nature, as statements bill them. Where each intervention is rounded up to a unit of
    time, the real minutes beside the billed ones would tell how many interventions there were."""
    found: dict[UUID, dict[int, dict[str, int]]] = {}
    by_offer: dict[UUID, list[UUID]] = {}
    for convention in conventions:
        by_offer.setdefault(convention.dossier.offre_version_id, []).append(convention.id)
    for version_id, ids in by_offer.items():
        billed = load_minutes(session, ids, get_offer(session, version_id).facturation, annee)
        for convention_id, months in billed.items():
            for (_, mois, nature), minutes in months.items():
                found.setdefault(convention_id, {}).setdefault(mois, {})[nature] = minutes
    return found


def _totals_by_value(
    session: Session, ids: Sequence[UUID], annee: int
) -> dict[UUID, dict[tuple[str, str], tuple[int, int]]]:
    """Number and minutes by convention, dimension and value."""
    found: dict[UUID, dict[tuple[str, str], tuple[int, int]]] = {}
    for start in range(0, len(ids), CHUNK):
        query = (
            select(
                Cumul.convention_id,
                Cumul.dimension,
                Cumul.valeur,
                func.sum(Cumul.nombre).label("nombre"),
                func.sum(Cumul.minutes).label("minutes"),
            )
            .where(
                Cumul.convention_id.in_(ids[start : start + CHUNK]),
                Cumul.annee == annee,
                Cumul.dimension.in_(PUBLISHED),
            )
            .group_by(Cumul.convention_id, Cumul.dimension, Cumul.valeur)
        )
        for row in session.execute(query):
            cell = (int(row.nombre), int(row.minutes))
            found.setdefault(row.convention_id, {})[(row.dimension, row.valeur)] = cell
    return found
