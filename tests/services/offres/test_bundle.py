"""An offer as a ZIP: byte for byte what it came from, and everything that a ZIP may not be."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from domain.definitions import DefinitionError
from domain.errors import Conflit, Introuvable, PortailError, Refus
from domain.roles import Role
from models import AuditEvent, Centre, OffreVersion
from services import exports
from services.centre.offres import current_version, get_offer
from services.core.access import Acteur
from services.core.portail import Portail
from services.core.settings import ROOT
from services.offres import bundle, publication, versions
from tests.factories import CENTRE, OFFRE, install_offres, make_acteur, make_collectivite

OFFERS = sorted(path.parent.relative_to(ROOT / "forms") for path in (ROOT / "forms").glob("*/*/offre.yaml"))
FOLDER = f"{CENTRE}/{OFFRE}"


def shipped(folder: Path | str = FOLDER) -> dict[str, bytes]:
    """The files of an offer as they are in the project."""
    paths = [path for root in ("forms", "doc_templates") for path in (ROOT / root / folder).iterdir()]
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in sorted(paths)}


def zipped(files: Mapping[str, bytes]) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return output.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def installed(portail: Portail) -> Portail:
    install_offres(portail)
    return portail


@pytest.fixture
def admin(installed: Portail) -> Acteur:
    return make_acteur(installed, Role.ADMINISTRATEUR, centre=centre_id(installed), nom="Admin")


def centre_id(portail: Portail, code: str = CENTRE) -> Any:
    with portail.db.read() as session:
        return session.scalars(select(Centre.id).where(Centre.code == code)).one()


def export(portail: Portail, version_id: Any = None, *, centre: str = CENTRE, offre: str = OFFRE) -> bytes:
    with portail.db.read() as session:
        found = version_id or current_version(session, centre_id(portail, centre), offre).id
        return bundle.export_offer(session, portail.files, found)


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("folder", OFFERS, ids=str)
def test_round_trip(installed: Portail, folder: Path) -> None:
    """Files → portal → ZIP → portal → ZIP: the same bytes all along, comments included."""
    first = export(installed, centre=folder.parent.name, offre=folder.name)
    assert unzipped(first) == shipped(folder)
    draft = bundle.import_offer(installed, None, first)
    assert export(installed, draft.id) == first
    with installed.db.write() as session:
        row = session.get_one(OffreVersion, draft.id)
        publication.publish(session, None, row)
    assert export(installed, centre=folder.parent.name, offre=folder.name) == first


def test_what_was_edited_is_written_anew_the_rest_is_untouched(installed: Portail, admin: Acteur) -> None:
    draft = versions.open_draft(installed, admin, centre_id(installed), OFFRE)
    contenu = deepcopy(draft.contenu)
    besoin = next(form for form in contenu["forms"] if form["id"] == "besoin")
    besoin["sections"][0]["fields"][0].update(label="Quotité : « un jour » # 20 %", min="0.5")
    saved = versions.save_draft(installed, admin, draft.id, draft.version, contenu)
    files, before = unzipped(export(installed, draft.id)), shipped()
    edited = f"forms/{FOLDER}/besoin.yaml"
    assert {name for name in files if files[name] != before.get(name)} == {edited}
    assert files.keys() == before.keys()
    assert "label: 'Quotité : « un jour » # 20 %'" in files[edited].decode()
    again = bundle.import_offer(installed, admin, zipped(files), remplacer=True)
    assert again.contenu == saved.contenu
    back = versions.save_draft(installed, admin, again.id, again.version, draft.contenu)
    with installed.db.write() as session:
        session.get_one(OffreVersion, back.id).sources = {}
    unkept = unzipped(export(installed, back.id))
    assert bundle.build_bundle({**before, **unkept}).offer == bundle.build_bundle(before).offer


def test_import_by_hand_with_what_archivers_add(installed: Portail, admin: Acteur) -> None:
    files = {**shipped(), "forms/": b"", "__MACOSX/forms/._x": b"?", "forms/.DS_Store": b"?"}
    draft = bundle.import_offer(installed, admin, zipped(files))
    assert (draft.numero, draft.faults) == (2, ())
    with installed.db.read() as session:
        assert current_version(session, draft.centre_id, OFFRE).numero == 1


def test_an_offer_that_the_centre_did_not_have(installed: Portail, admin: Acteur) -> None:
    files = {name.replace(OFFRE, "autre-offre"): data for name, data in shipped().items()}
    name = f"forms/{CENTRE}/autre-offre/offre.yaml"
    files[name] = files[name].replace(OFFRE.encode(), b"autre-offre")
    draft = bundle.import_offer(installed, admin, zipped(files))
    assert (draft.numero, draft.base_id, draft.code) == (1, None, "autre-offre")
    published = publication.publish_draft(installed, admin, draft.id, draft.version)
    with installed.db.read() as session:
        assert get_offer(session, published).code == "autre-offre"


def test_a_draft_is_not_overwritten_unasked(installed: Portail, admin: Acteur) -> None:
    draft = versions.open_draft(installed, admin, centre_id(installed), OFFRE)
    with pytest.raises(Conflit, match="déjà un brouillon"):
        bundle.import_offer(installed, admin, zipped(shipped()))
    again = bundle.import_offer(installed, admin, zipped(shipped()), remplacer=True)
    assert (again.id, again.version) == (draft.id, draft.version + 1)


def test_who_may_import(installed: Portail, admin: Acteur) -> None:
    data = zipped(shipped())
    place = {"centre": centre_id(installed), "collectivite": make_collectivite(installed)}
    for role in Role:
        if role != Role.ADMINISTRATEUR:
            person = make_acteur(installed, role, **place)
            with pytest.raises(Refus, match="administrateur"):
                bundle.import_offer(installed, person, data)
    other = make_acteur(installed, Role.ADMINISTRATEUR, centre=centre_id(installed, "cdg-martinique"))
    with pytest.raises(Introuvable):
        bundle.import_offer(installed, other, data)
    unknown = zipped({name.replace(CENTRE, "inconnu"): one for name, one in shipped().items()} | elsewhere("inconnu"))
    with pytest.raises(Introuvable, match="votre centre"):
        bundle.import_offer(installed, admin, unknown)
    with pytest.raises(Introuvable, match="portail init"):
        bundle.import_offer(installed, None, unknown)
    with installed.db.read() as session:
        assert session.scalars(select(OffreVersion).where(OffreVersion.etat == "brouillon")).all() == []
        asked = session.scalars(select(AuditEvent).where(AuditEvent.action == "refus")).all()
        assert {event.details["demande"] for event in asked} == {"offre.importer"}


def elsewhere(code: str) -> dict[str, bytes]:
    """An `offre.yaml` that says it is of the centre `code`."""
    settings = shipped()[f"forms/{FOLDER}/offre.yaml"].replace(f"centre: {CENTRE}".encode(), f"centre: {code}".encode())
    return {f"forms/{code}/{OFFRE}/offre.yaml": settings}


Files = dict[str, bytes]


def changed(name: str, old: str, new: str) -> Callable[[Files], Files]:
    """The files with one text of a form replaced by another."""
    path = f"forms/{FOLDER}/{name}"

    def change(files: Files) -> Files:
        assert old.encode() in files[path]
        return {**files, path: files[path].replace(old.encode(), new.encode(), 1)}

    return change


def without(path: str) -> Callable[[Files], Files]:
    return lambda files: {name: data for name, data in files.items() if name != path}


def adding(path: str, data: bytes = b"x") -> Callable[[Files], Files]:
    return lambda files: {**files, path: data}


HOSTILE: list[tuple[Callable[[Files], Files], str]] = [
    (adding("../forms/x.yaml"), "../forms/x.yaml » : ce chemin n’est pas permis"),
    (adding(f"forms/{CENTRE}/../../etc/x.yaml"), "n’est pas permis"),
    (adding("/etc/passwd"), "n’est pas permis"),
    (adding("C:\\windows\\x.yaml"), "n’est pas permis"),
    (adding(f"forms/{FOLDER}/a\x00.yaml"), ""),
    (adding(f"forms/{FOLDER}/virus.exe"), "un fichier d’offre est"),
    (adding(f"forms/{FOLDER}/sous/x.yaml"), "un fichier d’offre est"),
    (adding("forms/autre/offre/offre.yaml"), "2 offres"),
    (adding(f"forms/{FOLDER}/x.yaml", b"\xff\xfe"), "n’est pas encodé en UTF-8"),
    (adding(f"forms/{FOLDER}/bombe.yaml", b" " * 21_000_000), "beaucoup trop gros"),
    (adding(f"forms/{FOLDER}/alias.yaml", b"a: &a [1]\nb: *a\n"), "alias.yaml, ligne 2 : les alias"),
    (adding(f"forms/{FOLDER}/objet.yaml", b"!!python/object/apply:os.system ['id']"), "objet.yaml"),
    (adding(f"doc_templates/{FOLDER}/x.docx", b"PK\x03\x04"), "x.docx"),
    (without(f"forms/{FOLDER}/offre.yaml"), "offre.yaml » manque"),
    (without(f"forms/{FOLDER}/besoin.yaml"), "l’étape « besoin » n’a pas de formulaire"),
    (without(f"doc_templates/{FOLDER}/convention.docx"), "convention.docx"),
    (lambda files: {}, "aucune offre"),
    (changed("besoin.yaml", "type: percentage", "type: pourcentage"), "le type « pourcentage » n’existe pas"),
    (changed("besoin.yaml", "    fields:", "   fields:"), "besoin.yaml, ligne"),
    (changed("referent.yaml", "id: referent.telephone", "id: referent.nom"), "sert déjà ailleurs"),
    (changed("besoin.yaml", "required: true", "requis: true"), "la clé « requis » n’existe pas"),
    (changed("referent.yaml", "id: referent.telephone", "id: referent.numero"), "ne disparaît pas"),
    (changed("besoin.yaml", "required: true", "visible_if: besoin.quotite > 0"), "besoin.quotite"),
    (changed("besoin.yaml", "required: true", "visible_if: besoin.date_effet.__class__"), "besoin.quotite"),
    (changed("besoin.yaml", "required: true", "visible_if: range(10**9)"), "besoin.quotite"),
]


@pytest.mark.parametrize(("spoil", "told"), HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_refused(make_portail: Callable[[str], Portail], spoil: Any, told: str) -> None:
    """Refused with the place and the reason; what was in force stays in force, and no draft is left."""
    portail = make_portail("sqlite")
    install_offres(portail)
    before = export(portail)
    with pytest.raises(PortailError) as refused:
        bundle.import_offer(portail, None, zipped(spoil(shipped())))
    assert told in refused.value.message
    assert export(portail) == before
    with portail.db.read() as session:
        assert session.scalars(select(OffreVersion).where(OffreVersion.etat != "publiee")).all() == []


def crafted(change: Callable[[zipfile.ZipInfo], None], data: bytes = b"x") -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(f"forms/{FOLDER}/offre.yaml")
        change(entry)
        archive.writestr(entry, data)
    return output.getvalue()


def link(entry: zipfile.ZipInfo) -> None:
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16


def twice() -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("forms/a/b/offre.yaml", b"1")
        archive.writestr("forms/a/b/offre.yaml", b"2")
    return output.getvalue()


def locked() -> bytes:
    """An archive whose entry says that it is encrypted."""
    data = bytearray(zipped({"forms/a/b/offre.yaml": b"1"}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def lying() -> bytes:
    """An entry that says it is one byte long, and is a hundred million."""
    data = bytearray(zipped({"forms/a/b/offre.yaml": b"\0" * 100_000_000}))
    data[22:26] = data[data.index(b"PK\1\2") + 24 : data.index(b"PK\1\2") + 28] = (1).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: b"", "archive ZIP lisible"),
        (lambda: b"PK\x05\x06" + b"\xff" * 18, "archive ZIP lisible"),
        (lambda: zipped(shipped())[:-100], "archive ZIP lisible"),
        (lambda: zipped(shipped())[:50_000] + b"\0" * 50 + zipped(shipped())[50_050:], "archive"),
        (lambda: b"0" * 30_000_001, "dépasse 30 Mo"),
        (lambda: b"PK\1\2" * 30_000, "trop de fichiers"),
        (lambda: zipped({f"forms/a/b/f{rank}.yaml": b"" for rank in range(201)}), "plus de 200 fichiers"),
        (lambda: crafted(link, b"/etc/passwd"), "fichier ordinaire"),
        (twice, "deux fois"),
        (lambda: zipped({"forms/a/b/offre.yaml": b"", "forms/a/b/Offre.yaml": b""}), "aux majuscules près"),
        (locked, "mot de passe"),
        (lying, "archive"),
        (lambda: zipped({f"forms/a/b/f{rank}.yaml": b"\0" * 19_000_000 for rank in range(5)}), "beaucoup trop gros"),
    ],
)
def test_archives_that_are_refused(make: Callable[[], bytes], told: str) -> None:
    with pytest.raises(DefinitionError, match=told):
        bundle.read_bundle(make())


def test_a_faulty_draft_does_not_go_out(installed: Portail, admin: Acteur) -> None:
    draft = versions.open_draft(installed, admin, centre_id(installed), OFFRE)
    versions.save_draft(installed, admin, draft.id, draft.version, {"titre": "Rien d’autre"})
    with pytest.raises(DefinitionError, match="manque"):
        export(installed, draft.id)


def test_download(installed: Portail, admin: Acteur) -> None:
    """The archive of a version is for the administrators of its centre."""
    with installed.db.read() as session:
        version_id = current_version(session, centre_id(installed), OFFRE).id
    made = exports.produce(installed, admin, "offre.zip", {"version": str(version_id)})
    assert (made.nom, made.type_mime, made.data) == (f"{OFFRE}-v1.zip", "application/zip", export(installed))
    place = {"centre": centre_id(installed, "cdg-martinique"), "collectivite": make_collectivite(installed)}
    for role in Role:
        person = make_acteur(installed, role, **place)
        with pytest.raises(Introuvable):
            exports.produce(installed, person, "offre.zip", {"version": str(version_id)})
    clerk = make_acteur(installed, Role.INSTRUCTEUR, centre=centre_id(installed))
    with pytest.raises(Refus, match="administrateur"):
        exports.produce(installed, clerk, "offre.zip", {"version": str(version_id)})
    for wrong in ({}, {"version": "x"}, {"version": str(uuid4())}):
        with pytest.raises(Introuvable):
            exports.produce(installed, admin, "offre.zip", wrong)
