"""The clerk's page of a dossier: each step shows, each change is saved, what is missing is listed, corrections are made."""

from __future__ import annotations

from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from services.adhesion import answers, corrections, saisie, workflow
from services.adhesion.dossiers import open_dossier
from tests.factories import Monde, attach_pdf, make_dossier
from tests.pages.conftest import Visitor, text_of

FORMS = ("fiche", "locaux", "referent", "besoin", "deliberation")


def _key(dossier_id: UUID, champ: str) -> str:
    return f"d{dossier_id.hex[:12]}:{champ}"


def _answer(monde: Monde, dossier_id: UUID, champ: str) -> object:
    held = open_dossier(monde.portail, monde.gestionnaire, dossier_id).answers.get(champ)
    return held.valeur if held else None


def _open(visitor: Visitor, monde: Monde, dossier_id: UUID, **params: object) -> AppTest:
    return visitor.open(monde.gestionnaire, "dossier", id=dossier_id, **params)


@pytest.mark.parametrize("complet", [True, False], ids=["filled", "empty"])
@pytest.mark.parametrize("etape", [*FORMS, "recapitulatif"])
def test_every_step_shows(visitor: Visitor, monde: Monde, etape: str, complet: bool) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=complet)
    app = _open(visitor, monde, dossier_id, etape=etape)
    assert 'aria-current="step"' in text_of(app)
    assert not app.error
    assert f"Étape {[*FORMS, 'recapitulatif'].index(etape) + 1} sur 6" in text_of(app)


