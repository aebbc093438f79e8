"""The form editor: adding, changing, retiring questions in a draft, conditions without code, preview, publication."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from domain.forms import editing
from domain.roles import Role
from services.offres.edition_formulaires import edit_offer, open_edition
from services.offres.versions import open_draft
from tests.factories import OFFRE, Monde
from tests.pages.conftest import Visitor, text_of
from ui import page
from ui.editeur.lieu import PREFIX


@pytest.fixture
def admin(visitor: Visitor, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens the editor as the administrator, who answers yes to every question: dialogs are tried in a browser."""
    monkeypatch.setattr(page, "confirm", lambda titre, texte, libelle, action, **_: action(""))

    def opened(**params: object) -> AppTest:
        return visitor.open(monde[Role.ADMINISTRATEUR], "formulaires", offre=OFFRE, formulaire="locaux", **params)

    return opened


def click(app: AppTest, label: str) -> AppTest:
    """Click the button with this label; nothing unforeseen may follow."""
    (button,) = [one for one in app.button if one.label == label]
    button.click().run()
    assert not app.exception
    return app


def content(monde: Monde) -> dict[str, Any]:
    return open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE).contenu


def test_the_list_shows_every_question_of_the_form(admin: Any, monde: Monde) -> None:
    shown = text_of(admin())
    for _, _, field in editing.iter_fields(content(monde)):
        if field["id"].startswith("locaux."):
            assert field["id"] in shown and field["label"] in shown
    assert "Version 1 en vigueur. Votre premier changement commencera un brouillon." in shown


def test_adding_a_question_begins_a_draft(admin: Any, monde: Monde) -> None:
    app = admin(ajouter="lieu")
    app.text_input(f"{PREFIX}nouveau:locaux:lieu:label").set_value("Surface du bureau").run()
    assert app.text_input(f"{PREFIX}nouveau:locaux:lieu:id").placeholder == "locaux.surface_bureau"
    click(app, "Ajouter la question")
    assert "Question ajoutée au brouillon" in text_of(app)
    _, section, field = editing.find_field(content(monde), "locaux.surface_bureau")
    assert (section["id"], field["label"], field["required"]) == ("lieu", "Surface du bureau", False)


def test_what_is_wrong_is_said_beside_its_field(admin: Any, monde: Monde) -> None:
    app = click(admin(ajouter="lieu"), "Ajouter la question")
    assert "Indiquez la question." in [error.value for error in app.error]
    app.text_input(f"{PREFIX}nouveau:locaux:lieu:label").set_value("Étage")
    app.text_input(f"{PREFIX}nouveau:locaux:lieu:id").set_value("locaux.telephone").run()
    assert any("a déjà servi" in error.value for error in click(app, "Ajouter la question").error)
    app = admin(champ="locaux.absent")
    assert any("n’existe plus" in error.value for error in app.error)


def test_a_condition_is_built_without_code(admin: Any, monde: Monde) -> None:
    app = admin(champ="locaux.telephone")
    key = f"{PREFIX}champ:locaux.telephone:visible_if"
    app.radio(f"{key}:mode").set_value("selon").run()
    click(app, "Enregistrer la question")
    assert any("Choisissez la question de la comparaison 1" in error.value for error in app.error)
    app.selectbox(f"{key}:0:champ").set_value("collectivite.type").run()
    app.selectbox(f"{key}:0:collectivite.type:valeur").set_value("commune").run()
    assert "collectivite.type == 'commune'" in [code.value for code in app.code]
    click(app, "Ajouter une comparaison")
    (second,) = [one for one in app.selectbox if one.label == "Question de la comparaison 2"]
    second.set_value("besoin.quotite").run()
    (compare,) = [one for one in app.selectbox if one.label == "Comparaison 2"]
    compare.set_value("au_moins").run()
    (value,) = [one for one in app.text_input if one.label == "Valeur de la comparaison 2"]
    value.set_value("47,7").run()
    click(app, "Enregistrer la question")
    _, _, field = editing.find_field(content(monde), "locaux.telephone")
    assert field["visible_if"] == "collectivite.type == 'commune' and besoin.quotite >= 47.70"
    again = admin(champ="locaux.telephone")
    assert again.radio(f"{key}:mode").value == "selon"
    assert field["visible_if"] in [code.value for code in again.code]


