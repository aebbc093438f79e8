"""The terms and rows of an offer changed as data: what is refused says why and where, the rest stays as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.definitions import DefinitionError
from domain.errors import Invalide, split_faults
from domain.forms.editing import find_faults, find_form, readers_of
from domain.offer import editing, load_offer, read_offer, reading
from domain.offer.settings import LISTES, REGLAGES
from services.core.settings import ROOT
from tests.factories import cig_offer

ONE = [one for group in REGLAGES.values() for one in group]


def contenu() -> dict[str, Any]:
    return cig_offer().model_dump(mode="json")


def test_what_is_kept_already_changes_nothing() -> None:
    """Every setting and every row of both shipped offers can be saved as it is shown."""
    for folder in (ROOT / "forms").glob("*/*/"):
        offer = load_offer(folder)
        content = offer.model_dump(mode="json")
        values = {one.chemin: reading.read_setting(content, one.chemin) for one in ONE}
        assert editing.update_settings(content, values) == content
        for liste, about in LISTES.items():
            for row in reading.list_rows(content, liste):
                shown = {one.chemin: row.get(one.chemin) for one in about.champs}
                assert editing.update_row(content, liste, row[about.cle], shown) == content


def test_terms_change_and_the_offer_reads_them() -> None:
    before = contenu()
    kept = copy.deepcopy(before)
    after = editing.update_settings(
        before,
        {
            "titre": "Service  social ", "facturation.mode": "demi_journee", "facturation.tarif": "demi_journee",
            "duree.mode": "expresse", "duree.reconductions": 2, "denonciation.dernier_mois": "6",
            "denonciation.dernier_jour": 30, "facturation.service_degrade.tarif": "",
        },
    )  # fmt: skip
    assert before == kept
    offer = read_offer(after)
    assert (offer.titre, offer.facturation.mode, offer.duree.mode, offer.duree.reconductions) == (
        "Service social", "demi_journee", "expresse", 2,
    )  # fmt: skip
    assert (offer.denonciation.dernier_mois, offer.denonciation.dernier_jour) == (6, 30)
    assert offer.facturation.service_degrade is None
    again = editing.update_settings(after, {"facturation.service_degrade.tarif": "heure"})
    assert read_offer(again).facturation.codes_tarifs == ["demi_journee", "heure"]


def test_notice_on_any_day_is_a_setting() -> None:
    before = contenu()
    after = editing.update_settings(before, {"denonciation.mode": "preavis", "denonciation.preavis_mois": 6})
    notice = read_offer(after).denonciation
    assert (notice.mode, notice.preavis_mois, notice.dernier_jour) == ("preavis", 6, 29)
    for name in ("mode", "preavis_mois"):  # an offer kept before there was such a choice
        del before["denonciation"][name]
    assert editing.read_term(before, "denonciation.mode") == "date"
    assert editing.read_term(before, "denonciation.dernier_jour") == 29
    assert editing.read_term(before, "titre") == before["titre"]


@pytest.mark.parametrize(
    ("values", "champs"),
    [
        ({"titre": " "}, ["titre"]),
        ({"titre": "x" * 121, "facturation.mode": "gratuit"}, ["titre", "facturation.mode"]),
        ({"facturation.champ": "besoin.quota"}, ["facturation.champ"]),
        ({"duree.champ_effet": "besoin.quotite"}, ["duree.champ_effet"]),
        ({"facturation.unite_minutes": 0}, ["facturation.unite_minutes"]),
        ({"facturation.heures_annuelles": "beaucoup"}, ["facturation.heures_annuelles"]),
        ({"denonciation.dernier_mois": "2", "denonciation.dernier_jour": 30}, ["denonciation.dernier_jour"]),
        ({"duree.reconductions": 21}, ["duree.reconductions"]),
        ({"facturation.tarif": ""}, ["facturation.tarif"]),
        ({"facturation.tarif": "Demi-journée"}, ["facturation.tarif"]),
        ({"denonciation.mode": "jamais"}, ["denonciation.mode"]),
        ({"denonciation.mode": "preavis", "denonciation.preavis_mois": 0}, ["denonciation.preavis_mois"]),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(values: dict[str, Any], champs: list[str]) -> None:
    with pytest.raises(Invalide) as refused:
        editing.update_settings(contenu(), values)
    assert [one.champ for one in split_faults(refused.value)] == champs


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(ONE), st.one_of(st.none(), st.text(max_size=8), st.integers(-5, 5000), st.booleans(), st.just([]))
)
def test_a_setting_given_anything_is_refused_or_leaves_a_right_offer(one: Any, value: Any) -> None:
    content = _CONTENU
    try:
        after = editing.update_settings(content, {one.chemin: value})
    except Invalide as error:
        assert error.message
    else:
        assert find_faults(after) == ()


_CONTENU = contenu()


def test_options_keep_their_kind_and_words_are_texts() -> None:
    after = editing.update_words(contenu(), "options", "agents_par_temps_plein", 1200)
    after = editing.update_words(after, "options", "visite_annuelle", True)
    after = editing.update_words(after, "vocabulaire", "assistant", "conseiller social")
    offer = read_offer(after)
    assert offer.options["agents_par_temps_plein"] == 1200 and offer.options["visite_annuelle"] is True
    assert offer.vocabulaire["assistant"] == "conseiller social"
    assert "visite_annuelle" not in editing.delete_words(after, "options", "visite_annuelle")["options"]
    for table, key, value in (
        ("options", "Visite", True), ("options", "saisine", True), ("vocabulaire", "mot", 3), ("vocabulaire", "mot", " "),
        ("forms", "mot", "x"),
    ):  # fmt: skip
        with pytest.raises(Invalide):
            editing.update_words(after, table, key, value)


def test_an_option_that_a_condition_reads_stays() -> None:
    content = contenu()
    find_form(content, "locaux")["sections"][0]["visible_if"] = "offre.options.saisine == 'directe'"
    with pytest.raises(DefinitionError, match="saisine"):
        editing.delete_words(content, "options", "saisine")


def test_documents_annexes_and_their_parts() -> None:
    after, annexe = editing.add_row(
        contenu(), "annexes", {"titre": "Charte d’accueil", "source": "gabarit", "facultative": True}
    )
    assert reading.find_row(after, "annexes", annexe)["template"] == "annexe-charte-accueil.docx"
    after = editing.add_part(after, "convention", annexe=annexe)
    assert read_offer(after).templates()[-1:] != [] and "annexe-charte-accueil.docx" in read_offer(after).templates()
    with pytest.raises(Invalide, match="fait partie de « Convention"):
        editing.delete_row(after, "annexes", annexe)
    parts = reading.find_row(after, "documents", "convention")["parts"]
    without = editing.set_parts(after, "convention", parts[:-1])
    assert editing.delete_row(without, "annexes", annexe) == contenu()

    after, document = editing.add_row(contenu(), "documents", {"titre": "Fiche de visite", "contexte": "adhesion"})
    assert reading.find_row(after, "documents", document)["parts"] == [
        {"template": "fiche-visite.docx", "annexe": None}
    ]
    assert editing.delete_row(after, "documents", document) == contenu()
    moved = editing.move_row(contenu(), "annexes", "tarifs", 0)
    assert moved["annexes"][0]["id"] == "tarifs"


@pytest.mark.parametrize(
    ("liste", "ident", "reason"),
    [
        ("documents", "convention", "numéroté, scellé et signé"),
        ("documents", "deliberation", "le propose"),
        ("documents", "decompte", "le portail en a besoin"),
        ("annexes", "missions", "fait partie de"),
        ("parties", "commune", ""),
        ("bilan", "contexte", ""),
    ],
)
def test_what_is_used_is_not_taken_away(liste: str, ident: str, reason: str) -> None:
    assert reason in reading.why_kept(contenu(), liste, ident)
    if not reason and not reading.why_kept(contenu(), liste, ident):
        assert ident not in [
            row[LISTES[liste].cle] for row in reading.list_rows(editing.delete_row(contenu(), liste, ident), liste)
        ]
    else:
        with pytest.raises(Invalide, match="ne se supprime pas"):
            editing.delete_row(contenu(), liste, ident)


@pytest.mark.parametrize(
    ("liste", "values", "champ"),
    [
        ("annexes", {"titre": ""}, "titre"),
        ("annexes", {"titre": "A", "source": "gabarit", "template": "../x"}, "template"),
        ("annexes", {"titre": "A", "source": "gabarit", "template": "convention.docx"}, "template"),
        ("documents", {"titre": "Autre", "contexte": "decompte"}, "contexte"),
        ("documents", {"titre": "Autre", "contexte": "roman"}, "contexte"),
        ("bilan", {"titre": "A", "taille": 3}, "taille"),
        ("demandes", {"titre": "A", "circuit": "magie"}, "circuit"),
    ],
)
def test_a_row_that_cannot_be_is_refused_beside_its_field(liste: str, values: dict[str, Any], champ: str) -> None:
    with pytest.raises(Invalide) as refused:
        editing.add_row(contenu(), liste, values)
    assert champ in [one.champ for one in split_faults(refused.value)]


def test_parts_of_a_document_are_there_once_and_exist() -> None:
    with pytest.raises(Invalide, match="deux fois"):
        editing.set_parts(contenu(), "convention", [{"annexe": "missions"}, {"annexe": "missions"}])
    with pytest.raises(Invalide, match="au moins une partie"):
        editing.set_parts(contenu(), "convention", [])
    with pytest.raises(DefinitionError, match="l’annexe « autre » n’existe pas"):
        editing.set_parts(contenu(), "convention", [{"annexe": "autre"}])
    with pytest.raises(Invalide, match="l’un des deux"):
        editing.set_parts(contenu(), "convention", [{}])


@pytest.mark.parametrize("circuit", ["immediat", "accord", "signature"])
def test_a_request_begins_with_a_form_of_its_own(circuit: str) -> None:
    after, nature = editing.add_row(contenu(), "demandes", {"titre": "Visite des locaux", "circuit": circuit})
    offer = read_offer(after)
    demande = offer.demande(nature)
    assert demande.steps[0].form == "visite_locaux" and demande.champ_effet == "visite_locaux.date_effet"
    assert (demande.document is not None) == (circuit == "signature")
    assert list(offer.variant(nature).formset.fields) == ["visite_locaux.date_effet"]
    assert editing.delete_row(after, "demandes", nature) == contenu()
    with pytest.raises(Invalide, match="ont été publiées"):
        editing.delete_row(after, "demandes", nature, published={"visite_locaux.date_effet"})


def test_a_kind_of_collectivite() -> None:
    values = {
        "libelle": "régie", "prefixes": "Régie, Régie municipale ,", "designation": "la régie {nom_court}",
        "designation_nom_seul": "la régie {de_nom}", "appellation": "la Régie", "organe": "conseil d’administration",
        "qualite": "directeur", "qualite_feminin": "directrice",
    }  # fmt: skip
    after, code = editing.add_row(contenu(), "parties", values)
    party = read_offer(after).party(code)
    assert party is not None and party.prefixes == ("Régie", "Régie municipale")
    assert party.designate("Régie des Eaux") == "la régie des Eaux"


def test_an_optional_annex_is_joined_when_its_condition_holds() -> None:
    values = {"titre": "Charte", "source": "gabarit", "facultative": True, "visible_if": "besoin.quotite > 50"}
    after, annexe = editing.add_row(contenu(), "annexes", values)
    offer = read_offer(after)
    assert offer.left_out({"besoin": {"quotite": 20}}) == {annexe}
    assert offer.left_out({"besoin": {"quotite": 60}}) == frozenset()
    for condition, reason in (
        ("besoin.quota > 50", "vouliez-vous « besoin.quotite »"),
        ("besoin.quotite > 'x'", "natures différentes"),
    ):
        with pytest.raises(DefinitionError, match=reason):
            editing.update_row(after, "annexes", annexe, {"visible_if": condition})
    with pytest.raises(Invalide, match="ne se lit pas"):
        editing.update_row(after, "annexes", annexe, {"visible_if": "besoin.quotite >"})
    with pytest.raises(Invalide, match="annexe facultative"):
        editing.update_row(after, "annexes", annexe, {"facultative": False})


def test_a_question_that_an_annex_depends_on_is_not_retired() -> None:
    values = {
        "titre": "Charte",
        "source": "gabarit",
        "facultative": True,
        "visible_if": "collectivite.type == 'commune'",
    }
    after, _ = editing.add_row(contenu(), "annexes", values)
    assert "la condition de l’annexe « Charte »" in readers_of(after, "collectivite.type")
    assert "« Nature de la collectivité » est « Commune »" in reading.why_kept(after, "parties", "commune")
