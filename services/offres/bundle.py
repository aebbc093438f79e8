"""An offer as a ZIP of its files, and back: the same tree as `forms/<centre>/<offre>/` and `doc_templates/<centre>/<offre>/`.

A version keeps the texts it came from. A file whose content was not edited goes out byte for byte as it came in, comments
included; one that was edited through the web is written anew, and reads back as the same definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from documents.archive import deflate, write_archive
from documents.word.opc import WordPackage
from documents.word.safety import refuse_unsafe
from domain.definitions import DefinitionError, Fault, Source, read_yaml, validate_definition
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.forms.formset import Form
from domain.offer import SETTINGS_FILE, Offer, OfferSettings, parse_offer, read_offer
from domain.roles import Role
from domain.yaml_writer import write_form, write_settings
from models import Centre, OffreVersion
from services.core.access import Acteur
from services.core.files import FileStore, store_all
from services.core.locks import lock_row
from services.core.portail import Portail
from services.offres.archive import read_archive
from services.offres.versions import (
    DraftView,
    add_draft,
    find_draft,
    last_published,
    record_version,
    require_admin,
    require_no_faults,
    touch,
    view_draft,
)

FORMS, TEMPLATES = "forms", "doc_templates"


@dataclass(frozen=True)
class Bundle:
    """An offer read from files. `sources`: the texts, and `gabarits`: the Word files, by name (see `OffreVersion`)."""

    centre: str
    code: str
    offer: Offer
    sources: dict[str, str]
    gabarits: dict[str, bytes]


def export_offer(session: Session, store: FileStore, version_id: UUID) -> bytes:
    """The ZIP of a version, the same bytes each time. The caller checked the permission. DefinitionError when it is a faulty
    draft: what cannot be read back does not go out."""
    return write_archive(deflate(path, data) for path, data in list_files(session, store, version_id).items())


def list_files(session: Session, store: FileStore, version_id: UUID) -> dict[str, bytes]:
    """The files of a version by path, in the order of the paths."""
    version = session.get(OffreVersion, version_id)
    if version is None:
        raise Introuvable("Cette version de l’offre n’existe pas.")
    offer = read_offer(version.contenu)
    folder = f"{offer.centre}/{offer.code}"
    files = {f"{FORMS}/{folder}/{name}": text.encode() for name, text in _texts(offer, version.sources).items()}
    for name, text in version.sources.items():
        kind, _, file = name.partition("/")
        if kind == TEMPLATES:
            files[f"{TEMPLATES}/{folder}/{file}"] = text.encode()
    for name, sha256 in version.gabarits.items():
        files[f"{TEMPLATES}/{folder}/{name}"] = store.read(sha256)
    return dict(sorted(files.items()))


def _texts(offer: Offer, sources: Mapping[str, str]) -> dict[str, str]:
    """Each YAML file of the offer: the text it came from when it still says the same thing, else written anew."""
    found = {SETTINGS_FILE: _settings_text(offer, sources.get(f"{FORMS}/{SETTINGS_FILE}"))}
    for form in offer.forms:
        found[f"{form.id}.yaml"] = _form_text(form, sources.get(f"{FORMS}/{form.id}.yaml"))
    return found


def _settings_text(offer: Offer, text: str | None) -> str:
    wanted = offer.model_dump(mode="json", exclude={"forms"})
    if text is not None:
        kept = validate_definition(OfferSettings, read_yaml(text, SETTINGS_FILE))
        if kept.model_dump(mode="json") == wanted:
            return text
    return write_settings(offer)


def _form_text(form: Form, text: str | None) -> str:
    if text is not None:
        kept = validate_definition(Form, read_yaml(text, f"{form.id}.yaml"))
        if kept.model_dump(mode="json") == form.model_dump(mode="json"):
            return text
    return write_form(form)


def read_bundle(data: bytes) -> Bundle:
    """The offer of a ZIP; DefinitionError listing what is wrong with it, each with its place."""
    return build_bundle(read_archive(data))


def build_bundle(files: Mapping[str, bytes]) -> Bundle:
    """The offer of these files by path (see the module); DefinitionError as `read_bundle`."""
    places = [_place(path) for path in files]
    folders = sorted({(centre, code) for _, centre, code, _ in places})
    if len(folders) != 1:
        count = "aucune offre" if not folders else f"{len(folders)} offres"
        raise DefinitionError(
            [Fault("archive", f"elle doit contenir une offre et une seule, elle en contient {count}")]
        )
    (centre, code) = folders[0]
    faults: list[Fault] = []
    texts: dict[str, str] = {}
    gabarits: dict[str, bytes] = {}
    for (root, _, _, name), (path, data) in zip(places, files.items(), strict=True):
        try:
            if name.endswith(".docx"):
                _check_word(path, data)
                gabarits[name] = data
            else:
                texts[f"{root}/{name}"] = _decode(path, data)
        except DefinitionError as error:
            faults.extend(error.faults)
    return Bundle(centre, code, _parse(texts, centre, code, faults), texts, gabarits)


def _place(path: str) -> tuple[str, str, str, str]:
    """Root, centre, offer and name of a file; DefinitionError when it has no place in an offer."""
    parts = path.split("/")
    if len(parts) == 4 and parts[0] in (FORMS, TEMPLATES):
        root, centre, code, name = parts
        if name.endswith(".yaml") or (root == TEMPLATES and name.endswith(".docx")):
            return root, centre, code, name
    raise DefinitionError(
        [
            Fault(
                f"archive, « {path} »",
                "un fichier d’offre est « forms/centre/offre/nom.yaml » ou « doc_templates/centre/offre/nom.docx »",
            )
        ]
    )


def _decode(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise DefinitionError([Fault(path, "ce fichier n’est pas encodé en UTF-8")]) from None


def _check_word(path: str, data: bytes) -> None:
    try:
        refuse_unsafe(WordPackage(data))
    except Invalide as error:
        raise DefinitionError([Fault(path, error.message)]) from None


def _parse(texts: Mapping[str, str], centre: str, code: str, faults: list[Fault]) -> Offer:
    names = [name.partition("/")[2] for name in texts if name.startswith(f"{FORMS}/")]
    if SETTINGS_FILE not in names:
        raise DefinitionError([*faults, Fault("archive", f"« {FORMS}/{centre}/{code}/{SETTINGS_FILE} » manque")])
    sources: list[Source] = []
    for name in [SETTINGS_FILE, *(one for one in names if one != SETTINGS_FILE)]:
        try:
            sources.append(read_yaml(texts[f"{FORMS}/{name}"], name))
        except DefinitionError as error:
            if name == SETTINGS_FILE:
                raise DefinitionError([*faults, *error.faults]) from None
            faults.extend(error.faults)
    return parse_offer(sources, centre, code, faults)


def import_offer(portail: Portail, acteur: Acteur | None, data: bytes, *, remplacer: bool = False) -> DraftView:
    """A new draft from a ZIP; nothing that is in force changes. `acteur` is an administrator of the centre that the offer is
    of; None is the operator at the command line.

    DefinitionError lists everything wrong, each with its place; Conflit when the offer has a draft already, unless
    `remplacer`; Introuvable when the centre is not served here.
    """
    with portail.view(acteur, "offre.importer"):
        if acteur is not None and not acteur.centres_with(Role.ADMINISTRATEUR):
            raise Refus("Modifier une offre demande le rôle administrateur.")
    bundle = read_bundle(data)
    with portail.action(acteur, "offre.importer", objet="offre", objet_id=bundle.code) as session:
        centre = _find_centre(session, acteur, bundle)
        draft = _make_draft(session, portail, acteur, centre, bundle, remplacer=remplacer)
        require_no_faults(session, draft)
        record_version(session, acteur, "offre.importer", draft, version=draft.version)
        return view_draft(session, draft)


def _find_centre(session: Session, acteur: Acteur | None, bundle: Bundle) -> Centre:
    """The centre of the offer, its row taken."""
    centre_id = session.scalar(select(Centre.id).where(Centre.code == bundle.centre))
    if acteur is not None:
        if centre_id is None:
            raise Introuvable("Cette offre n’est pas celle de votre centre.")
        require_admin(acteur, centre_id)
    if centre_id is None:
        raise Introuvable(
            f"Le centre « {bundle.centre} » n’existe pas dans cette installation : ajoutez d’abord son dossier à forms/,"
            " puis lancez « portail init »."
        )
    return lock_row(session, Centre, centre_id)


def _make_draft(
    session: Session, portail: Portail, acteur: Acteur | None, centre: Centre, bundle: Bundle, *, remplacer: bool
) -> OffreVersion:
    names = list(bundle.gabarits)
    hashes = dict(zip(names, store_all(session, portail.files, [bundle.gabarits[name] for name in names]), strict=True))
    contenu = bundle.offer.model_dump(mode="json")
    former = last_published(session, centre.id, bundle.code)
    draft = find_draft(session, centre.id, bundle.code)
    if draft is None:
        return add_draft(session, acteur, centre.id, bundle.code, former, contenu, hashes, bundle.sources)
    if not remplacer:
        raise Conflit("Cette offre a déjà un brouillon : publiez-le ou abandonnez-le, ou demandez à le remplacer.")
    draft.contenu, draft.gabarits, draft.sources = contenu, hashes, dict(bundle.sources)
    draft.issue_de = former.id if former else None
    touch(draft, acteur)
    session.flush()
    return draft
