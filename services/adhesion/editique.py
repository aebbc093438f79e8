"""Making documents: gathers an offer's templates and a centre's data, composes and compiles the master once, renders.

A master is known by the hashes of what it is made of, so a process compiles each one once, whatever the number of offer
versions that share it. The same data gives the same bytes: nothing here reads a clock or draws a number.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from documents.contexts.adhesion import build_context
from documents.engine.compiled import CompiledTemplate
from documents.pdf import conversion as pdf
from documents.uploads import DOCX_TYPE
from documents.word.compose import Part, compose
from documents.word.logo import place_logo
from documents.word.seal import seal
from documents.word.seal import sha256 as sha256_of
from domain.errors import Refus
from domain.forms.answers import build_tree
from domain.forms.evaluation import kept_answers
from domain.offer import ADHESION, Centre, Document, Offer
from domain.tarifs import Tarif
from models import Centre as CentreTable
from models import Dossier, OffreVersion
from services.adhesion.dossier_state import load_state
from services.centre.centre_files import current_pieces
from services.centre.offres import get_offer, list_tarifs
from services.convention.convention_views import file_name
from services.core.access import Acteur, get_dossier
from services.core.portail import Portail, record

PDF_TYPE = "application/pdf"
WATERMARK = "PROJET"
CACHE_SIZE = 32

_masters: OrderedDict[tuple[str, ...], CompiledTemplate] = OrderedDict()
_masters_lock = Lock()


@dataclass(frozen=True)
class Rendered:
    """A document made: its file name, bytes, SHA-256, what it was made from, and what deserves a person's eye."""

    nom: str
    data: bytes = field(repr=False)
    sha256: str
    manifest: dict[str, Any]
    avertissements: tuple[str, ...] = ()
    type_mime: str = DOCX_TYPE
    context: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class AnnexFile:
    """A file of the centre that stands for an annex: Word is composed in, PDF is delivered beside and named by its hash."""

    nom: str
    sha256: str
    type_mime: str


@dataclass(frozen=True)
class Ingredients:
    """What documents of one offer version are made from. `gabarits`: SHA-256 by template name; `read`: bytes by SHA-256;
    `annexes`: the centre's own files by annex id; `logo`: SHA-256 of the centre's logo, None for the templates' own picture;
    `version`: number of the offer's version, None outside the database; `exclues`: ids of optional annexes that are left out."""

    offer: Offer
    centre: Centre
    tarifs: tuple[Tarif, ...]
    gabarits: Mapping[str, str]
    read: Callable[[str], bytes]
    annexes: Mapping[str, AnnexFile] = field(default_factory=dict)
    logo: str | None = None
    version: int | None = None
    exclues: frozenset[str] = frozenset()


def load_ingredients(portail: Portail, session: Session, dossier: Dossier) -> Ingredients:
    """The ingredients of a dossier's documents: its offer version, its centre as it is now."""
    version = session.get_one(OffreVersion, dossier.offre_version_id)
    centre = session.get_one(CentreTable, dossier.centre_id)
    offer = get_offer(session, version.id).variant(dossier.nature)
    pieces = current_pieces(session, centre.id)
    own = [annexe.id for annexe in offer.annexes if annexe.source == "piece_centre"]
    annexes = {
        annexe: AnnexFile(piece.nom, piece.sha256, piece.type_mime)
        for annexe in own
        if (piece := pieces.get(("annexe_centre", annexe)))
    }
    return Ingredients(
        offer=offer,
        centre=Centre.model_validate(centre.parametres),
        tarifs=tuple(list_tarifs(session, centre.id)),
        gabarits=version.gabarits,
        read=portail.files.read,
        annexes=annexes,
        logo=logo.sha256 if (logo := pieces.get(("logo", ""))) else None,
        version=version.numero,
    )


def render_document(
    made_of: Ingredients,
    document_id: str,
    answers_tree: Mapping[str, Any],
    *,
    today: date,
    numero: str | None = None,
    projet: bool = False,
    strict: bool | None = None,
) -> Rendered:
    """Render one document of the offer for a JSON tree of answers. `projet` watermarks it and leaves it without number."""
    document = made_of.offer.document(document_id)
    watermark = WATERMARK if projet and document.convention else None
    context = build_context(
        made_of.offer,
        made_of.centre,
        answers_tree,
        made_of.tarifs,
        numero=numero,
        projet=projet,
        annexes_fichiers={key: {"nom": one.nom, "sha256": one.sha256} for key, one in made_of.annexes.items()},
        strict=strict,
        today=today,
    )
    made_of = replace(made_of, exclues=frozenset(one.id for one in made_of.offer.annexes) - set(context["annexes"]))
    data = compiled_master(made_of, document, watermark).render(context)
    manifest = _manifest(made_of, document, data, context)
    return Rendered(
        nom=_document_name(document, context, projet),
        data=data,
        sha256=manifest["sha256"],
        manifest=manifest,
        avertissements=tuple(context["avertissements"]),
        context=context,
    )


