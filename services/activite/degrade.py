"""The service dégradé: asked for in writing by the collectivité, answered by the centre (articles 8.4 and 8.5, A56 to A60).

A request holds days, a reason from a closed list and the most time wanted: never a word about an agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.activite import nomenclature
from domain.equipe import overlaps
from domain.errors import Introuvable, Invalide, Refus
from domain.formatting import date_longue
from domain.forms.fields import Field
from domain.text import clean_text
from models import Convention, DemandeServiceDegrade, utc_now
from services.activite.champs import check_order, check_version, date_field, period, read_values
from services.activite.degrade_views import (
    DEMANDEURS,
    ETATS,
    OPEN,
    allowed_actions,
    has_degrade,
    today_of,
    why_not,
)
from services.activite.equipe import READERS
from services.activite.regles import first_day, last_day
from services.core.access import Acteur, get_convention, require
from services.core.locks import WHOLE, lock_row
from services.core.portail import Portail, once, record
from services.courriels.notifications import notify_degrade

FIELDS = {
    "du": date_field("du", "Premier jour du service dégradé"),
    "au": date_field("au", "Dernier jour", required=False),
    "minutes_max": Field(
        id="minutes_max", type="duration", label="Temps maximal", min=Decimal(1), max=Decimal(60 * 1607), unit="h"
    ),
}


def ask_degrade(
    portail: Portail,
    acteur: Acteur,
    convention_id: UUID,
    raison: str | None,
    valeurs: Mapping[str, object],
    *,
    operation_id: str,
) -> UUID | None:
    """Ask for the service dégradé; the request's id, None for the echo of a double click.

    Invalide with `champ`: no reason of the list, days past, outside the convention or already asked for.
    """
    with portail.action(acteur, "degrade.demander", objet="convention", objet_id=convention_id) as session:
        convention = _find_convention(session, acteur, convention_id)
        if not once(session, operation_id):
            return None
        given = read_values(FIELDS, valeurs)
        if raison not in nomenclature().labels("raison_degrade"):
            raise Invalide("Choisissez un motif de la liste.", champ="raison")
        _check_days(session, convention, given["du"], given["au"])
        one = DemandeServiceDegrade(
            centre_id=convention.centre_id,
            collectivite_id=convention.collectivite_id,
            convention_id=convention.id,
            raison=raison,
            du=given["du"],
            au=given["au"],
            minutes_max=given["minutes_max"],
            demandee_par=acteur.utilisateur_id,
        )
        session.add(one)
        session.flush()
        notify_degrade(session, convention, "demander")
        _record(session, acteur, one, "demander", raison=raison, du=one.du, au=one.au, minutes_max=one.minutes_max)
        return one.id


def withdraw(portail: Portail, acteur: Acteur, demande_id: UUID, *, version_vue: int) -> None:
    """Take a request back: before the answer, or before the first day."""
    _act(portail, acteur, demande_id, "retirer", version_vue)


def accept(portail: Portail, acteur: Acteur, demande_id: UUID, *, version_vue: int) -> None:
    """Accept a request: hours of service dégradé may be recorded on its days."""
    _act(portail, acteur, demande_id, "accepter", version_vue)


def refuse(portail: Portail, acteur: Acteur, demande_id: UUID, motif: str, *, version_vue: int) -> None:
    """Refuse a request, saying why."""
    reason = clean_text(motif, multiline=True)[:1000]
    if not reason:
        raise Invalide("Indiquez le motif du refus.", champ="motif")
    _act(portail, acteur, demande_id, "refuser", version_vue, motif=reason)


def close(portail: Portail, acteur: Acteur, demande_id: UUID, *, version_vue: int) -> None:
    """End an accepted service today (its own last day, if that is past)."""
    _act(portail, acteur, demande_id, "clore", version_vue)


def _find_convention(session: Session, acteur: Acteur, convention_id: UUID) -> Convention:
    """The convention, locked, for somebody who may ask for the service."""
    convention = get_convention(session, acteur, convention_id, lock=True)
    require(
        acteur.roles_for(collectivite_id=convention.collectivite_id),
        *DEMANDEURS,
        message="Seule la collectivité demande le service dégradé.",
    )
    if not has_degrade(session, convention):
        raise Refus("Cette convention n’a pas de service dégradé.")
    return convention


RESULTS = {"retirer": "retiree", "accepter": "acceptee", "refuser": "refusee", "clore": "close"}


def _act(
    portail: Portail, acteur: Acteur, demande_id: UUID, action: str, version_vue: int, motif: str | None = None
) -> None:
    with portail.action(acteur, f"degrade.{action}", objet="degrade", objet_id=demande_id) as session:
        found = session.get(DemandeServiceDegrade, demande_id)
        if found is None:
            raise Introuvable()
        convention = get_convention(session, acteur, found.convention_id, lock=True)
        one = lock_row(session, DemandeServiceDegrade, demande_id, WHOLE)
        mine = DEMANDEURS if action == "retirer" else READERS
        held = (
            acteur.roles_for(collectivite_id=one.collectivite_id)
            if action == "retirer"
            else acteur.roles_for(centre_id=one.centre_id)
        )
        require(held, *mine)
        check_version(one.version, version_vue)
        today = today_of(session, convention)
        if action not in allowed_actions(acteur, one, today):
            raise Refus(_why_refused(one, today))
        one.etat, one.motif = RESULTS[action], motif
        one.traitee_par, one.traitee_le = acteur.utilisateur_id, utc_now()
        if action == "clore":
            one.au = min(one.au, today) if one.au else today
        session.flush()
        notify_degrade(session, convention, action)
        _record(session, acteur, one, action)


def _record(session: Session, acteur: Acteur, one: DemandeServiceDegrade, action: str, **details: Any) -> None:
    record(
        session,
        acteur,
        f"degrade.{action}",
        centre_id=one.centre_id,
        objet="degrade",
        objet_id=one.id,
        convention=one.convention_id,
        **details,
    )


# Rules -----------------------------------------------------------------------------------------------------------------


def _check_days(session: Session, convention: Convention, du: date, au: date | None) -> None:
    today = today_of(session, convention)
    refus = why_not(convention, today)
    if refus:
        raise Invalide(refus)
    check_order(du, au)
    if du < today:
        raise Invalide(
            "La demande précède le service : choisissez aujourd’hui ou un jour à venir.",
            champ="du",
        )
    life = f"la convention va du {date_longue(first_day(convention))} au {date_longue(last_day(convention))}"
    if not first_day(convention) <= du <= last_day(convention):
        raise Invalide(f"Ce jour est hors de la convention : {life}.", champ="du")
    if au is not None and au > last_day(convention):
        raise Invalide(f"Ce jour est hors de la convention : {life}.", champ="au")
    query = select(DemandeServiceDegrade).where(
        DemandeServiceDegrade.convention_id == convention.id, DemandeServiceDegrade.etat.in_(OPEN)
    )
    for other in session.scalars(query):
        if overlaps(du, au, other.du, other.au):
            raise Invalide(
                f"Le service dégradé est déjà demandé {period(other.du, other.au)} : retirez cette demande, ou choisissez "
                "d’autres jours.",
                champ="du",
            )
    _check_closed(session, convention, du)


def _check_closed(session: Session, convention: Convention, du: date) -> None:
    """Invalide when the service of an earlier request ended on `du` or later: the minutes of a day count in one request."""
    ended = session.scalar(
        select(func.max(DemandeServiceDegrade.au)).where(
            DemandeServiceDegrade.convention_id == convention.id,
            DemandeServiceDegrade.etat == "close",
            DemandeServiceDegrade.au >= du,
        )
    )
    if ended:
        raise Invalide(
            f"Le service dégradé précédent compte encore le {date_longue(ended)} : choisissez un jour à partir du "
            f"{date_longue(ended + timedelta(days=1))}.",
            champ="du",
        )


def _why_refused(one: DemandeServiceDegrade, today: date) -> str:
    if one.etat == "acceptee" and one.du > today:
        return "Le service n’a pas commencé : la collectivité peut encore retirer sa demande."
    if one.etat == "acceptee":
        return "Le service a commencé : le centre peut y mettre fin."
    return f"Cette demande est déjà traitée : {ETATS[one.etat].lower()}."
