"""What is visible, required, missing and wrong in a dossier, at one moment."""

from __future__ import annotations

from datetime import date

import pytest

from domain.forms.answers import build_tree, build_typed_tree, flatten_tree
from domain.forms.evaluation import evaluate, kept_answers
from domain.forms.formset import FormSet, parse_form

TODAY = date(2026, 1, 15)
FIRST = """\
id: un
title: Un formulaire
short_title: Un
sections:
  - id: s
    title: S
    fields:
      - {id: un.type, type: choice, label: Type, required: true, options: [{id: commune, label: Commune}, {id: ccas, label: CCAS}]}
      - {id: un.code, type: insee_code, label: Code, visible_if: un.type == 'commune', recommended: true}
      - {id: un.detail, type: text, label: Détail, visible_if: un.code is defined, required: true}
      - {id: un.motif, type: text, label: Motif, required_if: un.type == 'ccas'}
      - {id: un.ancien, type: text, label: Ancien, required: true, retired: true}
  - id: t
    title: T
    visible_if: un.type == 'ccas'
    fields:
      - {id: un.adresse, type: address, label: Adresse, required: true}
"""
SECOND = """\
id: deux
title: Deux
sections:
  - id: s
    title: S
    fields:
      - {id: deux.debut, type: date, label: Début, required: true}
      - {id: deux.fin, type: date, label: Fin}
      - {id: deux.acte, type: file, label: Acte, required: true, required_for: accepter}
checks:
  - {unless: deux.fin >= deux.debut, message: La fin suit le début., fields: [deux.fin, deux.debut]}
  - {if: deux.debut > aujourdhui, message: C’est à venir., fields: [deux.debut], severity: alerte}
"""


@pytest.fixture(scope="module")
def formset() -> FormSet:
    return FormSet([parse_form(FIRST), parse_form(SECOND)])


def test_nothing_answered(formset: FormSet) -> None:
    result = evaluate(formset, {}, TODAY)
    assert [(one.field_id, one.reason) for one in result.missing] == [
        ("un.type", "manquant"),
        ("deux.debut", "manquant"),
        ("deux.acte", "manquant"),
    ]
    assert result.missing[0].message == "Choisissez « Type »."
    assert result.missing[2].message == "Déposez « Acte »."
    assert not result.fields["un.code"].visible
    assert result.sections == {("un", "s"): True, ("un", "t"): False, ("deux", "s"): True}
    assert (result.progress["un"].title, result.progress["un"].state) == ("Un", "vide")


def test_what_is_shown_follows_the_answers(formset: FormSet) -> None:
    result = evaluate(formset, {"un.type": "commune"}, TODAY)
    assert result.fields["un.code"].visible and not result.fields["un.detail"].visible
    assert [one.field_id for one in result.recommended] == ["un.code"]
    result = evaluate(formset, {"un.type": "commune", "un.code": "94022"}, TODAY)
    assert [one.field_id for one in result.missing if one.form_id == "un"] == ["un.detail"]


def test_a_hidden_answer_counts_for_nothing_and_hides_what_depends_on_it(formset: FormSet) -> None:
    answers = {"un.type": "ccas", "un.code": "94022", "un.detail": "x", "un.motif": "m"}
    result = evaluate(formset, answers, TODAY)
    assert not result.fields["un.code"].visible
    assert not result.fields["un.detail"].visible
    assert kept_answers(result) == {"un.type": "ccas", "un.motif": "m"}


def test_a_refused_answer_is_not_known_to_conditions(formset: FormSet) -> None:
    result = evaluate(formset, {"un.type": "commune", "un.code": "94"}, TODAY)
    assert not result.fields["un.detail"].visible
    assert result.problems["un.code"] == [result.fields["un.code"].error]
    assert [one.reason for one in result.missing if one.field_id == "un.code"] == ["invalide"]


def test_required_if(formset: FormSet) -> None:
    missing = [one.field_id for one in evaluate(formset, {"un.type": "ccas"}, TODAY).missing_in("un")]
    assert missing == ["un.motif", "un.adresse"]
    assert "un.motif" not in [one.field_id for one in evaluate(formset, {"un.type": "commune"}, TODAY).missing]


