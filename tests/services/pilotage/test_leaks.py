"""Everything that is published to a collectivité, read back together by somebody who knows the rules and tries to solve it."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import docx
import openpyxl
import pytest

from domain.activite import DIMENSION_LABELS
from domain.errors import Refus
from domain.roles import ROLES_COLLECTIVITE, Role
from domain.secret import MASQUE, SEUIL, Cellule, mask_table
from services import exports
from services.adhesion.pieces import open_piece
from services.core.portail import Portail
from services.pilotage import bilan_document
from services.pilotage.bilans import open_bilan
from services.pilotage.publication import PUBLISHED
from services.pilotage.suivi import open_suivi
from tests.bilans import ANNEE, all_codes, assign, bilan_id_of, close_year, ordinary_year, record_work, write_sections
from tests.conventions import make_convention
from tests.decomptes import add_tarifs, issue_quarter
from tests.factories import Monde, make_monde

ROOT = Path(__file__).parents[3]
Figures = dict[tuple[str, str], tuple[str, str]]
"""(table, line) → count and hours, as they are written."""

HIDDEN = [
    *((date(ANNEE, 2, day), 707, "echanges", "medecine", "domicile", "individuelle") for day in (3, 4, 5)),
    (date(ANNEE, 8, 6), 1013, "coordination", "partenaire", "ailleurs", "collective"),
]
"""Interventions of cells that are masked, each as long as none other."""


@pytest.fixture
def monde(make_portail: Callable[[str], Portail], monkeypatch: pytest.MonkeyPatch) -> Monde:
    monkeypatch.setattr(bilan_document, "draw_charts", lambda published: {})
    return make_monde(make_portail("sqlite"), gabarits=True)


@pytest.fixture
def convention_id(monde: Monde) -> UUID:
    """A convention whose year is recorded, closed, invoiced and reported."""
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, convention_id)
    add_tarifs(monde.portail, monde.centre_id, ANNEE)
    record_work(monde.portail, monde, convention_id, [*ordinary_year(), *HIDDEN])
    degrade = [(date(ANNEE, 4, 2), 45, "accueil", "agent", "telephone", "individuelle")]
    record_work(monde.portail, monde, convention_id, degrade, nature="service_degrade")
    close_year(monde.portail, monde)
    for quarter in (1, 2, 3, 4):
        issue_quarter(monde.portail, monde, convention_id, ANNEE, quarter)
    bilan_id = bilan_id_of(monde.portail, convention_id)
    write_sections(monde.portail, monde, bilan_id)
    version = open_bilan(monde.portail, monde.responsable, bilan_id).version
    bilan_document.publish_bilan(monde.portail, monde.responsable, bilan_id, version)
    return convention_id


# Reading what was published ---------------------------------------------------------------------------------------------


def read_page(monde: Monde, convention_id: UUID) -> Figures:
    published = open_suivi(monde.portail, monde.direction, convention_id, ANNEE).publication
    return {
        (table.titre, line.libelle): (shown(line.nombre), shown(line.minutes))
        for table in published.tables
        for line in table.lignes
    }


def shown(figure: int | None) -> str:
    return MASQUE if figure is None else str(figure)


def export(monde: Monde, name: str, convention_id: UUID) -> bytes:
    params = {"convention": str(convention_id), "annee": str(ANNEE)}
    return exports.produce(monde.portail, monde.gestionnaire, name, params).data


def read_csv(monde: Monde, convention_id: UUID) -> Figures:
    rows = list(csv.reader(io.StringIO(export(monde, "suivi.csv", convention_id).decode("utf-8-sig")), delimiter=";"))
    return {(table, line): (count, minutes) for table, line, count, minutes in rows[1:] if count}


def read_xlsx(monde: Monde, convention_id: UUID) -> Figures:
    book = openpyxl.load_workbook(io.BytesIO(export(monde, "suivi.xlsx", convention_id)))
    assert book.sheetnames == ["Heures par mois", *(DIMENSION_LABELS[one] for one in PUBLISHED), "Coûts"]
    found: Figures = {}
    for name in book.sheetnames[1:-1]:
        rows = [[cell.value for cell in row] for row in book[name].iter_rows()]
        begin = next(index for index, row in enumerate(rows) if row[0] == "Ligne") + 1
        for line, count, hours in rows[begin:]:
            if line != "Total":
                found[name, line] = (str(count), hours if isinstance(hours, str) else str(minutes_of(hours)))
    return found


def minutes_of(value: Any) -> int:
    """A duration of a workbook (a time, a span of time, or days), in minutes."""
    if hasattr(value, "total_seconds"):
        return round(value.total_seconds() / 60)
    if hasattr(value, "hour"):
        return int(value.hour * 60 + value.minute)
    return round(float(value) * 1440)


def read_report(monde: Monde, convention_id: UUID) -> Figures:
    [piece] = open_suivi(monde.portail, monde.direction, convention_id, ANNEE).bilans
    document = docx.Document(io.BytesIO(open_piece(monde.portail, monde.direction, piece.id).data))
    tables = [table for table in document.tables if len(table.columns) == 4]
    assert len(tables) == len(PUBLISHED)
    found: Figures = {}
    for dimension, table in zip(PUBLISHED, tables, strict=True):
        for row in table.rows[1:-1]:
            line, count, hours, share = (cell.text for cell in row.cells)
            assert (count == MASQUE) == (share == "")
            found[DIMENSION_LABELS[dimension], line] = (count, MASQUE if hours == MASQUE else str(spoken(hours)))
    return found


def spoken(hours: str) -> int:
    """« 27 h 36 » in minutes."""
    whole, _, rest = hours.replace("\u202f", "").replace("\u00a0", " ").partition(" h")
    return 60 * int(whole) + int(rest.strip() or 0)


def read_statements(monde: Monde, convention_id: UUID) -> str:
    """All the text of the issued statements."""
    texts = []
    for one in open_suivi(monde.portail, monde.direction, convention_id, ANNEE).decomptes:
        assert one.piece is not None
        document = docx.Document(io.BytesIO(open_piece(monde.portail, monde.direction, one.piece.id).data))
        texts += [paragraph.text for paragraph in document.paragraphs]
        texts += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert texts
    return "\n".join(texts)


# Solving ------------------------------------------------------------------------------------------------------------------


def test_every_door_gives_the_same_figures(monde: Monde, convention_id: UUID) -> None:
    """So that there is nothing to gain by comparing them."""
    page = read_page(monde, convention_id)
    assert (
        page == read_csv(monde, convention_id) == read_xlsx(monde, convention_id) == read_report(monde, convention_id)
    )
    assert sum(1 for count, _ in page.values() if count == MASQUE) >= 8
    assert all(int(count) >= SEUIL for count, _ in page.values() if count != MASQUE)


def test_nothing_masked_can_be_solved_from_all_of_it(monde: Monde, convention_id: UUID) -> None:
    """For each table, every way to fill what is masked so that the totals hold and the same cells would be masked: each
    masked count takes several values, and none of them is the only one."""
    view = open_suivi(monde.portail, monde.direction, convention_id, ANNEE)
    assert view.publication.nombre is not None
    for table in view.publication.tables:
        known = [line.nombre for line in table.lignes]
        left = view.publication.nombre - sum(count for count in known if count is not None)
        hidden = [index for index, count in enumerate(known) if count is None]
        if not hidden:
            assert left == 0
            continue
        values: dict[int, set[int]] = {index: set() for index in hidden}
        for filled in fillings(len(hidden), left):
            whole = list(known)
            for index, count in zip(hidden, filled, strict=True):
                whole[index] = count
            if masked_like(whole, known):
                for index, count in zip(hidden, filled, strict=True):
                    values[index].add(count)
        assert all(len(found) >= 2 for found in values.values()), (table.titre, values)


def fillings(width: int, total: int) -> Iterator[tuple[int, ...]]:
    if width == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in fillings(width - 1, total - first):
            yield (first, *rest)


def masked_like(whole: list[int | None], known: list[int | None]) -> bool:
    cells = [Cellule(str(index), count or 0, 10 * (count or 0)) for index, count in enumerate(whole)]
    return [cell.nombre for cell in mask_table(cells)] == known


def test_statements_say_minutes_by_month_and_no_count_nor_code(monde: Monde, convention_id: UUID) -> None:
    text = read_statements(monde, convention_id)
    assert "Service dégradé, avril" in text
    assert not re.search(r"\d+\s+interventions?", text)
    for word in ("domicile", "médecin", "partenaire", "individuelle", "collective", "téléphone"):
        assert word not in text.lower()


def test_figures_of_masked_cells_are_nowhere(monde: Monde, convention_id: UUID) -> None:
    """2 121 minutes of visits at home, 1 013 of coordination: in no file, in no form."""
    everything = read_statements(monde, convention_id) + str(read_report(monde, convention_id))
    everything += export(monde, "suivi.csv", convention_id).decode() + str(read_xlsx(monde, convention_id))
    for secret in ("2121", "35 h 21", "707", "11 h 47"):
        assert secret not in everything.replace("\u00a0", " ").replace("\u202f", "")


# No other door -------------------------------------------------------------------------------------------------------------

OPEN_TO_COLLECTIVITES = {
    "suivi.csv",
    "suivi.xlsx",
    "decompte.xlsx",
    "decomptes.xlsx",
    "simulation.xlsx",
    "note-simulation.docx",
    "conventions.xlsx",
}
"""Exports that a collectivité may ask for: what this module reads, its statements, and what knows no activity: simulations,
and the register of its own conventions."""


OF_NOBODY_ELSE = {"modele-heures", "mes-donnees.zip"}
"""An empty form, and what the portal keeps about the very person who asks."""


def test_no_other_export_is_open_to_a_collectivite(monde: Monde, convention_id: UUID) -> None:
    params = {
        "convention": str(convention_id),
        "id": str(bilan_id_of(monde.portail, convention_id)),
        "centre": str(monde.centre_id),
        "collectivite": str(monde.collectivite_id),
        "annee": str(ANNEE),
        "tableau": "axes",
        "vue": "heures",
        "axe": "categorie",
    }
    for name in set(exports.PRODUCERS) - OPEN_TO_COLLECTIVITES - OF_NOBODY_ELSE:
        for role in ROLES_COLLECTIVITE:
            with pytest.raises(Refus):
                exports.produce(monde.portail, monde[role], name, params)


COUNTERS = {
    "services/pilotage/publication.py": "the source",
    "services/pilotage/tableaux.py": "dashboards of the centre",
    "services/activite/cumuls.py": "the rollup itself",
    "services/activite/cloture_lists.py": "months of the centre",
    "services/activite/export_heures.py": "a file of the centre's own hours, not too long a one",
    "services/activite/imports.py": "how many rows of an import remain, for who imports",
    "services/vie/heures_apres.py": "what the responsable has to settle after the end of a convention",
    "services/facturation/minutes.py": "rounds each intervention before adding up minutes",
}
"""Modules that may read how many interventions there are. None but the first answers to a collectivité."""


def test_no_other_module_counts_interventions() -> None:
    """Reading `Cumul.nombre`, or counting rows in a query on `Intervention`, anywhere else has to be argued here."""
    found = set()
    for folder in ("services", "documents", "domain", "ui", "pages", "web"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
                source = ast.unparse(function)
                if "Cumul.nombre" in source or ("func.count(" in source and "Intervention." in source):
                    found.add(str(path.relative_to(ROOT)))
    assert found == COUNTERS.keys()


def test_the_dashboards_of_the_centre_are_closed_to_a_collectivite() -> None:
    from ui.shell import BY_NAME

    sides = {Role(role) for role in ROLES_COLLECTIVITE}
    for page in ("tableau_de_bord", "heures", "bilans", "equipe"):
        assert BY_NAME[page].roles and not sides.intersection(BY_NAME[page].roles)


def test_nothing_is_crossed() -> None:
    """Published dimensions are lists of their own, all codes known."""
    assert len(PUBLISHED) == len(set(PUBLISHED)) == 4
    assert all(len(all_codes(dimension)) >= 2 for dimension in PUBLISHED)
