"""The years of a convention as its page shows them: what each costs, at which tariff, whether it was renewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.roles import Role
from models import Convention, CourrierTarif, Exercice, Piece, Reconduction
from services.activite.regles import closed_months
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur, get_convention, roles_on
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail
from services.facturation.exercices import BY_THE_HOUR, COMMITTED_STATES, all_recorded
from services.vie.reconductions import AGREEING, next_agreement

PREMIERE, RECONDUITE, A_CONVENIR, A_VENIR, EN_ATTENTE = "premiere", "reconduite", "a_convenir", "a_venir", "en_attente"


@dataclass(frozen=True)
class AnneeRow:
    """One year. `du`: euros due (a forecast by the hour); `tarif_annee`: the year whose tariff prices it, None when none was
    ever voted; `situation`: first period, renewed, to be agreed, to come, or begun without a renewal yet; `lettre`: the letter
    that told of its tariff; `realisee`: billed by the hour, and every hour recorded: `du` is no longer a forecast."""

    annee: int
    du: Decimal
    tarif_annee: int | None
    tarif_montant: Decimal | None
    situation: str
    reconduite_le: datetime | None
    lettre: PieceRow | None
    realisee: bool = False

    @property
    def tarif_vote(self) -> bool:
        """Whether the tariff of this very year is known."""
        return self.tarif_annee == self.annee


@dataclass(frozen=True)
class AnneesView:
    """The years of one convention, from its effect to its last day. `expresse`: a renewal takes an agreement; `accord`: the
    year that this person may agree to now; `fin`: last day in force."""

    convention_id: UUID
    fuseau: str
    aujourdhui: date
    previsionnel: bool
    expresse: bool
    accord: int | None
    fin: date
    lignes: tuple[AnneeRow, ...]


def open_years(portail: Portail, acteur: Acteur, convention_id: UUID) -> AnneesView | None:
    """The years of a convention signed by both parties; None before that, and for an assistant, who sees the convention, not
    what it costs. Introuvable, journalled, when the person may not see it."""
    with portail.view(acteur, "convention.ouvrir", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        roles = roles_on(acteur, convention)
        if convention.etat not in COMMITTED_STATES or not roles - {Role.ASSISTANT}:
            return None
        offer = get_offer(session, convention.dossier.offre_version_id)
        today = clock.today(convention.centre.fuseau)
        awaited = next_agreement(session, convention)
        can_agree = awaited == today.year + 1 and bool(roles.intersection(AGREEING))  # a year at a time (B10)
        return AnneesView(
            convention_id=convention.id,
            fuseau=convention.centre.fuseau,
            aujourdhui=today,
            previsionnel=offer.facturation.mode == BY_THE_HOUR,
            expresse=offer.duree.mode == "expresse",
            accord=awaited if can_agree else None,
            fin=convention.dernier_jour,
            lignes=tuple(_rows(session, acteur, convention, awaited, today)),
        )


def _rows(session: Session, acteur: Acteur, convention: Convention, awaited: int | None, today: date) -> list[AnneeRow]:
    renewals = {
        row.annee: row
        for row in session.scalars(select(Reconduction).where(Reconduction.convention_id == convention.id))
    }
    letters = _letters(session, acteur, convention)
    offer = get_offer(session, convention.dossier.offre_version_id)
    closed = closed_months(session, convention.centre_id) if offer.facturation.mode == BY_THE_HOUR else None
    query = select(Exercice).where(Exercice.convention_id == convention.id).order_by(Exercice.annee)
    found = []
    for year in session.scalars(query):
        renewal = renewals.get(year.annee)
        found.append(
            AnneeRow(
                annee=year.annee,
                du=year.montant_du,
                tarif_annee=year.tarif_annee,
                tarif_montant=year.tarif_montant,
                situation=_situation(convention, year.annee, renewal, awaited, today),
                reconduite_le=renewal.faite_le if renewal else None,
                lettre=letters.get(year.annee),
                realisee=closed is not None and all_recorded(convention.dernier_jour, year.annee, closed),
            )
        )
    return found


def _situation(
    convention: Convention, annee: int, renewal: Reconduction | None, awaited: int | None, today: date
) -> str:
    if annee == convention.date_effet.year:
        return PREMIERE
    if renewal is not None:
        return RECONDUITE
    if awaited is not None and annee >= awaited:
        return A_CONVENIR
    return A_VENIR if annee > today.year else EN_ATTENTE


def _letters(session: Session, acteur: Acteur, convention: Convention) -> dict[int, PieceRow]:
    """The newest letter of each year; for the collectivité, those that have left."""
    query = (
        select(CourrierTarif.annee, Piece)
        .join(Piece, Piece.id == CourrierTarif.piece_id)
        .where(CourrierTarif.convention_id == convention.id, Piece.retiree_le.is_(None))
        .order_by(CourrierTarif.cree_le)
    )
    if convention.centre_id not in acteur.par_centre:
        query = query.where(CourrierTarif.envoye_le.is_not(None))
    return {annee: piece_row(piece) for annee, piece in session.execute(query)}
