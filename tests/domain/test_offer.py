"""The offers that ship with the project hold together, and a broken one is refused with every fault."""

from __future__ import annotations

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from domain.definitions import DefinitionError
from domain.forms.answers import flatten_tree
from domain.forms.evaluation import Evaluation, evaluate
from domain.forms.fills import apply_fills
from domain.grammar import a, de
from domain.offer import Centre, Offer, list_centre_folders, list_offer_folders, load_centre, load_offer
from domain.referentiel import Referentiel
from domain.tarifs import Tarif, load_tarifs

ROOT = Path(__file__).resolve().parents[2]
CIG = ROOT / "forms" / "cig-petite-couronne"
MARTINIQUE = ROOT / "forms" / "cdg-martinique" / "accompagnement-social"
CASE_MARTINIQUE = json.loads((ROOT / "tests" / "cases" / "adhesion-martinique.json").read_text("utf-8"))
CASE = json.loads((ROOT / "tests" / "cases" / "adhesion-cig.json").read_text("utf-8"))


def test_every_offer_of_the_project_loads_with_its_templates() -> None:
    folders = [folder for centre in list_centre_folders(ROOT / "forms") for folder in list_offer_folders(centre)]
    assert folders
    for folder in folders:
        load_centre(folder.parent)
        load_tarifs(folder.parent / "tarifs.yaml")
        for name in load_offer(folder).templates():
            assert (ROOT / "doc_templates" / folder.parent.name / folder.name / name).is_file(), name


def test_an_offer_survives_the_database(offer: Offer) -> None:
    stored = json.loads(json.dumps(offer.model_dump(mode="json")))
    again = Offer.model_validate(stored)
    assert again == offer
    assert again.formset.fields == offer.formset.fields
    assert again.model_dump(mode="json") == stored


def test_a_centre_survives_the_database(centre: Centre) -> None:
    assert Centre.model_validate(centre.model_dump(mode="json")) == centre


def test_the_reference_case_is_complete_but_for_the_uploaded_file(offer: Offer) -> None:
    answers, unknown = flatten_tree(offer.formset.fields.values(), CASE)
    assert unknown == ["centre", "offre"]
    result = evaluate(offer.formset, answers, date(2022, 12, 20))
    assert [(one.field_id, one.reason) for one in result.missing] == [("deliberation.fichier", "manquant")]
    assert result.problems == result.alerts == {}
    assert result.recommended == result.anomalies == []
    assert result.complete_for("deposer") and not result.complete_for("accepter")


def test_the_equipment_list_is_that_of_article_7(offer: Offer) -> None:
    items = [item.id for item in offer.formset.fields["locaux.equipements"].items]
    assert sorted(items) == sorted(CASE["locaux"]["equipements"])
    assert len(items) == 17


@pytest.mark.parametrize(
    ("changes", "field_id", "words"),
    [
        ({"besoin.date_debut_prestations": "2022-12-31"}, "besoin.date_debut_prestations", "avant la prise d’effet"),
        ({"besoin.date_debut_prestations": "2028-01-01"}, "besoin.date_debut_prestations", "après le terme"),
        ({"deliberation.date": "2022-12-21"}, "deliberation.date", "à venir"),
        ({"besoin.quotite": "0"}, "besoin.quotite", "au moins 0,01"),
        ({"besoin.quotite": "100,5"}, "besoin.quotite", "100"),
        ({"collectivite.siren": "219400224"}, "collectivite.siren", "n’existe pas"),
    ],
)
def test_answers_of_the_cig_that_do_not_hold(offer: Offer, changes: dict[str, str], field_id: str, words: str) -> None:
    answers, _ = flatten_tree(offer.formset.fields.values(), CASE)
    result = evaluate(offer.formset, {**answers, **changes}, date(2022, 12, 20))
    assert any(words in message for message in result.problems[field_id])


