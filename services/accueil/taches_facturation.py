"""Things to do about statements: a quarter to prepare, drafts to check, statements to issue."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.decompte import ISSUERS, PREPARERS
from domain.tarification import Periodicite, period_bounds, period_label
from models import Centre, Decompte, Exercice
from services.accueil.tache_rows import LIMIT, Tache
from services.activite.regles import closed_months
from services.core import clock
from services.core.access import Acteur
from services.facturation.consultation import last_quarter_over
from services.facturation.regularisations import Regularisation, list_regularisations

GROUP = "Décomptes"
REMINDED = timedelta(days=75)
"""How long after the end of a quarter its preparation is asked for."""


def list_decomptes_taches(session: Session, acteur: Acteur) -> list[Tache]:
    """What the person prepares, checks or issues now."""
    found: list[Tache] = []
    for centre in session.scalars(select(Centre).where(Centre.id.in_(acteur.centres_with(*PREPARERS)))):
        found += _to_prepare(session, centre)
        counts = _count(session, centre.id)
        if drafts := counts.get("brouillon", 0):
            found.append(
                _several(drafts, "à vérifier", "Relisez chaque brouillon, puis marquez-le comme vérifié.", "Brouillon")
            )
        checked = counts.get("verifie", 0)
        if checked and centre.id in acteur.centres_with(*ISSUERS):
            found.append(_several(checked, "à émettre", "Vérifiés : chacun recevra son numéro.", "Vérifié"))
        if centre.id in acteur.centres_with(*ISSUERS):
            late = list_regularisations(session, centre.id, clock.today(centre.fuseau))
            found += [_to_settle(one) for one in late[:LIMIT]]
    return found


def _to_settle(one: Regularisation) -> Tache:
    page, asked = ("decompte", {"id": str(one.decompte_id)}) if one.decompte_id else ("decomptes", {})
    what = "Décompte final" if one.fin else "À régulariser"
    return Tache(GROUP, f"{what} : {one.collectivite}, {one.constat}", one.conseil, page, asked)


def _several(count: int, what: str, detail: str, etat: str) -> Tache:
    plural = "s" if count > 1 else ""
    return Tache(GROUP, f"{count} décompte{plural} {what}", detail, "decomptes", {"d_etat": etat})


def _count(session: Session, centre_id: UUID) -> dict[str, int]:
    query = (
        select(Decompte.etat, func.count())
        .where(Decompte.centre_id == centre_id, Decompte.etat.in_(("brouillon", "verifie")))
        .group_by(Decompte.etat)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _to_prepare(session: Session, centre: Centre) -> list[Tache]:
    today = clock.today(centre.fuseau)
    annee, trimestre = last_quarter_over(today)
    du, au = period_bounds(annee, Periodicite.TRIMESTRE, trimestre - 1)
    if today > au + REMINDED or not _has_money(session, centre.id, annee) or _prepared(session, centre.id, du, au):
        return []
    label = period_label(Periodicite.TRIMESTRE, trimestre - 1, annee)
    last = max(closed_months(session, centre.id), default=(0, 0))
    detail = "Aucun brouillon n’est encore préparé pour ce trimestre, qui est terminé."
    if last < (au.year, au.month):
        detail += " Ses mois sont à clore avant l’émission."
    return [Tache(GROUP, f"Préparer les décomptes du {label}", detail, "decomptes")]


def _has_money(session: Session, centre_id: UUID, annee: int) -> bool:
    query = select(Exercice.convention_id).where(
        Exercice.centre_id == centre_id, Exercice.annee == annee, Exercice.montant_du != Exercice.montant_facture_du
    )
    return session.scalar(query.limit(1)) is not None


def _prepared(session: Session, centre_id: UUID, du: date, au: date) -> bool:
    query = select(Decompte.id).where(
        Decompte.centre_id == centre_id, Decompte.au >= du, Decompte.au <= au, Decompte.contre_id.is_(None)
    )
    return session.scalar(query.limit(1)) is not None
