"""Settings, tariffs and journal pages, as those who manage the centre use them."""

from __future__ import annotations

from services.centre.parametres import open_parametres, save_parametres
from services.centre.tarif_views import list_centre_tarifs
from tests.factories import Monde, make_dossier
from tests.pages.conftest import Visitor, text_of


def _field(app, label: str):  # type: ignore[no-untyped-def]
    return next(one for one in [*app.text_input, *app.text_area] if one.label.startswith(label))


def _sigle(monde: Monde) -> object:
    return open_parametres(monde.portail, monde.administrateur, monde.centre_id).valeurs["sigle"]


def test_changes_are_kept_between_parts_and_saved_together(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.administrateur, "parametres")
    _field(app, "Nom d’usage").set_value("CIG d’essai").run()
    app.query_params["onglet"] = "references"
    app.run()
    _field(app, "Recours").set_value("l'article R. 421-1").run()
    assert "2 modifications à enregistrer." in text_of(app)
    app.button(key="parametres:enregistrer").click().run()
    assert not app.exception and "Aucune modification." in text_of(app)
    valeurs = open_parametres(monde.portail, monde.administrateur, monde.centre_id).valeurs
    assert (valeurs["sigle"], valeurs["references.recours"]) == ("CIG d’essai", "l’article R.\u00a0421-1")


def test_a_fault_elsewhere_is_one_click_away(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.administrateur, "parametres")
    _field(app, "Adresse électronique").set_value("pas une adresse").run()
    app.query_params["onglet"] = "signataires"
    app.run()
    app.button(key="parametres:enregistrer").click().run()
    assert 'href="/parametres?onglet=identite"' in text_of(app)
    app.query_params["onglet"] = "identite"
    app.run()
    assert _field(app, "Adresse électronique").value == "pas une adresse"


def test_a_colleague_s_change_is_not_overwritten(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.administrateur, "parametres")
    save_parametres(monde.portail, monde.administrateur, monde.centre_id, {"sigle": "Collègue"}, version_vue=1)
    _field(app, "Nom d’usage").set_value("Le mien").run()
    app.button(key="parametres:enregistrer").click().run()
    assert "modifiés entre\\-temps" in text_of(app)
    assert (_sigle(monde), _field(app, "Nom d’usage").value) == ("Collègue", "Le mien")
    app.button(key="parametres:abandonner").click().run()
    assert _field(app, "Nom d’usage").value == "Collègue"


def test_a_responsable_reads_settings(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "parametres")
    assert _field(app, "Nom d’usage").disabled and "Seul un administrateur" in text_of(app)


def _press(app, label: str) -> None:  # type: ignore[no-untyped-def]
    next(button for button in app.button if button.label == label).click().run()


def test_a_responsable_records_a_tariff_after_seeing_what_changes(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "tarifs")
    typed = {"Année": "2027", "Montant": "57,5O", "Numéro": "2026-60", "Date": "12/02/2026"}
    for label, value in typed.items():
        _field(app, label).set_value(value)
    _press(app, "Voir ce qui changera")
    assert "Saisissez un nombre" in text_of(app) and _field(app, "Année").value == "2027"
    _field(app, "Montant").set_value("70 000,50")
    _press(app, "Voir ce qui changera")
    assert "67\u202f980,00\u00a0€ (tarif 2022)" in text_of(app) and "1er janvier 2027" in text_of(app)
    assert "Aucune convention en vigueur" in text_of(app) and "+2,97\u00a0%" in text_of(app)
    assert "Dû pour 2027" not in text_of(app)
    _press(app, "Enregistrer le tarif")
    assert not app.exception and "Tarif enregistré" in text_of(app)
    assert list_centre_tarifs(monde.portail, monde.responsable, monde.centre_id)[0].annee == 2027


def test_what_was_changed_after_the_preview_is_checked_again(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.responsable, "tarifs")
    for label, value in {"Année": "2027", "Montant": "57", "Numéro": "2026-60", "Date": "12/02/2026"}.items():
        _field(app, label).set_value(value)
    _press(app, "Voir ce qui changera")
    _field(app, "Année").set_value("2026").run()
    assert not [button for button in app.button if button.label == "Enregistrer le tarif"]
    _press(app, "Voir ce qui changera")
    assert "enregistrez\\-le pour 2027" in text_of(app)


def test_unknown_part_of_the_address_shows_the_first(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.administrateur, "parametres", onglet="<b>")
    assert _field(app, "Nom d’usage").value == "CIG petite couronne"


def test_journal_filters_and_checks(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    app = visitor.open(monde.administrateur, "journal")
    assert f'href="/instruction?id={dossier_id}"' in text_of(app)
    app.button(key="journal:verifier").click().run()
    assert any("Journal intact" in one.value for one in app.success)
    app.text_input(key="j_du").set_value("32/13/2026").run()
    assert any("n’existe pas" in one.value for one in app.error)
    app.text_input(key="j_du").set_value("01/01/2199").run()
    assert "Aucune ligne ne correspond" in text_of(app)
