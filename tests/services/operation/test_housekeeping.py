"""What is out of date goes, what is in use stays, the journal is untouched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from models import (
    AuditEvent,
    Courriel,
    DemandeAdhesion,
    FluxCalendrier,
    LienUsageUnique,
    Operation,
    SessionUtilisateur,
    TentativeConnexion,
    TicketConnexion,
    utc_now,
)
from services.comptes import sessions
from services.comptes.links import mint_link
from services.core.portail import once
from services.courriels import mails
from services.operation import housekeeping
from tests.comptes import ADDRESS, PASSWORD, cheap_hashing, give_password
from tests.factories import Monde

TABLES: dict[type[Any], tuple[str, ...]] = {
    SessionUtilisateur: ("expire_le",),
    TicketConnexion: ("expire_le",),
    TentativeConnexion: ("le",),
    LienUsageUnique: ("expire_le",),
    Operation: ("le",),
    Courriel: ("cree_le",),
    DemandeAdhesion: ("creee_le",),
}


@pytest.fixture
def filled(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> Monde:
    """One row of each kind."""
    cheap_hashing(monkeypatch)
    portail = monde.portail
    courriel = give_password(portail, monde.gestionnaire.utilisateur_id)
    sessions.exchange(portail, sessions.authenticate(portail, courriel, PASSWORD, ADDRESS), None)
    sessions.authenticate(portail, courriel, PASSWORD, ADDRESS)
    with portail.db.write() as session:
        demande = DemandeAdhesion(
            centre_id=monde.centre_id,
            siren="219400413",
            collectivite_nom="Ivry",
            collectivite_type="commune",
            prenom="Léa",
            nom="Durand",
            courriel="lea@example.org",
        )
        session.add(demande)
        session.add(TentativeConnexion(compte_hash="x", adresse="y"))
        session.flush()
        mint_link(portail, session, "confirmation", demande_id=demande.id)
        mails.queue(session, "confirmation", "lea@example.org", demande_id=demande.id).etat = "envoye"
        once(session, "operation")
    return monde


def test_a_revoked_calendar_address_goes_one_that_works_stays(filled: Monde) -> None:
    """Thirty days after it was revoked; one that works stays, whatever its age."""
    now = utc_now()
    with filled.portail.db.write() as session:
        for token, days in (("a", None), ("b", 29), ("c", 31)):
            ended = now - timedelta(days=days) if days else None
            flux = FluxCalendrier(
                utilisateur_id=filled.direction.utilisateur_id, token_hash=token * 64, revoque_le=ended,
                cree_le=now - timedelta(days=400),
            )  # fmt: skip
            session.add(flux)
    assert housekeeping.tidy(filled.portail)["flux_calendrier"] == 1
    with filled.portail.db.read() as session:
        assert sorted(session.scalars(select(FluxCalendrier.token_hash))) == ["a" * 64, "b" * 64]


def _count(monde: Monde, table: type[Any]) -> int:
    with monde.portail.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _age(monde: Monde, days: int) -> None:
    moment = utc_now() - timedelta(days=days)
    with monde.portail.db.write() as session:
        for table, columns in TABLES.items():
            session.execute(update(table).values(dict.fromkeys(columns, moment)))


def test_what_is_in_use_stays(filled: Monde) -> None:
    before = {table: _count(filled, table) for table in TABLES}
    housekeeping.tidy(filled.portail)
    assert {table: _count(filled, table) for table in TABLES} == before
    assert all(before.values())


def test_what_is_out_of_date_goes_and_the_journal_stays(filled: Monde) -> None:
    lines = _count(filled, AuditEvent)
    _age(filled, 400)
    housekeeping.tidy(filled.portail)
    assert {table.__name__: _count(filled, table) for table in TABLES} == {table.__name__: 0 for table in TABLES}
    assert _count(filled, AuditEvent) == lines > 0


@pytest.mark.parametrize("etat", ["recue", "acceptee", "refusee"])
def test_requests_that_reached_the_centre_stay(filled: Monde, etat: str) -> None:
    with filled.portail.db.write() as session:
        session.execute(update(DemandeAdhesion).values(etat=etat))
    _age(filled, 400)
    housekeeping.tidy(filled.portail)
    assert _count(filled, DemandeAdhesion) == 1


@pytest.mark.parametrize("etat", ["echec", "incertain"])
def test_a_mail_that_never_arrived_goes_like_the_others_and_the_journal_says_how_many(filled: Monde, etat: str) -> None:
    """The address of somebody who may have asked for nothing is not kept for ever because their server refused us."""
    with filled.portail.db.write() as session:
        session.execute(update(Courriel).values(etat=etat, demande_id=None, centre_id=filled.centre_id))
    _age(filled, 179)
    housekeeping.tidy(filled.portail)
    assert _count(filled, Courriel) == 1
    _age(filled, 181)
    housekeeping.tidy(filled.portail)
    housekeeping.tidy(filled.portail)
    assert _count(filled, Courriel) == 0
    with filled.portail.db.read() as session:
        lines = session.scalars(select(AuditEvent).where(AuditEvent.action == "courriel.oublier")).all()
        assert [(one.centre_id, one.details) for one in lines] == [(filled.centre_id, {"nombre": 1, "confirmation": 1})]


def test_mail_that_waits_is_never_dropped(filled: Monde) -> None:
    with filled.portail.db.write() as session:
        session.execute(update(Courriel).values(etat="a_envoyer", demande_id=None))
    _age(filled, 400)
    housekeeping.tidy(filled.portail)
    assert _count(filled, Courriel) == 1