@pytest.mark.parametrize(
    ("changes", "field_id"),
    [
        ({"besoin.date_debut_prestations": "2024-01-01"}, "besoin.date_debut_prestations"),
        ({"besoin.date_effet": "2022-12-01", "besoin.date_debut_prestations": "2022-12-01"}, "deliberation.date"),
        ({"locaux.equipements": {"bureau": True, "confidentialite": True}}, "locaux.equipements"),
    ],
)
def test_answers_of_the_cig_that_deserve_an_eye(offer: Offer, changes: dict[str, object], field_id: str) -> None:
    answers, _ = flatten_tree(offer.formset.fields.values(), CASE)
    result = evaluate(offer.formset, {**answers, **changes}, date(2022, 12, 20))
    assert field_id in result.alerts and result.problems == {}


def test_only_voted_tariffs_are_there(tarifs: list[Tarif]) -> None:
    """B03: the amounts of 2022 are those of 2022; no other year may be invented."""
    assert {(one.code, one.annee, one.montant) for one in tarifs} == {
        ("temps_complet", 2022, Decimal("67980.00")),
        ("heure", 2022, Decimal("57.00")),
    }
    assert {(one.deliberation.numero, one.deliberation.date) for one in tarifs if one.deliberation} == {
        ("2020-35", date(2020, 9, 22))
    }


def test_no_person_is_named_in_the_centre(centre: Centre) -> None:
    assert centre.president.nom is None
    assert centre.delegataire is not None and centre.delegataire.nom is None


@pytest.mark.parametrize(
    ("party", "nom", "designation"),
    [
        ("commune", "Choisy-le-Roi", "la commune de Choisy-le-Roi"),
        ("commune", "Ivry-sur-Seine", "la commune d’Ivry-sur-Seine"),
        ("commune", "Épinay-sur-Seine", "la commune d’Épinay-sur-Seine"),
        ("commune", "Le Kremlin-Bicêtre", "la commune du Kremlin-Bicêtre"),
        ("commune", "Les Lilas", "la commune des Lilas"),
        ("commune", "La Courneuve", "la commune de La Courneuve"),
        ("commune", "L'Haÿ-les-Roses", "la commune de L’Haÿ-les-Roses"),
        ("commune", "Ville de Sceaux", "la commune de Sceaux"),
        ("commune", "Ville-d'Avray", "la commune de Ville-d’Avray"),
        ("commune", "Houilles", "la commune de Houilles"),
        ("commune", "Hyères", "la commune d’Hyères"),
        ("ccas", "Arcueil", "le centre communal d’action sociale d’Arcueil"),
        ("ccas", "CCAS de Cachan", "le centre communal d’action sociale de Cachan"),
        ("ept", "Est Ensemble", "l’établissement public territorial Est Ensemble"),
        ("metropole", "Métropole du Grand Paris", "la métropole du Grand Paris"),
        ("ca", "CA de l'Espace Sud", "la communauté d’agglomération de l’Espace Sud"),
    ],
)
def test_designation(offer: Offer, party: str, nom: str, designation: str) -> None:
    found = offer.party(party)
    assert found is not None and found.designate(nom) == designation


def test_contractions() -> None:
    assert (de("le CCAS"), a("le CCAS")) == ("du CCAS", "au CCAS")
    assert (de("la Ville"), a("la Ville")) == ("de la Ville", "à la Ville")
    assert (de("l’Office"), a("l’Office")) == ("de l’Office", "à l’Office")
    assert (de("les Lilas"), a("Les Lilas")) == ("des Lilas", "aux Lilas")


def test_choosing_a_collectivite_fills_what_is_known(offer: Offer, referentiel: Referentiel) -> None:
    changes = apply_fills(offer.formset, {}, "collectivite.recherche", "219400223", referentiel)
    assert changes == {
        "collectivite.recherche": "219400223",
        "collectivite.type": "commune",
        "collectivite.nom": "Choisy-le-Roi",
        "collectivite.siren": "219400223",
        "collectivite.code_insee": "94022",
        "collectivite.adresse": {"code_postal": "94600", "ville": "Choisy-le-Roi"},
        "collectivite.appellation": "la Commune",
        "representant.qualite": "maire",
        "deliberation.organe": "conseil municipal",
    }


