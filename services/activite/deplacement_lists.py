"""Journeys as lists: those of one assistant for a year, those of a centre, each with what it claims; and their export."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session, joinedload

from documents.tables.tableur import XLSX_TYPE, Cell, Feuille, write_xlsx
from domain.errors import Introuvable, Invalide
from domain.roles import Role
from models import Centre, Collectivite, Convention, Deplacement, Utilisateur
from services.activite.deplacements import INCLUSE, bills_journeys, check_author, distances_before, price_of
from services.activite.equipe import READERS, read_centre
from services.activite.regles import closed_months, list_affectations
from services.adhesion.dossier_lists import search_condition
from services.core import clock
from services.core.access import Acteur
from services.core.paging import AnySelect, Page, paginate
from services.core.portail import Portail, record
from services.exports import Export


@dataclass(frozen=True)
class DeplacementRow:
    """A journey as its author sees it. `montant` is None when nothing is claimed (`raison` says why); `fige`: its month is
    closed."""

    id: UUID
    jour: date
    convention_id: UUID
    numero: str
    collectivite: str
    km: Decimal
    zone: str
    puissance: int
    montant: Decimal | None
    etapes: tuple[str, ...]
    raison: str
    fige: bool
    version: int
    assistant: str = ""


@dataclass(frozen=True)
class Saisie:
    """What the form of a journey offers: conventions assigned these last months (name by id), the centre's included zone
    in its own words, the last vehicle used, today, and the years that have journeys."""

    conventions: Mapping[UUID, str]
    zone_incluse: str
    puissance: int | None
    today: date
    annees: tuple[int, ...]


def list_my_centres(portail: Portail, acteur: Acteur) -> dict[UUID, str]:
    """Centres where the person records journeys: name by id."""
    with portail.db.read() as session:
        query = select(Centre).where(Centre.id.in_(acteur.centres_with(Role.ASSISTANT))).order_by(Centre.nom)
        return {centre.id: centre.nom for centre in session.scalars(query)}


def open_saisie(portail: Portail, acteur: Acteur, centre_id: UUID, assistant_id: UUID | None = None) -> Saisie:
    """What the form needs, for the acting assistant (or the one that the responsable corrects)."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = session.get(Centre, centre_id)
        who = check_author(session, acteur, centre_id, assistant_id)
        if centre is None:
            raise Introuvable()
        today = clock.today(centre.fuseau)
        assigned = list_affectations(session, who, today - timedelta(days=366), today)
        last = select(Deplacement.puissance).where(Deplacement.assistant_id == who, Deplacement.centre_id == centre_id)
        puissance = session.scalar(last.order_by(Deplacement.saisi_le.desc()).limit(1))
        first = session.scalar(
            select(Deplacement.jour)
            .where(Deplacement.assistant_id == who, Deplacement.centre_id == centre_id)
            .order_by(Deplacement.jour)
            .limit(1)
        )
        return Saisie(
            conventions={
                one.convention_id: f"{one.convention.collectivite.nom} – {one.convention.numero}"
                for one in assigned
                if one.centre_id == centre_id
            },
            zone_incluse=str(centre.parametres.get("zone_incluse", "")),
            puissance=int(puissance) if puissance else None,
            today=today,
            annees=tuple(range(today.year, (first.year if first else today.year) - 1, -1)),
        )


def list_deplacements(
    portail: Portail, acteur: Acteur, centre_id: UUID, annee: int, *, assistant_id: UUID | None = None
) -> list[DeplacementRow]:
    """Journeys of a year of the acting assistant (or of another, for those who see the team), the latest first, with what
    each one claims."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        who = check_author(session, acteur, centre_id, assistant_id, reading=True)
        query = _query(centre_id, DeplacementFilter(annee=annee, assistant_id=who))
        return _rows(session, centre_id, session.execute(query.order_by(*_order())).all())


@dataclass(frozen=True)
class DeplacementFilter:
    """Journeys of a year; of one assistant, of a zone, of the conventions that `texte` finds."""

    annee: int
    texte: str = ""
    assistant_id: UUID | None = None
    zone: str | None = None
    page: int = 1
    taille: int = 25


def list_centre_deplacements(
    portail: Portail, acteur: Acteur, centre_id: UUID, filtre: DeplacementFilter
) -> Page[DeplacementRow]:
    """One page of the journeys of a centre, the latest first, for those who see the team."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        read_centre(session, acteur, centre_id)
        found = paginate(
            session,
            _query(centre_id, filtre),
            page=filtre.page,
            taille=filtre.taille,
            order=_order(),
            build=lambda row: row,
        )
        rows = tuple(_rows(session, centre_id, found.rows))
        return Page(rows, found.total, found.page, found.taille)


