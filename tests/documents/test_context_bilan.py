"""The annual report's template of every offer that has one: masked words, withheld years, sections as they were written."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from documents.contexts.adhesion import build_centre, build_offre
from documents.contexts.bilan import build_bilan, sample_bilan
from documents.contexts.decompte import build_collectivite
from documents.engine.compiled import CompiledTemplate
from domain.offer import Offer, list_centre_folders, list_offer_folders, load_centre, load_offer
from services.core.settings import ROOT
from tests.conventions import word_text

FOLDERS = [folder for centre in list_centre_folders(ROOT / "forms") for folder in list_offer_folders(centre)]


@lru_cache(maxsize=4)
def compiled(folder: Path) -> tuple[Offer, CompiledTemplate]:
    offer = load_offer(folder)
    document = offer.document_for("bilan")
    assert document is not None and document.parts[0].template
    gabarits = ROOT / "doc_templates" / folder.parent.name / folder.name
    return offer, CompiledTemplate((gabarits / document.parts[0].template).read_bytes())


def render(folder: Path, **changed: Any) -> str:
    offer, template = compiled(folder)
    lines = [("L’agent", 30, 1800), ("Le médecin", None, None), ("Un partenaire", None, None)]
    given: dict[str, Any] = {
        "annee": 2025,
        "du": date(2025, 3, 1),
        "au": date(2025, 12, 31),
        "etabli_le": date(2026, 2, 2),
        "nombre": 41,
        "minutes": 2400,
        "mois": [(3, 1200), (4, 1260)],
        "minutes_ordinaires": 2400,
        "minutes_dues": 6000,
        "tables": [
            {
                "dimension": "origine",
                "titre": "Origine de la saisine",
                "lignes": [{"libelle": a, "court": a, "nombre": b, "minutes": c} for a, b, c in lines],
            }
        ],
        "sections": [("Constats", "Première ligne.\n\nSeconde ligne, <b>& fin</b>.")],
        "collectivite": build_collectivite("Ivry", "la commune d’Ivry", "219400413", []),
        "convention": {"numero": "2025-0003", "date_effet": date(2025, 3, 1), "terme": date(2029, 12, 31)},
    }
    context = build_bilan(**{**given, **changed})
    centre = build_centre(load_centre(folder.parent), offer)
    return word_text(template.render({**context, "centre": centre, "offre": build_offre(offer)})).replace("\u00a0", " ")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_the_report_says(folder: Path) -> None:
    text = render(folder)
    assert "40 h à la collectivité sur les 100 h de l’année, soit 40 %. S’y ajoutent 1 h de service dégradé" in text
    assert "41 interventions" in text and "L’agent lui-même" not in text
    assert text.count("masqué") >= 4 and "73 %" in text
    assert "Première ligne." in text and "Seconde ligne, <b>& fin</b>." in text
    assert "du 1er mars 2025 au 31 décembre 2025" in text


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_year_withheld_has_no_count_and_says_why(folder: Path) -> None:
    hidden = {"libelle": "L’agent", "court": "Agent", "nombre": None, "minutes": None}
    tables = [{"dimension": "origine", "titre": "Origine de la saisine", "lignes": [hidden]}]
    text = render(folder, nombre=None, minutes=None, tables=tables, minutes_dues=None)
    assert "trop faible pour être publié" in text and "Origine de la saisine" not in text
    assert "Le service a consacré 41 h à la collectivité." in text and "interventions." not in text


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_sample_has_every_name(folder: Path) -> None:
    offer, template = compiled(folder)
    text = word_text(template.render(sample_bilan(offer, load_centre(folder.parent))))
    assert all(section.titre in text for section in offer.bilan.sections)
