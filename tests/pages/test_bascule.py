"""A clerk whose form has changed since: told, shown what the newer version would change, asked, then moved."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from models import Dossier
from services.adhesion import answers, dossiers
from services.offres import publication
from tests.factories import Monde, make_dossier
from tests.pages.conftest import Visitor, text_of
from tests.services.offres.test_bascule import fields, harsher, publish

BANNER = "Le centre a publié une version plus récente de ce formulaire."


@pytest.fixture(autouse=True)
def _templates_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this is about is the dossier; publication has its own tests."""
    monkeypatch.setattr(publication, "check_materials", lambda found: ())


def version_of(monde: Monde, dossier_id: Any) -> Any:
    with monde.portail.db.read() as session:
        return session.get_one(Dossier, dossier_id).offre_version_id


def move(app: AppTest) -> AppTest:
    (button,) = [one for one in app.button if one.label == "Passer à la version 2"]
    assert not button.disabled
    button.click().run()
    assert not app.exception
    return app


def test_only_a_draft_of_an_older_version_is_told(visitor: Visitor, monde: Monde) -> None:
    draft, deposited = make_dossier(monde.portail, monde), make_dossier(monde.portail, monde, "depose")
    for step in ("fiche", "recapitulatif"):
        assert BANNER not in text_of(visitor.open(monde.gestionnaire, "dossier", id=draft, etape=step))
    publish(monde.portail, monde, harsher)
    for step in ("fiche", "recapitulatif"):
        shown = text_of(visitor.open(monde.gestionnaire, "dossier", id=draft, etape=step))
        assert BANNER in shown and f"id={draft}&amp;vue=version" in shown
    for person in (monde.direction, monde.signataire):
        assert BANNER not in text_of(visitor.open(person, "dossier", id=draft))
    assert BANNER not in text_of(visitor.open(monde.gestionnaire, "dossier", id=deposited))


def test_nothing_is_lost_without_agreement(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    publish(monde.portail, monde, harsher)
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, vue="version")
    shown = text_of(app)
    assert "3 réponses ne compteraient plus" in shown and "Cette question n’est plus posée" in shown
    assert "Il faudra répondre à une question" in shown and "Bureau" in shown
    (button,) = [one for one in app.button if one.label == "Passer à la version 2"]
    assert button.disabled
    (box,) = app.checkbox
    box.check().run()
    assert "Le dossier suit maintenant la version 2." in text_of(move(app))
    assert version_of(monde, dossier_id) != monde.version_id
    assert "suit déjà la version en vigueur" in text_of(
        visitor.open(monde.gestionnaire, "dossier", id=dossier_id, vue="version")
    )


def test_when_nothing_is_lost_one_click_is_enough(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    publish(
        monde.portail,
        monde,
        lambda contenu: fields(contenu, "referent").append(
            {"id": "referent.bureau", "type": "text", "label": "Bureau"}
        ),
    )
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, vue="version")
    assert not app.checkbox and "Toutes vos réponses sont conservées" in text_of(app)
    assert "facturation et la durée" not in text_of(app)
    move(app)
    assert version_of(monde, dossier_id) != monde.version_id


def test_other_terms_are_told(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    publish(monde.portail, monde, lambda contenu: contenu["facturation"].update(periodicite="mois"))
    shown = text_of(visitor.open(monde.gestionnaire, "dossier", id=dossier_id, vue="version"))
    assert "Décomptes : Chaque trimestre → Chaque mois" in shown


def test_what_changed_since_it_was_shown_is_read_again(visitor: Visitor, monde: Monde) -> None:
    """A colleague types while the person reads: the box is empty again, and the page shows what is true now."""
    dossier_id = make_dossier(monde.portail, monde)
    publish(monde.portail, monde, harsher)
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, vue="version")
    (box,) = app.checkbox
    box.check().run()
    version = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id).answers["referent.prenom"].version
    answers.save_answers(monde.portail, monde.gestionnaire, dossier_id, {"referent.prenom": ("Al", version)})
    (button,) = [one for one in app.button if one.label == "Passer à la version 2"]
    button.click().run()
    assert version_of(monde, dossier_id) == monde.version_id
    assert "2 réponses ne compteraient plus" in text_of(app)
    assert not app.checkbox[0].value


def test_a_form_published_while_a_clerk_is_in_it(visitor: Visitor, monde: Monde) -> None:
    """What is being typed is kept, in the version that is on the screen; the page says that there is a newer one."""
    dossier_id = make_dossier(monde.portail, monde)
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="referent")
    publish(monde.portail, monde, harsher)
    for champ, typed in (("prenom", "Dominique-Marie"), ("fonction", "directrice"), ("telephone", "01 23 45 67 99")):
        app.text_input(key=f"d{dossier_id.hex[:12]}:referent.{champ}").set_value(typed).run()
        assert not app.exception and not app.error
        held = dossiers.open_dossier(monde.portail, monde.gestionnaire, dossier_id).answers[f"referent.{champ}"]
        assert held.valeur == typed
    assert not any(one.label.startswith("Bureau") for one in app.text_input)
    assert version_of(monde, dossier_id) == monde.version_id
    assert BANNER in text_of(visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="referent"))