def test_an_expression_of_another_shape_is_shown_as_it_is(admin: Any, monde: Monde) -> None:
    app = admin(champ="locaux.telephone")
    key = f"{PREFIX}champ:locaux.telephone:visible_if"
    app.radio(f"{key}:mode").set_value("ecrite").run()
    app.text_area(f"{key}:expression").set_value("besoin.quotite * 2 >").run()
    assert any("ne se lit pas" in error.value for error in click(app, "Enregistrer la question").error)
    app.text_area(f"{key}:expression").set_value("besoin.quotite * 2 > 90").run()
    click(app, "Enregistrer la question")
    again = admin(champ="locaux.telephone")
    assert again.radio(f"{key}:mode").value == "ecrite"
    assert again.text_area(f"{key}:expression").value == "besoin.quotite * 2 > 90"


def test_retiring_asks_first_and_says_what_depends_on_it(admin: Any, monde: Monde) -> None:
    click(admin(champ="locaux.telephone"), "Retirer la question")
    assert editing.find_field(content(monde), "locaux.telephone")[2]["retired"]
    assert "Questions retirées (1)" in [one.label for one in admin().expander]
    app = click(admin(champ="locaux.equipements"), "Retirer la question")
    assert any("sert encore" in error.value for error in app.error)


def test_a_colleague_s_change_is_not_overwritten_and_nothing_typed_is_lost(admin: Any, monde: Monde) -> None:
    acteur = monde[Role.ADMINISTRATEUR]
    app = admin(champ="locaux.telephone")
    key = f"{PREFIX}champ:locaux.telephone:label"
    app.text_input(key).set_value("Téléphone du lieu").run()

    def rename(contenu: Any, _: Any) -> Any:
        return editing.update_field(contenu, "locaux.descriptif", {"label": "Le bureau"})

    edit_offer(monde.portail, acteur, monde.centre_id, OFFRE, None, rename)
    click(app, "Enregistrer la question")
    assert any("a changé entre" in error.value for error in app.error)
    assert app.text_input(key).value == "Téléphone du lieu"
    click(app, "Enregistrer la question")
    kept = content(monde)
    assert editing.find_field(kept, "locaux.telephone")[2]["label"] == "Téléphone du lieu"
    assert editing.find_field(kept, "locaux.descriptif")[2]["label"] == "Le bureau"


def test_one_s_own_change_elsewhere_is_no_conflict(admin: Any, monde: Monde) -> None:
    app = admin(champ="locaux.telephone")
    for champ, label in (("locaux.descriptif", "Le bureau"), ("locaux.telephone", "Téléphone du lieu")):
        app.query_params["champ"] = champ
        app.run()
        app.text_input(f"{PREFIX}champ:{champ}:label").set_value(label).run()
        click(app, "Enregistrer la question")
        assert not app.error
        assert editing.find_field(content(monde), champ)[2]["label"] == label


def test_preview_and_publication(admin: Any, monde: Monde) -> None:
    app = admin(ajouter="lieu")
    app.text_input(f"{PREFIX}nouveau:locaux:lieu:label").set_value("Surface du bureau").run()
    click(app, "Ajouter la question")
    preview = admin(vue="apercu")
    assert "Surface du bureau" in [one.label.split(" (")[0] for one in preview.text_input]
    preview.radio(f"{PREFIX}apercu:vu").set_value("centre").run()
    assert "Surface du bureau" in text_of(preview) and "Non renseigné" in text_of(preview)
    app = admin(vue="changements")
    assert "Surface du bureau" in text_of(app)
    click(app, "Publier")
    view = open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE)
    assert (view.numero, view.draft_id) == (2, None)
    assert "locaux.surface_bureau" in view.permanents.champs