def compiled_master(made_of: Ingredients, document: Document, watermark: str | None) -> CompiledTemplate:
    """The compiled master of a document, made at the first call for these very files."""
    parts = _parts(made_of, document)
    key = (watermark or "", made_of.logo or "", *(f"{'=' if one.static else ''}{one.sha256}" for one in parts))
    with _masters_lock:
        found = _masters.get(key)
        if found is not None:
            _masters.move_to_end(key)
            return found
    composed = compose([Part(made_of.read(one.sha256), one.static, one.nom) for one in parts], watermark)
    if made_of.logo:
        composed = place_logo(composed, made_of.read(made_of.logo))
    master = CompiledTemplate(composed)
    with _masters_lock:
        _masters[key] = master
        while len(_masters) > CACHE_SIZE:
            _masters.popitem(last=False)
    return master


@dataclass(frozen=True)
class _File:
    """A file that a master is composed of. `key` names it in the seal; `static`: it is no template."""

    key: str
    nom: str
    sha256: str
    static: bool = False


def _parts(made_of: Ingredients, document: Document) -> list[_File]:
    """Each file that the master is composed of, in order: an annex that the centre supplies as a Word file comes after
    the page that announces it."""
    found: list[_File] = []
    for part in document.parts:
        if part.annexe in made_of.exclues:
            continue
        name = part.template or made_of.offer.annexe(str(part.annexe)).template
        found.append(_File(name, name, made_of.gabarits[name]))
        own = made_of.annexes.get(part.annexe or "")
        if own is not None and own.type_mime == DOCX_TYPE:
            # Its name is the centre's choice, and may be that of a template.
            found.append(_File(f"annexe:{part.annexe}", own.nom, own.sha256, static=True))
    return found


def _manifest(made_of: Ingredients, document: Document, data: bytes, context: Mapping[str, Any]) -> dict[str, Any]:
    """The seal of the document, with what it was made from (documents.word.seal)."""
    version = f"{made_of.offer.centre}/{made_of.offer.code}" + (f" v{made_of.version}" if made_of.version else "")
    return {
        **seal(data, context, {}, version),
        # Templates are stored by hash: no need to read their bytes again.
        "gabarits": template_hashes(made_of, document),
        "document": document.id,
        "numero": context["convention"]["numero"],
        "annexes": context["annexes_liste"],
        "logo": made_of.logo,
    }


def template_hashes(made_of: Ingredients, document: Document) -> dict[str, str]:
    """SHA-256 of every file that a document is composed of, by name."""
    return {one.key: one.sha256 for one in _parts(made_of, document)}


def _document_name(document: Document, context: Mapping[str, Any], projet: bool) -> str:
    nom = context["collectivite"]["nom"]
    if not document.convention:
        return file_name("modele", document.id, nom, extension="docx")
    return file_name("projet" if projet else "", document.id, context["convention"]["numero"], nom, extension="docx")


# --- from a dossier ---------------------------------------------------------------------------------------------------


def render_projet(portail: Portail, acteur: Acteur, dossier_id: UUID) -> Rendered:
    """The *projet de convention* of a dossier, from the answers as they are now: watermarked, without number, with dotted
    blanks where something is missing. Journalled."""
    with portail.view(acteur, "document.produire", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        _refuse_request(dossier)
        offer = get_offer(session, dossier.offre_version_id)
        rendered = _render_draft(portail, session, dossier, offer.convention.id, projet=True)
    journal_rendered(portail, acteur, dossier, rendered)
    return rendered


def render_deliberation(portail: Portail, acteur: Acteur, dossier_id: UUID) -> Rendered:
    """The model délibération of a dossier, from the answers as they are now. Journalled."""
    with portail.view(acteur, "document.produire", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        _refuse_request(dossier)
        rendered = _render_draft(portail, session, dossier, "deliberation", projet=False)
    journal_rendered(portail, acteur, dossier, rendered)
    return rendered


def _refuse_request(dossier: Dossier) -> None:
    if dossier.nature != ADHESION:
        raise Refus("Ce document est celui d’une adhésion : une demande sur une convention n’en a pas.")


def _render_draft(portail: Portail, session: Session, dossier: Dossier, document_id: str, *, projet: bool) -> Rendered:
    state = load_state(session, dossier)
    tree = build_tree(kept_answers(state.evaluation))
    made_of = load_ingredients(portail, session, dossier)
    return render_document(made_of, document_id, tree, today=state.today, projet=projet, strict=False)


def journal_rendered(portail: Portail, acteur: Acteur, dossier: Dossier, rendered: Rendered) -> None:
    """One line of the journal for a document made from a dossier."""
    with portail.db.write() as session:
        record(
            session,
            acteur,
            "document.produire",
            centre_id=dossier.centre_id,
            objet="dossier",
            objet_id=dossier.id,
            document=rendered.manifest["document"],
            sha256=rendered.sha256,
        )


def as_pdf(rendered: Rendered) -> Rendered:
    """The same document as PDF. PdfIndisponible without LibreOffice: offer the Word file then. Two PDFs of one document
    differ in their bytes."""
    data = pdf.docx_to_pdf(rendered.data)
    return replace(
        rendered,
        nom=f"{rendered.nom.removesuffix('.docx')}.pdf",
        data=data,
        sha256=sha256_of(data),
        type_mime=PDF_TYPE,
    )


def delivered_beside(made_of: Ingredients, document: Document) -> Iterable[tuple[str, AnnexFile]]:
    """The centre's own annexes that are not composed in (PDF), by annex id: they go with the convention as files."""
    for part in document.parts:
        own = made_of.annexes.get(part.annexe or "")
        if part.annexe and own is not None and own.type_mime != DOCX_TYPE:
            yield part.annexe, own
