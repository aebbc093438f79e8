"""Home, lists and instruction: what each side does with a dossier, button by button."""

from __future__ import annotations

from datetime import date

import pytest

from services.adhesion import workflow
from services.adhesion.answers import save_answer
from services.adhesion.corrections import request_correction
from services.adhesion.dossier_lists import list_dossiers
from services.adhesion.dossier_views import DossierFilter, DossierView
from services.adhesion.dossiers import open_dossier
from services.adhesion.messages import post_message
from tests.conventions import make_convention
from tests.factories import Monde, journal_actions, lift_warnings, make_dossier
from tests.pages.conftest import Visitor, text_of

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} **gras** [lien](http://x)"


def _view(monde: Monde, dossier_id: object) -> DossierView:
    return open_dossier(monde.portail, monde.instructeur, dossier_id)  # type: ignore[arg-type]


def test_first_visit_has_one_thing_to_do(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.gestionnaire, "accueil")
    button = app.button(key="creation:commencer")
    assert (button.label, button.proto.type) == ("Commencer l’adhésion", "primary")
    button.click().run()
    assert list_dossiers(monde.portail, monde.gestionnaire, DossierFilter()).total == 1


def test_things_to_do_lead_there(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    assert f'href="/instruction?id={dossier_id}' in text_of(visitor.open(monde.instructeur, "accueil"))


def test_home_says_where_things_stand_when_nothing_is_to_do(visitor: Visitor, monde: Monde) -> None:
    convention_id = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2199, 1, 1))
    dossier_id = make_dossier(monde.portail, monde, "depose")
    page = text_of(visitor.open(monde.gestionnaire, "accueil"))
    assert "Rien à faire" in page and "prend effet le 1er janvier 2199" in page and "le centre va l’examiner" in page
    assert f'href="/convention?id={convention_id}' in page and f'href="/dossier?id={dossier_id}' in page
    assert "apparaîtra ici dès son dépôt" in text_of(visitor.open(monde.signataire_centre, "accueil"))


@pytest.mark.parametrize(
    ("role", "page"), [("instructeur", "instruction"), ("gestionnaire", "dossier"), ("administrateur", "instruction")]
)
def test_a_list_leads_each_side_to_its_page(visitor: Visitor, monde: Monde, role: str, page: str) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    assert f'href="/{page}?id={dossier_id}' in text_of(visitor.open(monde[role], "dossiers"))


def test_filters_of_the_address(visitor: Visitor, monde: Monde) -> None:
    make_dossier(monde.portail, monde, "depose")
    found = visitor.open(monde.instructeur, "dossiers", d_texte="choisy")
    assert "1 résultat" in text_of(found)
    nothing = visitor.open(monde.instructeur, "dossiers", d_texte=HOSTILE)
    assert "Aucun dossier ne correspond" in text_of(nothing)


def test_take_charge_then_one_main_action(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id)
    app.button(key=f"dossier:{dossier_id}:depose:prendre_en_charge").click().run()
    assert _view(monde, dossier_id).etat == "en_instruction"
    assert [one.value for one in app.success] == ["Dossier pris en charge."]
    blocked = app.button(key=f"dossier:{dossier_id}:en_instruction:accepter")
    assert blocked.disabled and "« Accepter le dossier » n’est pas encore possible" in text_of(app)


def test_a_warning_is_written_once_and_lifting_it_is_the_main_action(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    (warning,) = _view(monde, dossier_id).avertissements
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id)
    assert text_of(app).replace("\\", "").count(warning.texte) == 1
    assert "<li>Levez l’avertissement ci-dessus.</li>" in text_of(app)
    assert [one.label for one in app.button if one.proto.type == "primary"] == ["Lever cet avertissement"]
    request_correction(
        monde.portail, monde.instructeur, dossier_id, "referent.telephone", motif="incorrect", texte="Non attribué."
    )
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id)
    assert [one.label for one in app.button if one.proto.type == "primary"] == ["Demander les corrections"]


