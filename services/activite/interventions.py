"""Recording hours: lines come together and are recorded together, or none is.

Order of locks: the centre (shared: a month cannot close meanwhile), the assistants (their day is summed up), the rows, the
rollup, the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from domain.activite import SERVICE_DEGRADE
from domain.errors import Introuvable, Invalide, Refus
from domain.releve import Valeurs
from domain.roles import Role
from models import Affectation, Centre, Intervention, RoleAttribue, Utilisateur, new_id
from services.activite import brouillons
from services.activite.cumuls import Mouvements
from services.activite.regles import check_degrade
from services.activite.verification import (
    ConflitLigne,
    ErreurLigne,
    Ligne,
    LignesEnConflit,
    LignesRefusees,
    Verificateur,
    check_totals,
)
from services.core import clock, journal
from services.core.access import Acteur
from services.core.locks import SHARE, WHOLE, lock_row, locked
from services.core.portail import Portail, once

MAX_LIGNES = 500
"""Lines of one submission by hand: a week has some forty."""


@dataclass(frozen=True)
class Enregistrement:
    """What a submission did. `deja`: it was the echo of one already recorded."""

    ajoutees: int = 0
    modifiees: int = 0
    retirees: int = 0
    deja: bool = False

    @property
    def total(self) -> int:
        return self.ajoutees + self.modifiees + self.retirees


@dataclass(frozen=True)
class _Ajout:
    """An intervention about to become a row."""

    id: UUID
    centre_id: UUID
    assistant_id: UUID
    lot_id: UUID | None
    jour: date
    convention_id: UUID
    minutes: int
    nature: str
    categorie: str
    origine: str
    lieu: str
    forme: str


@dataclass
class Plan:
    """Lines of one assistant that hold, sorted by what becomes of them."""

    assistant_id: UUID
    ajouts: list[tuple[int, Valeurs]]
    corrections: list[tuple[int, Intervention, Valeurs]]
    retraits: list[tuple[int, Intervention]]


def record_interventions(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    lines: Sequence[Ligne],
    operation_id: str,
    *,
    assistant_id: UUID | None = None,
    semaine: date | None = None,
) -> Enregistrement:
    """Record, change and remove interventions of the acting assistant, or of `assistant_id` when the responsable corrects,
    in one transaction; the draft of the week that begins on `semaine` goes with it.

    LignesRefusees lists every fault; LignesEnConflit shows both versions of what somebody else changed meanwhile.
    """
    with portail.action(acteur, "intervention.enregistrer", centre_id=centre_id) as session:
        who = check_recorder(session, acteur, centre_id, assistant_id)
        if not once(session, operation_id):
            return Enregistrement(deja=True)
        if len(lines) > MAX_LIGNES:
            raise Invalide(f"Enregistrez au plus {MAX_LIGNES} lignes à la fois, ou importez un fichier.")
        lock(session, centre_id, [who])
        plan = prepare(session, centre_id, who, lines, today_of(session, centre_id))
        done = apply(session, acteur, centre_id, [plan])
        if semaine is not None:
            brouillons.discard(session, acteur.utilisateur_id, centre_id, who, semaine)
        return done


def check_recorder(session: Session, acteur: Acteur, centre_id: UUID, assistant_id: UUID | None) -> UUID:
    """Whose hours this person may read and change at this centre: their own as an assistant, those of `assistant_id` as the
    responsable. Introuvable for another centre or somebody who never worked there."""
    if centre_id not in acteur.centre_ids:
        raise Introuvable()
    who = assistant_id or acteur.utilisateur_id
    roles = acteur.roles_for(centre_id=centre_id)
    if who == acteur.utilisateur_id and Role.ASSISTANT in roles:
        return who
    if Role.RESPONSABLE not in roles:
        raise Introuvable() if assistant_id else Refus("Seul un assistant du centre enregistre des heures.")
    if assistant_id is None:
        raise Refus("Choisissez l’assistant dont vous corrigez les heures.")
    if not _works_at(session, centre_id, who):
        raise Introuvable()
    return who


def _works_at(session: Session, centre_id: UUID, person_id: UUID) -> bool:
    assigned = select(Affectation.id).where(Affectation.centre_id == centre_id, Affectation.assistant_id == person_id)
    role = select(RoleAttribue.id).where(
        RoleAttribue.centre_id == centre_id,
        RoleAttribue.utilisateur_id == person_id,
        RoleAttribue.role == Role.ASSISTANT.value,
    )
    return any(session.scalar(query.limit(1)) is not None for query in (assigned, role))


def today_of(session: Session, centre_id: UUID) -> date:
    """The day it is at this centre."""
    zone = session.scalars(select(Centre.fuseau).where(Centre.id == centre_id)).one()
    return clock.today(zone)


def lock(session: Session, centre_id: UUID, assistants: Iterable[UUID]) -> None:
    """Hold the centre shared (its months stay as they are) and these assistants: nobody else adds to their days meanwhile."""
    lock_row(session, Centre, centre_id, SHARE)
    people = select(Utilisateur.id).where(Utilisateur.id.in_(set(assistants))).order_by(Utilisateur.id)
    session.execute(locked(people)).all()


def prepare(
    session: Session, centre_id: UUID, assistant_id: UUID, lines: Sequence[Ligne], today: date, *, offset: int = 0
) -> Plan:
    """What these lines of one assistant do, checked; changes nothing. Lines without a number get their place (+ `offset`)."""
    numbered = [line if line.rang else _numbered(line, offset + rank) for rank, line in enumerate(lines, start=1)]
    held = _held_rows(session, centre_id, assistant_id, numbered)
    days = [line.jour for line in numbered if line.jour] + [row.jour for row in held.values()]
    check = Verificateur(session, centre_id, assistant_id, today, min(days, default=today), max(days, default=today))
    plan, faults, conflicts = Plan(assistant_id, [], [], []), [], []
    for line in numbered:
        row = held.get(line.id) if line.id else None
        wanted, wrong = (None, _closed_fault(check, line, row)) if line.retirer else check.check(line)
        if row is not None and not line.retirer:
            wrong = wrong + _closed_fault(check, line, row)
        if line.id and (row is None or row.version != line.version):
            if (row is None and line.retirer) or (row is not None and wanted == values_of(row)):
                continue  # both did the same
            conflicts.append(_conflict(line, wanted, row))
        faults += wrong
        if not wrong:
            _file(plan, line, row, wanted)
    faults += _check_days(session, assistant_id, plan)
    if faults:
        raise LignesRefusees(faults)
    if conflicts:
        raise LignesEnConflit(conflicts)
    return plan


def _numbered(line: Ligne, rank: int) -> Ligne:
    return Ligne(**{**vars(line), "rang": rank})


def _held_rows(
    session: Session, centre_id: UUID, assistant_id: UUID, lines: Iterable[Ligne]
) -> dict[UUID, Intervention]:
    """The rows that these lines change, locked in the order of their ids. Introuvable when one is somebody else's."""
    ids = {line.id for line in lines if line.id}
    if not ids:
        return {}
    query = select(Intervention).where(Intervention.id.in_(ids)).order_by(Intervention.id)
    rows = session.scalars(locked(query, WHOLE)).all()
    if any(row.assistant_id != assistant_id or row.centre_id != centre_id for row in rows):
        raise Introuvable()
    return {row.id: row for row in rows}


