"""The templates of the CIG offer, and the data they are tried with."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "doc_templates" / "cig-petite-couronne" / "service-social-travail"
ISSUED = ("convention", "annexe-missions", "annexe-deontologie", "annexe-fiche", "annexe-tarifs")
ALL = (*ISSUED, "deliberation")


@pytest.fixture(scope="session")
def _tree() -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("contexte.yaml").read_text(encoding="utf-8"))
    tree["annexes_liste"] = list(tree["annexes"].values())
    return tree


@pytest.fixture
def tree(_tree: dict[str, Any]) -> dict[str, Any]:
    """A complete context, to be changed freely."""
    return copy.deepcopy(_tree)


@pytest.fixture(scope="session")
def templates() -> dict[str, bytes]:
    return {name: (FOLDER / f"{name}.docx").read_bytes() for name in ALL}
