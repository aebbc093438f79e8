"""Tables and documents that are made when asked for at `/exports/<nom>`: who makes each one.

A producer checks the permission, journals the export, and gives the file. Its parameters are those of the address: it
reads them as untrusted text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import IO

from domain.errors import Introuvable
from domain.text import refuse_controls
from services.core.access import Acteur
from services.core.portail import Portail


@dataclass(frozen=True)
class Export:
    """A file made on request: its bytes, or, for one that may be large, the temporary file that holds it (`flux`), which whoever
    gives it closes."""

    nom: str
    type_mime: str
    data: bytes = field(default=b"", repr=False)
    flux: IO[bytes] | None = field(default=None, repr=False)


Producer = Callable[[Portail, Acteur, Mapping[str, str]], Export]

PRODUCERS: dict[str, str] = {
    "conventions.xlsx": "services.convention.export_registre:export_registre",
    "heures": "services.activite.export_heures:export_heures",
    "modele-heures": "services.activite.export_heures:modele",
    "deplacements.xlsx": "services.activite.deplacement_lists:export_deplacements",
    "titres.csv": "services.facturation.export_comptable:export_titres",
    "decompte.xlsx": "services.facturation.export_comptable:export_decompte",
    "decomptes.xlsx": "services.facturation.export_comptable:export_liste",
    "tableau.csv": "services.pilotage.export_tableaux:export_csv",
    "tableau.xlsx": "services.pilotage.export_tableaux:export_xlsx",
    "bilan-apercu.docx": "services.pilotage.bilan_document:export_preview",
    "suivi.csv": "services.pilotage.suivi:export_csv",
    "suivi.xlsx": "services.pilotage.suivi:export_xlsx",
    "simulation.xlsx": "services.pilotage.export_simulation:export_xlsx",
    "gabarit.docx": "services.offres.export_gabarits:export_template",
    "gabarit-apercu.docx": "services.offres.export_gabarits:export_apercu_docx",
    "gabarit-apercu.pdf": "services.offres.export_gabarits:export_apercu_pdf",
    "gabarit-apercu.png": "services.offres.export_gabarits:export_apercu_page",
    "offre.zip": "services.offres.export_offre:export_archive",
    "archives.zip": "services.archives.export_dossier:export_archive",
    "donnees-personnelles.zip": "services.comptes.export_donnees:export_person",
    "mes-donnees.zip": "services.comptes.export_donnees:export_own",
    "lettre-denonciation.docx": "services.vie.denonciations:export_lettre",
    "courriers-tarifs.zip": "services.vie.courrier_views:export_letters",
    "note-simulation.docx": "services.pilotage.export_simulation:export_note",
}
"""Name in the address → "module:function". Imported when first asked for: exports bring spreadsheets and charts."""


def produce(portail: Portail, acteur: Acteur, nom: str, parametres: Mapping[str, str]) -> Export:
    """The export of this name for this person; Introuvable when there is none, or nothing there for them."""
    where = PRODUCERS.get(nom)
    if where is None:
        raise Introuvable()
    refuse_controls(parametres.values())
    module, _, function = where.partition(":")
    producer: Producer = getattr(import_module(module), function)
    return producer(portail, acteur, parametres)