def test_discarding(admin: Any, monde: Monde) -> None:
    open_draft(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE)
    click(admin(vue="changements"), "Abandonner le brouillon")
    assert open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE).draft_id is None


@pytest.mark.parametrize("vue", ["questions", "etapes", "apercu", "changements"])
@pytest.mark.parametrize("panel", [{}, {"champ": "locaux.equipements"}, {"partie": "lieu"}, {"etape": "locaux"}])
def test_every_part_opens_with_one_main_action_at_most(admin: Any, vue: str, panel: dict[str, str]) -> None:
    app = admin(vue=vue, **panel)
    assert not app.error
    assert len([button for button in app.button if button.proto.type == "primary"]) <= 1


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATEUR])
def test_nobody_else_opens_it(visitor: Visitor, monde: Monde, role: Role) -> None:
    app = visitor.open(monde[role], "formulaires")
    assert [error.value for error in app.error] == ["Cette page n’existe pas, ou vous n’y avez pas accès."]


def test_answers_are_put_in_another_order(admin: Any, monde: Monde) -> None:
    app = admin(champ="representant.civilite")
    key = f"{PREFIX}champ:representant.civilite:options"
    app.selectbox(f"{key}:M.:rang").set_value(1).run()
    click(app, "Enregistrer la question")
    _, _, field = editing.find_field(content(monde), "representant.civilite")
    assert [one["id"] for one in field["options"]] == ["M.", "Mme"]


def test_a_default_is_checked_as_an_answer_and_stored_as_one(admin: Any, monde: Monde) -> None:
    app = admin(ajouter="lieu")
    key = f"{PREFIX}nouveau:locaux:lieu"
    app.text_input(f"{key}:label").set_value("Trajet").run()
    app.selectbox(f"{key}:type").set_value("duration").run()
    app.text_input(f"{key}:default:duration").set_value("longtemps").run()
    assert click(app, "Ajouter la question").error
    app.text_input(f"{key}:default:duration").set_value("3 h").run()
    click(app, "Ajouter la question")
    assert editing.find_field(content(monde), "locaux.trajet")[2]["default"] == 180
    app = admin(champ="locaux.trajet")
    assert app.text_input(f"{PREFIX}champ:locaux.trajet:default:duration").value == "3\u00a0h"
    assert "Rien n’a changé." in text_of(click(app, "Enregistrer la question"))


def test_a_table_is_made_column_by_column(admin: Any, monde: Monde) -> None:
    app = admin(ajouter="lieu")
    key = f"{PREFIX}nouveau:locaux:lieu"
    app.text_input(f"{key}:label").set_value("Annexes du lieu").run()
    app.selectbox(f"{key}:type").set_value("rows").run()
    assert click(app, "Ajouter la question").error
    app.text_input(f"{key}:columns:nouvelle").set_value("Adresse").run()
    click(app, "Ajouter la question")
    ident = "locaux.annexes_lieu"
    app = admin(champ=ident)
    key = f"{PREFIX}champ:{ident}:columns"
    app.text_input(f"{key}:nouvelle").set_value("Surface").run()
    app.selectbox(f"{key}:genre").set_value("decimal").run()
    app.checkbox(f"{key}:adresse:obligatoire").check().run()
    click(app, "Enregistrer la question")
    columns = editing.find_field(content(monde), ident)[2]["columns"]
    assert [(one["id"], one["type"], one["required"]) for one in columns] == [
        ("adresse", "text", True),
        ("surface", "decimal", False),
    ]


def test_a_search_of_the_national_list_fills_questions(admin: Any, monde: Monde) -> None:
    app = admin(ajouter="lieu")
    key = f"{PREFIX}nouveau:locaux:lieu"
    app.text_input(f"{key}:label").set_value("Commune du local").run()
    app.selectbox(f"{key}:type").set_value("collectivite").run()
    assert click(app, "Ajouter la question").error
    app.multiselect(f"{key}:fills:adresse").set_value(["locaux.adresse"]).run()
    click(app, "Ajouter la question")
    assert editing.find_field(content(monde), "locaux.commune_local")[2]["fills"] == {"locaux.adresse": "adresse"}


