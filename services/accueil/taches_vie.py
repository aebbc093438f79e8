"""Things to do about running conventions: requests to read, letters about new tariffs, renewals that take an agreement."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.formatting import date_longue
from models import Centre, Convention, Dossier, OffreVersion
from services.accueil.tache_rows import LIMIT, Tache
from services.activite.regles import RUNNING_STATES
from services.adhesion.intitules import title_dossiers
from services.centre.offres import get_offer
from services.centre.tarif_views import MANAGERS
from services.core import clock
from services.core.access import Acteur
from services.vie.connaissance import list_unread
from services.vie.courrier_views import A_ENVOYER
from services.vie.courriers_tarif import count_due
from services.vie.reconductions import AGREEING, EXPRESSE, next_agreement

ASKED_FROM_MONTH = 9
"""First month of the year in which the agreement to renew for the next one is asked for on the home page."""


def list_centre(session: Session, acteur: Acteur) -> list[Tache]:
    """What the person announces or agrees to for their centres."""
    return [*_told(session, acteur), *_letters(session, acteur), *_renewals(session, acteur)]


def _told(session: Session, acteur: Acteur) -> list[Tache]:
    """Requests that took effect when they were sent, and that nobody of the centre has read."""
    rows = list_unread(session, acteur, LIMIT)
    titles = title_dossiers(session, [row.Dossier for row in rows])
    return [
        Tache(
            "Changements à lire",
            f"{titles[row.Dossier.id]}, {row.nom}",
            "A pris effet à l’envoi : lisez-la, puis marquez-la comme lue.",
            "instruction",
            {"id": str(row.Dossier.id)},
            row.Dossier.depose_le,
        )
        for row in rows
    ]


def _letters(session: Session, acteur: Acteur) -> list[Tache]:
    """One line by centre and year with letters that have not left, about any tariff of it; it leads to these."""
    found = []
    for centre in session.scalars(select(Centre).where(Centre.id.in_(acteur.centres_with(*MANAGERS)))):
        for annee, count in count_due(session, centre.id, clock.today(centre.fuseau).year):
            s = "s" if count > 1 else ""
            found.append(
                Tache(
                    "Tarifs",
                    f"Tarifs {annee} : {count} lettre{s} à envoyer",
                    "Les collectivités dont la convention continue ne sont pas encore informées des tarifs votés.",
                    "tarifs",
                    {"onglet": "courriers", "centre": str(centre.id), "annee": str(annee), "c_etat": A_ENVOYER},
                )
            )
    return found


def _renewals(session: Session, acteur: Acteur) -> list[Tache]:
    """Conventions that end with the year unless somebody agrees."""
    found: list[Tache] = []
    for centre in session.scalars(select(Centre).where(Centre.id.in_(acteur.centres_with(*AGREEING)))):
        today = clock.today(centre.fuseau)
        if today.month < ASKED_FROM_MONTH:
            continue
        for convention in _expresses(session, centre.id):
            if next_agreement(session, convention) == today.year + 1:
                found.append(
                    Tache(
                        "Renouvellements à accepter",
                        f"Convention {convention.numero}, {convention.collectivite.nom}",
                        f"Sans accord du centre, elle prend fin le {date_longue(date(today.year, 12, 31))}.",
                        "convention",
                        {"id": str(convention.id)},
                        urgente=today.month == 12,
                    )
                )
    return found[:LIMIT]


def _expresses(session: Session, centre_id: UUID) -> list[Convention]:
    """Running conventions of the offers that are renewed by agreement."""
    versions = session.scalars(
        select(OffreVersion.id).where(OffreVersion.centre_id == centre_id, OffreVersion.etat != "brouillon")
    )
    wanted = [one for one in versions if get_offer(session, one).duree.mode == EXPRESSE]
    if not wanted:
        return []
    query = (
        select(Convention)
        .join(Dossier, Dossier.id == Convention.dossier_id)
        .where(
            Convention.centre_id == centre_id,
            Convention.etat.in_(RUNNING_STATES),
            Dossier.offre_version_id.in_(wanted),
        )
        .order_by(Convention.numero)
    )
    return list(session.scalars(query))
