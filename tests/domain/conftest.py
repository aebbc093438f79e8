"""The definitions that ship with the project, read once; property tests without a stopwatch and the same on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from domain.offer import Centre, Offer, load_centre, load_offer
from domain.referentiel import Referentiel, load_referentiel
from domain.tarifs import Tarif, load_tarifs

settings.register_profile("portail", deadline=None, derandomize=True, database=None)
settings.load_profile("portail")

FORMS = Path(__file__).resolve().parents[2] / "forms"


@pytest.fixture(scope="session")
def centre() -> Centre:
    return load_centre(FORMS / "cig-petite-couronne")


@pytest.fixture(scope="session")
def offer() -> Offer:
    return load_offer(FORMS / "cig-petite-couronne" / "service-social-travail")


@pytest.fixture(scope="session")
def tarifs() -> list[Tarif]:
    return load_tarifs(FORMS / "cig-petite-couronne" / "tarifs.yaml")


@pytest.fixture(scope="session")
def referentiel() -> Referentiel:
    return load_referentiel()
