"""Reading the journal: lines of an administrator's centres, check of the chain, export. Exports are journalled.

Names are looked up when the journal is read: it holds opaque ids only (services.core.journal).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Refus
from domain.formatting import NBSP
from domain.roles import Role
from models import Acte, AuditEvent, Centre, Collectivite, Dossier, RoleAttribue, Utilisateur
from services.comptes import rights
from services.convention.convention_views import EventRow
from services.core import journal
from services.core.access import Acteur, get_dossier
from services.core.clock import DEFAULT_ZONE, local_time, today
from services.core.journal_details import key_label, value_label
from services.core.journal_labels import ACTION_LABELS, action_label, object_label
from services.core.paging import Page, paginate
from services.core.portail import Portail, record

MAX_EXPORT = 100_000
MAX_NAMES = 4
OPAQUE = re.compile("[0-9a-f-]{32,64}")
MAX_HISTORY = 500
UNTOLD = frozenset({"refus", "message.lire", "document.produire", "piece.lire"})
"""Actions that a dossier's history leaves out: the journal's business."""


@dataclass(frozen=True)
class JournalFilter:
    """Which lines: an action's code, days included at both ends (of the centre's time zone), a thing's id."""

    action: str | None = None
    du: date | None = None
    au: date | None = None
    objet_id: str | None = None
    page: int = 1
    taille: int = 50


@dataclass(frozen=True)
class LigneJournal:
    """One line to read. `cible` names the thing, as far as it still exists; `details` is plain text, `resume` the same
    in words, with ids and hashes cut short."""

    seq: int
    le: datetime
    acteur: str
    action: str
    libelle: str
    objet: str | None
    objet_id: str | None
    cible: str
    details: str
    resume: str
    hash: str


@dataclass(frozen=True)
class JournalScope:
    """What the page offers: the centres read, their time zone, the actions that occur, by code."""

    centre_ids: frozenset[UUID]
    fuseau: str
    actions: dict[str, str]


def open_scope(portail: Portail, acteur: Acteur) -> JournalScope:
    """What an administrator may read; Refus for anybody else."""
    with portail.view(acteur, "journal.lire") as session:
        centre_ids = _administered(acteur)
        zone = session.scalar(select(Centre.fuseau).where(Centre.id.in_(centre_ids)).limit(1)) or DEFAULT_ZONE
        codes = session.scalars(_lines(centre_ids).with_only_columns(AuditEvent.action).order_by(None).distinct())
        named = {code: action_label(code) for code in codes}
        return JournalScope(centre_ids, zone, dict(sorted(named.items(), key=lambda item: item[1])))


def list_lines(portail: Portail, acteur: Acteur, filtre: JournalFilter) -> Page[LigneJournal]:
    """Lines of the person's centres, newest first."""
    scope = open_scope(portail, acteur)
    with portail.db.read() as session:
        found = paginate(
            session,
            _filtered(scope, filtre),
            page=filtre.page,
            taille=filtre.taille,
            order=(AuditEvent.seq.desc(),),
            build=lambda row: row[0],
        )
        return Page(tuple(name_lines(session, found.rows)), found.total, found.page, found.taille)


