"""What screens show of the service dégradé: the requests of a convention, those made to a centre, what an hour costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from domain.activite import nomenclature
from domain.offer import Offer
from domain.roles import Role
from domain.tarification import bill_minutes
from domain.tarifs import Tarif
from models import Centre, Collectivite, Convention, DemandeServiceDegrade
from services.activite.equipe import READERS, read_centre
from services.activite.regles import RUNNING_STATES, degrade_minutes, first_day, last_day
from services.adhesion.dossier_lists import search_condition
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur, get_convention, roles_on
from services.core.paging import AnySelect, Page, paginate
from services.core.portail import Portail
from services.facturation.exercices import find_tarif, load_contexte

DEMANDEURS = (Role.GESTIONNAIRE, Role.DIRECTION, Role.SIGNATAIRE)
"""Who asks for the service, for the collectivité."""

ETATS = {
    "demandee": "Demandé",
    "acceptee": "Accepté",
    "refusee": "Refusé",
    "retiree": "Retiré",
    "close": "Terminé",
}
OPEN = ("demandee", "acceptee")


@dataclass(frozen=True)
class DemandeRow:
    """A request. `etat` is « close » too for an accepted one whose last day is past. `minutes`: hours of service dégradé
    recorded on its days (0 for the collectivité); `actions`: what this person may do with it now."""

    id: UUID
    convention_id: UUID
    numero: str
    collectivite: str
    etat: str
    etat_libelle: str
    raison: str
    du: date
    au: date | None
    minutes_max: int | None
    minutes: int
    demandee_le: datetime
    traitee_le: datetime | None
    motif: str
    version: int
    actions: tuple[str, ...]


@dataclass(frozen=True)
class DegradeView:
    """The service dégradé of one convention. `prix`: what an hour costs in euros, by the tariff of `annee_tarif` (None: none
    was voted); `estimation`: that of the days asked for in the future is told by `estimate`. `refus`: why nothing can be
    asked for now, empty when it can."""

    convention_id: UUID
    numero: str
    collectivite: str
    raisons: Mapping[str, str]
    prix: Decimal | None
    annee_tarif: int | None
    annee: int
    premier_jour: date
    terme: date
    demandes: tuple[DemandeRow, ...]
    peut_demander: bool
    refus: str


def has_degrade(session: Session, convention: Convention) -> bool:
    """Whether the convention's offer has a service dégradé."""
    return offer_of(session, convention).facturation.service_degrade is not None


