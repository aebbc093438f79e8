"""Things to do about the activity: requests for the service dégradé, conventions without an assistant, months to close,
weeks without hours."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.formatting import date_courte
from domain.releve import monday_of
from domain.roles import Role
from models import Centre, Collectivite, Convention, DemandeServiceDegrade, Intervention, utc_now
from services.accueil.tache_rows import LIMIT, Tache
from services.activite.affectation_lists import SITUATIONS, AffectationFilter, filtered_affectations
from services.activite.champs import period
from services.activite.clotures import next_to_close
from services.activite.degrade_views import DEMANDEURS, ETATS
from services.activite.equipe import COUVERTURES, READERS, count_sans_assistant
from services.activite.regles import list_affectations, month_label
from services.core import clock
from services.core.access import Acteur

DEGRADE = "Demandes de service dégradé"
EQUIPE = "Équipe et clôtures"
HEURES = "Heures à enregistrer"
ANSWERED_SINCE = timedelta(days=30)
"""How long an answer is shown to those who asked."""
CLOSING_DELAY = timedelta(days=5)
"""Days that assistants have, after a month, before its closing is a thing to do."""


def list_centre(session: Session, acteur: Acteur) -> list[Tache]:
    """Things to do for the person's centres."""
    days = {
        centre.id: clock.today(centre.fuseau)
        for centre in session.scalars(select(Centre).where(Centre.id.in_(acteur.centre_ids)))
    }
    return [
        *_requests(session, acteur),
        *_missing_hours(session, acteur, days),
        *_team(session, acteur, days),
    ]


def _requests(session: Session, acteur: Acteur) -> list[Tache]:
    query = (
        select(DemandeServiceDegrade, Convention.numero, Collectivite.nom)
        .join(Convention, Convention.id == DemandeServiceDegrade.convention_id)
        .join(Collectivite, Collectivite.id == DemandeServiceDegrade.collectivite_id)
        .where(
            DemandeServiceDegrade.etat == "demandee",
            DemandeServiceDegrade.centre_id.in_(acteur.centres_with(*READERS)),
        )
        .order_by(DemandeServiceDegrade.demandee_le)
        .limit(LIMIT)
    )
    return [
        Tache(
            DEGRADE,
            f"Convention {numero}, {nom}",
            f"Demandé {period(one.du, one.au)} : acceptez ou refusez.",
            "equipe",
            {"onglet": "degrade", "centre": str(one.centre_id), "d_texte": numero},
            one.demandee_le,
            urgente=True,
        )
        for one, numero, nom in session.execute(query)
    ]


def _team(session: Session, acteur: Acteur, days: dict[UUID, date]) -> list[Tache]:
    """For those who manage the service: who is missing, who has left, which month is over."""
    found = []
    mine = [centre_id for centre_id in acteur.centres_with(Role.RESPONSABLE) if centre_id in days]
    uncovered = count_sans_assistant(session, mine, days)
    for centre_id in sorted(mine, key=str):
        number = uncovered.get(centre_id, 0)
        if number:
            several = "s" if number > 1 else ""
            found.append(
                _team_tache(
                    centre_id,
                    "couverture",
                    f"{number} convention{several} sans assistant",
                    "En vigueur, et personne n’y est affecté aujourd’hui.",
                    c_couverture=COUVERTURES["sans_assistant"],
                )
            )
        gone = filtered_affectations(centre_id, days[centre_id], AffectationFilter(situation="parti"))
        left = session.scalar(select(func.count()).select_from(gone.subquery())) or 0
        if left:
            found.append(
                _team_tache(
                    centre_id,
                    "affectations",
                    f"{left} affectation{'s' if left > 1 else ''} d’un assistant parti",
                    "Indiquez leur dernier jour, puis affectez quelqu’un d’autre.",
                    a_situation=SITUATIONS["parti"],
                )
            )
        month = next_to_close(session, centre_id, days[centre_id] - CLOSING_DELAY)
        if month:
            detail = "Le mois est terminé : vérifiez les heures, puis closez-le."
            found.append(_team_tache(centre_id, "clotures", f"Clore {month_label(*month)}", detail))
    return found


def _team_tache(centre_id: UUID, onglet: str, titre: str, detail: str, **params: str) -> Tache:
    return Tache(EQUIPE, titre, detail, "equipe", {"onglet": onglet, "centre": str(centre_id), **params})


def _missing_hours(session: Session, acteur: Acteur, days: dict[UUID, date]) -> list[Tache]:
    """For an assistant: last week, when nothing is recorded in it while they were assigned."""
    for centre_id in acteur.centres_with(Role.ASSISTANT):
        if centre_id not in days:
            continue
        monday = monday_of(days[centre_id]) - timedelta(days=7)
        friday = monday + timedelta(days=4)
        assigned = list_affectations(session, acteur.utilisateur_id, monday, friday)
        recorded = select(Intervention.id).where(
            Intervention.assistant_id == acteur.utilisateur_id,
            Intervention.jour >= monday,
            Intervention.jour <= monday + timedelta(days=6),
        )
        if assigned and session.scalar(recorded.limit(1)) is None:
            return [
                Tache(
                    HEURES,
                    f"Semaine du {date_courte(monday)}",
                    "Aucune heure n’y est enregistrée.",
                    "heures",
                    {"semaine": monday.isoformat()},
                )
            ]
    return []


def list_collectivite(session: Session, acteur: Acteur) -> list[Tache]:
    """Answers that the centre gave lately to those who ask for the service dégradé."""
    query = (
        select(DemandeServiceDegrade, Convention.numero)
        .join(Convention, Convention.id == DemandeServiceDegrade.convention_id)
        .where(
            DemandeServiceDegrade.etat.in_(("acceptee", "refusee")),
            DemandeServiceDegrade.collectivite_id.in_(acteur.collectivites_with(*DEMANDEURS)),
            DemandeServiceDegrade.traitee_le >= utc_now() - ANSWERED_SINCE,
        )
        .order_by(DemandeServiceDegrade.traitee_le)
        .limit(LIMIT)
    )
    return [
        Tache(
            "Service dégradé",
            f"Convention {numero}",
            f"{ETATS[one.etat]} par le centre, {period(one.du, one.au)}.",
            "suivi",
            {"convention": str(one.convention_id)},
            one.traitee_le,
        )
        for one, numero in session.execute(query)
    ]
