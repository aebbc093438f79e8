"""What a collectivité follows of its convention: hours against those due, what it costs, the published tables, its statements
and reports. A fixed set, without filters: everything about activity comes from `publication`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from documents.tables.tableur import CSV_TYPE, XLSX_TYPE, Cell, Feuille, write_csv, write_xlsx
from domain.decompte import CONTRE, ETATS_COLLECTIVITE
from domain.errors import Introuvable
from domain.formatting import MONTHS
from domain.offer import Offer
from domain.pilotage import convention_days, forecast_minutes, load_alertes, month_end
from domain.roles import ROLES_COLLECTIVITE
from domain.secret import MASQUE
from models import Bilan, Convention, Cumul, Decompte, Exercice, Piece
from services.centre.offres import get_offer
from services.convention.convention_views import file_name
from services.convention.registre import state_label
from services.core import clock
from services.core.access import Acteur, get_convention, visible_conventions
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail, record
from services.exports import Export
from services.facturation.consultation import period_of
from services.facturation.exercices import COMMITTED_STATES, first_day
from services.facturation.visibles import visible_decomptes
from services.pilotage.bilans import pieces_of_bilans
from services.pilotage.publication import Publication, TablePubliee, months_of, published_tables


@dataclass(frozen=True)
class ConventionChoice:
    """One convention that can be followed."""

    id: UUID
    numero: str
    libelle: str


@dataclass(frozen=True)
class Prevision:
    """Where the year is heading: minutes at its end if the pace of the closed months holds; up to which day it was seen."""

    minutes: int
    arrete_au: date


@dataclass(frozen=True)
class DecompteSuivi:
    """One issued statement, with its sealed file."""

    id: UUID
    numero: str
    exercice: int
    du: date
    au: date
    total: Decimal
    periode: str
    etat: str
    etat_libelle: str
    contre: bool
    emis_le: datetime | None
    piece: PieceRow | None


@dataclass(frozen=True)
class SuiviView:
    """One year of a convention, as its collectivité follows it.

    `minutes_dues` is None where no working time is due (nothing is planned). `engage`, `facture`, `a_venir`: euros of the
    year; `en_sus`: of what is invoiced, service dégradé and journeys; `trop`: invoiced in excess, to be given back.
    `comprise`: the service is included in the contribution, at 0 €, so that it has no statement of its own.
    `commencee`: the convention has taken effect. `decomptes` and `bilans` are those of the whole convention.
    """

    convention_id: UUID
    numero: str
    offre: str
    collectivite: str
    centre: str
    etat: str
    etat_libelle: str
    date_effet: date
    terme: date
    annee: int
    annees: tuple[int, ...]
    commencee: bool
    publication: Publication
    minutes_dues: int | None
    prevision: Prevision | None
    engage: Decimal | None
    facture: Decimal
    a_venir: Decimal
    en_sus: Decimal
    trop: Decimal
    comprise: bool
    decomptes: tuple[DecompteSuivi, ...]
    bilans: tuple[PieceRow, ...]


def is_followed(etat: str) -> bool:
    """Whether a convention in this state has hours and costs to follow: both parties have signed it."""
    return etat in COMMITTED_STATES


def list_choices(portail: Portail, acteur: Acteur) -> list[ConventionChoice]:
    """The conventions of the person's collectivités that both parties signed, the latest first."""
    with portail.db.read() as session:
        query = (
            _scope(acteur)
            .options(joinedload(Convention.collectivite), joinedload(Convention.dossier))
            .order_by(Convention.date_effet.desc(), Convention.numero.desc())
        )
        several = len(acteur.collectivite_ids) > 1
        return [
            ConventionChoice(
                one.id,
                one.numero,
                f"{f'{one.collectivite.nom} – ' if several else ''}{_offer(session, one).titre} (n° {one.numero})",
            )
            for one in session.scalars(query)
        ]


def open_suivi(portail: Portail, acteur: Acteur, convention_id: UUID, annee: int | None = None) -> SuiviView:
    """One year of a convention (default: the current one, or the nearest that the convention has). Introuvable, and
    journalled, when it is not one of the person's collectivités."""
    with portail.view(acteur, "suivi.ouvrir", objet="convention", objet_id=convention_id) as session:
        return build_suivi(session, acteur, _followed(session, acteur, convention_id), annee)


def _scope(acteur: Acteur) -> Select[Convention]:
    return visible_conventions(acteur).where(
        Convention.collectivite_id.in_(acteur.collectivites_with(*ROLES_COLLECTIVITE)),
        Convention.etat.in_(COMMITTED_STATES),
    )


