"""Hours from a file: looked at first, then taken in whole or not at all; hours that are recorded already are refused.

A file that grows comes again each month: its lines that are recorded, word for word, are faults of those lines, unless
the person says that this is other work. Nothing of the file is kept, nor its name, which may say something of people.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from documents.tables.lecture import read_table
from domain.activite import SERVICE_DEGRADE
from domain.errors import Invalide
from domain.formatting import date_courte
from domain.releve import Valeurs
from models import Centre, Collectivite, Convention, ImportHeures, Intervention, Utilisateur
from services.activite.interventions import (
    Enregistrement,
    Plan,
    apply,
    check_recorder,
    lock,
    prepare,
    today_of,
    values_of,
)
from services.activite.lecture_heures import Fichier, read_lines
from services.activite.regles import check_degrade_planned
from services.activite.verification import ErreurLigne, LignesRefusees
from services.core.access import Acteur
from services.core.clock import local_time
from services.core.portail import Portail, once

MAX_ERREURS = 200
"""Faults shown at once: past that, it is the file that is wrong."""
EXTRAIT = 10


@dataclass(frozen=True)
class LigneLue:
    """A line of the file as it was understood."""

    rang: int
    assistant: str
    collectivite: str
    valeurs: Valeurs


@dataclass(frozen=True)
class Apercu:
    """What a file would record. With `erreurs`, nothing of it can be. `identiques`: its lines that are recorded already,
    word for word, which nothing but the person's word lets in; `par_collectivite`: name, lines, minutes."""

    lignes: int
    minutes: int
    periode: str
    par_collectivite: tuple[tuple[str, int, int], ...] = ()
    identiques: tuple[ErreurLigne, ...] = ()
    extrait: tuple[LigneLue, ...] = ()
    erreurs: tuple[ErreurLigne, ...] = ()


def preview_import(
    portail: Portail, acteur: Acteur | None, centre_id: UUID, data: bytes, assistant_id: UUID | None = None
) -> Apercu:
    """What the file would record for `assistant_id` (the lines of a responsable may name others by e-mail), or every fault
    in it. Writes nothing. Invalide when the file cannot be read at all, or was taken in already."""
    table = _open(portail, acteur, centre_id, data, assistant_id)
    with portail.view(acteur, "heures.importer", centre_id=centre_id) as session:
        given = _read(session, acteur, centre_id, table, assistant_id)
        try:
            plans = _prepare(session, centre_id, given)
            _check_degrade(session, plans)
        except LignesRefusees as refused:
            return Apercu(given.lignes, 0, "", erreurs=refused.erreurs[:MAX_ERREURS])
        _refuse_again(session, centre_id, _digest(plans))
        return _describe(session, plans)


def import_hours(
    portail: Portail,
    acteur: Acteur | None,
    centre_id: UUID,
    data: bytes,
    operation_id: str,
    assistant_id: UUID | None = None,
    *,
    malgre_identiques: bool = False,
) -> Enregistrement:
    """Record every line of the file, in one transaction; LignesRefusees when one line is at fault, or is recorded already
    and `malgre_identiques` does not say that it is other work. `acteur` is None for the command line, where each line names
    its assistant."""
    table = _open(portail, acteur, centre_id, data, assistant_id)
    with portail.action(acteur, "heures.importer", centre_id=centre_id) as session:
        if acteur is not None:
            check_recorder(session, acteur, centre_id, assistant_id)
        if not once(session, operation_id):
            return Enregistrement(deja=True)
        given = _read(session, acteur, centre_id, table, assistant_id)
        lock(session, centre_id, given.par_assistant)
        plans = _prepare(session, centre_id, given)
        digest = _digest(plans)
        _refuse_again(session, centre_id, digest, forget=True)
        if not malgre_identiques and (known := _find_known(session, plans)):
            raise LignesRefusees(known)
        lot = ImportHeures(
            centre_id=centre_id,
            sha256=digest,
            lignes=given.lignes,
            par=acteur.utilisateur_id if acteur else None,
        )
        session.add(lot)
        session.flush()
        return apply(session, acteur, centre_id, plans, lot.id)


def _open(
    portail: Portail, acteur: Acteur | None, centre_id: UUID, data: bytes, assistant_id: UUID | None
) -> list[list[str]]:
    """The table of the file, opened only for somebody who may record its hours."""
    if acteur is not None:
        with portail.view(acteur, "heures.importer", centre_id=centre_id) as session:
            check_recorder(session, acteur, centre_id, assistant_id)
    return read_table(data)


def _read(
    session: Session, acteur: Acteur | None, centre_id: UUID, table: list[list[str]], assistant_id: UUID | None
) -> Fichier:
    usual = check_recorder(session, acteur, centre_id, assistant_id) if acteur else assistant_id
    given = read_lines(session, acteur, centre_id, table, usual)
    if not given.lignes:
        raise Invalide("Ce fichier ne contient aucune ligne d’heures.", champ="fichier")
    return given


