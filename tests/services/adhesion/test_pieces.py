"""Files are checked, served to those who may see them only, kept by deposits, and purged when nothing refers to them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from domain.archives import READERS
from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from models import AuditEvent, Fichier, JournalHead, Piece, utc_now
from services.adhesion import corrections, dossiers, pieces, workflow
from services.adhesion.dossier_views import SaveResult
from services.core import files
from services.core.portail import Portail
from services.operation import housekeeping
from tests.factories import (
    Monde,
    attach_pdf,
    blank_pdf,
    cig_offer,
    make_centre,
    make_dossier,
    make_other_centre,
    make_stranger,
)

FILE = "deliberation.fichier"


def _attach(monde: Monde, dossier_id: UUID, nom: str, data: bytes, *, role: Role = Role.GESTIONNAIRE) -> SaveResult:
    return pieces.attach_file(
        monde.portail, monde[role], dossier_id, FILE, nom=nom, data=data, operation_id=uuid4().hex
    )


def _age(portail: Portail, days: int = 2) -> None:
    """Make every file and every retired row as old as that."""
    past = utc_now() - timedelta(days=days)
    with portail.db.write() as session:
        session.execute(update(Fichier).values(cree_le=past))
        session.execute(update(Piece).where(Piece.retiree_le.is_not(None)).values(retiree_le=past))


def test_a_certificate_of_elimination_is_read_by_those_who_follow_archives(monde_sqlite: Monde) -> None:
    """It names the conventions of everybody: a collectivité sees its centre, not this file of it."""
    portail = monde_sqlite.portail
    make_dossier(portail, monde_sqlite, complet=False)
    with portail.db.write() as session:
        row = Piece(
            sha256=files.store(session, portail.files, b"certificat").sha256,
            usage="certificat_elimination",
            nom="certificat.docx",
            type_mime="application/octet-stream",
            taille=10,
            centre_id=monde_sqlite.centre_id,
        )
        session.add(row)
    for role in Role:
        if role in READERS:
            assert pieces.open_piece(portail, monde_sqlite[role], row.id).data == b"certificat"
            continue
        with pytest.raises(Introuvable):
            pieces.open_piece(portail, monde_sqlite[role], row.id)
    with pytest.raises(Introuvable):
        pieces.open_piece(portail, make_other_centre(portail), row.id)


def test_a_pdf_is_attached_read_and_replaced(monde: Monde) -> None:
    portail = monde.portail
    dossier_id = make_dossier(portail, monde, complet=False)
    result = _attach(monde, dossier_id, "C:\\Actes\\délibération.pdf", blank_pdf())
    assert (result.etat, result.valeur["nom"]) == ("enregistre", "délibération.pdf")
    (row,) = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).pieces
    assert (row.pages, row.type_mime, row.champ) == (1, "application/pdf", FILE)
    for role in set(Role) - {Role.ASSISTANT}:
        content = pieces.open_piece(portail, monde[role], row.id)
        assert (content.data, content.nom) == (blank_pdf(), "délibération.pdf")
    second = attach_pdf(portail, monde.gestionnaire, dossier_id, FILE, blank_pdf() + b"\n%")
    assert [str(one.id) for one in dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).pieces] == [second]


BAD = {
    "vide.pdf": b"",
    "programme.pdf": b"MZ" + b"\x00" * 200,
    "page.pdf": b"<html>",
    "tronque.pdf": blank_pdf()[:120],
    "gros.pdf": b"%PDF-1.7\n" + b"0" * 10_000_001,
}


@pytest.mark.parametrize("nom", list(BAD))
def test_a_bad_file_is_refused_beside_its_field_and_nothing_changes(monde_sqlite: Monde, nom: str) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde)
    before = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    result = _attach(monde, dossier_id, nom, BAD[nom])
    assert result.etat == "invalide"
    assert result.message
    assert result.message.endswith(".")
    after = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    assert (after.answers[FILE], after.pieces) == (before.answers[FILE], before.pieces)


def test_a_double_click_attaches_once(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    for _ in range(2):
        pieces.attach_file(
            monde.portail, monde.gestionnaire, dossier_id, FILE, nom="a.pdf", data=blank_pdf(), operation_id="meme"
        )
    with monde.portail.db.read() as session:
        assert len(session.scalars(select(Piece).where(Piece.dossier_id == dossier_id)).all()) == 1


def test_files_are_attached_and_removed_by_those_who_may_type(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde)
    (row,) = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id).pieces
    for role in set(Role) - {Role.GESTIONNAIRE}:
        with pytest.raises(Refus):
            _attach(monde, dossier_id, "a.pdf", blank_pdf(), role=role)
        with pytest.raises(Refus):
            pieces.remove_file(monde.portail, monde[role], dossier_id, row.id)
    with pytest.raises(Invalide):
        pieces.attach_file(
            monde.portail, monde.gestionnaire, dossier_id, "referent.nom", nom="a.pdf", data=b"x", operation_id="o"
        )
    other = make_dossier(monde.portail, monde)
    with pytest.raises(Introuvable):
        pieces.remove_file(monde.portail, monde.gestionnaire, other, row.id)
    assert pieces.remove_file(monde.portail, monde.gestionnaire, dossier_id, row.id).valeur is None
    assert pieces.remove_file(monde.portail, monde.gestionnaire, dossier_id, row.id).etat == "inchange"
    assert dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id).pieces == ()


def test_another_collectivite_s_file_is_refused_and_journalled(monde: Monde) -> None:
    portail = monde.portail
    (row,) = dossiers.open_dossier(portail, monde.gestionnaire, make_dossier(portail, monde)).pieces
    for person in (make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Introuvable):
            pieces.open_piece(portail, person, row.id)
    with pytest.raises(Introuvable):
        pieces.open_piece(portail, monde.gestionnaire, uuid4())
    pieces.open_piece(portail, monde.gestionnaire, row.id)
    with portail.db.read() as session:
        lines = session.scalars(
            select(AuditEvent)
            .where(AuditEvent.objet == "piece", AuditEvent.action != "piece.deposer")
            .order_by(AuditEvent.seq)
        ).all()
    assert [(line.action, line.centre_id == monde.centre_id) for line in lines] == [
        ("refus", True), ("refus", True), ("refus", False), ("piece.lire", True),
    ]  # fmt: skip
    assert lines[-1].details["sha256"]


def test_a_centre_s_file_is_for_its_people_and_for_those_who_have_a_dossier_there(monde: Monde) -> None:
    portail = monde.portail
    make_dossier(portail, monde, complet=False)
    with portail.db.write() as session:
        stored = files.store(session, portail.files, b"code")
        piece = Piece(
            sha256=stored.sha256, usage="annexe_centre", nom="code.pdf", type_mime="application/pdf", taille=4,
            champ="deontologie", centre_id=monde.centre_id,
        )  # fmt: skip
        session.add(piece)
    for person in (monde.gestionnaire, monde["assistant"]):
        assert pieces.open_piece(portail, person, piece.id).data == b"code"
    for person in (make_stranger(portail), make_other_centre(portail)):
        with pytest.raises(Introuvable):
            pieces.open_piece(portail, person, piece.id)


def test_lost_bytes_give_a_clear_message(monde: Monde) -> None:
    (row,) = dossiers.open_dossier(monde.portail, monde.gestionnaire, make_dossier(monde.portail, monde)).pieces
    content = pieces.open_piece(monde.portail, monde.gestionnaire, row.id)
    monde.portail.files.delete(content.sha256)
    with pytest.raises(Invalide, match="plus disponible"):
        pieces.open_piece(monde.portail, monde.gestionnaire, row.id)


def test_the_purge_keeps_what_is_used_or_deposited_or_young(monde: Monde) -> None:
    portail = monde.portail
    draft = make_dossier(portail, monde, complet=False)
    contents = [blank_pdf() + f"\n%{number}".encode() for number in range(3)]
    for content in contents:
        attach_pdf(portail, monde.gestionnaire, draft, FILE, content)
    deposited = make_dossier(portail, monde, "en_instruction")
    corrections.request_correction(portail, monde.instructeur, deposited, FILE, motif="perime", texte="")
    workflow.perform(portail, monde.instructeur, deposited, "demander_corrections")
    attach_pdf(portail, monde.gestionnaire, deposited, FILE, contents[0])
    with portail.db.write() as session:
        files.store(session, portail.files, b"sans ligne")
    assert pieces.purge_files(portail) == 0  # all of it is young
    _age(portail)
    # contents[1], and the row without a piece; contents[0] is in another dossier, the deposited one is in a snapshot.
    assert pieces.purge_files(portail) == 2
    stored = set(portail.files.list_hashes())
    with portail.db.read() as session:
        assert set(session.scalars(select(Fichier.sha256))) == stored
        assert {one.sha256 for one in session.scalars(select(Piece))} == stored
    assert len(stored) == 3
    assert pieces.purge_files(portail) == 0


def test_the_purge_keeps_templates(portail: Portail) -> None:
    make_centre(portail, gabarits=True)
    _age(portail)
    assert pieces.purge_files(portail) == 0
    assert len(portail.files.list_hashes()) == len(cig_offer().templates())


def _leave_unknown_bytes(portail: Portail) -> str:
    """Old bytes that the database has forgotten, as after a restoration; their hash."""
    with pytest.raises(RuntimeError), portail.db.write() as session:
        files.store(session, portail.files, b"perdu")
        raise RuntimeError
    (lost,) = portail.files.list_hashes()
    path = next(Path(portail.settings.fichiers_url).rglob(lost))
    os.utime(path, (0, 0))
    return lost


def test_bytes_that_no_row_knows_stay_until_an_operator_asks(portail: Portail) -> None:
    lost = _leave_unknown_bytes(portail)
    assert sum(housekeeping.tidy(portail).values()) == 0
    assert pieces.list_orphelins(portail) == portail.files.list_hashes() == [lost]
    assert pieces.purge_files(portail, orphelins=True) == 1
    assert pieces.list_orphelins(portail) == portail.files.list_hashes() == []


def test_young_unknown_bytes_stay_even_then(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    files.FileStore(portail.settings.fichiers_url).write(b"en cours")
    assert pieces.list_orphelins(portail) == []
    assert pieces.purge_files(portail, orphelins=True) == 0
    assert len(portail.files.list_hashes()) == 1


@pytest.mark.parametrize("orphelins", [False, True])
def test_another_installation_s_files_are_never_purged(make_portail: Callable[[str], Portail], orphelins: bool) -> None:
    production, copy = make_portail("sqlite"), make_portail("sqlite")
    assert pieces.purge_files(production) == 0  # the store is the production's from now on
    lost = _leave_unknown_bytes(production)
    copy.files = production.files
    with copy.db.write() as session:
        session.execute(update(JournalHead).values(installation=uuid4()))
        files.store(session, copy.files, b"perdu")
    _age(copy)
    with pytest.raises(Refus, match="autre installation"):
        pieces.purge_files(copy, orphelins=orphelins)
    assert production.files.list_hashes() == [lost]


def test_the_same_file_from_several_people_at_once_is_stored_once(monde: Monde) -> None:
    drafts = [make_dossier(monde.portail, monde, complet=False) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda one: attach_pdf(monde.portail, monde.gestionnaire, one, FILE), drafts))
    assert len(set(ids)) == 4
    assert len(monde.portail.files.list_hashes()) == 1
