"""Months that a centre closes: nothing of them is recorded, changed or removed any more, so that statements rest on hours
that do not move. Closed in order, reopened from the last one, and only while no issued statement covers it."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from domain.activite import nomenclature
from domain.errors import Invalide
from models import Affectation, Cloture, Convention, Cumul, Decompte, Deplacement, Intervention, Utilisateur
from services.activite.equipe import lock_centre, read_centre
from services.activite.regles import RECORDING_STATES, month_label
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail, record
from services.pilotage.publication import freeze_closed

Mois = tuple[int, int]
"""A year and a month."""
SHOWN = 24
"""How many months the list shows."""


@dataclass(frozen=True)
class MoisRow:
    """One month of a centre: what was recorded, by how many people, who recorded nothing while assigned. `close_le` when it
    was closed (`clos` without it: before the first month that was); `peut_clore`, `peut_rouvrir`: what is possible now (`refus` says why reopening is not)."""

    annee: int
    mois: int
    minutes: int
    interventions: int
    deplacements: int
    assistants: int
    sans_saisie: tuple[str, ...]
    clos: bool
    close_le: datetime | None
    close_par: str
    peut_clore: bool
    peut_rouvrir: bool
    refus: str = ""

    @property
    def libelle(self) -> str:
        return month_label(self.annee, self.mois)


def following(mois: Mois) -> Mois:
    """The month after."""
    return (mois[0] + mois[1] // 12, mois[1] % 12 + 1)


def bounds(mois: Mois) -> tuple[date, date]:
    """First and last day of a month."""
    return date(*mois, 1), date(*mois, monthrange(*mois)[1])


def list_mois(portail: Portail, acteur: Acteur, centre_id: UUID) -> list[MoisRow]:
    """The centre's months from the first one with something to record to the one before today's, the latest first: two
    years, and all those left to close."""
    with portail.db.read() as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        current = (today.year, today.month)
        closed = _closed(session, centre_id)
        start, last = _first_month(session, centre_id), max(closed, default=None)
        if start is None:
            return []
        wanted = _next_to_close(closed, start)
        months: list[Mois] = []
        month = min(start, min(closed, default=start))
        while month < current:
            months.append(month)
            month = following(month)
        recent = months[-SHOWN:]
        shown = [one for one in months if one in recent or (wanted is not None and one >= wanted)]
        totals = _totals(session, centre_id, shown[0]) if shown else {}
        refusal = _covered(session, centre_id, last) if last else ""
        return [
            _row(session, centre_id, one, closed, totals.get(one, (0, 0, 0, 0)), wanted, refusal)
            for one in reversed(shown)
        ]


def close_month(portail: Portail, acteur: Acteur, centre_id: UUID, annee: int, mois: int) -> None:
    """Close a month: one that is over, the first that is not closed yet. Nothing happens when it is closed already."""
    with portail.action(acteur, "mois.clore", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = lock_centre(session, acteur, centre_id)
        wanted = _check_month(annee, mois)
        today = clock.today(centre.fuseau)
        if wanted >= (today.year, today.month):
            raise Invalide(f"{month_label(*wanted).capitalize()} n’est pas terminé : on ne clôt qu’un mois passé.")
        closed = _closed(session, centre_id)
        if wanted in closed:
            return
        expected = _next_to_close(closed, _first_month(session, centre_id))
        if expected is not None and wanted != expected:
            raise Invalide(f"Les mois se closent dans l’ordre : commencez par {month_label(*expected)}.")
        session.add(Cloture(centre_id=centre_id, annee=annee, mois=mois, par=acteur.utilisateur_id))
        session.flush()
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
        closed = _closed(session, centre_id)
        if wanted not in closed:
            return
        last = max(closed)
        if wanted != last:
            raise Invalide(f"Seul le dernier mois clos se rouvre : {month_label(*last)}.")
        refusal = _covered(session, centre_id, wanted)
        if refusal:
            raise Invalide(refusal)
        session.delete(session.get_one(Cloture, (centre_id, annee, mois)))
        session.flush()
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


def next_to_close(session: Session, centre_id: UUID, jour: date) -> Mois | None:
    """The month to close next, when it is over on `jour`; None when there is none."""
    wanted = _next_to_close(_closed(session, centre_id), _first_month(session, centre_id))
    return wanted if wanted is not None and wanted < (jour.year, jour.month) else None


def _check_month(annee: int, mois: int) -> Mois:
    if not (1 <= mois <= 12 and 2000 <= annee <= 2100):
        raise Invalide("Ce mois n’existe pas.")
    return annee, mois


def _closed(session: Session, centre_id: UUID) -> dict[Mois, tuple[datetime, str]]:
    query = (
        select(Cloture, Utilisateur)
        .outerjoin(Utilisateur, Utilisateur.id == Cloture.par)
        .where(Cloture.centre_id == centre_id)
    )
    return {
        (one.annee, one.mois): (one.le, person.nom_complet if person else "") for one, person in session.execute(query)
    }


def _first_month(session: Session, centre_id: UUID) -> Mois | None:
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


def _next_to_close(closed: dict[Mois, Any], start: Mois | None) -> Mois | None:
    """The month to close next: the one after the last closed, else the first with something in it; None for any."""
    return following(max(closed)) if closed else start


def _covered(session: Session, centre_id: UUID, mois: Mois) -> str:
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
        f"Le décompte n° {numero} couvre {month_label(*mois)} : un mois facturé ne se rouvre pas. Corrigez par un décompte "
        "rectificatif, ou annulez d’abord le décompte."
    )


def _totals(session: Session, centre_id: UUID, start: Mois) -> dict[Mois, tuple[int, int, int, int]]:
    """Minutes, interventions, journeys and people who recorded hours, by month from `start` on; hours from the rollup."""
    since = or_(Cumul.annee > start[0], and_(Cumul.annee == start[0], Cumul.mois >= start[1]))
    query = (
        select(
            Cumul.annee,
            Cumul.mois,
            func.sum(Cumul.minutes),
            func.sum(Cumul.nombre),
            func.count(func.distinct(Cumul.assistant_id)),
        )
        .where(Cumul.centre_id == centre_id, Cumul.dimension == "nature", Cumul.nombre > 0, since)
        .group_by(Cumul.annee, Cumul.mois)
    )
    hours = {(row[0], row[1]): (int(row[2]), int(row[3]), int(row[4])) for row in session.execute(query)}
    year, month = func.extract("year", Deplacement.jour), func.extract("month", Deplacement.jour)
    trips_query = (
        select(year, month, func.count(Deplacement.id))
        .where(Deplacement.centre_id == centre_id, Deplacement.jour >= bounds(start)[0])
        .group_by(year, month)
    )
    trips = {(int(row[0]), int(row[1])): int(row[2]) for row in session.execute(trips_query)}
    return {
        key: (*hours.get(key, (0, 0, 0))[:2], trips.get(key, 0), hours.get(key, (0, 0, 0))[2])
        for key in hours.keys() | trips.keys()
    }


def _row(
    session: Session,
    centre_id: UUID,
    mois: Mois,
    closed: dict[Mois, tuple[datetime, str]],
    totals: tuple[int, int, int, int],
    next_one: Mois | None,
    refusal: str,
) -> MoisRow:
    close_le, close_par = closed.get(mois, (None, ""))
    last = bool(closed) and mois == max(closed)
    shut = bool(closed) and mois <= max(closed)
    return MoisRow(
        annee=mois[0],
        mois=mois[1],
        minutes=totals[0],
        interventions=totals[1],
        deplacements=totals[2],
        assistants=totals[3],
        sans_saisie=() if shut else _without_hours(session, centre_id, mois),
        clos=shut,
        close_le=close_le,
        close_par=close_par,
        peut_clore=not shut and mois == next_one,
        peut_rouvrir=last and not refusal,
        refus=refusal if last else "",
    )


def _without_hours(session: Session, centre_id: UUID, mois: Mois) -> tuple[str, ...]:
    """Assistants assigned during the month who recorded nothing in it, by surname."""
    first, last = bounds(mois)
    recorded = select(Cumul.assistant_id).where(
        Cumul.centre_id == centre_id,
        Cumul.annee == mois[0],
        Cumul.mois == mois[1],
        Cumul.dimension == "nature",
        Cumul.valeur.in_(nomenclature().labels("nature")),
        Cumul.nombre > 0,
    )
    assigned = (
        select(Affectation.assistant_id)
        .join(Convention, Convention.id == Affectation.convention_id)
        .where(
            Affectation.centre_id == centre_id,
            Affectation.du <= last,
            or_(Affectation.au.is_(None), Affectation.au >= first),
            Convention.terme >= first,
            Convention.etat.in_(RECORDING_STATES),
        )
    )
    query = (
        select(Utilisateur)
        .where(Utilisateur.id.in_(assigned), Utilisateur.id.not_in(recorded))
        .order_by(Utilisateur.nom, Utilisateur.prenom)
    )
    return tuple(person.nom_complet for person in session.scalars(query))
