"""The register of conventions as a workbook: what the page lists with the same filters, and what each costs this year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import select

from documents.tables.tableur import XLSX_TYPE, Cell, Feuille, write_xlsx
from models import Centre
from services.convention.convention_views import ConventionFilter, ConventionRow, file_name
from services.convention.registre import list_conventions, reads_acts
from services.core import clock
from services.core.access import Acteur
from services.core.paging import MAX_PAGE_SIZE
from services.core.portail import Portail, record
from services.exports import Export

MOST = 20_000
"""Most conventions in one workbook."""


def export_registre(portail: Portail, acteur: Acteur, parametres: Mapping[str, str]) -> Export:
    """XLSX of the register as the person sees it (`texte`, `etat`, `annee` of issue). Amounts for those who read them alone."""
    asked = read_filter(parametres)
    rows = list(_all(portail, acteur, asked))
    with portail.db.read() as session:
        zones = {row.id: row.fuseau for row in session.execute(select(Centre.id, Centre.fuseau))}
    year, priced = clock.today().year, reads_acts(acteur)
    amounts = ("Montant émis", f"Montant {year}") if priced else ()
    sheet = Feuille(
        "Conventions",
        ("Numéro", "Collectivité", "État", "Émise le", "Prise d’effet", "Terme", "Dernier jour", *QUANTITIES, *amounts),
        [_line(row, clock.local_time(row.emise_le, zones[row.centre_id]).date(), priced=priced) for row in rows],
        titre="Registre des conventions",
        formats=(("Heures prévues", "heures"), *((one, "euros") for one in amounts)),
    )
    with portail.db.write() as session:
        for centre_id in sorted({row.centre_id for row in rows}, key=str):
            record(
                session, acteur, "convention.exporter_registre", centre_id=centre_id, objet="centre", objet_id=centre_id,
                nombre=sum(row.centre_id == centre_id for row in rows),
            )  # fmt: skip
    return Export(file_name("conventions", clock.today().isoformat(), extension="xlsx"), XLSX_TYPE, write_xlsx([sheet]))


QUANTITIES = ("Part d’un temps plein (%)", "Heures prévues")


def read_filter(parametres: Mapping[str, str]) -> ConventionFilter:
    """The filter that an address asks for; what it does not understand is left out."""
    etat, annee = parametres.get("etat", ""), parametres.get("annee", "")
    return ConventionFilter(
        texte=parametres.get("texte", "")[:200],
        etats=(etat,) if etat else (),
        annee=int(annee) if annee.isascii() and annee.isdigit() and len(annee) == 4 else None,
        tri="numero",
        descendant=False,
        taille=MAX_PAGE_SIZE,
    )


def _all(portail: Portail, acteur: Acteur, asked: ConventionFilter) -> Iterator[ConventionRow]:
    for number in range(1, MOST // MAX_PAGE_SIZE + 1):
        found = list_conventions(portail, acteur, asked.at(number))
        yield from found.rows
        if number * MAX_PAGE_SIZE >= found.total:
            return


def _line(row: ConventionRow, emise_le: date, *, priced: bool) -> Sequence[Cell]:
    amounts = (row.montant_annuel, row.montant_annee) if priced else ()
    return (
        row.numero, row.collectivite, row.etat_libelle, emise_le, row.date_effet, row.terme, row.dernier_jour,
        row.quotite, row.minutes_prevues, *amounts,
    )  # fmt: skip