def list_dossier_history(portail: Portail, acteur: Acteur, dossier_id: UUID) -> list[EventRow]:
    """What happened to one dossier, newest first: for anybody of the centre who may open it. Reads and refusals left out."""
    with portail.view(acteur, "dossier.historique", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        if dossier.centre_id not in acteur.centre_ids:
            raise Introuvable()
        query = journal.lines(frozenset({dossier.centre_id}), objet_id=str(dossier_id)).limit(MAX_HISTORY)
        events = [
            event
            for event in session.scalars(query)
            if (event.action in ACTION_LABELS or event.action.startswith("dossier.")) and event.action not in UNTOLD
        ]
        people = _names(session, {event.acteur_id for event in events if event.acteur_id})
        return [
            EventRow(
                le=event.le,
                qui=people.get(event.acteur_id, "Compte supprimé") if event.acteur_id else "Portail",
                libelle=action_label(event.action),
            )
            for event in events
        ]


def verify_chain(portail: Portail, acteur: Acteur) -> journal.Verification:
    """Check the whole chain; the check itself is journalled."""
    with portail.view(acteur, "journal.verifier") as session:  # the walk is long: nobody waits for it to save
        centre_id = min(_administered(acteur))
        outcome = journal.verify(session)
    with portail.action(acteur, "journal.verifier") as session:
        record(session, acteur, "journal.verifier", centre_id=centre_id, lignes=outcome.lignes, rupture=outcome.rupture)
    return outcome


def export_lines(portail: Portail, acteur: Acteur, filtre: JournalFilter) -> tuple[str, bytes]:
    """File name and CSV (UTF-8 with BOM, semicolons: opens in a French spreadsheet) of the filtered lines."""
    scope = open_scope(portail, acteur)
    with portail.view(acteur, "journal.exporter") as session:
        query = _filtered(scope, filtre).order_by(AuditEvent.seq.desc()).limit(MAX_EXPORT)
        rows = list(name_lines(session, session.scalars(query).all()))
    with portail.action(acteur, "journal.exporter") as session:
        record(session, acteur, "journal.exporter", centre_id=min(scope.centre_ids), lignes=len(rows))
    return f"journal-{today(scope.fuseau).isoformat()}.csv", _csv(rows, scope.fuseau)


def _administered(acteur: Acteur) -> frozenset[UUID]:
    centre_ids = acteur.centres_with(Role.ADMINISTRATEUR)
    if not centre_ids:
        raise Refus("Le journal est réservé aux administrateurs du centre.")
    return centre_ids


def _lines(centre_ids: frozenset[UUID]) -> Select[Any]:
    """Lines of these centres; what belongs to no centre (logins, refused pages) of their people: those who hold a role
    there, or for a collectivité that they know; and what is about nobody (logins that name no account), which every
    administrator reads."""
    known = select(Collectivite.id).where(rights.known_collectivites(centre_ids))
    members = select(RoleAttribue.utilisateur_id).where(
        or_(RoleAttribue.centre_id.in_(centre_ids), RoleAttribue.collectivite_id.in_(known))
    )
    return select(AuditEvent).where(
        or_(
            AuditEvent.centre_id.in_(centre_ids),
            and_(AuditEvent.centre_id.is_(None), AuditEvent.acteur_id.in_(members)),
            and_(AuditEvent.centre_id.is_(None), AuditEvent.acteur_id.is_(None), AuditEvent.objet_id.is_(None)),
        )
    )


def _filtered(scope: JournalScope, filtre: JournalFilter) -> Select[Any]:
    query = _lines(scope.centre_ids)
    if filtre.action:
        query = query.where(AuditEvent.action == filtre.action)
    if filtre.objet_id:
        query = query.where(AuditEvent.objet_id == filtre.objet_id)
    # The first and the last day of the calendar leave nothing out, and their midnight elsewhere is in no calendar.
    if filtre.du and filtre.du > date.min:
        query = query.where(AuditEvent.le >= _midnight(filtre.du, scope.fuseau))
    if filtre.au and filtre.au < date.max:
        query = query.where(AuditEvent.le < _midnight(filtre.au + timedelta(days=1), scope.fuseau))
    return query


def _midnight(day: date, fuseau: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(fuseau))


def name_lines(session: Session, events: Sequence[AuditEvent]) -> Iterable[LigneJournal]:
    """These lines as people read them, in the same order: names are looked up now."""
    people = _names(session, {event.acteur_id for event in events if event.acteur_id})
    things = _things(session, events)
    for event in events:
        details = dict(event.details)
        asked = details.pop("demande", None)
        yield LigneJournal(
            seq=event.seq,
            le=event.le,
            acteur=people.get(event.acteur_id, "Compte supprimé") if event.acteur_id else "Portail",
            action=event.action,
            libelle=action_label(event.action, asked),
            objet=event.objet,
            objet_id=event.objet_id,
            cible=things.get(event.objet_id or "", "") or object_label(event.objet),
            details=", ".join(f"{key} : {_plain(value)}" for key, value in details.items()),
            resume=", ".join(f"{key_label(key)}{NBSP}: {_short(value)}" for key, value in details.items()),
            hash=event.hash,
        )


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_plain(one)}" for key, one in value.items())
    return ", ".join(_plain(one) for one in value) if isinstance(value, list) else str(value)


def _short(value: object) -> str:
    """A value for the screen: names of a dict, ids and hashes by their first characters."""
    if isinstance(value, dict):
        value = list(value)
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value[:MAX_NAMES]) + ("…" if len(value) > MAX_NAMES else "")
    text = value_label(str(value))
    if OPAQUE.fullmatch(text):
        return f"{text[:8]}…"
    return text if len(text) <= 80 else f"{text[:80]}…"


def _names(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    return {user.id: user.nom_complet for user in session.scalars(select(Utilisateur).where(Utilisateur.id.in_(ids)))}


def _things(session: Session, events: Sequence[AuditEvent]) -> dict[str, str]:
    """« Dossier D-2026-0001 », « Convention 2026-0007 », « Compte de … » by id, for the ids that lead somewhere."""

    def ids(objet: str) -> list[UUID]:
        return [found for event in events if event.objet == objet and (found := _uuid(event.objet_id))]

    named: dict[str, str] = {}
    for dossier in session.execute(select(Dossier.id, Dossier.reference).where(Dossier.id.in_(ids("dossier")))):
        named[str(dossier.id)] = f"Dossier {dossier.reference}"
    wanted = [*ids("convention"), *ids("avenant")]
    for act in session.execute(select(Acte.id, Acte.numero, Acte.nature).where(Acte.id.in_(wanted))):
        named[str(act.id)] = f"{act.nature.capitalize()} {act.numero}"
    named.update({str(key): f"Compte de {name}" for key, name in _names(session, set(ids("utilisateur"))).items()})
    return named


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _csv(rows: Iterable[LigneJournal], fuseau: str) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";")
    writer.writerow(["Ligne", "Date", "Personne", "Action", "Code", "Objet", "Identifiant", "Détails", "Empreinte"])
    for row in rows:
        cells = (row.acteur, row.libelle, row.action, row.cible, row.objet_id or "", row.details, row.hash)
        moment = local_time(row.le, fuseau).strftime("%d/%m/%Y %H:%M:%S")
        writer.writerow([row.seq, moment, *(inert_cell(cell) for cell in cells)])
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


def inert_cell(text: str) -> str:
    """`text` that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


__all__ = [
    "JournalFilter",
    "JournalScope",
    "LigneJournal",
    "export_lines",
    "inert_cell",
    "list_dossier_history",
    "list_lines",
    "name_lines",
    "open_scope",
    "verify_chain",
]