def _closed_fault(check: Verificateur, line: Ligne, row: Intervention | None) -> list[ErreurLigne]:
    """What is recorded in a closed month stays as it is."""
    closed = check.closed(row.jour) if row is not None and row.jour != line.jour else None
    if row is not None and line.retirer:
        closed = check.closed(row.jour)
    return [ErreurLigne(line.rang, "jour", closed)] if closed else []


def values_of(row: Intervention) -> Valeurs:
    """What a recorded row says."""
    return Valeurs(
        row.jour, row.convention_id, row.minutes, row.nature, row.categorie, row.origine, row.lieu, row.forme
    )


def _conflict(line: Ligne, wanted: Valeurs | None, row: Intervention | None) -> ConflitLigne:
    if line.id is None:
        raise ValueError("only a recorded line can be in conflict")
    return ConflitLigne(line.rang, line.id, wanted, values_of(row) if row else None, row.version if row else None)


def _file(plan: Plan, line: Ligne, row: Intervention | None, wanted: Valeurs | None) -> None:
    if line.retirer:
        if row is not None:
            plan.retraits.append((line.rang, row))
    elif wanted is not None and line.id is None:
        plan.ajouts.append((line.rang, wanted))
    elif wanted is not None and row is not None and wanted != values_of(row):
        plan.corrections.append((line.rang, row, wanted))


