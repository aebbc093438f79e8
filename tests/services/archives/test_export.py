"""The whole export of a convention: everything is there, it is read without the portal, and only by who may."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tracemalloc
import zipfile
from html.parser import HTMLParser
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Introuvable, Refus
from domain.roles import Role
from models import AuditEvent, Convention, Dossier, Message, Piece
from services.adhesion import messages
from services.archives.export_dossier import safe_name
from services.core.access import Acteur
from services.core.files import store
from services.core.paquets import read_chunks
from services.exports import Export, produce
from tests.archives import SECRET, make_ended
from tests.factories import Monde, journal_actions, make_dossier, make_other_centre, make_stranger

EXPORTERS = {Role.INSTRUCTEUR, Role.RESPONSABLE, Role.ADMINISTRATEUR}


def export(monde: Monde, acteur: Acteur, **asked: object) -> Export:
    return produce(monde.portail, acteur, "archives.zip", {key: str(value) for key, value in asked.items()})


def opened(made: Export) -> zipfile.ZipFile:
    assert made.flux is not None
    return zipfile.ZipFile(made.flux)


class Links(HTMLParser):
    """Addresses that a page leads to, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_everything_is_there_and_read_without_the_portal(monde: Monde) -> None:
    portail = monde.portail
    convention_id = make_ended(portail, monde)
    made = export(monde, monde.responsable, convention=convention_id)
    archive = opened(made)
    names = archive.namelist()
    assert made.nom.startswith("convention-2026-") and made.nom.endswith(".zip")
    assert {"index.html", "donnees/donnees.json", "donnees/journal.json", "empreintes.txt"} <= set(names)
    page = Links()
    page.feed(archive.read("index.html").decode())
    assert not page.tags & {"script", "link", "img", "iframe"}
    assert all(one.startswith("#") or one in names for one in page.found)
    text = " ".join("".join(page.text).split())
    for expected in ("Choisy-le-Roi", "47,70", "Corrections demandées", "Décomptes", "Dénonciations", SECRET):
        assert expected in text, expected
    data = json.loads(archive.read("donnees/donnees.json"))
    assert data["actes"][0]["montant_annuel"] == "32426.46"
    assert data["dossiers"][0]["depots"][0]["reponses"]
    assert data["decomptes"][0]["lignes"] and data["exercices"][0]["montant_du"] == "32426.00"
    with portail.db.read() as session:
        pieces = {str(piece.id): piece.sha256 for piece in session.scalars(select(Piece))}
    assert {one["id"] for one in data["fichiers"]} == set(pieces)
    for one in data["fichiers"]:
        assert hashlib.sha256(archive.read(one["chemin"])).hexdigest() == pieces[one["id"]]


def test_each_member_has_its_hash(monde: Monde) -> None:
    archive = opened(export(monde, monde.instructeur, convention=make_ended(monde.portail, monde)))
    sums = dict(reversed(line.split("  ", 1)) for line in archive.read("empreintes.txt").decode().splitlines())
    assert set(sums) == set(archive.namelist()) - {"empreintes.txt"}
    assert all(hashlib.sha256(archive.read(name)).hexdigest() == digest for name, digest in sums.items())


def test_a_dossier_alone_with_its_journal_and_its_messages(monde: Monde) -> None:
    portail = monde.portail
    dossier_id = make_dossier(portail, monde, "a_corriger")
    messages.post_message(portail, monde.gestionnaire, dossier_id, "<b>Bonjour</b>\nMerci.", operation_id=uuid4().hex)
    archive = opened(export(monde, monde.responsable, dossier=dossier_id))
    html = archive.read("index.html").decode()
    assert "&lt;b&gt;Bonjour&lt;/b&gt;<br>Merci." in html and "Numéro non attribué." in html
    assert "deliberation.pdf" in html and "Dossier déposé" in html
    lines = json.loads(archive.read("donnees/journal.json"))
    assert [one["seq"] for one in lines] == sorted(one["seq"] for one in lines)
    with portail.db.read() as session:
        kept = {event.seq: event.hash for event in session.scalars(select(AuditEvent))}
    assert lines and all(kept[one["seq"]] == one["hash"] for one in lines)


