"""Several statements at once: checked or issued by the dozen, each of the other actions one by one.

What can be done is done for many in one transaction; each of the others goes through the action for one, which refuses it
with its reason, and journals the refusal. One that is refused stops no other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from domain.decompte import DECOMPTE
from domain.errors import PortailError
from models import Centre, Convention, Decompte, utc_now
from services.centre.offres import get_offer
from services.core.access import Acteur
from services.core.locks import SHARE, lock_row, locked
from services.core.portail import Portail
from services.facturation import decomptes as one_by_one
from services.facturation import emission
from services.facturation.decompte_views import Lot
from services.facturation.decomptes import Progress, record_decomptes, require_right
from services.facturation.echecs import tell_failure
from services.facturation.lignes import Calcul, compute_decompte
from services.facturation.releve import Releve, load_releve, period_of
from services.facturation.scellement import seal_all
from services.facturation.visibles import visible_decomptes

logger = logging.getLogger("portail")

CHUNK = 25
"""Statements handled in one transaction: others record in between."""
Action = Callable[[Portail, Acteur, UUID], object]


def check_all(portail: Portail, acteur: Acteur, ids: Sequence[UUID], *, progress: Progress | None = None) -> Lot:
    """Mark drafts as checked."""
    return _by_chunks(portail, acteur, ids, "verifier", one_by_one.check, progress)


def issue_all(portail: Portail, acteur: Acteur, ids: Sequence[UUID], *, progress: Progress | None = None) -> Lot:
    """Issue checked statements: numbers follow the order given."""
    return _by_chunks(portail, acteur, ids, "emettre", emission.issue, progress)


def run_each(
    portail: Portail, acteur: Acteur, ids: Sequence[UUID], action: Action, *, progress: Progress | None = None
) -> Lot:
    """Do `action` to each statement, in the order given, each in its own transaction."""
    wanted = list(dict.fromkeys(ids))
    done, refused = 0, list[tuple[str, str]]()
    for rank, one in enumerate(wanted, start=1):
        count, reasons = _one(portail, acteur, one, action)
        done, refused = done + count, refused + reasons
        if progress:
            progress(rank, len(wanted))
    return Lot(done, tuple(refused))


def _by_chunks(
    portail: Portail, acteur: Acteur, ids: Sequence[UUID], action: str, single: Action, progress: Progress | None
) -> Lot:
    wanted = list(dict.fromkeys(ids))
    done, refused = 0, list[tuple[str, str]]()
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        handled = _handle(portail, acteur, chunk, action)
        done += len(handled)
        for one in chunk:
            if one not in handled:
                count, reasons = _one(portail, acteur, one, single)
                done, refused = done + count, refused + reasons
        if progress:
            progress(start + len(chunk), len(wanted))
    return Lot(done, tuple(refused))


def _one(portail: Portail, acteur: Acteur, decompte_id: UUID, action: Action) -> tuple[int, list[tuple[str, str]]]:
    try:
        action(portail, acteur, decompte_id)
    except Exception as error:
        return 0, [(_name(portail, acteur, decompte_id), tell_failure(error))]
    return 1, []


def _name(portail: Portail, acteur: Acteur, decompte_id: UUID) -> str:
    """What a statement is called in a message."""
    with portail.db.read() as session:
        found = session.scalars(visible_decomptes(acteur).where(Decompte.id == decompte_id)).one_or_none()
        if found is None:
            return "Décompte"
        return f"{found.convention.collectivite.nom}, {found.manifeste.get('periode') or found.exercice}"


def _handle(portail: Portail, acteur: Acteur, ids: Sequence[UUID], action: str) -> set[UUID]:
    """Do what is possible for these, in one transaction; the ids done. Nothing when anything at all goes wrong: each is then
    tried alone."""
    try:
        with portail.db.write() as session:
            found = [one for one, _ in _ready(session, acteur, ids, action)]
            for centre_id in dict.fromkeys(one.centre_id for one in found):
                _apply(portail, session, acteur, action, [one for one in found if one.centre_id == centre_id])
            if found:
                record_decomptes(session, acteur, f"decompte.{action}", found)
            return {one.id for one in found}
    except PortailError:
        return set()
    except Exception:
        logger.exception("a batch of %d statements failed, each is tried alone", len(ids))
        return set()


def _apply(portail: Portail, session: Session, acteur: Acteur, action: str, mine: Sequence[Decompte]) -> None:
    if action == "emettre":
        seal_all(portail, session, acteur, mine)
        return
    for one in mine:
        one.etat, one.verifie_le, one.verifie_par = "verifie", utc_now(), acteur.utilisateur_id


def _ready(session: Session, acteur: Acteur, ids: Sequence[UUID], action: str) -> Iterator[tuple[Decompte, Calcul]]:
    """The statements that the action may be done to, everything held that it depends on."""
    line = DECOMPTE.transition(action)
    centres = acteur.centres_with(*line.roles)
    seen = session.execute(
        select(Decompte.centre_id, Decompte.convention_id).where(Decompte.id.in_(ids), Decompte.centre_id.in_(centres))
    ).all()
    for centre_id in sorted({row.centre_id for row in seen}):
        lock_row(session, Centre, centre_id, SHARE)
    held = _hold_conventions(session, {row.convention_id for row in seen})
    query = (
        select(Decompte)
        .where(Decompte.id.in_(ids), Decompte.convention_id.in_(held), Decompte.contre_id.is_(None))
        .options(selectinload(Decompte.lignes))
        .order_by(Decompte.id)
    )
    found = {one.id: one for one in session.scalars(locked(query, of=Decompte)) if one.etat in line.de}
    releves: dict[Any, Releve] = {}
    for one in (found[key] for key in ids if key in found):
        calcul = _compute(session, one, list(found.values()), releves)
        try:
            (require_right if action == "verifier" else emission.require_issuable)(one, calcul)
        except PortailError:
            continue  # refused by the action for one, which says why and journals it
        yield one, calcul


def _hold_conventions(session: Session, ids: set[UUID]) -> dict[UUID, Convention]:
    query = (
        select(Convention)
        .where(Convention.id.in_(ids))
        .order_by(Convention.id)
        .options(joinedload(Convention.dossier), joinedload(Convention.collectivite), joinedload(Convention.centre))
    )
    return {one.id: one for one in session.scalars(locked(query, of=Convention))}


def _compute(session: Session, decompte: Decompte, together: Sequence[Decompte], releves: dict[Any, Releve]) -> Calcul:
    """What the statement would hold now; what is recorded is read once for all those of one offer and year."""
    version_id = decompte.convention.dossier.offre_version_id
    offer = get_offer(session, version_id)
    key = (decompte.centre_id, version_id, decompte.exercice)
    if key not in releves:
        mine = [
            one.convention
            for one in together
            if (one.centre_id, one.convention.dossier.offre_version_id, one.exercice) == key
        ]
        releves[key] = load_releve(session, decompte.centre_id, mine, offer.facturation, decompte.exercice)
    periode = period_of(offer, decompte.du)
    return compute_decompte(decompte.convention, offer, releves[key], periode, sauf=decompte.id)
