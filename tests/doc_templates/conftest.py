"""The templates of the offers that ship with the project, and the data they are tried with."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

from documents.contexts.adhesion import build_context, sample_context
from domain.offer import Offer, load_centre, load_offer
from domain.tarifs import load_tarifs

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Gabarits:
    """The templates of one offer. `points` are those of the domain checklist that its documents must hold, `articles` the
    number of articles of its convention, `cited` those that its documents must refer to."""

    centre: str
    offre: str
    issued: tuple[str, ...]
    points: tuple[str, ...]
    articles: int
    cited: frozenset[str]

    @property
    def folder(self) -> Path:
        return ROOT / "doc_templates" / self.centre / self.offre

    @property
    def centre_folder(self) -> Path:
        return ROOT / "forms" / self.centre

    @cached_property
    def offer(self) -> Offer:
        return load_offer(self.centre_folder / self.offre)

    @property
    def all(self) -> tuple[str, ...]:
        """Names of the templates that adhesions are made of."""
        return (*self.issued, "deliberation")

    @property
    def files(self) -> tuple[str, ...]:
        """Names of every template of the offer: letters, statements and certificates too."""
        return tuple(sorted(path.stem for path in self.folder.glob("*.docx")))

    def read(self, name: str) -> bytes:
        return (self.folder / f"{name}.docx").read_bytes()

    def sample(self) -> dict[str, Any]:
        """Every name that a template may use."""
        return sample_context(
            self.offer, load_centre(self.centre_folder), load_tarifs(self.centre_folder / "tarifs.yaml")
        )

    def context(self, given: dict[str, Any], **options: Any) -> dict[str, Any]:
        """What templates see for these answers."""
        tarifs = load_tarifs(self.centre_folder / "tarifs.yaml")
        return build_context(
            self.offer, load_centre(self.centre_folder), given, tarifs, today=date(2026, 11, 22), **options
        )


def _numbered(**families: int) -> tuple[str, ...]:
    return tuple(f"{family}{number:02d}" for family, last in families.items() for number in range(1, last + 1))


CIG = Gabarits(
    "cig-petite-couronne",
    "service-social-travail",
    ("convention", "annexe-missions", "annexe-deontologie", "annexe-fiche", "annexe-tarifs"),
    _numbered(P=17, A=66, X=39),
    11,
    frozenset({"4", "7", "7.3", "7.4", "8.1", "9", "9.3", "9.4"}),
)
MARTINIQUE = Gabarits(
    "cdg-martinique",
    "accompagnement-social",
    ("convention", "annexe-modalites", "annexe-fiche", "annexe-tarifs"),
    _numbered(M=28),
    12,
    frozenset({"4.3", "4.6", "8.2", "9.4", "10"}),
)
OFFRES = (CIG, MARTINIQUE)
EVERY = [pytest.param(one, name, id=f"{one.centre}-{name}") for one in OFFRES for name in one.all]
EVERY_FILE = [pytest.param(one, name, id=f"{one.centre}-{name}") for one in OFFRES for name in one.files]
EVERY_ISSUED = [pytest.param(one, name, id=f"{one.centre}-{name}") for one in OFFRES for name in one.issued]

FOLDER, CENTRE, OFFER, ISSUED, ALL = CIG.folder, CIG.centre_folder, CIG.offer, CIG.issued, CIG.all
context = CIG.context


def answers() -> dict[str, Any]:
    """A complete adhesion, as a data file gives it."""
    tree: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("reponses.yaml").read_text(encoding="utf-8"))
    return tree


def answers_martinique() -> dict[str, Any]:
    """A complete adhesion to the second offer."""
    path = ROOT / "tests" / "cases" / "adhesion-martinique.json"
    tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return tree


@pytest.fixture(scope="session")
def _tree() -> dict[str, Any]:
    return context(answers(), numero="2023-0001")


@pytest.fixture
def tree(_tree: dict[str, Any]) -> dict[str, Any]:
    """The context of a complete adhesion, to be changed freely."""
    return copy.deepcopy(_tree)


@pytest.fixture(scope="session")
def templates() -> dict[str, bytes]:
    return {name: CIG.read(name) for name in ALL}
