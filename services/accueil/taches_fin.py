"""Things to do about the end of conventions: notices to confirm, formal notices to send, to answer, to close."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from domain.formatting import date_longue, duree
from domain.roles import Role
from models import Centre, Collectivite, Convention, Denonciation, MiseEnDemeure, utc_now
from services.accueil.tache_rows import LIMIT, Tache
from services.activite.regles import RUNNING_STATES
from services.core import clock
from services.core.access import Acteur
from services.vie.demeure_views import RECORDERS, REPONDANTS
from services.vie.denonciation_views import DENONCIATEURS
from services.vie.heures_apres import list_with_late_hours

DENONCIATIONS = "Dénonciations"
DEMEURES = "Mises en demeure"
HEURES = "Heures après la fin"
ANSWERED_SINCE = timedelta(days=30)
"""How long what became of a notice is shown to those who gave it."""


def list_centre(session: Session, acteur: Acteur) -> list[Tache]:
    """Notices that wait for a decision of the centre, formal notices to send, to date or to close."""
    return [*_notices(session, acteur), *_formal_notices(session, acteur), *_late_hours(session, acteur)]


def list_collectivite(session: Session, acteur: Acteur) -> list[Tache]:
    """Formal notices to answer, and what the centre did lately with a notice."""
    return [*_to_answer(session, acteur), *_decided(session, acteur)]


def _notices(session: Session, acteur: Acteur) -> list[Tache]:
    query = (
        select(Denonciation, Convention, Collectivite.nom)
        .join(Convention, Convention.id == Denonciation.convention_id)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .where(Denonciation.etat == "recue", Convention.centre_id.in_(acteur.centres_with(*RECORDERS)))
        .order_by(Denonciation.enregistree_le)
        .limit(LIMIT)
    )
    found = []
    for one, convention, nom in session.execute(query):
        say = {
            "oui": "Recevable : vérifiez ses dates, puis confirmez-la.",
            "tardive": "Tardive : confirmez-la à la date proposée, ou classez-la sans suite.",
            "sans_objet": "Sans objet : classez-la sans suite.",
        }.get(one.recevabilite or "", "La date qui compte n’est pas encore indiquée.")
        if convention.etat not in RUNNING_STATES:
            say = "La convention a pris fin entre-temps : classez-la sans suite."
        found.append(_tache(DENONCIATIONS, convention, nom, say, one.enregistree_le, urgente=True))
    return found


def _formal_notices(session: Session, acteur: Acteur) -> list[Tache]:
    days = _today(session, acteur.centres_with(Role.RESPONSABLE, Role.INSTRUCTEUR))
    bosses = acteur.centres_with(Role.RESPONSABLE)
    found = []
    for one, convention, nom in session.execute(_living().where(Convention.centre_id.in_(days))):
        boss, today = convention.centre_id in bosses, days[convention.centre_id]
        if one.etat == "preparee":
            say = "Préparée : envoyez la lettre, puis enregistrez l’envoi." if boss else ""
        elif one.echeance is None:
            say = "Envoyée : indiquez la date de première présentation, le délai en dépend."
        elif today > one.echeance:
            say = (
                f"Délai passé depuis le {date_longue(one.echeance)} : clôturez ou constatez la résiliation."
                if boss
                else ""
            )
        else:
            say = "La collectivité a répondu : lisez sa réponse." if boss and one.reponse_le else ""
        if say:
            found.append(_tache(DEMEURES, convention, nom, say, one.cree_le, urgente=one.etat == "envoyee"))
    return found


def _late_hours(session: Session, acteur: Acteur) -> list[Tache]:
    """Hours that an end decided afterwards left behind, in months that are still open."""
    return [
        _tache(
            HEURES,
            convention,
            convention.collectivite.nom,
            f"{duree(minutes)} enregistrées après le {date_longue(convention.dernier_jour)} : à déplacer ou à retirer.",
            None,
        )
        for centre_id in sorted(acteur.centres_with(Role.RESPONSABLE), key=str)
        for convention, minutes in list_with_late_hours(session, centre_id, LIMIT)
    ][:LIMIT]


def _to_answer(session: Session, acteur: Acteur) -> list[Tache]:
    query = _living().where(
        MiseEnDemeure.etat == "envoyee",
        MiseEnDemeure.reponse_le.is_(None),
        Convention.collectivite_id.in_(acteur.collectivites_with(*REPONDANTS)),
    )
    rows = session.execute(query).all()
    days = _today(session, frozenset(convention.centre_id for _, convention, _ in rows))
    found = []
    for one, convention, nom in rows:
        until = f" avant la fin du délai, le {date_longue(one.echeance)}" if one.echeance else ""
        if one.echeance and days[convention.centre_id] > one.echeance:
            until = f" sans attendre, le délai est passé depuis le {date_longue(one.echeance)}"
        say = f"Le centre vous met en demeure : répondez{until}."
        found.append(_tache(DEMEURES, convention, nom, say, one.cree_le, urgente=True))
    return found


def _decided(session: Session, acteur: Acteur) -> list[Tache]:
    query = (
        select(Denonciation, Convention, Collectivite.nom)
        .join(Convention, Convention.id == Denonciation.convention_id)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .where(
            Denonciation.etat.in_(("confirmee", "sans_suite")),
            Denonciation.traitee_le >= utc_now() - ANSWERED_SINCE,
            Convention.collectivite_id.in_(acteur.collectivites_with(*DENONCIATEURS, Role.DIRECTION)),
        )
        .order_by(Denonciation.traitee_le)
        .limit(LIMIT)
    )
    return [
        _tache(
            DENONCIATIONS,
            convention,
            nom,
            f"Confirmée : la convention prend fin le {date_longue(one.fin)}."
            if one.fin
            else "Classée sans suite par le centre.",
            one.traitee_le,
        )
        for one, convention, nom in session.execute(query)
    ]


def _living() -> Select[MiseEnDemeure, Convention, str]:
    """Formal notices under way, on conventions that run."""
    return (
        select(MiseEnDemeure, Convention, Collectivite.nom)
        .join(Convention, Convention.id == MiseEnDemeure.convention_id)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .where(MiseEnDemeure.etat.in_(("preparee", "envoyee")), Convention.etat.in_(RUNNING_STATES))
        .order_by(MiseEnDemeure.cree_le)
        .limit(LIMIT)
    )


def _today(session: Session, centre_ids: frozenset[UUID]) -> dict[UUID, date]:
    centres: list[Row[UUID, str]] = list(
        session.execute(select(Centre.id, Centre.fuseau).where(Centre.id.in_(centre_ids)))
    )
    return {row.id: clock.today(row.fuseau) for row in centres}


def _tache(
    groupe: str, convention: Convention, nom: str, detail: str, depuis: datetime | None, *, urgente: bool = False
) -> Tache:
    titre = f"Convention {convention.numero}, {nom}"
    return Tache(groupe, titre, detail, "convention", {"id": str(convention.id)}, depuis, urgente)