def _prepare(session: Session, centre_id: UUID, given: Fichier) -> list[Plan]:
    """The lines of every assistant, checked together: all the faults of the file come at once."""
    faults, plans = list(given.erreurs), []
    today = today_of(session, centre_id)
    for assistant_id, lines in given.par_assistant.items():
        try:
            plans.append(prepare(session, centre_id, assistant_id, lines, today))
        except LignesRefusees as refused:
            # The messages of the reader come first: « which collectivité » is not told twice.
            known = {(one.rang, one.champ) for one in faults}
            faults += [one for one in refused.erreurs if (one.rang, one.champ) not in known]
    if faults:
        raise LignesRefusees(faults)
    return plans


def _digest(plans: Iterable[Plan]) -> str:
    """What the file says, whatever its form: the same hours saved again as another kind of file are the same file."""
    lines = sorted(
        "|".join((str(plan.assistant_id), *map(str, one.plain().values()))) for plan in plans for _, one in plan.ajouts
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _refuse_again(session: Session, centre_id: UUID, digest: str, *, forget: bool = False) -> None:
    """Invalide when these hours were taken in and some are still there. When all were removed, the file may come again,
    and `forget` deletes that import to make room for the new one."""
    query = select(ImportHeures).where(ImportHeures.centre_id == centre_id, ImportHeures.sha256 == digest)
    before = session.scalars(query).one_or_none()
    if before is None:
        return
    left = session.scalar(select(func.count()).where(Intervention.lot_id == before.id)) or 0
    if not left:
        if forget:
            session.delete(before)
            session.flush()
        return
    by = session.get(Utilisateur, before.par) if before.par else None
    fuseau = session.get_one(Centre, centre_id).fuseau
    when = date_courte(local_time(before.le, fuseau).date())
    raise Invalide(
        f"Ces heures ont déjà été importées le {when}{' par ' + by.nom_complet if by else ''} ({_lines(before.lignes)}, dont"
        f" {left} encore enregistrée{'s' if left > 1 else ''}). Rien n’a été enregistré.",
        champ="fichier",
    )


def _lines(count: int) -> str:
    return f"{count} ligne{'s' if count > 1 else ''}"


def _check_degrade(session: Session, plans: Sequence[Plan]) -> None:
    """LignesRefusees when the file goes past what a collectivité asked for of the service dégradé; recording checks it
    again, once the hours are counted."""
    planned: dict[UUID, list[tuple[int, Valeurs]]] = {}
    for rang, one in (line for plan in plans for line in plan.ajouts):
        if one.nature == SERVICE_DEGRADE:
            planned.setdefault(one.convention_id, []).append((rang, one))
    faults: list[ErreurLigne] = []
    for convention_id, lines in planned.items():
        try:
            check_degrade_planned(session, convention_id, [(one.jour, one.minutes) for _, one in lines])
        except Invalide as error:
            faults.append(ErreurLigne(max(rang for rang, _ in lines), error.champ or "", error.message))
    if faults:
        raise LignesRefusees(faults)


def _describe(session: Session, plans: Sequence[Plan]) -> Apercu:
    found = [(rang, plan.assistant_id, one) for plan in plans for rang, one in plan.ajouts]
    names = _collectivites(session, {one.convention_id for _, _, one in found})
    people = {
        one.id: one.nom_complet
        for one in session.scalars(select(Utilisateur).where(Utilisateur.id.in_({who for _, who, _ in found})))
    }
    lines, minutes = Counter[str](), Counter[str]()
    for _, _, one in found:
        lines[names[one.convention_id]] += 1
        minutes[names[one.convention_id]] += one.minutes
    days = sorted(one.jour for _, _, one in found)
    return Apercu(
        lignes=len(found),
        minutes=sum(minutes.values()),
        periode=f"du {date_courte(days[0])} au {date_courte(days[-1])}",
        par_collectivite=tuple((name, lines[name], minutes[name]) for name in sorted(lines)),
        identiques=tuple(_find_known(session, plans)[:MAX_ERREURS]),
        extrait=tuple(
            LigneLue(rang, people[who], names[one.convention_id], one)
            for rang, who, one in sorted(found, key=lambda line: line[0])[:EXTRAIT]
        ),
    )


def _collectivites(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    query = select(Convention.id, Collectivite.nom).join(Collectivite).where(Convention.id.in_(ids))
    return {row.id: row.nom for row in session.execute(query)}


def _find_known(session: Session, plans: Sequence[Plan]) -> list[ErreurLigne]:
    """Lines that say exactly what a recorded one says (assistant, convention, day, minutes, codes), each recorded one
    counting once: a fault for each."""
    known: list[ErreurLigne] = []
    for plan in plans:
        days = [one.jour for _, one in plan.ajouts]
        query = select(Intervention).where(
            Intervention.assistant_id == plan.assistant_id, Intervention.jour.between(min(days), max(days))
        )
        there = Counter(values_of(row) for row in session.scalars(query))
        for rang, one in sorted(plan.ajouts, key=lambda line: line[0]):
            if there[one] > 0:
                there[one] -= 1
                known.append(ErreurLigne(rang, "", "déjà enregistrée à l’identique. Retirez-la du fichier."))
    return sorted(known, key=lambda one: one.rang)