def list_years(portail: Portail, acteur: Acteur, centre_id: UUID) -> tuple[int, ...]:
    """Years that have journeys in the centre, and this one, the latest first."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        first = session.scalar(select(func.min(Deplacement.jour)).where(Deplacement.centre_id == centre_id))
        return tuple(range(today.year, min(first.year if first else today.year, today.year) - 1, -1))


def _query(centre_id: UUID, filtre: DeplacementFilter) -> AnySelect:
    query = (
        select(Deplacement, Convention, Utilisateur)
        .join(Convention, Convention.id == Deplacement.convention_id)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .join(Utilisateur, Utilisateur.id == Deplacement.assistant_id)
        .options(joinedload(Convention.collectivite), joinedload(Convention.dossier))
        .where(
            Deplacement.centre_id == centre_id,
            Deplacement.jour >= date(filtre.annee, 1, 1),
            Deplacement.jour <= date(filtre.annee, 12, 31),
            *search_condition(filtre.texte, Convention.numero.expression, Collectivite.nom.expression),
        )
    )
    if filtre.assistant_id:
        query = query.where(Deplacement.assistant_id == filtre.assistant_id)
    return query.where(Deplacement.zone == filtre.zone) if filtre.zone else query


def _order() -> tuple[ColumnElement[Any], ...]:
    return (Deplacement.jour.desc(), Deplacement.saisi_le.desc(), Deplacement.id.desc())


def _rows(session: Session, centre_id: UUID, rows: Sequence[Row[Any]]) -> list[DeplacementRow]:
    closed = closed_months(session, centre_id)
    before = distances_before(session, centre_id, [row.Deplacement for row in rows])
    return [
        _row(session, row.Deplacement, row.Convention, row.Utilisateur.nom_complet, before[row.Deplacement.id], closed)
        for row in rows
    ]


def _row(
    session: Session,
    one: Deplacement,
    convention: Convention,
    assistant: str,
    deja: Decimal,
    closed: frozenset[tuple[int, int]],
) -> DeplacementRow:
    montant, raison = None, ""
    if one.zone == INCLUSE:
        raison = "Zone comprise dans l’adhésion."
    elif not bills_journeys(session, convention):
        raison = "Cette convention ne facture pas les déplacements."
    else:
        try:
            montant = price_of(one, deja)
        except Invalide as error:
            raison = error.message
    return DeplacementRow(
        id=one.id,
        jour=one.jour,
        convention_id=one.convention_id,
        numero=convention.numero,
        collectivite=convention.collectivite.nom,
        km=one.km,
        zone=one.zone,
        puissance=int(one.puissance),
        montant=montant.valeur if montant else None,
        etapes=montant.etapes if montant else (),
        raison=raison,
        fige=(one.jour.year, one.jour.month) in closed,
        version=one.version,
        assistant=assistant,
    )


def total_by_convention(rows: Iterable[DeplacementRow]) -> dict[str, tuple[Decimal, Decimal]]:
    """Kilometres and euros claimed of a list of journeys, by collectivité and number."""
    found: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for row in rows:
        km, montant = found[f"{row.collectivite} – {row.numero}"]
        found[f"{row.collectivite} – {row.numero}"] = (km + row.km, montant + (row.montant or Decimal(0)))
    return dict(found)


# Export ----------------------------------------------------------------------------------------------------------------

COLUMNS = (
    "Date",
    "Assistant",
    "Collectivité",
    "Convention",
    "Zone",
    "Distance (km)",
    "Puissance (CV)",
    "Montant (€)",
    "Calcul",
)


def export_deplacements(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/deplacements.xlsx?centre=…&annee=…&assistant=…`: one's own journeys for an assistant, those of the centre for
    those who see its team."""
    centre_id, assistant_id = _uuid(parametres.get("centre")), _uuid(parametres.get("assistant"))
    year = parametres.get("annee", "")
    if not (year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) <= 2100):
        raise Invalide("Indiquez une année, par exemple 2026.", champ="annee")
    with portail.action(acteur, "deplacement.exporter", centre_id=centre_id) as session:
        if centre_id is None or centre_id not in acteur.centre_ids:
            raise Introuvable()
        if assistant_id or not acteur.roles_for(centre_id=centre_id).intersection(READERS):
            assistant_id = check_author(session, acteur, centre_id, assistant_id, reading=True)
        query = _query(centre_id, DeplacementFilter(int(year), assistant_id=assistant_id)).order_by(*_order())
        found = _rows(session, centre_id, session.execute(query).all())
        record(session, acteur, "deplacement.exporter", centre_id=centre_id, annee=int(year), nombre=len(found))
    lines: list[list[Cell]] = [
        [
            row.jour,
            row.assistant,
            row.collectivite,
            row.numero,
            "Comprise" if row.zone == INCLUSE else "Hors zone",
            row.km,
            row.puissance,
            row.montant,
            " ; ".join(row.etapes) or row.raison,
        ]
        for row in reversed(found)
    ]
    sheet = Feuille(
        "Déplacements", COLUMNS, lines, titre=f"Déplacements de {year}", formats=(("Montant (€)", "euros"),)
    )
    return Export(f"deplacements-{year}.xlsx", XLSX_TYPE, write_xlsx([sheet]))


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
