"""A form read and saved at each change: the same answers, refusals and waiting values as by the ordinary functions."""

from __future__ import annotations

import pytest

from domain.errors import Introuvable, Refus
from models import SaisieEnAttente
from services.adhesion.answers import save_answer
from services.adhesion.dossiers import open_dossier
from services.adhesion.saisie import open_form, save_in_form
from tests.factories import Monde, make_dossier, make_stranger

CHAMP = "referent.telephone"


def test_the_form_is_the_dossier_s(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    whole = open_dossier(monde.portail, monde.gestionnaire, dossier_id)
    form = open_form(monde.portail, monde.gestionnaire, dossier_id)
    for part in ("answers", "saisies", "pieces", "editable", "editables", "etat", "collectivite", "roles"):
        assert getattr(form, part) == getattr(whole, part)
    assert form.evaluation.missing == whole.evaluation.missing


def test_a_save_gives_the_form_as_it_is_then(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    version = open_form(monde.portail, monde.gestionnaire, dossier_id).answers[CHAMP].version
    result, form = save_in_form(monde.portail, monde.gestionnaire, dossier_id, CHAMP, "0140414243", version_vue=version)
    assert (result.etat, form.answers[CHAMP].valeur) == ("enregistre", "01 40 41 42 43")
    assert form == open_form(monde.portail, monde.gestionnaire, dossier_id)
    assert form.evaluation.fields[CHAMP].value == "01 40 41 42 43"


@pytest.mark.parametrize(("raw", "seen", "etat"), [("douze", 0, "invalide"), ("0140414243", 0, "conflit")])
def test_what_cannot_be_the_answer_waits_in_the_form(monde: Monde, raw: str, seen: int, etat: str) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    result, form = save_in_form(monde.portail, monde.gestionnaire, dossier_id, CHAMP, raw, version_vue=seen)
    assert result.etat == etat
    assert [(one.champ, one.motif, one.mienne) for one in form.saisies] == [(CHAMP, etat, True)]


def test_what_was_typed_in_an_expired_session_is_taken_up(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    version = open_form(monde.portail, monde.gestionnaire, dossier_id).answers[CHAMP].version
    with monde.portail.db.write() as session:
        session.add(
            SaisieEnAttente(
                dossier_id=dossier_id,
                champ=CHAMP,
                utilisateur_id=monde.gestionnaire.utilisateur_id,
                motif="session",
                valeur="0140414243",
                version_vue=version,
            )
        )
    form = open_form(monde.portail, monde.gestionnaire, dossier_id)
    assert form.answers[CHAMP].valeur == "01 40 41 42 43"
    assert not form.saisies


def test_a_colleague_is_named(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    save_answer(monde.portail, monde.gestionnaire, dossier_id, CHAMP, "0140414243", version_vue=0)
    form = open_form(monde.portail, monde.signataire, dossier_id)
    assert form.answers[CHAMP].modifiee_par_nom == monde.gestionnaire.nom


def test_only_those_who_may(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    stranger = make_stranger(monde.portail)
    with pytest.raises(Introuvable):
        open_form(monde.portail, stranger, dossier_id)
    with pytest.raises(Introuvable):
        save_in_form(monde.portail, stranger, dossier_id, CHAMP, "0140414243", version_vue=0)
    with pytest.raises(Refus):
        save_in_form(monde.portail, monde.signataire, dossier_id, CHAMP, "0140414243", version_vue=0)
