"""The page of an offer: its terms, its circuit, its documents and rows, its versions; who may open it."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from domain.offer.reading import find_row
from domain.roles import Role
from domain.workflow.editing import find_action, find_table
from services.offres import publication
from services.offres.edition_formulaires import edit_offer, open_edition
from services.offres.versions import list_versions
from tests.factories import OFFRE, Monde
from tests.pages.conftest import Visitor, text_of
from ui import page
from ui.editeur.lieu import PREFIX
from ui.offre.reglages import OTHER
from ui.offre.vues import VUES


@pytest.fixture
def admin(visitor: Visitor, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens the page as the administrator, who answers yes to every question: dialogs are tried in a browser."""
    monkeypatch.setattr(page, "confirm", lambda titre, texte, libelle, action, **_: action(""))
    monkeypatch.setattr(publication, "check_materials", lambda found: ())
    return lambda **params: visitor.open(monde[Role.ADMINISTRATEUR], "offre", offre=OFFRE, **params)


def click(app: AppTest, label: str) -> AppTest:
    """Click the button with this label; nothing unforeseen may follow."""
    (button,) = [one for one in app.button if one.label == label]
    button.click().run()
    assert not app.exception
    return app


def content(monde: Monde) -> dict[str, Any]:
    return open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE).contenu


def circuit(monde: Monde, cle: str = "dossier") -> dict[str, Any]:
    return find_table(content(monde), cle)


PANELS = (
    {}, {"etat": "en_instruction"}, {"action": "accepter"}, {"nouveau": "etat"}, {"nouveau": "action"},
    {"circuit": "convention"}, {"circuit": "convention", "action": "signer_centre"}, {"circuit": "?", "etat": "?"},
    {"liste": "annexes", "ligne": "missions"}, {"liste": "parties", "nouveau": "ligne"}, {"liste": "?", "ligne": "?"},
    {"parties": "convention"},
)  # fmt: skip


def test_notice_on_any_day_is_chosen_on_the_page(admin: Any, monde: Monde) -> None:
    app = admin()
    assert "Préavis, en mois" not in [one.label for one in app.number_input]
    app.selectbox(key=f"{PREFIX}reglages:denonciation.mode").set_value("preavis").run()
    assert "Dernier jour de ce mois" not in [one.label for one in app.number_input]
    app.number_input(key=f"{PREFIX}reglages:denonciation.preavis_mois").set_value(6)
    click(app, "Enregistrer les réglages")
    kept = content(monde)["denonciation"]
    assert (kept["mode"], kept["preavis_mois"], kept["dernier_jour"]) == ("preavis", 6, 29)
    assert "à tout moment" in text_of(admin(vue="rappels"))


def test_a_tariff_is_chosen_among_those_of_the_centre(admin: Any, monde: Monde) -> None:
    """With its price; a code is only typed for one that nobody recorded."""
    key = f"{PREFIX}reglages:facturation.tarif"
    app = admin()
    offered = app.selectbox(key=key).options
    assert any(one.startswith("Adhésion à temps complet, par an (67\u202f980,00\u00a0€ en 20") for one in offered), (
        offered
    )
    assert "Demi-journée d’intervention (aucun tarif enregistré)" in offered
    assert not [one for one in app.text_input if "Code du tarif" in one.label]
    app.selectbox(key=key).set_value(OTHER).run()
    app.text_input(key=f"{key}:code").set_value("Visite médicale")
    click(app, "Enregistrer les réglages")
    assert content(monde)["facturation"]["tarif"] == "temps_complet" and "minuscules sans accent" in text_of(app)
    app.text_input(key=f"{key}:code").set_value("visite_medicale")
    click(app, "Enregistrer les réglages")
    assert content(monde)["facturation"]["tarif"] == "visite_medicale"
    assert "visite_medicale (aucun tarif enregistré)" in admin().selectbox(key=key).options
    app = admin()
    app.selectbox(key=f"{PREFIX}reglages:facturation.mode").set_value("devis").run()
    assert key not in [one.key for one in app.selectbox], "a quote needs no tariff"