def test_several_warnings_have_one_main_button(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    version = open_dossier(monde.portail, monde.gestionnaire, dossier_id).answers["collectivite.siren"].version
    save_answer(monde.portail, monde.gestionnaire, dossier_id, "collectivite.siren", "732829320", version_vue=version)
    workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "deposer")
    workflow.perform(monde.portail, monde.instructeur, dossier_id, "prendre_en_charge")
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id)
    assert text_of(app).count("<li>Levez les avertissements ci-dessus.</li>") == 1
    lifts = [one.proto.type for one in app.button if one.label == "Lever cet avertissement"]
    assert lifts == ["primary", "secondary"]


def test_a_change_of_state_brings_back_to_the_top(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id)
    assert "data-portail-focus" not in text_of(app)
    app.button(key=f"dossier:{dossier_id}:depose:prendre_en_charge").click().run()
    assert 'data-portail-focus="stHeading"' in text_of(app)
    assert "data-portail-focus" not in text_of(app.run())


def test_accept_is_the_main_action_once_possible(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    lift_warnings(monde.portail, monde, dossier_id)
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id)
    assert app.button(key=f"dossier:{dossier_id}:en_instruction:accepter").proto.type == "primary"
    assert "Point vérifié" in text_of(app)


def test_correction_is_prepared_next_to_its_field(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id, champ="referent.nom")
    app.radio[0].set_value("perime")
    app.text_area[0].set_value(HOSTILE)
    next(button for button in app.button if button.label == "Préparer la demande").click()
    app.run()
    assert not app.exception
    (row,) = _view(monde, dossier_id).corrections
    assert (row.champ, row.motif, row.etat, row.texte) == ("referent.nom", "perime", "preparee", HOSTILE)
    page = text_of(app)
    assert "Correction préparée, pas encore envoyée" in page and "<script>" not in page
    assert app.button(key=f"dossier:{dossier_id}:en_instruction:demander_corrections").proto.type == "primary"


def test_prepared_correction_can_be_taken_back(visitor: Visitor, monde: Monde) -> None:
    from services.adhesion.corrections import request_correction

    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    ident = request_correction(
        monde.portail, monde.instructeur, dossier_id, "referent.nom", motif="incorrect", texte="À revoir"
    )
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id, vue="corrections")
    assert "La personne désignée – Nom" in text_of(app)
    app.button(key=f"retirer:{ident}").click().run()
    assert _view(monde, dossier_id).corrections == ()


@pytest.mark.parametrize("role", ["responsable", "signataire_centre", "administrateur"])
def test_others_of_the_centre_only_read(visitor: Visitor, monde: Monde, role: str) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    app = visitor.open(monde[role], "instruction", id=dossier_id, champ="referent.nom")
    assert not app.radio and "À corriger" not in text_of(app)
    assert not [button for button in app.button if "dossier:" in (button.key or "")]


def test_messages_are_read_when_seen_and_sent_once(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    post_message(monde.portail, monde.gestionnaire, dossier_id, HOSTILE, operation_id="m1")
    app = visitor.open(monde.instructeur, "instruction", id=dossier_id, vue="messages")
    assert "<script>" not in text_of(app) and "Nouveau" in text_of(app)
    assert _view(monde, dossier_id).non_lus == 0
    app.text_area[0].set_value("Bien reçu.")
    next(button for button in app.button if button.label == "Envoyer le message").click()
    app.run()
    assert [row.texte for row in _view(monde, dossier_id).messages] == [HOSTILE, "Bien reçu."]
    assert app.text_area[0].value == ""


def test_assignment_is_done_by_choosing(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    app = visitor.open(monde.responsable, "instruction", id=dossier_id)
    app.selectbox[0].set_value(monde.instructeur.utilisateur_id).run()
    assert _view(monde, dossier_id).instructeur_id == monde.instructeur.utilisateur_id
    assert journal_actions(monde.portail, dossier_id).count("dossier.attribuer") == 1


def test_history_is_told(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    page = text_of(visitor.open(monde.instructeur, "instruction", id=dossier_id, vue="historique"))
    assert "Dossier pris en charge" in page and "Dossier déposé" in page