def test_the_adhesion_of_a_convention_comes_with_it(monde: Monde) -> None:
    convention_id = make_ended(monde.portail, monde)
    with monde.portail.db.read() as session:
        dossier_id = session.get_one(Convention, convention_id).dossier_id
    assert export(monde, monde.responsable, dossier=dossier_id).nom.startswith("convention-")


@pytest.mark.parametrize("role", list(Role))
def test_who_may(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    convention_id = make_ended(monde.portail, monde)
    with monde.portail.db.read() as session:
        dossier_id = session.get_one(Convention, convention_id).dossier_id
    for asked in ({"convention": convention_id}, {"dossier": dossier_id}):
        if role in EXPORTERS:
            assert opened(export(monde, monde[role], **asked)).namelist()
        else:
            with pytest.raises(Refus):
                export(monde, monde[role], **asked)
    actions = journal_actions(monde.portail, convention_id)
    assert actions.count("archives.exporter") == (1 if role in EXPORTERS else 0)
    assert ("refus" in actions) is (role not in EXPORTERS)


def test_nobody_from_elsewhere_and_no_wrong_address(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_ended(monde.portail, monde)
    for acteur in (make_stranger(monde.portail), make_other_centre(monde.portail)):
        with pytest.raises(Introuvable):
            export(monde, acteur, convention=convention_id)
    for asked in ({}, {"convention": "x"}, {"dossier": uuid4()}, {"convention": uuid4()}):
        with pytest.raises(Introuvable):
            export(monde, monde.responsable, **asked)


def test_a_missing_file_is_said_and_the_rest_is_given(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_ended(monde.portail, monde)
    with monde.portail.db.read() as session:
        piece = session.scalars(select(Piece).where(Piece.usage == "courrier")).one()
    monde.portail.files.delete(piece.sha256)
    archive = opened(export(monde, monde.responsable, convention=convention_id))
    assert "fichier manquant" in archive.read("index.html").decode()
    assert len([name for name in archive.namelist() if name.startswith("fichiers/")]) == 2


def test_what_another_convention_holds_is_left_out(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    convention_id = make_ended(monde.portail, monde)
    other = make_dossier(monde.portail, monde, "depose")
    with monde.portail.db.write() as session:
        session.add(Message(dossier_id=other, du_centre=False, texte="Autre affaire."))
    assert b"Autre affaire." not in opened(export(monde, monde.responsable, convention=convention_id)).read(
        "index.html"
    )


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("Délibération n° 2026-118 signée.PDF", "deliberation-n-2026-118-signee.pdf"),
        ("../../etc/passwd", "etc-passwd"),
        ("…", "fichier"),
        ("a" * 300 + ".docx", "a" * 80 + ".docx"),
        ("nom.avec.points.tar.gz", "nom-avec-points-tar.gz"),
    ],
)
def test_names_that_every_system_takes(nom: str, attendu: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9]+)?", safe_name(nom))
    assert safe_name(nom) == attendu


def test_the_person_of_a_line_is_named(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    with monde.portail.db.read() as session:
        assert isinstance(session.get_one(Dossier, dossier_id).id, UUID)
    data = json.loads(opened(export(monde, monde.responsable, dossier=dossier_id)).read("donnees/donnees.json"))
    assert monde.gestionnaire.nom in data["personnes"].values()


def test_a_heavy_convention_does_not_take_what_it_weighs_in_memory(monde_sqlite: Monde) -> None:
    """Its files go one by one to a temporary file: only the largest of them counts."""
    portail, megabyte = monde_sqlite.portail, 1_000_000
    convention_id = make_ended(portail, monde_sqlite)
    for number in range(16):
        with portail.db.write() as session:
            data = os.urandom(megabyte)
            fichier = store(session, portail.files, data)
            session.add(
                Piece(
                    sha256=fichier.sha256, usage="convention_pdf", nom=f"annexe-{number}.pdf", taille=len(data),
                    type_mime="application/pdf", convention_id=convention_id,
                )
            )  # fmt: skip
    tracemalloc.start()
    try:
        made = export(monde_sqlite, monde_sqlite.responsable, convention=convention_id)
        assert made.flux is not None
        assert sum(len(one) for one in read_chunks(made.flux)) > 16 * megabyte
        assert tracemalloc.get_traced_memory()[1] < 12 * megabyte
    finally:
        tracemalloc.stop()
    assert made.flux.closed