@pytest.mark.parametrize("vue", VUES)
def test_every_part_opens_with_one_main_action_at_most(admin: Any, vue: str) -> None:
    app = admin(vue=vue)
    assert not app.error
    assert len([button for button in app.button if button.proto.type == "primary"]) <= 1


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_opens(admin: Any, panel: dict[str, str]) -> None:
    vue = (
        "circuit"
        if {"etat", "action", "circuit"} & set(panel) or panel.get("nouveau") in ("etat", "action")
        else "documents"
    )
    app = admin(vue=vue, **panel)
    assert len([button for button in app.button if button.proto.type == "primary"]) <= 1


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATEUR])
def test_nobody_else_opens_it(visitor: Visitor, monde: Monde, role: Role) -> None:
    app = visitor.open(monde[role], "offre")
    assert [error.value for error in app.error] == ["Cette page n’existe pas, ou vous n’y avez pas accès."]


def test_a_state_is_added_with_its_action(admin: Any, monde: Monde) -> None:
    app = admin(vue="circuit", nouveau="etat")
    key = f"{PREFIX}etat-nouveau:dossier"
    app.text_input(f"{key}:libelle").set_value("À valider")
    app.text_input(f"{key}:collectivite").set_value("En cours de validation")
    app.selectbox(f"{key}:apres").set_value("accepter").run()
    panel = f"{key}:sortie"
    assert app.selectbox(f"{panel}:vers:accepter").value == "accepte"  # where the redirected action led
    click(app, "Ajouter l’état")
    assert [one.value for one in app.error][:2] == [
        "Indiquez le nom de l’action.",
        "Rien n’a été envoyé : corrigez le champ signalé ci-dessus.",
    ]
    app.text_input(f"{panel}:libelle").set_value("Valider le dossier")
    app.multiselect(f"{panel}:roles").set_value([Role.RESPONSABLE]).run()
    click(app, "Ajouter l’état")
    table = circuit(monde)
    assert find_action(table, "accepter")["vers"] == "valider"
    assert find_action(table, "valider_dossier")["roles"] == ["responsable"]
    assert "État ajouté au brouillon." in text_of(app)
    assert "lu par la collectivité\u00a0: «\u00a0En cours de validation\u00a0»" in text_of(app)
    changes = text_of(admin(vue="changements"))
    assert "Circuit du dossier › États › « À valider »" in changes
    assert "depuis À valider, conduit à Accepté, par Responsable du service" in changes
    click(admin(vue="changements"), "Publier")
    assert open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE).numero == 2


def test_what_is_refused_says_why(admin: Any, monde: Monde) -> None:
    app = admin(vue="circuit", action="accepter")
    key = f"{PREFIX}action:dossier:accepter"
    assert "ne se supprime pas" in text_of(app)
    app.selectbox(f"{key}:vers").set_value("emis").run()
    click(app, "Enregistrer l’action")
    assert any("seule l’action « emettre » produit le document" in one.value.replace("\\", "") for one in app.error)
    assert circuit(monde) == find_table(content(monde), "dossier")
    frozen = admin(vue="circuit", action="deposer")
    assert frozen.multiselect(f"{PREFIX}action:dossier:deposer:de").disabled
    assert "Supprimer l’action" not in [button.label for button in frozen.button]


def test_wording_and_removal_then_back_to_the_portal_s_own(admin: Any, monde: Monde) -> None:
    app = admin(vue="circuit", etat="en_instruction")
    app.text_input(f"{PREFIX}etat:dossier:en_instruction:libelle").set_value("À l’étude").run()
    click(app, "Enregistrer l’état")
    assert circuit(monde)["etats"]["en_instruction"] == "À l’étude"
    click(admin(vue="circuit", action="refuser"), "Supprimer l’action")
    assert "refuser" not in [line["action"] for line in circuit(monde)["transitions"]]
    click(admin(vue="circuit", etat="depose"), "Supprimer l’état")
    assert find_action(circuit(monde), "deposer")["vers"] == "en_instruction"
    click(admin(vue="circuit"), "Revenir au circuit d’origine")
    view = open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE)
    assert view.contenu == view.publie


def test_settings_are_saved_at_once_and_faults_told_beside_them(admin: Any, monde: Monde) -> None:
    app = admin(vue="reglages")
    key = f"{PREFIX}reglages"
    app.text_input(f"{key}:titre").set_value("Service social des agents")
    app.selectbox(f"{key}:denonciation.dernier_mois").set_value("2")
    app.number_input(f"{key}:denonciation.dernier_jour").set_value(30).run()
    click(app, "Enregistrer les réglages")
    assert app.error[0].value == "Le dernier jour de dénonciation n’existe pas chaque année."
    app.number_input(f"{key}:denonciation.dernier_jour").set_value(28).run()
    click(app, "Enregistrer les réglages")
    kept = content(monde)
    assert kept["titre"] == "Service social des agents"
    assert (kept["denonciation"]["dernier_mois"], kept["denonciation"]["dernier_jour"]) == (2, 28)


