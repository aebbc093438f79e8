"""The template bench as an administrator uses it."""

from __future__ import annotations

import pytest

from documents.pdf import conversion as pdf
from documents.pdf import pages as pdf_pages
from domain.roles import Role
from services.offres.gabarits import open_banc
from services.offres.versions import open_draft, save_draft
from tests.factories import OFFRE, Monde
from tests.pages.conftest import Visitor, text_of
from tests.services.offres.test_gabarits import NOM, SIMPLE, deposit, word
from ui import shell


def test_only_administrators_open_it(monde: Monde) -> None:
    page = shell.BY_NAME["gabarits"]
    assert [role for role in Role if page.allows(monde[role])] == [Role.ADMINISTRATEUR]


def test_variables_are_found_by_their_words(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.administrateur, "gabarits", vue="variables", gabarit=NOM)
    assert "{{ convention.date_effet|date_longue }}" in text_of(app)
    app.text_input(key="gabarits:recherche").set_value("tribunal").run()
    shown = text_of(app)
    assert "{{ centre.tribunal }}" in shown and "date_effet" not in shown
    app.text_input(key="gabarits:recherche").set_value("zzz").run()
    assert "Aucune variable" in text_of(app)


def test_a_draft_is_shown_compared_and_published(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.administrateur, "gabarits", gabarit=NOM)
    assert "Version 1" in text_of(app) and not [one for one in app.button if one.label == "Publier"]
    deposit(monde, word(*SIMPLE))
    app = visitor.open(monde.administrateur, "gabarits", gabarit=NOM)
    assert "Gabarit modifié : Modèle de délibération" in text_of(app)
    app.button(key="gabarits:publier").click().run()
    assert not app.error
    app = visitor.open(monde.administrateur, "gabarits", gabarit=NOM, vue="differences")
    assert "<ins>" in text_of(app) and "<del>" in text_of(app)
    assert open_banc(monde.portail, monde.administrateur, monde.centre_id, OFFRE).publiee_numero == 1


def test_faults_of_the_draft_s_forms_stand_beside_the_button(visitor: Visitor, monde: Monde) -> None:
    deposit(monde, word(*SIMPLE))
    draft = open_draft(monde.portail, monde.administrateur, monde.centre_id, OFFRE)
    content = draft.contenu
    content["forms"][0]["sections"][0]["fields"][1]["visible_if"] = "collectivite.absent"
    save_draft(monde.portail, monde.administrateur, draft.id, draft.version, content)
    app = visitor.open(monde.administrateur, "gabarits", gabarit=NOM)
    assert app.button(key="gabarits:publier").disabled
    assert "Le brouillon ne peut pas être publié" in text_of(app) and "collectivite.absent" in text_of(app)


def test_without_pdf_the_word_file_is_offered(visitor: Visitor, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_command", lambda: None)
    app = visitor.open(monde.administrateur, "gabarits", gabarit=NOM, vue="apercu")
    assert "n’est pas installée sur ce serveur" in text_of(app)
    monkeypatch.undo()


def test_without_pictures_the_pdf_is_offered(visitor: Visitor, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_command", lambda: "/bin/true")
    monkeypatch.setattr(pdf_pages, "_command", lambda: None)
    app = visitor.open(monde.administrateur, "gabarits", gabarit=NOM, vue="apercu")
    assert "ouvrez le PDF" in text_of(app)


def test_history_says_who_and_when(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.administrateur, "gabarits", gabarit=NOM, vue="historique")
    assert "Version 1 – en service" in text_of(app)
    app = visitor.open(monde.administrateur, "gabarits", gabarit="inconnu.docx", vue="inconnue", centre="x")
    assert not app.error
