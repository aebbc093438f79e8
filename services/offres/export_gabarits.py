"""Files of the template bench, at `/exports/…`: a template, and the preview of a document. Each address names the version of
the offer; the permission is checked on it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from documents.uploads import DOCX_TYPE
from domain.errors import Introuvable
from services.adhesion.editique import PDF_TYPE
from services.core.access import Acteur
from services.core.portail import Portail, record
from services.exports import Export
from services.offres.apercus import Apercu, open_apercu, read_pages, read_pdf
from services.offres.gabarits import load_version

PNG_TYPE = "image/png"


def export_template(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """The template `gabarit` of the version `version`, as it is stored. Journalled."""
    version_id, nom = _version(parametres), parametres.get("gabarit", "")
    with portail.action(acteur, "gabarit.telecharger", objet="offre_version", objet_id=version_id) as session:
        version = load_version(session, acteur, version_id)
        sha256 = version.gabarits.get(nom)
        if sha256 is None:
            raise Introuvable()
        record(
            session,
            acteur,
            "gabarit.telecharger",
            centre_id=version.centre_id,
            objet="offre_version",
            objet_id=version.id,
            gabarit=nom,
            sha256=str(sha256),
        )
    return Export(nom, DOCX_TYPE, portail.files.read(str(sha256)))


def export_apercu_docx(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """The document for one invented dossier (`profil`), as Word."""
    found = _apercu(portail, acteur, parametres)
    if found.message:
        raise Introuvable(found.message)
    return Export(f"{found.nom}.docx", DOCX_TYPE, found.docx)


def export_apercu_pdf(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """The same as PDF."""
    found = _apercu(portail, acteur, parametres)
    return Export(f"{found.nom}.pdf", PDF_TYPE, read_pdf(found))


def export_apercu_page(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """Its page `page`, from 1, as a picture."""
    found = _apercu(portail, acteur, parametres)
    asked = parametres.get("page", "")
    pages = read_pages(found)
    if not (asked.isascii() and asked.isdigit() and len(asked) < 5 and 1 <= int(asked) <= len(pages)):
        raise Introuvable()
    return Export(f"{found.nom}-page-{asked}.png", PNG_TYPE, pages[int(asked) - 1])


def _apercu(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Apercu:
    nom, profil = parametres.get("gabarit", ""), parametres.get("profil", "")
    return open_apercu(portail, acteur, _version(parametres), nom, profil)


def _version(parametres: Mapping[str, str]) -> UUID:
    try:
        return UUID(parametres.get("version", ""))
    except ValueError:
        raise Introuvable() from None