def test_choosing_another_replaces_what_was_filled_and_keeps_what_was_typed(
    offer: Offer, referentiel: Referentiel
) -> None:
    before = apply_fills(offer.formset, {}, "collectivite.recherche", "219400223", referentiel)
    before |= {
        "collectivite.appellation": "la Ville",
        "collectivite.adresse": {"voie": "1 place", "code_postal": "94600", "ville": "X"},
    }
    after = apply_fills(offer.formset, before, "collectivite.recherche", "217500016", referentiel)
    assert after["collectivite.nom"] == "Paris"
    assert "collectivite.adresse" not in after and "collectivite.appellation" not in after


def test_changing_the_kind_changes_its_words(offer: Offer) -> None:
    before = {"collectivite.type": "commune", "representant.qualite": "maire", "deliberation.organe": "conseil"}
    after = apply_fills(offer.formset, before, "collectivite.type", "ccas")
    assert after == {
        "collectivite.type": "ccas",
        "representant.qualite": "président",
        "collectivite.appellation": "le CCAS",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CIG, tmp_path / CIG.name)
    return tmp_path / CIG.name / "service-social-travail"


@pytest.mark.parametrize(
    ("name", "before", "after", "reason"),
    [
        ("offre.yaml", "form: locaux", "form: locau", "« locau » n’a pas de formulaire (vouliez-vous « locaux » ?)"),
        ("offre.yaml", "      - form: horaires\n", "", "le formulaire « horaires » n’est dans aucune étape"),
        ("offre.yaml", "annexe: fiche", "annexe: fich", "l’annexe « fich » n’existe pas"),
        ("offre.yaml", "    convention: true\n", "", "« convention: true »"),
        ("offre.yaml", "champ: besoin.quotite", "champ: besoin.quota", "vouliez-vous « besoin.quotite »"),
        ("offre.yaml", "code: ccas", "code: commune", "« commune » est défini deux fois"),
        ("offre.yaml", "prorata: jours", "prorata: semaines", "« semaines » n’est pas une valeur possible"),
        ("offre.yaml", "dernier_jour: 29", "dernier_jour: 31", "n’existe pas chaque année"),
        ("offre.yaml", "code: service-social-travail", "code: autre", "noms des dossiers"),
        ("offre.yaml", "kind: recapitulatif", "kind: recap", "« recap » n’est pas une valeur possible"),
        (
            "offre.yaml",
            "periodicite: trimestre",
            "periodicite: moi",
            "(attendu : « mois », « trimestre », « semestre » ou « an »)",
        ),
        ("deliberation.yaml", "template: deliberation", "template: modele", "le document « modele » n’existe pas"),
        ("locaux.yaml", "id: locaux\n", "id: bureaux\n", "« id » doit être le nom du fichier"),
        ("fiche.yaml", "type: siren", "type: sirene", "vouliez-vous « siren »"),
    ],
)
def test_a_broken_offer_is_refused_with_the_reason(
    folder: Path, name: str, before: str, after: str, reason: str
) -> None:
    text = (folder / name).read_text("utf-8")
    assert before in text
    (folder / name).write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_offer(folder)
    assert reason in refused.value.message


