"""The follow-up of a convention and the annual reports, on their pages."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.roles import Role
from services.pilotage import bilan_document
from services.pilotage.bilans import open_bilan, save_section
from tests.bilans import ANNEE, assign, bilan_id_of, close_year, ordinary_year, record_work, write_sections
from tests.conventions import make_convention
from tests.factories import Monde, make_stranger
from tests.pages.conftest import Visitor, text_of

NOWHERE = "Cette page n’existe pas, ou vous n’y avez pas accès."


@pytest.fixture
def convention_id(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """In force, with a recorded year that is still open."""
    monkeypatch.setattr(bilan_document, "draw_charts", lambda published: {})
    found = make_convention(monde.portail, monde, "en_vigueur")
    assign(monde.portail, monde, found)
    record_work(monde.portail, monde, found, ordinary_year())
    return found


@pytest.fixture
def bilan_id(monde: Monde, convention_id: UUID) -> UUID:
    """The report of the year, closed."""
    close_year(monde.portail, monde)
    return bilan_id_of(monde.portail, convention_id)


# Follow-up --------------------------------------------------------------------------------------------------------------


def test_before_any_signature_the_page_explains(visitor: Visitor, monde: Monde) -> None:
    make_convention(monde.portail, monde, "a_signer")
    assert "Aucune convention n’est encore signée" in text_of(visitor.open(monde.gestionnaire, "suivi"))


def test_an_open_year_shows_minutes_and_says_when_the_rest_comes(
    visitor: Visitor, monde: Monde, convention_id: UUID
) -> None:
    close_year(monde.portail, monde, months=(1, 2, 3))
    shown = text_of(visitor.open(monde.direction, "suivi", annee=ANNEE))
    assert "sera publié quand tous les mois" in shown and "Il reste à clore : avril, mai" in shown
    assert "11\u00a0h\u00a054" in shown and "interventions sur" not in shown


def test_a_closed_year_shows_masked_tables_with_their_reason(visitor: Visitor, monde: Monde, bilan_id: UUID) -> None:
    app = visitor.open(monde.gestionnaire, "suivi", annee=ANNEE)
    shown = text_of(app)
    assert "51 interventions en 2025" in shown and "zéro compris" in shown
    assert "accueil et entretiens avec les agents, 36 interventions sur 51" in shown
    assert shown.count(">masqué<") == 22  # count and hours of eleven lines
    assert [one.proto.url for one in app.get("link_button")][:2] == [
        f"/exports/suivi.{kind}?convention={_convention_of(monde, bilan_id)}&annee={ANNEE}" for kind in ("xlsx", "csv")
    ]


def _convention_of(monde: Monde, bilan_id: UUID) -> UUID:
    return open_bilan(monde.portail, monde.responsable, bilan_id).convention_id


def test_another_collectivite_reads_nothing(
    visitor: Visitor, monde: Monde, convention_id: UUID, bilan_id: UUID
) -> None:
    app = visitor.open(make_stranger(monde.portail), "suivi", convention=convention_id, annee=ANNEE)
    assert [error.value for error in app.error] == [NOWHERE]


# Reports ----------------------------------------------------------------------------------------------------------------


def test_the_assistant_writes_and_is_warned(visitor: Visitor, monde: Monde, bilan_id: UUID) -> None:
    app = visitor.open(monde[Role.ASSISTANT], "bilans", id=bilan_id)
    assert "reconnaître un agent" in text_of(app)
    assert not [button for button in app.button if button.key == "publier-bilan"]
    app.text_area(key=f"bilan_{bilan_id}_public").set_value("Trois agents de la voirie.").run()
    assert "À relire : « Trois agents »" in text_of(app)
    kept = {one.id: one.texte for one in open_bilan(monde.portail, monde.responsable, bilan_id).sections}
    assert kept["public"] == "Trois agents de la voirie."
    app.text_area(key=f"bilan_{bilan_id}_public").set_value("Des agents de plusieurs services.").run()
    assert "À relire" not in text_of(app)


def test_a_conflict_is_told_under_the_field_and_the_text_stays(visitor: Visitor, monde: Monde, bilan_id: UUID) -> None:
    app = visitor.open(monde[Role.ASSISTANT], "bilans", id=bilan_id)
    save_section(monde.portail, monde.responsable, bilan_id, "contexte", "Le texte du responsable.", 0)
    field = app.text_area(key=f"bilan_{bilan_id}_contexte").set_value("Le texte de l’assistante.").run()
    assert "modifiée entre-temps" in text_of(app)
    assert field.text_area(key=f"bilan_{bilan_id}_contexte").value == "Le texte de l’assistante."
    assert open_bilan(monde.portail, monde.responsable, bilan_id).sections[0].texte == "Le texte du responsable."


def test_the_responsable_reads_over_and_publishes(visitor: Visitor, monde: Monde, bilan_id: UUID) -> None:
    app = visitor.open(monde.responsable, "bilans", id=bilan_id)
    assert "À rédiger : Contexte de l’année" in text_of(app)
    assert next(one for one in app.button if one.key == "publier-bilan").disabled
    write_sections(monde.portail, monde, bilan_id)
    app = visitor.open(monde.responsable, "bilans", id=bilan_id)
    assert not next(one for one in app.button if one.key == "publier-bilan").disabled
    version = open_bilan(monde.portail, monde.responsable, bilan_id).version
    bilan_document.publish_bilan(monde.portail, monde.responsable, bilan_id, version)
    shown = text_of(visitor.open(monde.responsable, "bilans", id=bilan_id))
    assert "Publié, ce bilan ne change plus" in shown and "bilan-2025-choisy-le-roi.docx" in shown
    assert "Bilan 2025 (Word)" in text_of(visitor.open(monde.direction, "suivi", annee=ANNEE))


def test_the_list_and_a_report_not_begun(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    shown = text_of(visitor.open(monde[Role.ASSISTANT], "bilans", annee=ANNEE))
    assert "Choisy-le-Roi" in shown and "Année non close" in shown
    app = visitor.open(monde[Role.ASSISTANT], "bilans", convention=convention_id, annee=ANNEE)
    app.button(key="commencer-bilan").click().run()
    assert "Le texte peut être préparé" in text_of(app)
