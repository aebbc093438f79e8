"""Reminders before the deadlines, a duty of the daily round: who is told, when, once.

The offer in force says which deadlines are reminded of, how long before, and to which roles (`rappels:`). A delay that was
missed is caught up as long as the deadline has not passed; of several missed ones only the shortest is worth a mail. Whoever
takes a role over later is told too. Several conventions of the same offer with the same deadline make one mail by person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.offer import CENTRE_SEUL, Offer, RappelPrevu
from domain.roles import ROLES_CENTRE, Role
from models import Affectation, Centre, Convention, Courriel, Rappel, RoleAttribue, Utilisateur
from services.centre.offres import get_offer, published_offers
from services.core import clock
from services.core.journal import record
from services.core.locks import lock_row
from services.core.portail import Portail
from services.courriels import mails
from services.vie.echeances import GENRES, EcheanceRow, centre_rows


@dataclass(frozen=True)
class Envoi:
    """One mail to be: to whom, about which deadline, of which conventions (`rows`), `jours_avant` as the offer says."""

    utilisateur_id: UUID
    jours_avant: int
    rows: tuple[EcheanceRow, ...]


def send_due(session: Session, centre_id: UUID, jour: date) -> int:
    """Queue the reminders of this centre that are due on `jour`, in the current transaction; how many mails. Run again, it
    queues nothing more."""
    lock_row(session, Centre, centre_id)
    offers = {version.code: get_offer(session, version.id) for version in published_offers(session, centre_id)}
    horizon = max(
        (max(one.jours_avant) for offer in offers.values() for one in offer.rappels if one.jours_avant), default=-1
    )
    if horizon < 0:
        return 0
    found = centre_rows(session, centre_id, jour, jour + timedelta(days=horizon))
    pending = [
        (convention, row, delay, planned)
        for convention, row in found
        if not row.fait and row.offre in offers
        for planned in _planned(offers[row.offre], row)
        if (delay := _delay_due(planned, row.le, jour)) is not None
    ]
    envois = _envois(session, centre_id, jour, pending)
    people = select(Utilisateur.id, Utilisateur.courriel).where(
        Utilisateur.id.in_({one.utilisateur_id for one in envois})
    )
    addresses: dict[UUID, str] = dict(session.execute(people).all())
    written = [(envoi, _write(centre_id, envoi, addresses[envoi.utilisateur_id])) for envoi in envois]
    mails.queue_all(session, [mail for _, mail in written])
    session.add_all(note for envoi, mail in written for note in _note(envoi, mail))
    session.flush()
    if envois:
        record(session, "rappel.envoyer", centre_id=centre_id, objet="centre", objet_id=centre_id, nombre=len(envois))
    return len(envois)


def _planned(offer: Offer, row: EcheanceRow) -> list[RappelPrevu]:
    return [one for one in offer.rappels if one.echeance == row.kind]


def _delay_due(planned: RappelPrevu, le: date, jour: date) -> int | None:
    """The shortest delay whose day has come, on `jour`, before a deadline on `le`; None when none has."""
    return min((days for days in planned.jours_avant if le - timedelta(days=days) <= jour <= le), default=None)


def _envois(
    session: Session,
    centre_id: UUID,
    jour: date,
    pending: Sequence[tuple[Convention, EcheanceRow, int, RappelPrevu]],
) -> list[Envoi]:
    """Mails to queue: alike deadlines of one offer together, those that were told already left out."""
    people = _People(session, centre_id, jour, [one.id for one, *_ in pending])
    told = _told(session, {one.id for one, *_ in pending}, jour)
    wanted: dict[tuple[UUID, str, date, str], dict[UUID, tuple[int, EcheanceRow]]] = {}
    for convention, row, delay, planned in pending:
        for person in people.of(convention, planned, row):
            if told.get((convention.id, row.kind, row.le, person), delay + 1) <= delay:
                continue
            same = wanted.setdefault((person, row.kind, row.le, row.offre), {})
            before = same.get(convention.id)
            same[convention.id] = (min(delay, before[0]) if before else delay, row)
    return [
        Envoi(person, min(delay for delay, _ in same.values()), tuple(row for _, row in same.values()))
        for (person, *_), same in wanted.items()
    ]


def _told(session: Session, convention_ids: Iterable[UUID], jour: date) -> dict[tuple[UUID, str, date, UUID], int]:
    """The shortest delay that each person was reminded with, of each deadline to come."""
    query = select(Rappel.convention_id, Rappel.echeance, Rappel.le, Rappel.utilisateur_id, Rappel.jours_avant).where(
        Rappel.convention_id.in_(tuple(convention_ids)), Rappel.le >= jour
    )
    found: dict[tuple[UUID, str, date, UUID], int] = {}
    for convention_id, kind, le, person, delay in session.execute(query):
        key = (convention_id, kind, le, person)
        found[key] = min(delay, found.get(key, delay))
    return found


class _People:
    """Who holds which role on a day, at a centre and for the collectivités of its conventions."""

    def __init__(self, session: Session, centre_id: UUID, jour: date, convention_ids: Iterable[UUID]) -> None:
        query = (
            select(RoleAttribue)
            .join(Utilisateur, Utilisateur.id == RoleAttribue.utilisateur_id)
            .where(
                Utilisateur.actif,
                RoleAttribue.du <= jour,
                or_(RoleAttribue.au.is_(None), RoleAttribue.au >= jour),
                or_(
                    RoleAttribue.centre_id == centre_id,
                    RoleAttribue.collectivite_id.in_(
                        select(Convention.collectivite_id).where(Convention.centre_id == centre_id)
                    ),
                ),
            )
        )
        self._held: dict[tuple[UUID | None, str], set[UUID]] = {}
        for role in session.scalars(query):
            place = role.centre_id or role.collectivite_id
            self._held.setdefault((place, role.role), set()).add(role.utilisateur_id)
        assigned = select(Affectation.convention_id, Affectation.assistant_id).where(
            Affectation.convention_id.in_(tuple(convention_ids)),
            Affectation.du <= jour,
            or_(Affectation.au.is_(None), Affectation.au >= jour),
        )
        self._assigned = set(session.execute(assigned).all())

    def of(self, convention: Convention, planned: RappelPrevu, row: EcheanceRow) -> list[UUID]:
        """Who is reminded: the holders of the planned roles; of assistants, those assigned to the convention. What the centre
        does for itself is nobody else's business."""
        found: set[UUID] = set()
        for role in planned.roles:
            if role in ROLES_CENTRE:
                held = self._held.get((convention.centre_id, role.value), set())
                found |= {one for one in held if role is not Role.ASSISTANT or (convention.id, one) in self._assigned}
            elif row.kind not in CENTRE_SEUL:
                found |= self._held.get((convention.collectivite_id, role.value), set())
        return sorted(found, key=str)


