"""The templates of the CIG offer, and the data they are tried with."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from documents.context import build_context, sample_context
from domain.offer import load_centre, load_offer
from domain.tarifs import load_tarifs

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "doc_templates" / "cig-petite-couronne" / "service-social-travail"
CENTRE = ROOT / "forms" / "cig-petite-couronne"
OFFER = load_offer(CENTRE / "service-social-travail")
ISSUED = ("convention", "annexe-missions", "annexe-deontologie", "annexe-fiche", "annexe-tarifs")
ALL = (*ISSUED, "deliberation")


def answers() -> dict[str, Any]:
    """A complete adhesion, as a data file gives it."""
    tree: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("reponses.yaml").read_text(encoding="utf-8"))
    return tree


def context(given: dict[str, Any], **options: Any) -> dict[str, Any]:
    """What templates see for these answers."""
    tarifs = load_tarifs(CENTRE / "tarifs.yaml")
    return build_context(OFFER, load_centre(CENTRE), given, tarifs, today=date(2026, 11, 22), **options)


@pytest.fixture(scope="session")
def _tree() -> dict[str, Any]:
    return context(answers(), numero="2023-0001")


@pytest.fixture
def tree(_tree: dict[str, Any]) -> dict[str, Any]:
    """The context of a complete adhesion, to be changed freely."""
    return copy.deepcopy(_tree)


@pytest.fixture(scope="session")
def sample() -> dict[str, Any]:
    """Every name that a template may use."""
    return sample_context(OFFER, load_centre(CENTRE), load_tarifs(CENTRE / "tarifs.yaml"))


@pytest.fixture(scope="session")
def templates() -> dict[str, bytes]:
    return {name: (FOLDER / f"{name}.docx").read_bytes() for name in ALL}