def _followed(session: Session, acteur: Acteur, convention_id: UUID) -> Convention:
    convention = get_convention(session, acteur, convention_id)
    mine = acteur.collectivites_with(*ROLES_COLLECTIVITE)
    if convention.collectivite_id not in mine or convention.etat not in COMMITTED_STATES:
        raise Introuvable()
    return convention


def build_suivi(session: Session, acteur: Acteur, convention: Convention, annee: int | None) -> SuiviView:
    """The view, for a convention that the person may follow."""
    today = clock.today(convention.centre.fuseau)
    years = _years(session, convention, today)
    chosen = annee if annee in years else years[-1]
    published = published_tables(session, convention, chosen)
    exercice = session.get(Exercice, (convention.id, chosen))
    due = exercice.minutes_dues if exercice and exercice.minutes_dues else None
    committed = exercice.montant_du if exercice else None
    invoiced = exercice.montant_facture if exercice else Decimal(0)
    paying = exercice.montant_facture_du if exercice else Decimal(0)
    return SuiviView(
        convention_id=convention.id,
        numero=convention.numero,
        offre=_offer(session, convention).titre,
        collectivite=convention.collectivite.nom,
        centre=convention.centre.nom,
        etat=convention.etat,
        etat_libelle=state_label(session, acteur, convention, today),
        date_effet=convention.date_effet,
        terme=convention.dernier_jour,
        annee=chosen,
        annees=tuple(reversed(years)),
        commencee=convention.date_effet <= today,
        publication=published,
        minutes_dues=due,
        prevision=_forecast(convention, published) if due else None,
        engage=committed,
        facture=invoiced,
        a_venir=max(Decimal(0), (committed or Decimal(0)) - paying),
        en_sus=invoiced - paying,
        trop=max(Decimal(0), paying - (committed or Decimal(0))),
        comprise=_offer(session, convention).facturation.mode == "cotisation",
        decomptes=tuple(_statements(session, acteur, convention)),
        bilans=tuple(pieces_of_bilans(session, convention.id)),
    )


def _years(session: Session, convention: Convention, today: date) -> list[int]:
    """Years with something to say: from the first one recorded, reported or invoiced, to the current one or the last."""
    first, last = convention.date_effet.year, min(convention.dernier_jour.year, today.year)
    known = [
        session.scalar(select(func.min(column)).where(owner == convention.id))
        for column, owner in (
            (Cumul.annee, Cumul.convention_id),
            (Bilan.annee, Bilan.convention_id),
            (Decompte.exercice, Decompte.convention_id),
        )
    ]
    begun = min([year for year in known if year is not None], default=last)
    return list(range(max(first, begun), last + 1)) or [first]


def _offer(session: Session, convention: Convention) -> Offer:
    return get_offer(session, convention.dossier.offre_version_id)


def _forecast(convention: Convention, published: Publication) -> Prevision | None:
    """None when the year is over, or too little of it is closed."""
    annee, months = published.annee, months_of(convention, published.annee)
    if not published.mois or not published.restants:
        return None
    last = month_end(annee, published.mois[-1][0])
    begun = first_day(convention)
    past = convention_days(annee, begun, convention.dernier_jour, date(annee, 1, 1), last)
    whole = convention_days(annee, begun, convention.dernier_jour, date(annee, 1, 1), date(annee, 12, 31))
    minutes = forecast_minutes(published.minutes_ordinaires, past, whole, load_alertes().jours_minimum)
    return Prevision(minutes, last) if minutes is not None and months else None


def _statements(session: Session, acteur: Acteur, convention: Convention) -> list[DecompteSuivi]:
    query = (
        visible_decomptes(acteur)
        .where(Decompte.convention_id == convention.id, Decompte.numero.is_not(None))
        .order_by(Decompte.du.desc(), Decompte.emis_le.desc())
    )
    found = session.scalars(query).all()
    files = select(Piece).where(
        Piece.usage == "decompte", Piece.champ.in_([str(one.id) for one in found]), Piece.retiree_le.is_(None)
    )
    pieces = {piece.champ: piece_row(piece) for piece in session.scalars(files)}
    return [
        DecompteSuivi(
            id=one.id,
            numero=one.numero or "",
            exercice=one.exercice,
            du=one.du,
            au=one.au,
            total=one.total,
            periode=period_of(one),
            etat=one.etat,
            etat_libelle=CONTRE if one.contre_id is not None else ETATS_COLLECTIVITE.get(one.etat, one.etat),
            contre=one.contre_id is not None,
            emis_le=one.emis_le,
            piece=pieces.get(str(one.id)),
        )
        for one in found
    ]


