"""What screens show of the formal notices of a convention: each with its delay, its answer, and what may be done with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.roles import Role
from domain.workflow.tables import Workflow
from models import Convention, MiseEnDemeure, Utilisateur
from services.activite.regles import RUNNING_STATES
from services.adhesion.dossiers import NOBODY
from services.adhesion.workflow import find_line
from services.centre.offres import get_offer
from services.core.access import Acteur, follows_for_centre, get_convention, only_assists
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail
from services.vie.denonciation_views import DENONCIATEURS, today_of
from services.vie.fin import has_ended, living_formal_notice, minutes_after
from services.vie.lettres import letters_of

USAGE = "mise_en_demeure"
ARTICLES = {
    "moyens": "Moyens ou conditions d’exercice de la mission non assurés",
    "manquement": "Manquement grave ou répété aux obligations de la collectivité",
}
"""Why a formal notice is sent (articles 9.3 and 9.2): one circuit (B15), two wordings of the letter."""
ETATS = {
    "preparee": "En préparation",
    "envoyee": "En cours",
    "satisfaite": "Close, satisfaite",
    "resiliee": "Suivie de la résiliation",
    "retiree": "Retirée",
}
REPONDANTS = DENONCIATEURS
"""Who answers for the collectivité."""
RECORDERS = (Role.INSTRUCTEUR, Role.RESPONSABLE)
"""Who records, at the centre, the dates of the letter and an answer that came by post."""


@dataclass(frozen=True)
class DemeureRow:
    """A formal notice. `echeance`: last day of its delay, known from the first presentation on; `expiree`: that day is past;
    `minutes_apres`: minutes recorded after it; `actions`: what this person may do with it now (reviser, abandonner, envoyer,
    dater, repondre, clore, resilier)."""

    id: UUID
    etat: str
    etat_libelle: str
    article: str
    article_libelle: str
    manquements: str
    delai_jours: int
    date_envoi: date | None
    date_presentation: date | None
    echeance: date | None
    expiree: bool
    reponse: str
    reponse_le: date | None
    issue_motif: str
    cree_le: datetime
    cree_par: str
    close_le: datetime | None
    close_par: str
    pieces: tuple[PieceRow, ...]
    minutes_apres: int
    version: int
    actions: tuple[str, ...]


@dataclass(frozen=True)
class DemeureView:
    """The formal notices of a convention: those that this person may read. `peut_preparer`: a new one can be prepared now."""

    convention_id: UUID
    fuseau: str
    today: date
    cote_centre: bool
    delai_defaut: int
    demeures: tuple[DemeureRow, ...]
    peut_preparer: bool


def open_demeures(portail: Portail, acteur: Acteur, convention_id: UUID) -> DemeureView:
    """The formal notices of a convention; those being prepared are the centre's own business, and an assistant reads none.
    Introuvable when the person may not see the convention."""
    with portail.view(acteur, "demeure.consulter", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        offer = get_offer(session, convention.dossier.offre_version_id)
        today = today_of(session, convention)
        centre_side = follows_for_centre(acteur, convention)
        query = select(MiseEnDemeure).where(MiseEnDemeure.convention_id == convention_id)
        if not centre_side:
            query = query.where(MiseEnDemeure.date_envoi.is_not(None))
        ordered = query.order_by(MiseEnDemeure.cree_le.desc(), MiseEnDemeure.id)
        found = [] if only_assists(acteur, convention) else session.scalars(ordered).all()
        names = _names(session, found)
        rows = tuple(_row(session, acteur, convention, offer.workflow_convention, one, names, today) for one in found)
        return DemeureView(
            convention_id=convention.id,
            fuseau=convention.centre.fuseau,
            today=today,
            cote_centre=centre_side,
            delai_defaut=offer.denonciation.mise_en_demeure_jours,
            demeures=rows,
            peut_preparer=may_prepare(session, acteur, convention, offer.workflow_convention, today),
        )


def may_prepare(session: Session, acteur: Acteur, convention: Convention, workflow: Workflow, today: date) -> bool:
    """Whether this person may prepare a formal notice now."""
    line = find_line(workflow, "mettre_en_demeure")
    held = acteur.roles_for(centre_id=convention.centre_id)
    return (
        bool(held.intersection(line.roles))
        and convention.etat in line.de
        and not has_ended(convention, today)
        and living_formal_notice(session, convention.id) is None
    )


def allowed_actions(
    acteur: Acteur, convention: Convention, workflow: Workflow, one: MiseEnDemeure, today: date
) -> tuple[str, ...]:
    """What this person may do with a formal notice now."""
    ours = acteur.roles_for(centre_id=convention.centre_id)
    theirs = acteur.roles_for(collectivite_id=convention.collectivite_id)
    sender, closer, ender = (
        bool(ours.intersection(find_line(workflow, action).roles))
        for action in ("mettre_en_demeure", "lever_mise_en_demeure", "resilier")
    )
    if one.etat == "preparee":
        running = convention.etat in RUNNING_STATES and not has_ended(convention, today)
        return ("reviser", "envoyer", "abandonner") if sender and running else ("abandonner",) if sender else ()
    if one.etat != "envoyee" or convention.etat != "en_demeure":
        return ()
    found = ["dater"] if ours.intersection(RECORDERS) else []
    if ours.intersection(RECORDERS) or theirs.intersection(REPONDANTS):
        found.append("repondre")
    if closer:
        found.append("clore")
    if ender and is_over(one, today):
        found.append("resilier")
    return tuple(found)


def deadline(presentation: date, delai_jours: int) -> date:
    """Last day of the delay: so many calendar days after the first presentation, which does not count itself (B16)."""
    return presentation + timedelta(days=delai_jours)


def is_over(one: MiseEnDemeure, today: date) -> bool:
    """Whether the delay is over: from the day after its last day."""
    return one.echeance is not None and today > one.echeance


def _row(
    session: Session,
    acteur: Acteur,
    convention: Convention,
    workflow: Workflow,
    one: MiseEnDemeure,
    names: dict[UUID, str],
    today: date,
) -> DemeureRow:
    counted = follows_for_centre(acteur, convention) and one.etat in ("envoyee", "resiliee")
    return DemeureRow(
        id=one.id,
        etat=one.etat,
        etat_libelle=ETATS[one.etat],
        article=one.article,
        article_libelle=ARTICLES.get(one.article, one.article),
        manquements=one.manquements,
        delai_jours=one.delai_jours,
        date_envoi=one.date_envoi,
        date_presentation=one.date_presentation,
        echeance=one.echeance,
        expiree=is_over(one, today),
        reponse=one.reponse,
        reponse_le=one.reponse_le,
        issue_motif=one.issue_motif,
        cree_le=one.cree_le,
        cree_par=names.get(one.cree_par, NOBODY) if one.cree_par else NOBODY,
        close_le=one.close_le,
        close_par=names.get(one.close_par, NOBODY) if one.close_par else "",
        pieces=tuple(piece_row(piece) for piece in letters_of(session, convention.id, USAGE, one.id)),
        minutes_apres=minutes_after(session, convention.id, one.echeance) if counted and one.echeance else 0,
        version=one.version,
        actions=allowed_actions(acteur, convention, workflow, one, today),
    )


def _names(session: Session, rows: Iterable[MiseEnDemeure]) -> dict[UUID, str]:
    wanted = {one for row in rows for one in (row.cree_par, row.close_par) if one}
    people = session.scalars(select(Utilisateur).where(Utilisateur.id.in_(wanted)))
    return {person.id: person.nom_complet for person in people}
