"""Statements (*décomptes*) before they are issued: prepared for a quarter, computed again, checked, deleted.

Order of locks, as everywhere: the centre's row (shared: months and tariffs cannot change meanwhile, and hours go on being
recorded for other months), the convention, the statement, the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from domain.decompte import DECOMPTE
from domain.errors import Conflit, Invalide, PortailError, Refus
from domain.offer import Offer
from domain.tarification import Periodicite, period_bounds
from models import Centre, Convention, Decompte, LigneDecompte, utc_now
from services.adhesion.workflow import check_line, check_motif, find_line
from services.centre.offres import get_offer
from services.core.access import Acteur
from services.core.portail import Portail, record
from services.facturation.decompte_views import Lot, Preparation
from services.facturation.exercices import COMMITTED_STATES
from services.facturation.lignes import Calcul, Periode, Releve, compute_decompte, load_releve, period_of
from services.facturation.visibles import get_decompte, require_preparer

CHUNK = 50
"""Conventions prepared in one transaction: others can record in between."""
Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""

ALREADY = {
    "verifier": "Ce décompte a déjà été vérifié.",
    "emettre": "Ce décompte a déjà été émis.",
    "payer": "Le paiement de ce décompte est déjà enregistré.",
    "annuler": "Ce décompte a déjà été annulé.",
}


# Preparing --------------------------------------------------------------------------------------------------------------


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
    Statements checked or issued are left as they are; nothing to invoice makes no statement, and removes a draft."""
    with portail.view(acteur, "decompte.preparer", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        require_preparer(acteur, centre_id)
        if trimestre not in (1, 2, 3, 4) or not 2000 <= annee <= 2200:
            raise Invalide("Choisissez un trimestre de 1 à 4 et une année.", champ="trimestre")
        wanted = _conventions_of(session, centre_id, annee, trimestre)
    done = Preparation()
    for start in range(0, len(wanted), CHUNK):
        with portail.action(
            acteur, "decompte.preparer", objet="centre", objet_id=centre_id, centre_id=centre_id
        ) as session:
            session.get_one(Centre, centre_id, with_for_update={"read": True})
            part = _prepare(session, acteur, centre_id, wanted[start : start + CHUNK], annee, trimestre)
            record(
                session,
                acteur,
                "decompte.preparer",
                centre_id=centre_id,
                objet="centre",
                objet_id=centre_id,
                annee=annee,
                trimestre=trimestre,
                crees=part.crees,
                recalcules=part.recalcules,
            )
        done += part
        if progress:
            progress(min(start + CHUNK, len(wanted)), len(wanted))
    return done


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
    query = select(Convention).where(Convention.id.in_(ids)).order_by(Convention.id).with_for_update(of=Convention)
    conventions = session.scalars(query.options(joinedload(Convention.dossier))).all()
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
    session.get_one(Centre, known, with_for_update={"read": True})
    return session.scalars(
        select(Convention).where(Convention.id == convention_id).with_for_update(of=Convention)
    ).one()


def write_calcul(decompte: Decompte, calcul: Calcul) -> None:
    """Put what was computed in a draft. What a person lifted stays lifted as long as the warning is the same."""
    decompte.lignes = [
        LigneDecompte(
            ordre=ordre,
            nature=one.nature,
            libelle=one.libelle,
            quantite=one.quantite,
            unite=one.unite,
            prix=one.prix,
            montant=one.montant,
            etapes=list(one.etapes),
        )
        for ordre, one in enumerate(calcul.lignes, start=1)
    ]
    decompte.total = calcul.total
    code = calcul.avertissement[0] if calcul.avertissement else None
    levee = (decompte.manifeste or {}).get("levee")
    decompte.manifeste = {
        "periode": calcul.periode.libelle,
        "methode": calcul.methode,
        "avertissement": list(calcul.avertissement) if calcul.avertissement else None,
        "levee": levee if levee and levee["code"] == code else None,
    }


def same_lines(decompte: Decompte, calcul: Calcul) -> bool:
    """Whether a draft says what would be computed now."""
    kept = [(one.nature, one.libelle, one.quantite, one.unite, one.prix, one.montant) for one in decompte.lignes]
    now = [(one.nature, one.libelle, one.quantite, one.unite, one.prix, one.montant) for one in calcul.lignes]
    warning = list(calcul.avertissement) if calcul.avertissement else None
    return kept == now and decompte.manifeste.get("avertissement") == warning


# One draft --------------------------------------------------------------------------------------------------------------


def take(session: Session, acteur: Acteur, decompte_id: UUID, action: str) -> Decompte:
    """The statement, its centre, convention and row held, once the table allows `action` to this person."""
    seen = get_decompte(session, acteur, decompte_id)
    session.get_one(Centre, seen.centre_id, with_for_update={"read": True})
    session.scalars(select(Convention).where(Convention.id == seen.convention_id).with_for_update(of=Convention)).one()
    session.expire(seen)
    decompte = get_decompte(session, acteur, decompte_id, lock=True)
    roles = acteur.roles_for(centre_id=decompte.centre_id)
    if decompte.contre_id is not None:
        raise Refus("Un contre-décompte ne se modifie ni ne s’annule.")
    check_line(DECOMPTE, find_line(DECOMPTE, action), decompte.etat, roles, ALREADY.get(action))
    return decompte


def compute_now(session: Session, decompte: Decompte) -> Calcul:
    """What this statement would hold if it were computed now."""
    convention = decompte.convention
    offer = get_offer(session, convention.dossier.offre_version_id)
    periode = period_of(offer, decompte.du)
    releve = load_releve(session, decompte.centre_id, [convention], offer.facturation, periode.exercice)
    return compute_decompte(convention, offer, releve, periode, sauf=decompte.id)


def recompute(portail: Portail, acteur: Acteur, decompte_id: UUID) -> bool:
    """Compute a draft again, which sends it back to be checked. False when there is nothing left to invoice: it is deleted."""
    with _action(portail, acteur, "recalculer", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "recalculer")
        calcul = compute_now(session, decompte)
        if calcul.vide:
            record_decompte(session, acteur, "decompte.supprimer", decompte, vide=True)
            session.delete(decompte)
            return False
        write_calcul(decompte, calcul)
        _back_to_draft(decompte)
        record_decompte(session, acteur, "decompte.recalculer", decompte)
        return True


def check(portail: Portail, acteur: Acteur, decompte_id: UUID) -> None:
    """Mark a draft as checked: what it says is what is recorded now, and its months are closed. Refus says what is missing;
    Conflit that the figures have changed: it must be computed again and read again."""
    with _action(portail, acteur, "verifier", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "verifier")
        require_right(decompte, compute_now(session, decompte))
        decompte.etat, decompte.verifie_le, decompte.verifie_par = "verifie", utc_now(), acteur.utilisateur_id
        record_decompte(session, acteur, "decompte.verifier", decompte)


def require_right(decompte: Decompte, calcul: Calcul) -> None:
    """Raise unless the draft says what is computed now and nothing keeps it from being checked or issued."""
    if calcul.blocages:
        raise Refus(" ".join(calcul.blocages))
    if not same_lines(decompte, calcul):
        raise Conflit(
            "Les données de ce décompte ont changé depuis son calcul (heures, tarif, absence ou autre décompte). "
            "Recalculez-le et relisez-le."
        )


def reopen(portail: Portail, acteur: Acteur, decompte_id: UUID) -> None:
    """Send a checked statement back to draft."""
    with _action(portail, acteur, "rouvrir", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "rouvrir")
        _back_to_draft(decompte)
        record_decompte(session, acteur, "decompte.rouvrir", decompte)


def _back_to_draft(decompte: Decompte) -> None:
    decompte.etat, decompte.verifie_le, decompte.verifie_par = "brouillon", None, None


def lift_warning(portail: Portail, acteur: Acteur, decompte_id: UUID, motif: str) -> None:
    """Lift the warning of a draft (a tariff of another year, B03), with the reason, which the statement keeps."""
    with _action(portail, acteur, "lever", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "lever")
        reason = check_motif(find_line(DECOMPTE, "lever"), motif)
        warning = decompte.manifeste.get("avertissement")
        if warning is None:
            raise Conflit("Ce décompte n’a plus d’avertissement : rechargez la page.")
        if decompte.manifeste.get("levee"):
            raise Conflit("Cet avertissement a déjà été levé.")
        levee = {
            "code": warning[0],
            "motif": reason,
            "par": str(acteur.utilisateur_id),
            "nom": acteur.nom,
            "le": utc_now().isoformat(),
        }
        decompte.manifeste = {**decompte.manifeste, "levee": levee}
        record_decompte(session, acteur, "decompte.lever", decompte, code=warning[0])


def delete_draft(portail: Portail, acteur: Acteur, decompte_id: UUID) -> None:
    """Delete a draft: it has no number, nothing was sent."""
    with _action(portail, acteur, "supprimer", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "supprimer")
        record_decompte(session, acteur, "decompte.supprimer", decompte)
        session.delete(decompte)


def _action(portail: Portail, acteur: Acteur, action: str, decompte_id: UUID) -> Any:
    return portail.action(acteur, f"decompte.{action}", objet="decompte", objet_id=decompte_id)


def record_decompte(session: Session, acteur: Acteur, action: str, decompte: Decompte, **details: Any) -> None:
    """Journal what was just done to a statement."""
    session.flush()
    record(
        session,
        acteur,
        action,
        centre_id=decompte.centre_id,
        objet="decompte",
        objet_id=decompte.id,
        convention=decompte.convention_id,
        periode=f"{decompte.du.isoformat()}/{decompte.au.isoformat()}",
        total=decompte.total,
        **details,
    )


# Several ----------------------------------------------------------------------------------------------------------------


def run_each(
    portail: Portail,
    acteur: Acteur,
    ids: Sequence[UUID],
    action: Callable[[Portail, Acteur, UUID], object],
    *,
    progress: Progress | None = None,
) -> Lot:
    """Do `action` to each statement, in the order given, each in its own transaction: one that is refused stops no other,
    and is told with the reason."""
    done, refused = 0, []
    wanted = list(dict.fromkeys(ids))
    for rank, (decompte_id, name) in enumerate(_names(portail, acteur, wanted), start=1):
        try:
            action(portail, acteur, decompte_id)
            done += 1
        except PortailError as error:
            refused.append((name, error.message))
        if progress:
            progress(rank, len(wanted))
    return Lot(done, tuple(refused))


def _names(portail: Portail, acteur: Acteur, ids: Sequence[UUID]) -> Iterator[tuple[UUID, str]]:
    """What each statement is called in a message."""
    with portail.db.read() as session:
        names = {}
        for start in range(0, len(ids), 500):
            query = (
                select(Decompte)
                .where(Decompte.id.in_(ids[start : start + 500]))
                .options(joinedload(Decompte.convention).joinedload(Convention.collectivite))
            )
            for one in session.scalars(query):
                if one.centre_id in acteur.centre_ids:
                    names[one.id] = f"{one.convention.collectivite.nom}, {one.manifeste.get('periode') or one.exercice}"
    for one_id in ids:
        yield one_id, names.get(one_id, "Décompte")
