"""Preparing statements: the drafts of a quarter for every convention of a centre, or that of one convention.

Order of locks, as everywhere: the centre's row (shared: months and tariffs cannot change meanwhile, and hours go on being
recorded for other months), the conventions, the statements, the journal.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from domain.errors import Conflit, Invalide
from domain.formatting import date_longue
from domain.offer import Offer
from domain.tarification import Periodicite, period_bounds
from models import Centre, Convention, Decompte
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur
from services.core.locks import SHARE, lock_row, locked
from services.core.portail import Portail, record
from services.facturation.decompte_views import Preparation
from services.facturation.decomptes import Progress, record_decompte, write_calcul
from services.facturation.echecs import tell_failure
from services.facturation.exercices import COMMITTED_STATES
from services.facturation.lignes import compute_decompte
from services.facturation.releve import Periode, Releve, load_releve, period_of
from services.facturation.visibles import require_preparer

logger = logging.getLogger("portail")

CHUNK = 50
"""Conventions prepared in one transaction: others can record in between."""


def prepare_trimestre(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    annee: int,
    trimestre: int,
    *,
    progress: Progress | None = None,
) -> Preparation:
    """Make or compute again the drafts of every convention of a centre for the periods that end in a quarter (1 to 4).
    One convention that fails stops no other, and is told.
    Statements checked or issued are left as they are; nothing to invoice makes no statement, and removes a draft."""
    with portail.view(acteur, "decompte.preparer", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        require_preparer(acteur, centre_id)
        if trimestre not in (1, 2, 3, 4) or not 2000 <= annee <= 2200:
            raise Invalide("Choisissez un trimestre de 1 à 4 et une année.", champ="trimestre")
        _refuse_to_come(session, centre_id, Periode(annee, Periodicite.TRIMESTRE, trimestre - 1))
        wanted = _conventions_of(session, centre_id, annee, trimestre)
    done = Preparation()
    for start in range(0, len(wanted), CHUNK):
        done += _prepare_chunk(portail, acteur, centre_id, wanted[start : start + CHUNK], annee, trimestre)
        if progress:
            progress(min(start + CHUNK, len(wanted)), len(wanted))
    return done


def _refuse_to_come(session: Session, centre_id: UUID, periode: Periode) -> None:
    """Invalide when the period has not begun: what it will be made of is not known, and a wrong year would bill it whole."""
    if periode.du > clock.today(session.get_one(Centre, centre_id).fuseau):
        raise Invalide(
            f"La période « {periode.libelle} » n’a pas commencé : préparez ses décomptes à partir du "
            f"{date_longue(periode.du)}.",
            champ="trimestre",
        )


def _prepare_chunk(
    portail: Portail, acteur: Acteur, centre_id: UUID, ids: Sequence[UUID], annee: int, trimestre: int
) -> Preparation:
    """Prepare these in one transaction; when it fails, each in its own: one failure stops no other, and is told."""
    try:
        return _prepare_together(portail, acteur, centre_id, ids, annee, trimestre)
    except Exception as error:
        if len(ids) == 1:
            return Preparation(echecs=((_name(portail, ids[0]), tell_failure(error)),))
        logger.warning("%d conventions could not be prepared together, each is tried alone", len(ids), exc_info=error)
    done = Preparation()
    for one in ids:
        done += _prepare_chunk(portail, acteur, centre_id, [one], annee, trimestre)
    return done


def _prepare_together(
    portail: Portail, acteur: Acteur, centre_id: UUID, ids: Sequence[UUID], annee: int, trimestre: int
) -> Preparation:
    with portail.action(
        acteur, "decompte.preparer", objet="centre", objet_id=centre_id, centre_id=centre_id
    ) as session:
        lock_row(session, Centre, centre_id, SHARE)
        done = _prepare(session, acteur, centre_id, ids, annee, trimestre)
        record(
            session,
            acteur,
            "decompte.preparer",
            centre_id=centre_id,
            objet="centre",
            objet_id=centre_id,
            annee=annee,
            trimestre=trimestre,
            crees=done.crees,
            recalcules=done.recalcules,
        )
    return done


def _name(portail: Portail, convention_id: UUID) -> str:
    """What a convention of the preparer's own centre is called in a message."""
    with portail.db.read() as session:
        convention = session.get_one(Convention, convention_id)
        return f"{convention.collectivite.nom}, convention n° {convention.numero}"


def _conventions_of(session: Session, centre_id: UUID, annee: int, trimestre: int) -> list[UUID]:
    """Conventions that commit money and run during the year up to this quarter, in the order of their numbers."""
    last = period_bounds(annee, Periodicite.TRIMESTRE, trimestre - 1)[1]
    query = (
        select(Convention.id)
        .where(
            Convention.centre_id == centre_id,
            Convention.etat.in_(COMMITTED_STATES),
            Convention.date_effet <= last,
            Convention.terme >= date(annee, 1, 1),
        )
        .order_by(Convention.annee, Convention.rang)
    )
    return list(session.scalars(query))