def test_a_retired_field_is_neither_shown_nor_kept_but_stays_in_documents_as_a_blank(formset: FormSet) -> None:
    result = evaluate(formset, {"un.ancien": "x"}, TODAY)
    assert not result.fields["un.ancien"].visible
    assert "un.ancien" not in kept_answers(result)
    assert build_typed_tree(formset.fields.values(), kept_answers(result))["un"]["ancien"] is None


def test_checks_speak_only_when_all_their_fields_are_answered(formset: FormSet) -> None:
    assert evaluate(formset, {"deux.debut": "2026-01-10"}, TODAY).problems == {}
    assert evaluate(formset, {"deux.debut": "2026-01-10", "deux.fin": "x"}, TODAY).problems.keys() == {"deux.fin"}
    result = evaluate(formset, {"deux.debut": "2026-01-10", "deux.fin": "2026-01-09"}, TODAY)
    assert result.problems == {"deux.fin": ["La fin suit le début."], "deux.debut": ["La fin suit le début."]}
    assert [(one.field_id, one.reason) for one in result.missing_in("deux")] == [
        ("deux.fin", "incoherent"),
        ("deux.acte", "manquant"),
    ]
    assert evaluate(formset, {"deux.debut": "2026-01-10", "deux.fin": "2026-01-10"}, TODAY).problems == {}


def test_an_alert_informs_and_does_not_block(formset: FormSet) -> None:
    result = evaluate(formset, {"un.type": "commune", "deux.debut": "2026-01-16"}, TODAY)
    assert result.alerts == {"deux.debut": ["C’est à venir."]}
    assert result.complete_for("deposer")
    assert evaluate(formset, {"deux.debut": "2026-01-15"}, TODAY).alerts == {}


def test_what_may_come_later_does_not_block_the_deposit(formset: FormSet) -> None:
    answers: dict[str, object] = {"un.type": "commune", "deux.debut": "2026-01-10"}
    result = evaluate(formset, answers, TODAY)
    assert result.complete_for("deposer") and not result.complete_for("accepter")
    assert [one.field_id for one in result.blocking("accepter")] == ["deux.acte"]
    answers["deux.acte"] = {"nom": "acte.pdf", "piece": "1"}
    assert evaluate(formset, answers, TODAY).complete_for("accepter")


def test_a_mistake_blocks_the_deposit_even_in_an_optional_field(formset: FormSet) -> None:
    answers = {"un.type": "commune", "deux.debut": "2026-01-10", "deux.fin": "31/02/2026"}
    assert [one.field_id for one in evaluate(formset, answers, TODAY).blocking("deposer")] == ["deux.fin"]


def test_progress(formset: FormSet) -> None:
    result = evaluate(formset, {"un.type": "ccas", "un.motif": "m"}, TODAY)
    progress = result.progress["un"]
    assert (progress.required, progress.answered, progress.faults, progress.state) == (3, 2, 0, "en_cours")
    result = evaluate(formset, {"un.type": "commune"}, TODAY)
    assert result.progress["un"].state == "complet"
    result = evaluate(formset, {"un.type": "commune", "un.code": "?"}, TODAY)
    assert result.progress["un"].state == "en_cours"


def test_unknown_answers_are_ignored(formset: FormSet) -> None:
    assert "autre.champ" not in evaluate(formset, {"autre.champ": "x"}, TODAY).fields


def test_answers_go_to_a_tree_and_back(formset: FormSet) -> None:
    answers = {
        "un.type": "ccas",
        "un.adresse": {"voie": "1", "code_postal": "94600", "ville": "V"},
        "deux.debut": "2026-01-10",
    }
    tree = build_tree(answers)
    assert tree["un"]["adresse"]["ville"] == "V"
    assert flatten_tree(formset.fields.values(), tree) == (answers, [])
    tree["un"]["typ"] = "x"
    tree["trois"] = {"a": 1}
    assert flatten_tree(formset.fields.values(), tree) == (answers, ["un.typ", "trois"])


def test_typed_tree_holds_every_field(formset: FormSet) -> None:
    tree = build_typed_tree(formset.fields.values(), {"deux.debut": "2026-01-10"})
    assert tree["deux"] == {"debut": date(2026, 1, 10), "fin": None, "acte": None}
    assert tree["un"]["adresse"] == {"voie": None, "complement": None, "code_postal": None, "ville": None}
