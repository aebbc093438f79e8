"""A backup is complete and consistent, can be restored into either database, and never half-restores."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.errors import Invalide, Refus
from models import (
    AuditEvent,
    Base,
    Centre,
    Convention,
    Courriel,
    Dossier,
    Fichier,
    Piece,
    SessionUtilisateur,
    Tarif,
    Utilisateur,
    utc_now,
)
from services.core import journal
from services.core.files import store
from services.core.portail import Portail
from services.operation import installation, sauvegarde
from tests.conventions import make_convention
from tests.factories import Monde

MakePortail = Callable[[str], Portail]


def _fill(portail: Portail) -> None:
    with portail.db.write() as session:
        centre = Centre(code="c", nom="Centre d’essai 🏛", fuseau="America/Martinique", parametres={"a": [1, None]})
        person = Utilisateur(courriel="camille@example.org", prenom="Camille", nom="Exemple")
        session.add_all([centre, person])
        session.flush()
        session.add(Tarif(centre_id=centre.id, code="temps_complet", annee=2022, montant=Decimal("67980.00")))
        session.add(
            Tarif(
                centre_id=centre.id,
                code="heure",
                annee=2022,
                montant=Decimal("57"),
                deliberation_date=date(2020, 9, 22),
            )
        )
        file = store(session, portail.files, b"%PDF-1.7 essai")
        session.add(
            Piece(
                sha256=file.sha256,
                usage="logo",
                nom="l.pdf",
                type_mime="application/pdf",
                taille=14,
                centre_id=centre.id,
            )
        )
        session.add(
            SessionUtilisateur(token_hash="x" * 64, utilisateur_id=person.id, expire_le=utc_now() + timedelta(hours=1))
        )
        session.add(Courriel(modele="bienvenue", destinataire="camille@example.org"))
        journal.record(session, "essai", objet="centre", objet_id=centre.id, nombre=3)


def _content(portail: Portail) -> dict[str, list[tuple[object, ...]]]:
    with portail.db.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))]
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_round_trip_between_databases(portail: Portail, make_portail: MakePortail, target: str, tmp_path: Path) -> None:
    _fill(portail)
    before = _content(portail)
    saved = sauvegarde.save(portail, tmp_path / "archive.zip")
    copy = make_portail(target)
    assert sauvegarde.restore(copy, tmp_path / "archive.zip") == saved

    after = _content(copy)
    changed = {"session_utilisateur", "courriel", "audit_event", "journal_head"}
    assert {name: rows for name, rows in after.items() if name not in changed} == {
        name: rows for name, rows in before.items() if name not in changed
    }
    assert after["session_utilisateur"] == []
    assert after["audit_event"][:-1] == before["audit_event"]
    with copy.db.read() as session:
        assert journal.verify(session).intacte
        assert (
            session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq.desc())).first() == "sauvegarde.restaurer"
        )
        assert session.scalars(select(Courriel.etat)).all() == ["incertain"]
        assert copy.files.read(session.scalars(select(Fichier.sha256)).one()) == b"%PDF-1.7 essai"


def test_a_restored_copy_does_not_take_the_files_of_what_was_saved(make_portail: MakePortail, tmp_path: Path) -> None:
    portail, copy = make_portail("sqlite"), make_portail("sqlite")
    installation.check_store(portail)
    sauvegarde.save(portail, tmp_path / "archive.zip")
    sauvegarde.restore(copy, tmp_path / "archive.zip")
    installation.check_store(copy)  # its own store, which nobody had
    copy.files = portail.files
    with pytest.raises(Refus, match="autre installation"):
        installation.check_store(copy)
    installation.take_store(copy)
    installation.check_store(copy)


def test_archive_is_private_and_never_overwritten(portail: Portail, tmp_path: Path) -> None:
    target = tmp_path / "archive.zip"
    sauvegarde.save(portail, target)
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refus, match="existe déjà"):
        sauvegarde.save(portail, target)


def test_missing_file_and_unwritable_folder_leave_nothing(make_portail: MakePortail, tmp_path: Path) -> None:
    portail = make_portail("sqlite")
    _fill(portail)
    with portail.db.read() as session:
        portail.files.delete(session.scalars(select(Fichier.sha256)).one())
    folder = tmp_path / "sauvegardes"
    folder.mkdir()
    with pytest.raises(Invalide, match="absent ou endommagé"):
        sauvegarde.save(portail, folder / "archive.zip")
    assert list(folder.iterdir()) == []
    with pytest.raises(Invalide, match="ne peut pas être écrite"):
        sauvegarde.save(portail, tmp_path / "nulle-part" / "archive.zip")


def test_restore_refuses_a_target_that_holds_anything(
    portail: Portail, make_portail: MakePortail, tmp_path: Path
) -> None:
    sauvegarde.save(make_portail("sqlite"), tmp_path / "archive.zip")
    _fill(portail)
    before = _content(portail)
    with pytest.raises(Refus, match="n’est pas vide"):
        sauvegarde.restore(portail, tmp_path / "archive.zip")
    assert _content(portail) == before


def _rewrite(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _forge_journal(members: dict[str, bytes]) -> None:
    """Change a journal line and make the manifest agree: only the chain itself can tell."""
    import hashlib

    name = "base/audit_event.jsonl"
    members[name] = members[name].replace(b'"essai"', b'"autre"')
    manifest = json.loads(members["manifeste.json"])
    manifest["sha256"][name] = hashlib.sha256(members[name]).hexdigest()
    members["manifeste.json"] = json.dumps(manifest).encode()


def _other_revision(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifeste.json"])
    members["manifeste.json"] = json.dumps({**manifest, "revision": "0000"}).encode()


def _damage_file(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.startswith("fichiers/"))
    members[name] = b"autre chose"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_forge_journal, "journal de la sauvegarde"),
        (_other_revision, "autre version"),
        (_damage_file, "endommagée"),
        (lambda members: members.pop("base/centre.jsonl"), "endommagée"),
        (lambda members: members.pop("manifeste.json"), "endommagée"),
    ],
)
def test_altered_archive_restores_nothing(
    make_portail: MakePortail, tmp_path: Path, change: Callable[[dict[str, bytes]], None], message: str
) -> None:
    source = make_portail("sqlite")
    _fill(source)
    sauvegarde.save(source, tmp_path / "archive.zip")
    _rewrite(tmp_path / "archive.zip", tmp_path / "altered.zip", change)
    target = make_portail("sqlite")
    with pytest.raises((Refus, Invalide), match=message):
        sauvegarde.restore(target, tmp_path / "altered.zip")
    with target.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Centre)) == 0
        assert journal.verify(session).lignes == 0


def test_what_is_not_an_archive_is_refused(make_portail: MakePortail, tmp_path: Path) -> None:
    portail = make_portail("sqlite")
    (tmp_path / "notes.txt").write_text("bonjour")
    with pytest.raises(Invalide, match="n’est pas une sauvegarde"):
        sauvegarde.restore(portail, tmp_path / "notes.txt")
    with pytest.raises(Invalide, match="ne peut pas être lu"):
        sauvegarde.restore(portail, tmp_path / "absent.zip")


def test_rows_that_refer_to_each_other_come_back(monde: Monde, make_portail: MakePortail, tmp_path: Path) -> None:
    """A request names its convention, an avenant the convention it changes, a convention the one it renews."""
    portail = monde.portail
    ids = [make_convention(portail, monde, "en_vigueur", date_effet=date(2020 + one, 1, 1)) for one in range(8)]
    with portail.db.write() as session:
        for one, before in zip(ids[1:], ids, strict=False):
            convention = session.get_one(Convention, one)
            convention.remplace_id = before
            session.get_one(Dossier, convention.dossier_id).convention_id = before
    archive = tmp_path / "liens.zip"
    sauvegarde.save(portail, archive)
    restored = make_portail("sqlite")
    sauvegarde.restore(restored, archive)
    kept, saved = _content(restored), _content(portail)
    assert (kept["convention"], kept["dossier"]) == (saved["convention"], saved["dossier"])