def test_a_centre_with_an_unknown_time_zone_is_refused(folder: Path) -> None:
    path = folder.parent / "centre.yaml"
    path.write_text(path.read_text("utf-8").replace("Europe/Paris", "Europe/Pantin"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="Europe/Pantin"):
        load_centre(folder.parent)


@pytest.fixture(scope="module")
def hourly() -> Offer:
    """The second offer, by the hour."""
    return load_offer(MARTINIQUE)


def _evaluate(offer: Offer, **changes: object) -> Evaluation:
    answers, unknown = flatten_tree(offer.formset.fields.values(), CASE_MARTINIQUE)
    assert unknown == ["centre", "offre"]
    return evaluate(
        offer.formset, answers | {key.replace("__", "."): v for key, v in changes.items()}, date(2026, 4, 1)
    )


def test_the_second_offer_is_billed_by_the_hour_every_quarter(hourly: Offer) -> None:
    billing = hourly.facturation
    assert (billing.mode, billing.tarif, billing.periodicite) == ("horaire", "heure", "trimestre")
    assert (billing.unite_minutes, billing.minimum_minutes, billing.deplacements_factures) == (1, 0, False)
    assert billing.etat_des_lieux_compris and billing.tva == "hors_champ"
    assert (hourly.duree.mode, hourly.duree.reconductions) == ("tacite", 4)
    assert (hourly.denonciation.dernier_mois, hourly.denonciation.dernier_jour) == (9, 29)
    (tarif,) = load_tarifs(MARTINIQUE.parent / "tarifs.yaml")
    assert (tarif.code, tarif.montant, tarif.deliberation) == ("heure", Decimal("60.00"), None)


def test_steps_before_the_forms_of_the_second_offer_are_traced_too(hourly: Offer) -> None:
    kinds = {step.kind: step.form for step in hourly.steps}
    assert kinds["seance_information"] == "seance_information"
    assert kinds["etat_des_lieux"] == "etat_des_lieux"


def test_the_second_example_is_complete_but_for_the_uploaded_file(hourly: Offer) -> None:
    result = _evaluate(hourly)
    assert [one.field_id for one in result.missing] == ["deliberation.fichier"]
    assert result.problems == result.alerts == {} and result.anomalies == []
    assert result.tree["besoin"]["minutes_prevues"] == 7200


@pytest.mark.parametrize(
    ("changes", "field_id", "words"),
    [
        ({"collectivite__affilie": False}, "collectivite.affilie", "réservée"),
        ({"instance_pluridisciplinaire__engagement": False}, "instance_pluridisciplinaire.engagement", "condition"),
        ({"besoin__minutes_prevues": "0 h 30"}, "besoin.minutes_prevues", "au moins 1\u00a0h"),
        ({"besoin__minutes_prevues": "-40"}, "besoin.minutes_prevues", "durée"),
        ({"besoin__minutes_prevues": "7,33"}, "besoin.minutes_prevues", "7 h 20"),
        ({"besoin__minutes_prevues": "1 700 h"}, "besoin.minutes_prevues", "ne peut pas dépasser"),
        ({"besoin__date_debut_prestations": "2026-03-31"}, "besoin.date_debut_prestations", "avant la prise d’effet"),
    ],
)
def test_answers_of_the_second_offer_that_do_not_hold(
    hourly: Offer, changes: dict[str, object], field_id: str, words: str
) -> None:
    assert any(words in message for message in _evaluate(hourly, **changes).problems[field_id])


def test_a_centre_opens_its_offer_to_others_by_a_setting(tmp_path: Path) -> None:
    folder = tmp_path / MARTINIQUE.parent.name / MARTINIQUE.name
    shutil.copytree(MARTINIQUE, folder)
    settings = folder / "offre.yaml"
    settings.write_text(
        settings.read_text("utf-8").replace("affilies_seulement: true", "affilies_seulement: false"), encoding="utf-8"
    )
    assert _evaluate(load_offer(folder), collectivite__affilie=False).problems == {}


def test_a_condition_on_a_setting_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / MARTINIQUE.parent.name / MARTINIQUE.name
    shutil.copytree(MARTINIQUE, folder)
    form = folder / "fiche.yaml"
    form.write_text(form.read_text("utf-8").replace("options.affilies_seulement", "options.affilies"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="affilies_seulement"):
        load_offer(folder)