def test_a_row_is_added_changed_and_taken_away(admin: Any, monde: Monde) -> None:
    app = admin(vue="bilan", liste="bilan", nouveau="ligne")
    app.text_input(f"{PREFIX}nouvelle:bilan:titre").set_value("Perspectives").run()
    click(app, "Ajouter une section")
    assert find_row(content(monde), "bilan", "perspectives")["taille"] == 4000
    app = admin(vue="bilan", liste="bilan", ligne="perspectives")
    app.text_input(f"{PREFIX}ligne:bilan:perspectives:titre").set_value("Suites").run()
    app.selectbox(f"{PREFIX}ligne:bilan:perspectives:place").set_value(0).run()
    click(app, "Enregistrer")
    assert content(monde)["bilan"]["sections"][0]["titre"] == "Suites"
    click(admin(vue="bilan", liste="bilan", ligne="perspectives"), "Supprimer")
    view = open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE)
    assert view.contenu == view.publie
    used = admin(vue="documents", liste="annexes", ligne="missions")
    assert "Ne peut pas être supprimée : elle fait partie de" in text_of(used)


def test_parts_of_a_document(admin: Any, monde: Monde) -> None:
    app = admin(vue="documents", parties="convention")
    app.multiselect(f"{PREFIX}parties:convention:ordre").set_value([0, 2, 1, 3, 4]).run()
    click(app, "Enregistrer les parties")
    parts = find_row(content(monde), "documents", "convention")["parts"]
    assert [part["annexe"] for part in parts][1:3] == ["deontologie", "missions"]
    app = admin(vue="documents", parties="convention")
    app.text_input(f"{PREFIX}partie-nouvelle:convention:fichier").set_value("page-de-garde").run()
    click(app, "Ajouter la partie")
    assert "gabarit « page-de-garde.docx »" in text_of(admin(vue="changements"))  # to be deposited before one publishes


def test_versions_are_compared_and_taken_back(admin: Any, monde: Monde) -> None:
    acteur = monde[Role.ADMINISTRATEUR]

    def rename(contenu: Any, _: Any) -> Any:
        return {**contenu, "titre": "Service renommé"}

    edit_offer(monde.portail, acteur, monde.centre_id, OFFRE, None, rename)
    click(admin(vue="changements"), "Publier")
    app = admin(vue="versions")
    said = text_of(app)
    assert "Service renommé" in said and "Avant : Service social du travail" in said
    click(app, "Reprendre la version 1")
    draft = list_versions(monde.portail, acteur, monde.centre_id, OFFRE)[0]
    assert (draft.numero, draft.etat, draft.issue_de) == (3, "brouillon", 1)
    again = admin(vue="versions")
    assert [one.disabled for one in again.button if one.label == "Reprendre la version 1"] == [True]


def test_a_colleague_s_change_is_not_overwritten(admin: Any, monde: Monde) -> None:
    app = admin(vue="circuit", etat="en_instruction")
    app.text_input(f"{PREFIX}etat:dossier:en_instruction:libelle").set_value("À l’étude").run()
    edit_offer(
        monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE, None,
        lambda contenu, _: {**contenu, "titre": "Autre titre"},
    )  # fmt: skip
    click(app, "Enregistrer l’état")
    assert any("a changé entre" in error.value for error in app.error)
    click(app, "Enregistrer l’état")
    kept = content(monde)
    assert (kept["titre"], kept["workflow_dossier"]["etats"]["en_instruction"]) == ("Autre titre", "À l’étude")


def test_reminders_are_changed_and_added(admin: Any, monde: Monde) -> None:
    app = admin(vue="rappels")
    rows = len(content(monde)["rappels"])
    app.text_input(key=f"{PREFIX}rappels:0:jours").set_value("bientôt")
    assert "séparés par des virgules" in text_of(click(app, "Enregistrer les rappels"))
    app.text_input(key=f"{PREFIX}rappels:0:jours").set_value("90, 10")
    app.selectbox(key=f"{PREFIX}rappels:{rows}:echeance").set_value("terme")
    app.text_input(key=f"{PREFIX}rappels:{rows}:jours").set_value("15")
    app.checkbox(key=f"{PREFIX}rappels:{rows}:assistant").check()
    click(app, "Enregistrer les rappels")
    found = content(monde)["rappels"]
    assert found[0]["jours_avant"] == [90, 10]
    assert found[-1] == {"echeance": "terme", "jours_avant": [15], "roles": ["assistant"]}
    shown = text_of(admin(vue="changements"))
    assert "Rappel « dernier jour pour dénoncer » › Jours avant" in shown and "Rappel « terme » ajouté" in shown


