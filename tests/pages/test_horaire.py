"""Pages of the offer by the hour, in an installation of two centres."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.centre import centres
from services.convention import conventions
from services.core.portail import Portail
from tests.conventions import examine_here, pdf
from tests.factories import Monde
from tests.martinique import accept, begin, example, fill, make_martinique
from tests.pages.conftest import Visitor, text_of

NBSP, NARROW = "\u00a0", "\u202f"


@pytest.fixture
def monde(make_portail: Callable[[str], Portail]) -> Monde:
    return make_martinique(make_portail("sqlite"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr(conventions, "docx_to_pdf", lambda data: pdf(3))


def _forty_hours(monde: Monde) -> dict[str, object]:
    return example(
        besoin__minutes_prevues=2400, besoin__date_effet="2027-01-01", besoin__date_debut_prestations="2027-01-01"
    )


def test_the_need_is_asked_in_hours_and_priced_beside(visitor: Visitor, monde: Monde) -> None:
    dossier_id = begin(monde.portail, monde)
    fill(monde.portail, monde, dossier_id, _forty_hours(monde))
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="besoin")
    (need,) = [one for one in app.text_input if one.label.startswith("Heures prévues")]
    assert need.value == "40 h"
    shown = text_of(app)
    assert f"2{NARROW}400,00{NBSP}€" in shown and "Coût prévisionnel d’une année entière" in shown
    assert "temps plein" not in shown


def test_the_journey_shows_every_step(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.gestionnaire, "dossier", id=begin(monde.portail, monde), etape="etat_des_lieux")
    shown = text_of(app)
    for step in ("Information", "État des lieux", "Besoin", "Local", "Référent", "Instance", "Délibération"):
        assert step in shown
    assert "Étape 3 sur 9" in shown
    # The centre fills this step: nothing in it is asked of the clerk.
    assert "Pas encore renseigné par le centre" in shown and "obligatoire" not in shown


def test_the_summary_and_the_centre_read_hours(visitor: Visitor, monde: Monde) -> None:
    dossier_id = begin(monde.portail, monde)
    fill(monde.portail, monde, dossier_id, _forty_hours(monde))
    summary = text_of(visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="recapitulatif"))
    assert f"2{NARROW}400,00{NBSP}€" in summary
    accept(monde.portail, monde, dossier_id)
    centre = text_of(visitor.open(monde.instructeur, "instruction", id=dossier_id))
    assert f"40{NBSP}h" in centre and "Coût prévisionnel d’une année entière" in centre and "Quotité" not in centre
    convention_id = conventions.issue_convention(monde.portail, monde.instructeur, dossier_id)
    issued = text_of(visitor.open(monde.gestionnaire, "convention", id=convention_id))
    assert f"40{NBSP}h" in issued and "Coût prévisionnel par an" in issued
    assert f"40{NBSP}h" in text_of(visitor.open(monde.responsable, "conventions", tri="volume"))


def test_the_public_page_asks_which_centre(visitor: Visitor, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    app = visitor.open(None, "demande")  # type: ignore[arg-type]
    (chosen,) = [one for one in app.selectbox if one.label == "Centre de gestion"]
    assert len(chosen.options) == len(centres.list_centres(monde.portail)) == 2
    assert chosen.value is None


def test_an_empty_simulator_asks_for_hours(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "simulateur")
    assert "heures" in app.query_params["mode"]
    assert [one.label for one in app.text_input if one.label.startswith("Heures")]