def open_degrade(portail: Portail, acteur: Acteur, convention_id: UUID) -> DegradeView | None:
    """The requests of a convention and what may be asked for; None when its offer has no service dégradé."""
    with portail.view(acteur, "degrade.consulter", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        if not has_degrade(session, convention):
            return None
        today = today_of(session, convention)
        tarif = hour_tarif(session, convention, today.year)
        query = _rows().where(DemandeServiceDegrade.convention_id == convention_id)
        ordered = query.order_by(DemandeServiceDegrade.demandee_le.desc(), DemandeServiceDegrade.id)
        rows = tuple(_row(session, acteur, row, today) for row in session.execute(ordered))
        refus = why_not(convention, today)
        asks = bool(roles_on(acteur, convention).intersection(DEMANDEURS))
        return DegradeView(
            convention_id=convention.id,
            numero=convention.numero,
            collectivite=convention.collectivite.nom,
            raisons=nomenclature().labels("raison_degrade"),
            prix=tarif.montant if tarif else None,
            annee_tarif=tarif.annee if tarif else None,
            annee=today.year,
            premier_jour=max(today, first_day(convention)),
            terme=last_day(convention),
            demandes=rows,
            peut_demander=asks and not refus,
            refus=refus,
        )


def hour_tarif(session: Session, convention: Convention, annee: int) -> Tarif | None:
    """The tariff of an hour of service dégradé for a year (the last one voted when that year has none); None without any,
    or when the offer has no such service."""
    service = offer_of(session, convention).facturation.service_degrade
    if service is None:
        return None
    contexte = load_contexte(session, convention.centre_id, [convention])
    return find_tarif(contexte, convention, service.tarif, annee)


def estimate(prix: Decimal, minutes: int) -> tuple[Decimal, tuple[str, ...]]:
    """The most that `minutes` of service dégradé cost at `prix` euros an hour, and how (F5)."""
    montant = bill_minutes(minutes, prix)
    return montant.valeur, montant.etapes


# Lists of the centre ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DemandeFilter:
    """What the centre's list shows."""

    texte: str = ""
    etat: str | None = None
    page: int = 1
    taille: int = 25


def list_demandes(portail: Portail, acteur: Acteur, centre_id: UUID, filtre: DemandeFilter) -> Page[DemandeRow]:
    """One page of the requests made to the centre: those that wait for an answer first, then the latest."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        query = _rows().where(
            DemandeServiceDegrade.centre_id == centre_id,
            *search_condition(filtre.texte, Convention.numero.expression, Collectivite.nom.expression),
        )
        if filtre.etat in ETATS:
            query = query.where(DemandeServiceDegrade.etat == filtre.etat)
        found = paginate(
            session,
            query,
            page=filtre.page,
            taille=filtre.taille,
            order=(
                (DemandeServiceDegrade.etat != "demandee").asc(),
                DemandeServiceDegrade.demandee_le.desc(),
                DemandeServiceDegrade.id.asc(),
            ),
            build=lambda row: row,
        )
        rows = tuple(_row(session, acteur, row, today) for row in found.rows)
        return Page(rows, found.total, found.page, found.taille)


def _rows() -> AnySelect:
    return (
        select(DemandeServiceDegrade, Convention.numero, Collectivite.nom)
        .join(Convention, Convention.id == DemandeServiceDegrade.convention_id)
        .join(Collectivite, Collectivite.id == DemandeServiceDegrade.collectivite_id)
    )


def _row(session: Session, acteur: Acteur, row: Row[Any], today: date) -> DemandeRow:
    one: DemandeServiceDegrade = row[0]
    labels = nomenclature().labels("raison_degrade")
    # A collectivité chooses the days: their minutes would tell it of each intervention. It reads those of closed months.
    ours = one.centre_id in acteur.par_centre
    return DemandeRow(
        id=one.id,
        convention_id=one.convention_id,
        numero=row.numero,
        collectivite=row.nom,
        etat="close" if _over(one, today) else one.etat,
        etat_libelle=ETATS["close" if _over(one, today) else one.etat],
        raison=labels.get(one.raison, one.raison),
        du=one.du,
        au=one.au,
        minutes_max=one.minutes_max,
        minutes=degrade_minutes(session, one) if one.etat in ("acceptee", "close") and ours else 0,
        demandee_le=one.demandee_le,
        traitee_le=one.traitee_le,
        motif=one.motif or "",
        version=one.version,
        actions=allowed_actions(acteur, one, today),
    )


def _over(one: DemandeServiceDegrade, today: date) -> bool:
    """Whether the last day of an accepted service is past: nobody has to close it."""
    return one.etat == "acceptee" and one.au is not None and one.au < today


def allowed_actions(acteur: Acteur, one: DemandeServiceDegrade, today: date) -> tuple[str, ...]:
    """What this person may do with a request now: retirer, accepter, refuser, clore."""
    found: list[str] = []
    if acteur.roles_for(centre_id=one.centre_id).intersection(READERS):
        found += {
            "demandee": ["accepter", "refuser"],
            "acceptee": ["clore"] if one.du <= today and not _over(one, today) else [],
        }.get(one.etat, [])
    if acteur.roles_for(collectivite_id=one.collectivite_id).intersection(DEMANDEURS) and (
        one.etat == "demandee" or (one.etat == "acceptee" and one.du > today)
    ):
        found.append("retirer")
    return tuple(found)


def offer_of(session: Session, convention: Convention) -> Offer:
    return get_offer(session, convention.dossier.offre_version_id)


def today_of(session: Session, convention: Convention) -> date:
    return clock.today(session.get_one(Centre, convention.centre_id).fuseau)


def why_not(convention: Convention, today: date) -> str:
    """Why nothing can be asked for; empty when something can."""
    if convention.etat not in RUNNING_STATES:
        return "La convention n’est pas en vigueur."
    return "La convention est arrivée à son terme." if last_day(convention) < today else ""
