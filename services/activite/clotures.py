"""Months that a centre closes: nothing of them is recorded, changed or removed any more, so that statements rest on hours
that do not move. Closed in order, reopened from the last one, and only while no issued statement covers it."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.errors import Invalide
from models import Affectation, Cloture, Convention, Decompte, Deplacement, Intervention, Utilisateur
from services.activite.equipe import lock_centre
from services.activite.regles import closed_months, month_label
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail, record
from services.facturation.exercices import refresh_centre
from services.pilotage.publication import freeze_closed

Mois = tuple[int, int]
"""A year and a month."""


def following(mois: Mois) -> Mois:
    """The month after."""
    return (mois[0] + mois[1] // 12, mois[1] % 12 + 1)


def bounds(mois: Mois) -> tuple[date, date]:
    """First and last day of a month."""
    return date(*mois, 1), date(*mois, monthrange(*mois)[1])


def close_month(portail: Portail, acteur: Acteur, centre_id: UUID, annee: int, mois: int) -> None:
    """Close a month: one that is over, the first that is not closed yet. Nothing happens when it is closed already."""
    with portail.action(acteur, "mois.clore", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = lock_centre(session, acteur, centre_id)
        wanted = _check_month(annee, mois)
        today = clock.today(centre.fuseau)
        if wanted >= (today.year, today.month):
            raise Invalide(f"{month_label(*wanted).capitalize()} n’est pas terminé : on ne clôt qu’un mois passé.")
        closed = closed_by(session, centre_id)
        if wanted in closed:
            return
        expected = month_after(closed, first_month(session, centre_id))
        if expected is not None and wanted != expected:
            raise Invalide(f"Les mois se closent dans l’ordre : commencez par {month_label(*expected)}.")
        before = _years_over(session, centre_id)
        session.add(Cloture(centre_id=centre_id, annee=annee, mois=mois, par=acteur.utilisateur_id))
        session.flush()
        _refresh_years(session, centre_id, before, annee)
        freeze_closed(session, centre_id, annee)
        record(
            session,
            acteur,
            "mois.clore",
            centre_id=centre_id,
            objet="centre",
            objet_id=centre_id,
            annee=annee,
            mois=mois,
        )


def reopen_month(portail: Portail, acteur: Acteur, centre_id: UUID, annee: int, mois: int) -> None:
    """Reopen the last closed month. Invalide when it is not the last one, or when an issued statement covers it."""
    with portail.action(acteur, "mois.rouvrir", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        lock_centre(session, acteur, centre_id)
        wanted = _check_month(annee, mois)
        closed = closed_by(session, centre_id)
        if wanted not in closed:
            return
        last = max(closed)
        if wanted != last:
            raise Invalide(f"Seul le dernier mois clos se rouvre : {month_label(*last)}.")
        refusal = why_covered(session, centre_id, wanted)
        if refusal:
            raise Invalide(refusal)
        before = _years_over(session, centre_id)
        session.delete(session.get_one(Cloture, (centre_id, annee, mois)))
        session.flush()
        _refresh_years(session, centre_id, before, annee)
        record(
            session,
            acteur,
            "mois.rouvrir",
            centre_id=centre_id,
            objet="centre",
            objet_id=centre_id,
            annee=annee,
            mois=mois,
        )


def _years_over(session: Session, centre_id: UUID) -> set[int]:
    """Years whose December is closed, by its own name or with a later month: the first month closed closes those before."""
    return {annee for annee, mois in closed_months(session, centre_id) if mois == 12}


def _refresh_years(session: Session, centre_id: UUID, before: set[int], annee: int) -> None:
    """What is billed by the hour is due as forecast until December is closed, or the month in which a convention ended before
    its term, as done from then on: when the years that are over are no longer those of `before`, or when such a convention
    ended in `annee`, what is due is computed again."""
    ended = select(Convention.id).where(
        Convention.centre_id == centre_id, Convention.fin >= date(annee, 1, 1), Convention.fin <= date(annee, 12, 31)
    )
    if _years_over(session, centre_id) != before or session.scalar(ended.limit(1)) is not None:
        refresh_centre(session, centre_id)


def next_to_close(session: Session, centre_id: UUID, jour: date) -> Mois | None:
    """The month to close next, when it is over on `jour`; None when there is none."""
    wanted = month_after(closed_by(session, centre_id), first_month(session, centre_id))
    return wanted if wanted is not None and wanted < (jour.year, jour.month) else None


def _check_month(annee: int, mois: int) -> Mois:
    if not (1 <= mois <= 12 and 2000 <= annee <= 2100):
        raise Invalide("Ce mois n’existe pas.")
    return annee, mois


def closed_by(session: Session, centre_id: UUID) -> dict[Mois, tuple[datetime, str]]:
    query = (
        select(Cloture, Utilisateur)
        .outerjoin(Utilisateur, Utilisateur.id == Cloture.par)
        .where(Cloture.centre_id == centre_id)
    )
    return {
        (one.annee, one.mois): (one.le, person.nom_complet if person else "") for one, person in session.execute(query)
    }


def first_month(session: Session, centre_id: UUID) -> Mois | None:
    """The first month in which something is, or could be, recorded: the first hours, journey or assignment."""
    days = [
        session.scalar(select(func.min(column)).where(table.centre_id == centre_id))
        for table, column in (
            (Intervention, Intervention.jour),
            (Deplacement, Deplacement.jour),
            (Affectation, Affectation.du),
        )
    ]
    first = min((day for day in days if day is not None), default=None)
    return (first.year, first.month) if first else None


def month_after(closed: dict[Mois, Any], start: Mois | None) -> Mois | None:
    """The month to close next: the one after the last closed, else the first with something in it; None for any."""
    return following(max(closed)) if closed else start


def why_covered(session: Session, centre_id: UUID, mois: Mois) -> str:
    """Why a month cannot be reopened; empty when it can."""
    first, last = bounds(mois)
    query = (
        select(Decompte.numero)
        .where(
            Decompte.centre_id == centre_id,
            Decompte.etat.in_(("emis", "paye")),
            Decompte.contre_id.is_(None),
            Decompte.du <= last,
            Decompte.au >= first,
        )
        .order_by(Decompte.numero)
        .limit(1)
    )
    numero = session.scalar(query)
    if numero is None:
        return ""
    return (
        f"Le décompte n° {numero} couvre {month_label(*mois)} : un mois facturé ne se rouvre pas. Annulez d’abord ce "
        "décompte par un contre-décompte, corrigez, puis préparez-le de nouveau."
    )