def _check_days(session: Session, assistant_id: UUID, plan: Plan) -> list[ErreurLigne]:
    lines = sorted(plan.ajouts + [(rang, wanted) for rang, _, wanted in plan.corrections], key=lambda one: one[0])
    if not lines:
        return []
    gone = [row for _, row, _ in plan.corrections] + [row for _, row in plan.retraits]
    query = (
        select(Intervention.jour, func.sum(Intervention.minutes))
        .where(Intervention.assistant_id == assistant_id, Intervention.jour.in_({one.jour for _, one in lines}))
        .group_by(Intervention.jour)
    )
    already = {jour: int(minutes) for jour, minutes in session.execute(query)}
    for row in gone:
        if row.jour in already:
            already[row.jour] -= row.minutes
    return check_totals(already, lines)


def apply(
    session: Session, acteur: Acteur | None, centre_id: UUID, plans: Sequence[Plan], lot_id: UUID | None = None
) -> Enregistrement:
    """Write what was prepared, the rollup with it, and the journal: one line for what is added, one for each correction and
    removal, with what was there before. `acteur` is None for the command line."""
    moves = Mouvements()
    removed, corrected = _correct(session, moves, plans)
    added = [
        _Ajout(new_id(), centre_id, plan.assistant_id, lot_id, **asdict(one))
        for plan in plans
        for _, one in plan.ajouts
    ]
    for ajout in added:
        moves.take(ajout)
    if added:
        session.execute(insert(Intervention), [vars(one) for one in added])
    session.flush()
    moves.write(session)
    _check_degrade(session, plans)
    by = acteur.utilisateur_id if acteur else None
    for action, row_id, details in removed + corrected:
        journal.record(
            session, action, acteur_id=by, centre_id=centre_id, objet="intervention", objet_id=row_id, **details
        )
    if added:
        _record_added(session, by, centre_id, plans, added, lot_id)
    return Enregistrement(len(added), len(corrected), len(removed))


_Event = tuple[str, UUID, dict[str, object]]


def _correct(session: Session, moves: Mouvements, plans: Sequence[Plan]) -> tuple[list[_Event], list[_Event]]:
    """Take rows away and change others; the lines that the journal will hold about each."""
    removed: list[_Event] = []
    corrected: list[_Event] = []
    for plan in plans:
        whose = {"assistant": str(plan.assistant_id)}
        for _, row in plan.retraits:
            moves.take(row, -1)
            removed.append(("intervention.retirer", row.id, {**whose, "avant": values_of(row).plain()}))
            session.delete(row)
        for _, row, wanted in plan.corrections:
            before = values_of(row)
            changed = wanted.changes(before)
            old, new = before.plain(), wanted.plain()
            moves.take(row, -1)
            for name in changed:
                setattr(row, name, getattr(wanted, name))
            moves.take(row)
            details: dict[str, object] = {
                **whose,
                "avant": {name: old[name] for name in changed},
                "apres": {name: new[name] for name in changed},
            }
            corrected.append(("intervention.corriger", row.id, details))
    return removed, corrected


def _check_degrade(session: Session, plans: Sequence[Plan]) -> None:
    """The most that the collectivité asked for, now that the hours are counted; the last such line is at fault."""
    degraded: dict[UUID, list[tuple[int, date]]] = {}
    for plan in plans:
        for rang, one in plan.ajouts + [(rang, wanted) for rang, _, wanted in plan.corrections]:
            if one.nature == SERVICE_DEGRADE:
                degraded.setdefault(one.convention_id, []).append((rang, one.jour))
    for convention_id, lines in degraded.items():
        try:
            check_degrade(session, convention_id, [jour for _, jour in lines])
        except Invalide as error:
            last = max(rang for rang, _ in lines)
            raise LignesRefusees([ErreurLigne(last, error.champ or "", error.message)]) from error


def _record_added(
    session: Session,
    by: UUID | None,
    centre_id: UUID,
    plans: Sequence[Plan],
    added: Sequence[_Ajout],
    lot_id: UUID | None,
) -> None:
    days = [one.jour for one in added]
    journal.record(
        session,
        "heures.importer" if lot_id else "intervention.enregistrer",
        acteur_id=by,
        centre_id=centre_id,
        objet="lot_heures" if lot_id else "assistant",
        objet_id=lot_id or plans[0].assistant_id,
        nombre=len(added),
        minutes=sum(one.minutes for one in added),
        du=min(days).isoformat(),
        au=max(days).isoformat(),
        lignes=None if lot_id else [str(one.id) for one in added],
    )