# Exports ------------------------------------------------------------------------------------------------------------------


def export_xlsx(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/suivi.xlsx?convention=…&annee=…`: what the page shows, nothing else."""
    view = _export(portail, acteur, parametres, "xlsx")
    sheets = [_month_sheet(view), *(_table_sheet(view, table) for table in view.publication.tables), _cost_sheet(view)]
    return Export(_export_name(view, "xlsx"), XLSX_TYPE, write_xlsx(sheets))


def export_csv(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """`/exports/suivi.csv?convention=…&annee=…`: the same tables in one, a line for each figure."""
    view = _export(portail, acteur, parametres, "csv")
    lines: list[list[Cell]] = [
        ["Heures par mois", MONTHS[mois].capitalize(), None, minutes] for mois, minutes in view.publication.mois
    ]
    for table in view.publication.tables:
        for ligne in table.lignes:
            lines.append([table.titre, ligne.libelle, _shown(ligne.nombre), _shown(ligne.minutes)])
    return Export(
        _export_name(view, "csv"), CSV_TYPE, write_csv(["Tableau", "Ligne", "Interventions", "Minutes"], lines)
    )


def _export(portail: Portail, acteur: Acteur, parametres: Mapping[str, str], forme: str) -> SuiviView:
    try:
        convention_id = UUID(parametres.get("convention", ""))
        annee = int(parametres.get("annee", ""))
    except ValueError:
        raise Introuvable() from None
    with portail.action(acteur, "suivi.exporter", objet="convention", objet_id=convention_id) as session:
        convention = _followed(session, acteur, convention_id)
        view = build_suivi(session, acteur, convention, annee)
        record(
            session, acteur, "suivi.exporter", centre_id=convention.centre_id, objet="convention",
            objet_id=convention.id, annee=view.annee, forme=forme,
        )  # fmt: skip
        return view


def _export_name(view: SuiviView, extension: str) -> str:
    return file_name("suivi", str(view.annee), view.collectivite, extension=extension)


def _month_sheet(view: SuiviView) -> Feuille:
    lines: list[list[Cell]] = [[MONTHS[mois].capitalize(), minutes] for mois, minutes in view.publication.mois]
    lines.append(["Total des mois clos", view.publication.minutes])
    if view.minutes_dues:
        lines.append(["dont service ordinaire", view.publication.minutes_ordinaires])
        lines.append(["Heures prévues pour l’année (service ordinaire)", view.minutes_dues])
    return Feuille(
        "Heures par mois",
        ["Mois", "Heures"],
        lines,
        titre=f"Heures {view.annee} – convention {view.numero}",
        formats=[("Heures", "heures")],
    )


def _table_sheet(view: SuiviView, table: TablePubliee) -> Feuille:
    lines: list[list[Cell]] = [[ligne.libelle, _shown(ligne.nombre), _shown(ligne.minutes)] for ligne in table.lignes]
    lines.append(["Total", _shown(view.publication.nombre), _shown(view.publication.minutes_tables)])
    return Feuille(
        table.titre,
        ["Ligne", "Interventions", "Heures"],
        lines,
        titre=f"{table.titre} – {view.annee}",
        notes=[explain_mask(view.publication)],
        formats=[("Interventions", "nombre"), ("Heures", "heures")],
    )


COMPRISE = "Engagé (service compris dans la cotisation)"


def _cost_sheet(view: SuiviView) -> Feuille:
    lines: list[list[Cell]] = [
        [COMPRISE if view.comprise else "Engagé", view.engage],
        ["Facturé", view.facture],
        ["À venir", view.a_venir],
        ["Service dégradé et déplacements, en sus", view.en_sus],
        ["Facturé en trop, à régulariser", view.trop],
    ]
    lines += [[f"Décompte {one.numero}", one.total] for one in view.decomptes if one.exercice == view.annee]
    return Feuille("Coûts", ["Libellé", "Montant"], lines, titre=f"Coûts {view.annee}", formats=[("Montant", "euros")])


def _shown(figure: int | None) -> Cell:
    return MASQUE if figure is None else figure


def explain_mask(published: Publication) -> str:
    """Why some figures are not shown, in a sentence."""
    return (
        f"Un nombre d’interventions inférieur à {published.seuil}, zéro compris, n’est pas publié : une ligne « {MASQUE} » l’est "
        "pour cette raison, ou pour qu’aucune autre ne puisse être retrouvée par soustraction."
    )