def test_without_a_step_the_first_that_is_not_complete_opens(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    assert "Étape 1 sur 6" in text_of(_open(visitor, monde, dossier_id))
    filled = make_dossier(monde.portail, monde)
    assert "Étape 6 sur 6" in text_of(_open(visitor, monde, filled))


def test_each_change_is_saved_with_its_time(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    app = _open(visitor, monde, dossier_id, etape="besoin")
    assert "le coût s’affiche ici" in text_of(app)
    for champ, typed in (
        ("besoin.quotite", "47,7"),
        ("besoin.date_effet", "1er janvier 2026"),
        ("besoin.date_debut_prestations", "01/03/2026"),
    ):
        app.text_input(key=_key(dossier_id, champ)).set_value(typed).run()
    assert _answer(monde, dossier_id, "besoin.quotite") == "47.70"
    page = text_of(app)
    assert "Enregistré à" in page
    assert "32\u202f426,46" in page and "27\u202f184,92" in page and "766\u00a0h\u00a032" in page


def test_what_is_refused_survives_a_reload(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    app = _open(visitor, monde, dossier_id, etape="fiche")
    app.text_input(key=_key(dossier_id, "collectivite.siren")).set_value("219400224").run()
    again = _open(visitor, monde, dossier_id, etape="fiche")
    assert again.text_input(key=_key(dossier_id, "collectivite.siren")).value == "219400224"
    assert any("SIREN" in one.value for one in again.error)
    summary = text_of(_open(visitor, monde, dossier_id, etape="recapitulatif"))
    assert "champ=collectivite.siren" in summary
    assert _open(visitor, monde, dossier_id, etape="recapitulatif").button(key=f"deposer:{dossier_id}").disabled


def test_one_field_that_cannot_be_saved_does_not_take_the_others_with_it(
    visitor: Visitor, monde: Monde, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several fields arrive at once from a page that is faster than the portal; each stands for itself, and what is lost is told."""
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    app = _open(visitor, monde, dossier_id, etape="referent")
    save = saisie.save_in_form

    def fragile(*given: object, **more: object) -> object:
        if "referent.prenom" in given:
            raise RuntimeError("the disk is full")
        return save(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(saisie, "save_in_form", fragile)
    app.text_input(key=_key(dossier_id, "referent.prenom")).set_value("Dominique")
    app.text_input(key=_key(dossier_id, "referent.nom")).set_value("Modèle").run()
    assert _answer(monde, dossier_id, "referent.nom") == "Modèle"
    assert _answer(monde, dossier_id, "referent.prenom") is None
    assert "« Dominique », n’a pas été enregistrée" in text_of(app).replace("\u00a0", " ")
    assert app.text_input(key=_key(dossier_id, "referent.prenom")).value == "Dominique"


def test_the_kind_of_collectivite_brings_its_words(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    app = _open(visitor, monde, dossier_id, etape="fiche")
    app.selectbox(key=_key(dossier_id, "collectivite.type")).set_value("ccas").run()
    assert _answer(monde, dossier_id, "collectivite.appellation") == "le CCAS"
    assert app.text_input(key=_key(dossier_id, "collectivite.appellation")).value == "le CCAS"
    assert _answer(monde, dossier_id, "deliberation.organe") == "conseil d’administration"


def test_a_chosen_collectivite_fills_the_form(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    app = _open(visitor, monde, dossier_id, etape="fiche")
    app.text_input(key=_key(dossier_id, "collectivite.recherche:recherche")).set_value("choisy le roi").run()
    app.button(key=_key(dossier_id, "collectivite.recherche:choix-219400223")).click().run()
    assert not app.exception
    assert app.text_input(key=_key(dossier_id, "collectivite.adresse:ville")).value == "Choisy-le-Roi"


def test_what_is_missing_leads_to_its_field(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    page = text_of(_open(visitor, monde, dossier_id, etape="recapitulatif"))
    assert "champ=referent.telephone" in page
    app = _open(visitor, monde, dossier_id, etape="referent", champ="referent.telephone")
    assert 'data-portail-focus="st-key-' in text_of(app) and "referent-telephone" in text_of(app)


def test_two_clerks_see_both_values(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    app = _open(visitor, monde, dossier_id, etape="fiche")
    version = open_dossier(monde.portail, monde.gestionnaire, dossier_id).answers["collectivite.appellation"].version
    answers.save_answer(
        monde.portail, monde.gestionnaire, dossier_id, "collectivite.appellation", "la Commune", version_vue=version
    )
    app.text_input(key=_key(dossier_id, "collectivite.appellation")).set_value("la Cité").run()
    assert any("la Cité" in one.value and "la Commune" in one.value for one in app.warning)
    keep = next(
        one for one in app.button if str(one.key).startswith(_key(dossier_id, "collectivite.appellation:garder"))
    )
    keep.click().run()
    assert _answer(monde, dossier_id, "collectivite.appellation") == "la Cité"


def test_a_model_and_the_draft_convention_stand_beside_the_upload(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    app = _open(visitor, monde, dossier_id, etape="deliberation")
    urls = [one.proto.url for one in app.get("link_button")]
    for name in ("deliberation.docx", "deliberation.pdf", "projet.docx", "projet.pdf"):
        assert any(url.endswith(f"dossiers/{dossier_id}/{name}") for url in urls)
    app.file_uploader(key=_key(dossier_id, "deliberation.fichier:depot0")).set_value(
        ("acte.pdf", b"MZ" + bytes(200), "application/pdf")
    ).run()
    assert any("acte.pdf" in one.value and "programme" in one.value for one in app.error)
    assert _answer(monde, dossier_id, "deliberation.fichier") is None


def test_corrections_are_open_on_one_page(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    for champ in ("referent.telephone", "referent.nom"):
        corrections.request_correction(
            monde.portail, monde.instructeur, dossier_id, champ, motif="incorrect", texte="À vérifier <b>"
        )
    workflow.perform(monde.portail, monde.instructeur, dossier_id, "demander_corrections")
    app = _open(visitor, monde, dossier_id)
    assert sum("Correction demandée" in one.value for one in app.warning) == 2
    app.text_input(key=_key(dossier_id, "referent.telephone")).set_value("0140414243").run()
    assert _answer(monde, dossier_id, "referent.telephone") == "01 40 41 42 43"
    explained = next(one for one in app.text_area if "Nom" in one.label)
    explained.set_value("Le nom est exact.").run()
    next(one for one in app.button if str(one.key) == f"{explained.key}:envoyer").click().run()
    assert "**2 sur 2**" in text_of(app)
    assert "Le nom est exact." in text_of(app)


def test_a_deposited_dossier_is_only_read(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    app = _open(visitor, monde, dossier_id)
    assert not app.text_input
    assert "Déposé, en attente du centre" in text_of(app)
    assert [one.label for one in app.button if one.label == "Retirer la demande"]


def test_the_signatory_reads_a_draft_and_may_deposit_it(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    app = visitor.open(monde.signataire, "dossier", id=dossier_id)
    assert not app.text_input
    assert [one.label for one in app.button if one.label == "Déposer le dossier"]


def test_a_file_of_the_dossier_is_shown_with_its_date(visitor: Visitor, monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    attach_pdf(monde.portail, monde.gestionnaire, dossier_id, "deliberation.fichier")
    page = text_of(_open(visitor, monde, dossier_id, etape="deliberation"))
    assert "fichiers/" in page and "déposé le" in page