def _write(centre_id: UUID, envoi: Envoi, destinataire: str) -> Courriel:
    first = envoi.rows[0]
    parametres = {"nombre": "", "convention": str(first.convention_id)}
    if len(envoi.rows) > 1:
        parametres = {"nombre": str(len(envoi.rows)), "offre": first.offre, "numero": "", "collectivite": ""}
    return mails.prepare(
        f"rappel_{first.kind}",
        destinataire,
        utilisateur_id=envoi.utilisateur_id,
        centre_id=centre_id,
        jour=first.le.isoformat(),
        echeance=first.titre,
        genre=GENRES[first.kind],
        demande_id=None,
        **parametres,
    )


def _note(envoi: Envoi, mail: Courriel) -> list[Rappel]:
    """One row by convention: what was told is known whatever becomes of the mail."""
    return [
        Rappel(
            convention_id=row.convention_id,
            echeance=row.kind,
            le=row.le,
            jours_avant=envoi.jours_avant,
            utilisateur_id=envoi.utilisateur_id,
            courriel_id=mail.id,
        )
        for row in envoi.rows
    ]


def send_now(portail: Portail) -> dict[str, int]:
    """Send the reminders that are due today, centre by centre, without the rest of the daily round (`portail rappels
    envoyer`); how many by centre's code."""
    with portail.db.read() as session:
        centres = session.execute(select(Centre.id, Centre.code, Centre.fuseau).order_by(Centre.code)).all()
    done = {}
    for row in centres:
        with portail.db.write() as session:
            done[row.code] = send_due(session, row.id, clock.today(row.fuseau))
    return done