def test_each_answer_of_a_list_writes_its_words(admin: Any, monde: Monde) -> None:
    app = admin(champ="representant.civilite")
    key = f"{PREFIX}champ:representant.civilite:fills"
    app.multiselect(f"{key}:cibles").set_value(["representant.qualite"]).run()
    app.text_input(f"{key}:representant.qualite:Mme").set_value("présidente").run()
    click(app, "Enregistrer la question")
    _, _, field = editing.find_field(content(monde), "representant.civilite")
    assert field["fills"] == {"representant.qualite": "qualite"}
    assert {one["id"]: one["values"] for one in field["options"]} == {"Mme": {"qualite": "présidente"}, "M.": {}}


def test_what_the_offer_fills_stays_as_it_was_written(admin: Any, monde: Monde) -> None:
    before = content(monde)
    for champ in ("collectivite.recherche", "collectivite.type"):
        click(admin(champ=champ), "Enregistrer la question")
        now, then = (editing.find_field(one, champ)[2] for one in (content(monde), before))
        for key in ("fills", "options", "default", "columns"):
            assert now[key] == then[key] and list(now[key] or ()) == list(then[key] or ()), (champ, key)


def test_a_check_is_added_changed_and_taken_away(admin: Any, monde: Monde) -> None:
    def checks() -> list[dict[str, Any]]:
        return list(editing.find_form(content(monde), "locaux")["checks"])

    before = checks()
    app = admin(controle="nouveau")
    key = f"{PREFIX}controle:locaux:nouveau"
    errors = [one.value for one in click(app, "Enregistrer le contrôle").error]
    assert any("Choisissez la question de la comparaison 1" in one for one in errors)
    app.text_area(f"{key}:message").set_value("Dites comment y accéder.").run()
    app.radio(f"{key}:severite").set_value("alerte").run()
    app.multiselect(f"{key}:champs").set_value(["locaux.descriptif"]).run()
    app.selectbox(f"{key}:condition:0:champ").set_value("locaux.descriptif").run()
    app.selectbox(f"{key}:condition:0:locaux.descriptif:operateur").set_value("rempli").run()
    click(app, "Enregistrer le contrôle")
    added = {
        "if_": "locaux.descriptif is defined", "unless": None, "message": "Dites comment y accéder.",
        "fields": ["locaux.descriptif"], "severity": "alerte",
    }  # fmt: skip
    assert checks() == [*before, added]
    assert "Dites comment y accéder." in text_of(admin())
    number = len(before)
    app = admin(controle=number)
    app.radio(f"{PREFIX}controle:locaux:{number}:sens").set_value("unless").run()
    click(app, "Enregistrer le contrôle")
    assert checks()[number] == {**added, "if_": None, "unless": added["if_"]}
    click(admin(controle=number), "Supprimer le contrôle")
    assert checks() == before
    for wrong in ("99", "-1", "zz"):
        assert any("n’existe plus" in one.value for one in admin(controle=wrong).error)


def test_a_condition_reads_what_the_offer_is_set_to(admin: Any, monde: Monde) -> None:
    name, value = next((key, one) for key, one in content(monde)["options"].items() if type(one) is int)
    ident = f"offre.options.{name}"
    app = admin(champ="locaux.telephone")
    key = f"{PREFIX}champ:locaux.telephone:visible_if"
    app.radio(f"{key}:mode").set_value("selon").run()
    app.selectbox(f"{key}:0:champ").set_value(ident).run()
    app.selectbox(f"{key}:0:{ident}:operateur").set_value("au_moins").run()
    app.text_input(f"{key}:0:{ident}:valeur").set_value(str(value)).run()
    click(app, "Enregistrer la question")
    assert editing.find_field(content(monde), "locaux.telephone")[2]["visible_if"] == f"{ident} >= {value}"
    assert "Réglage de l’offre" in text_of(admin())
