"""Templates shown before they serve: the document for three invented dossiers, as Word, PDF and pages, and what changes in
the text. Everything here is invented data; nothing of a real dossier is read.

Previews are kept in memory for a while, by the hashes of what they are made of: pages are asked for one by one.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from documents.engine.differences import Comparaison, compare_texts
from documents.engine.essais import EXPLICATIONS, PROFILS
from documents.pdf import conversion as pdf
from documents.pdf.pages import pages_available, pdf_to_pictures
from domain.errors import Introuvable, Invalide
from services.core.access import Acteur
from services.core.portail import Portail
from services.offres.controle_gabarits import try_dossiers
from services.offres.gabarits import Materiaux, document_of, load_materials, load_version

__all__ = [
    "EXPLICATIONS",
    "PROFILS",
    "Apercu",
    "compare_with_published",
    "open_apercu",
    "pages_shown",
    "pdf_shown",
    "read_pages",
    "read_pdf",
]

CACHE_SIZE = 12


@dataclass
class Apercu:
    """One document for one dossier. `message`: why there is none. The PDF and its pages are made when first asked for."""

    nom: str
    docx: bytes = field(repr=False)
    message: str = ""
    pdf: bytes | None = field(default=None, repr=False)
    pages: list[bytes] | None = field(default=None, repr=False)


_cache: OrderedDict[tuple[str, str], Apercu] = OrderedDict()
_lock = Lock()
_work = Lock()  # one preview is made at a time: pages asked for together wait for the same one


def pdf_shown() -> bool:
    """Whether previews can be had as PDF here."""
    return pdf.pdf_available()


def pages_shown() -> bool:
    """Whether their pages can be shown as pictures."""
    return pdf.pdf_available() and pages_available()


def open_apercu(portail: Portail, acteur: Acteur, version_id: UUID | None, nom: str, profil: str) -> Apercu:
    """The document that the template `nom` of this version (draft or published) is part of, for the dossier `profil`."""
    if profil not in PROFILS:
        raise Introuvable()
    with portail.view(acteur, "gabarit.apercu", objet="offre_version", objet_id=version_id) as session:
        version = load_version(session, acteur, version_id)
        found = load_materials(portail, session, version)
        mark = f"{version.id} {version.version}"
    document = document_of(found.made_of.offer, nom)
    key = _key(found, mark, document.id)
    with _work:
        kept = _kept(key, profil)
        if kept is not None:
            return kept
        for one, trial in try_dossiers(found, document, {}).items():
            _keep(key, one, Apercu(f"essai-{document.id}-{one}", trial.docx, trial.message))
        return _cache[key, profil]


def read_pdf(apercu: Apercu) -> bytes:
    """The PDF of a preview. PdfIndisponible without LibreOffice, Invalide when there is no document."""
    if apercu.message:
        raise Invalide(apercu.message)
    with _work:
        if apercu.pdf is None:
            apercu.pdf = pdf.docx_to_pdf(apercu.docx)
        return apercu.pdf


def read_pages(apercu: Apercu) -> list[bytes]:
    """The pages of a preview as PNG. PdfIndisponible when this server cannot make them."""
    made = read_pdf(apercu)
    with _work:
        if apercu.pages is None:
            apercu.pages = pdf_to_pictures(made)
        return apercu.pages


def compare_with_published(portail: Portail, acteur: Acteur, avant_id: UUID, apres_id: UUID, nom: str) -> Comparaison:
    """What changes in the text of a template from one version to another of the same offer."""
    with portail.view(acteur, "gabarit.consulter", objet="offre_version", objet_id=apres_id) as session:
        before, after = (load_version(session, acteur, one) for one in (avant_id, apres_id))
        if (before.centre_id, before.code) != (after.centre_id, after.code) or nom not in after.gabarits:
            raise Introuvable()
        first, second = before.gabarits.get(nom), str(after.gabarits[nom])
    if first is None:
        raise Invalide("Ce gabarit est nouveau : il n’y a rien à quoi le comparer.")
    if first == second:
        return Comparaison(())
    return compare_texts(portail.files.read(str(first)), portail.files.read(second))


def _key(found: Materiaux, mark: str, document_id: str) -> str:
    made_of = found.made_of
    annexes = sorted((key, one.sha256) for key, one in made_of.annexes.items())
    given = (made_of.logo, annexes, made_of.centre, made_of.tarifs, found.today)
    text = repr((mark, document_id, sorted(found.gabarits.items()), *given))
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(key: str, profil: str) -> Apercu | None:
    with _lock:
        found = _cache.get((key, profil))
        if found is not None:
            _cache.move_to_end((key, profil))
        return found


def _keep(key: str, profil: str, apercu: Apercu) -> None:
    with _lock:
        _cache[key, profil] = apercu
        while len(_cache) > CACHE_SIZE:
            _cache.popitem(last=False)
