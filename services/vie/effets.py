"""What the signature of the centre changes at once, and what waits for the day of effect: an avenant on its convention, a new
convention on the one that it follows.

The signed documents never change. What does is the convention's columns that amounts and lists are made of.
"""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from models import Acte, AuditEvent, Avenant, Centre, Collectivite, Convention
from services.activite.regles import RUNNING_STATES
from services.adhesion.dossier_state import last_depot
from services.centre.offres import get_offer
from services.core import journal
from services.core.locks import lock_row
from services.facturation.exercices import COMMITTED_STATES, refresh_convention
from services.vie.fin import set_end
from services.vie.texte import list_layers, overlay, text_in_force

REPLACEABLE = (*RUNNING_STATES, "echue")
NOM = "collectivite.nom"
RENOMMER = "collectivite.renommer"


def apply_signature(session: Session, acte: Acte, today: date) -> None:
    """The effects of an act that both parties have just signed, in the caller's transaction, which holds its row (and, for an
    avenant, its convention's): the years of the convention, its dates, its party's name, the convention that it replaces."""
    if isinstance(acte, Avenant):
        convention = session.get_one(Convention, acte.parent_id)
        _move_dates(session, convention, acte)
        refresh_convention(session, convention.id)
        _refresh_followed(session, convention)
        if acte.date_effet <= today and (renamed := _rename(session, convention, acte)):
            journal.record_lines(session, [renamed])
        return
    refresh_convention(session, acte.id)
    if isinstance(acte, Convention) and acte.remplace_id is not None:
        line = _end_followed(session, acte, today)
        _refresh_followed(session, acte)
        if line is not None:
            journal.record_lines(session, [line])


def _refresh_followed(session: Session, convention: Convention) -> None:
    """What a breach leaves due of the convention that this one follows stops on the eve of its effect."""
    if convention.remplace_id is not None:
        followed = lock_row(session, Convention, convention.remplace_id)
        if followed.fin_motif == "resiliation":
            refresh_convention(session, followed.id)


def _move_dates(session: Session, convention: Convention, avenant: Avenant) -> None:
    """The dates that the avenant moves, as its deposit says; the term stays."""
    depot = last_depot(session, avenant.dossier)
    duree = get_offer(session, avenant.dossier.offre_version_id).duree
    others = [one for one in list_layers(session, convention) if one.dossier_id != avenant.dossier_id]
    before = overlay(others, avenant.date_effet)
    given = {
        champ: date.fromisoformat(value)
        for champ, value in (depot.reponses if depot else {}).items()
        if champ in (duree.champ_effet, duree.champ_debut) and value != before.get(champ)
    }
    convention.date_effet = given.get(duree.champ_effet, convention.date_effet)
    convention.date_debut_prestations = given.get(duree.champ_debut, convention.date_debut_prestations)
    session.flush()


def _end_followed(session: Session, convention: Convention, today: date) -> journal.Ligne | None:
    """End the convention that this one replaces on the eve of its effect, even where it had not begun by then: no day is due
    twice. Once this one is in force, the other is said to be replaced, unless a breach had ended it.
    What the journal says of it, None when its state does not change: the caller writes it once no row is to be taken any more."""
    followed = lock_row(session, Convention, convention.remplace_id)
    terminated = followed.etat == "resiliee"
    if followed.etat not in REPLACEABLE and not terminated:
        return None
    eve = convention.date_effet - timedelta(days=1)
    if followed.dernier_jour > eve:
        set_end(session, followed, eve, "resiliation" if terminated else "remplacement", followed.etat)
    if terminated or convention.date_effet > today:
        return None
    before, followed.etat = followed.etat, "remplacee"
    session.flush()
    details = {"de": before, "fin": followed.dernier_jour.isoformat(), "par": convention.id}
    return journal.Ligne("convention.remplacer", None, followed.centre_id, "convention", followed.id, details)


def _rename(session: Session, convention: Convention, avenant: Avenant) -> journal.Ligne | None:
    """Give the collectivité the name that the avenant gives it, once, unless it has been renamed since: whoever then puts the
    former name back decides. What the journal says of it, None when nothing changes: the caller writes it, last."""
    depot = last_depot(session, avenant.dossier)
    name = (depot.reponses if depot else {}).get(NOM)
    known = session.get_one(Collectivite, convention.collectivite_id)
    eve = text_in_force(session, convention, avenant.date_effet - timedelta(days=1))
    if not name or name == known.nom or known.nom != eve.get(NOM) or _was_renamed(session, avenant):
        return None
    known.nom = name
    session.flush()
    return journal.Ligne(RENOMMER, None, avenant.centre_id, "avenant", avenant.id, {"collectivite": known.id})


def _was_renamed(session: Session, avenant: Avenant) -> bool:
    """Whether this avenant has given its name already, as the journal says."""
    told = select(AuditEvent.seq).where(AuditEvent.action == RENOMMER, AuditEvent.objet_id == str(avenant.id))
    return session.scalar(told.limit(1)) is not None


# Duties of the daily round ------------------------------------------------------------------------------------------------


def replace_due(session: Session, centre_id: UUID, jour: date) -> int:
    """Say replaced the conventions that a signed one follows and that has taken effect by `jour`; how many."""
    lock_row(session, Centre, centre_id)
    query = (
        select(Convention)
        .where(
            Convention.centre_id == centre_id,
            Convention.remplace_id.is_not(None),
            Convention.etat.in_(COMMITTED_STATES),
            Convention.date_effet <= jour,
        )
        .order_by(Convention.id)
    )
    ended = [_end_followed(session, one, jour) for one in session.scalars(query).all()]
    lines = [one for one in ended if one is not None]
    if lines:
        journal.record_lines(session, lines)
    return len(lines)


def rename_due(session: Session, centre_id: UUID, jour: date) -> int:
    """Give collectivités the names of the avenants that have taken effect by `jour`, oldest first; how many."""
    parent = aliased(Convention)  # an avenant and its convention are in the same table
    query = (
        select(Avenant, parent)
        .join(parent, parent.id == Avenant.parent_id)
        .where(
            Avenant.centre_id == centre_id,
            Avenant.etat.in_(COMMITTED_STATES),
            Avenant.date_effet <= jour,
            parent.etat.in_(COMMITTED_STATES),
        )
        .order_by(Avenant.date_effet, Avenant.rang)
    )
    renamed = [_rename(session, convention, avenant) for avenant, convention in session.execute(query).all()]
    lines = [one for one in renamed if one is not None]
    if lines:
        journal.record_lines(session, lines)
    return len(lines)