# -- the steps of a request -------------------------------------------------------------------------------------------


def steps(monde: Monde, nature: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = find_row(content(monde), "demandes", nature)["steps"]
    return found


def test_the_steps_of_a_request_are_told(admin: Any) -> None:
    said = text_of(admin(vue="demandes"))
    assert "Étapes de chaque demande" in said and "1. Ce que l’avenant modifie" in said
    said = text_of(admin(vue="demandes", demande="avenant"))
    assert "préremplie" in said and "Récapitulatif et envoi" in said and " sur " in said
    assert "Dépôt" not in said


def test_a_step_joins_a_request_then_changes_then_leaves(admin: Any, monde: Monde) -> None:
    """The form of the référent, in the request for other hours: only the name, filled in beforehand, first."""
    before = steps(monde, "horaires")
    app = admin(vue="demandes", demande="horaires", etape="nouvelle")
    app.selectbox(key=f"{PREFIX}pas-nouveau:horaires:formulaire").set_value("referent").run()
    app.multiselect(key=f"{PREFIX}pas-nouveau:horaires:referent:champs").set_value(["referent.nom"])
    app.checkbox(key=f"{PREFIX}pas-nouveau:horaires:prerempli").check()
    click(app, "Ajouter l’étape")
    assert [step["form"] for step in steps(monde, "horaires")] == ["horaires", "locaux", "referent", None]
    panel = f"{PREFIX}pas:horaires:2"
    app = admin(vue="demandes", demande="horaires", etape="3")
    app.text_input(key=f"{panel}:titre").set_value("Qui prévenir")
    app.selectbox(key=f"{panel}:place").set_value(0)
    click(app, "Enregistrer l’étape")
    moved = steps(monde, "horaires")[0]
    assert (moved["title"], moved["champs"], moved["prerempli"]) == ("Qui prévenir", ["referent.nom"], True)
    click(admin(vue="demandes", demande="horaires", etape="1"), "Retirer l’étape")
    assert steps(monde, "horaires") == before


def test_a_step_that_must_stay_says_why(admin: Any) -> None:
    app = admin(vue="demandes", demande="referent", etape="1")
    assert "elle demande la date d’effet" in text_of(app)
    assert "Retirer l’étape" not in [one.label for one in app.button]
    assert "rechargez la page" in text_of(admin(vue="demandes", demande="referent", etape="99"))
    assert "Étapes de chaque demande" in text_of(admin(vue="demandes", demande="?"))


# -- what a circuit takes, and tells ----------------------------------------------------------------------------------


def test_a_circuit_that_takes_no_state_says_why(admin: Any) -> None:
    """A convention's says what may be changed in it, and where a validation goes; a request that takes effect at once too."""
    app = admin(vue="circuit", circuit="convention")
    assert "Le chemin lui-même ne change pas" in app.info[0].value and "Circuit du dossier" in text_of(app)
    assert "Ajouter un état" not in text_of(app)
    said = text_of(admin(vue="circuit", circuit="demande:referent"))
    assert "Rien ne s’ajoute à ce circuit : cette demande prend effet dès son envoi" in said
    assert "Ajouter un état" in text_of(admin(vue="circuit", circuit="demande:horaires"))


def test_an_action_says_which_mail_leaves(admin: Any) -> None:
    said = text_of(admin(vue="circuit", action="accepter"))
    assert "Dossier accepté" in said and "à la collectivité" in said and "modele=dossier_accepte" in said
    assert "n’envoie pas de courriel" in text_of(admin(vue="circuit", action="prendre_en_charge"))
    app = admin(vue="circuit", circuit="demande:horaires", nouveau="action")
    app.selectbox(key=f"{PREFIX}action-nouvelle:demande:horaires:vers").set_value("depose").run()
    assert "Demande à suivre" in text_of(app) and "à ceux qui ont une action à faire" in text_of(app)
