"""The calendar feed of a person: a secret address that calendar programs read without a login.

The address is shown once, when it is made; the table holds the hash of its token only. What it gives is worked out at each
reading with the roles that the person holds on that day: a role that ends, an account that is closed, and the feed shows
nothing more. It names collectivités and conventions, never people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import urlencode
from uuid import UUID, uuid5

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from domain.formatting import date_longue
from domain.ics import Evenement, write_calendar
from models import FluxCalendrier, Utilisateur, utc_now
from services.comptes import sessions
from services.core.access import Acteur, load_acteur
from services.core.locks import find_row, lock_row
from services.core.portail import Portail, record
from services.core.tokens import new_token, token_hash
from services.vie.echeances import GENRES, EcheanceRow, group_rows, tell_done, visible_rows

NOM = "Échéances des conventions"
BACK = timedelta(days=92)
"""How far back the feed goes: what has just passed stays in sight."""
AHEAD = timedelta(days=3 * 366)
NAMED = 20
"""Most collectivités that one event names."""
YEARLY = frozenset({"denonciation", "reconduction", "bilan", "vote_tarif"})
"""Kinds that come once a year; the others of one convention are told apart by their day, or come once."""
ONCE = frozenset({"debut", "terme", "fin"})


@dataclass(frozen=True)
class FluxView:
    """A person's feed: when its address was made, when a program last read it; `fuseau`: the zone in which the person reads
    both."""

    cree_le: datetime
    lu_le: datetime | None
    fuseau: str


def open_flux(portail: Portail, acteur: Acteur) -> FluxView | None:
    """The person's own feed; None when there is none."""
    with portail.db.read() as session:
        found = session.scalars(_living(acteur.utilisateur_id)).first()
        if found is None:
            return None
        return FluxView(found.cree_le, found.lu_le, sessions.zone_of(session, acteur.utilisateur_id))


def create_flux(portail: Portail, acteur: Acteur) -> str:
    """A new secret address, the only one that works from now on; shown once."""
    token = new_token()
    with portail.action(acteur, "calendrier.creer", objet="calendrier") as session:
        _lock(session, acteur)
        sessions.revoke_feeds(session, acteur.utilisateur_id)
        flux = FluxCalendrier(utilisateur_id=acteur.utilisateur_id, token_hash=token_hash(token))
        session.add(flux)
        session.flush()
        record(
            session, acteur, "calendrier.creer", centre_id=_home(session, acteur), objet="calendrier", objet_id=flux.id
        )
    return f"{portail.settings.adresse_publique}/calendrier/{token}.ics"


def revoke_flux(portail: Portail, acteur: Acteur) -> None:
    """The address stops working at once."""
    with portail.action(acteur, "calendrier.revoquer", objet="calendrier") as session:
        _lock(session, acteur)
        for flux_id in sessions.revoke_feeds(session, acteur.utilisateur_id):
            record(
                session, acteur, "calendrier.revoquer",
                centre_id=_home(session, acteur), objet="calendrier", objet_id=flux_id,
            )  # fmt: skip


def _lock(session: Session, acteur: Acteur) -> None:
    """One change at a time to a person's feed."""
    lock_row(session, Utilisateur, acteur.utilisateur_id)


def _living(utilisateur_id: UUID) -> Select[FluxCalendrier]:
    return (
        select(FluxCalendrier)
        .where(FluxCalendrier.utilisateur_id == utilisateur_id, FluxCalendrier.revoque_le.is_(None))
        .order_by(FluxCalendrier.cree_le.desc())
    )


def _home(session: Session, acteur: Acteur) -> UUID | None:
    return sessions.home_centre(session, acteur.utilisateur_id)


def read_flux(portail: Portail, token: str) -> bytes | None:
    """The calendar behind a secret address, as it is now; None when the address is unknown, was revoked, or its owner's account
    is closed. The first reading of each day is journalled, not each of them: programs come back every few hours."""
    hashed = token_hash(token)
    with portail.db.read() as session:
        query = select(FluxCalendrier).where(FluxCalendrier.token_hash == hashed, FluxCalendrier.revoque_le.is_(None))
        flux = session.scalars(query).one_or_none()
        user = session.get(Utilisateur, flux.utilisateur_id) if flux else None
        if flux is None or user is None or not user.actif:
            return None
        day = sessions.day_of(session, user.id)
        acteur = load_acteur(session, user, day)
        rows = visible_rows(session, acteur, day - BACK, day + AHEAD)
        now = utc_now()
        seen_today = flux.lu_le is not None and flux.lu_le.date() == now.date()
        flux_id = flux.id
    if not seen_today:
        _note_reading(portail, flux_id, acteur)
    return write_calendar(NOM, _events(rows, portail.settings.adresse_publique), ecrit_le=now)


def _note_reading(portail: Portail, flux_id: UUID, acteur: Acteur) -> None:
    with portail.db.write() as session:
        flux, now = find_row(session, FluxCalendrier, flux_id), utc_now()
        if flux is None or (flux.lu_le is not None and flux.lu_le.date() == now.date()):
            return  # taken away, or read by another program, in between
        flux.lu_le = now
        record(
            session, acteur, "calendrier.lire", centre_id=_home(session, acteur), objet="calendrier", objet_id=flux.id
        )


def _events(rows: Iterable[EcheanceRow], address: str) -> list[Evenement]:
    """At the centre, one event for alike deadlines of its conventions; at a collectivité, one for each of its own."""
    ordered = sorted(rows, key=lambda one: (one.cote_centre, str(one.centre_id)))
    found: list[Evenement] = []
    for (centre, centre_id), same in groupby(ordered, key=lambda one: (one.cote_centre, one.centre_id)):
        groups = group_rows(list(same), alike=centre)
        for one in groups:
            uid = uuid5(centre_id, f"{one.kind} {one.le} {one.titre}") if centre else _own_uid(one.rows[0])
            found.append(_event(one.rows, uid, address))
    return sorted(found, key=lambda one: (one.le, one.uid))


def _own_uid(row: EcheanceRow) -> UUID:
    """The same for the same deadline of a convention, even when its day changes: what comes once, or once a year, keeps it."""
    day = "" if row.kind in ONCE else str(row.le.year) if row.kind in YEARLY else row.le.isoformat()
    return uuid5(row.convention_id, f"{row.kind} {day}".strip())


def _event(rows: tuple[EcheanceRow, ...], uid: UUID, address: str) -> Evenement:
    first = rows[0]
    alone = len(rows) == 1
    what = f"{first.collectivite} (n° {first.numero})" if alone else f"{len(rows)} conventions"
    names = [f"{one.collectivite} (n° {one.numero})" for one in rows]
    more = [f"et {len(names) - NAMED} autres"] if len(names) > NAMED else []
    settled = tell_done(rows).lower()
    done = f" – {settled}" if settled else ""
    text = "\n".join([f"{first.titre}, le {date_longue(first.le)}.", *([] if alone else [*names[:NAMED], *more])])
    query = urlencode({"e_genre": GENRES[first.kind], "e_jour": first.le.isoformat()})
    return Evenement(
        uid=str(uid),
        le=first.le,
        titre=f"{first.titre} – {what}{done}",
        texte=text,
        adresse=f"{address}/echeances?{query}",
        categorie=GENRES[first.kind],
    )