def periods_ending(offer: Offer, annee: int, trimestre: int) -> list[Periode]:
    """The periods of an offer that end in a quarter: none in the middle of a half-year, three for a monthly statement."""
    first, last = period_bounds(annee, Periodicite.TRIMESTRE, trimestre - 1)
    periodicite = offer.facturation.periodicite
    every = [Periode(annee, periodicite, rank) for rank in range(12 // periodicite.months)]
    return [one for one in every if first <= one.au <= last]


def _prepare(
    session: Session, acteur: Acteur, centre_id: UUID, ids: Sequence[UUID], annee: int, trimestre: int
) -> Preparation:
    query = select(Convention).where(Convention.id.in_(ids)).order_by(Convention.id)
    query = query.options(joinedload(Convention.dossier))
    conventions = session.scalars(locked(query, of=Convention)).all()
    kept = {
        (one.convention_id, one.du): one
        for one in session.scalars(
            select(Decompte).where(
                Decompte.convention_id.in_(ids),
                Decompte.exercice == annee,
                Decompte.etat != "annule",
                Decompte.contre_id.is_(None),
            )
        )
    }
    done = Preparation()
    for version_id in dict.fromkeys(one.dossier.offre_version_id for one in conventions):
        mine = [one for one in conventions if one.dossier.offre_version_id == version_id]
        offer = get_offer(session, version_id)
        for periode in periods_ending(offer, annee, trimestre):
            releve = load_releve(session, centre_id, mine, offer.facturation, annee)
            if periode.du > releve.jour:  # the months to come of a quarter that has begun
                continue
            for convention in mine:
                found = kept.get((convention.id, periode.du))
                done += _prepare_one(session, acteur, convention, offer, releve, periode, found)
            session.flush()
    return done


def _prepare_one(
    session: Session,
    acteur: Acteur,
    convention: Convention,
    offer: Offer,
    releve: Releve,
    periode: Periode,
    found: Decompte | None,
) -> Preparation:
    if found is not None and found.etat != "brouillon":
        return Preparation(laisses=1)
    calcul = compute_decompte(convention, offer, releve, periode, sauf=found.id if found else None)
    if calcul.vide:
        if found is not None:
            session.delete(found)
        return Preparation(vides=1)
    if found is None:
        found = Decompte(
            centre_id=convention.centre_id,
            collectivite_id=convention.collectivite_id,
            convention_id=convention.id,
            exercice=periode.exercice,
            du=periode.du,
            au=periode.au,
            cree_par=acteur.utilisateur_id,
        )
        session.add(found)
        write_calcul(found, calcul)
        return Preparation(crees=1)
    write_calcul(found, calcul)
    return Preparation(recalcules=1)


def prepare_one(portail: Portail, acteur: Acteur, convention_id: UUID, jour: date) -> UUID:
    """Make the draft of one convention for the period that `jour` is in; its id. Conflit when there is a statement already;
    Invalide when there is nothing to invoice."""
    with portail.action(acteur, "decompte.creer", objet="convention", objet_id=convention_id) as session:
        convention = _lock_convention(session, acteur, convention_id)
        offer = get_offer(session, convention.dossier.offre_version_id)
        periode = period_of(offer, jour)
        _refuse_to_come(session, convention.centre_id, periode)
        releve = load_releve(session, convention.centre_id, [convention], offer.facturation, periode.exercice)
        calcul = compute_decompte(convention, offer, releve, periode)
        if calcul.vide:
            raise Invalide(
                f"Rien n’est à facturer pour la période « {periode.libelle} » : aucun décompte n’est établi."
            )
        made = Decompte(
            centre_id=convention.centre_id,
            collectivite_id=convention.collectivite_id,
            convention_id=convention.id,
            exercice=periode.exercice,
            du=periode.du,
            au=periode.au,
            cree_par=acteur.utilisateur_id,
        )
        write_calcul(made, calcul)
        try:
            with session.begin_nested():
                session.add(made)
        except IntegrityError:
            raise Conflit("Un décompte existe déjà pour cette convention et cette période.") from None
        record_decompte(session, acteur, "decompte.creer", made)
        return made.id


def _lock_convention(session: Session, acteur: Acteur, convention_id: UUID) -> Convention:
    known = session.scalar(select(Convention.centre_id).where(Convention.id == convention_id))
    require_preparer(acteur, known or UUID(int=0))
    lock_row(session, Centre, known, SHARE)
    return lock_row(session, Convention, convention_id)
