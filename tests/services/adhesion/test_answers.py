"""Answers are saved one by one; what cannot become the answer is kept, shown and settled, never lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import Role
from models import AuditEvent, SaisieEnAttente, SessionUtilisateur, Utilisateur, utc_now
from services.adhesion import answers, dossiers, workflow
from services.adhesion.answers import keepable
from services.adhesion.dossier_views import DossierView, SaveResult
from services.adhesion.workflow import hash_value
from services.core.access import Acteur
from services.core.portail import Portail
from tests.factories import (
    Monde,
    journal_actions,
    make_acteur,
    make_dossier,
    make_other_centre,
    make_stranger,
)

FIELD = "representant.prenom"


def _open(monde: Monde, dossier_id: UUID, person: Acteur | None = None) -> DossierView:
    return dossiers.open_dossier(monde.portail, person or monde.gestionnaire, dossier_id)


def _version(monde: Monde, dossier_id: UUID, champ: str = FIELD) -> int:
    answer = _open(monde, dossier_id).answers.get(champ)
    return answer.version if answer else 0


def _save(monde: Monde, dossier_id: UUID, raw: Any, *, champ: str = FIELD, version: int | None = None) -> SaveResult:
    seen = _version(monde, dossier_id, champ) if version is None else version
    return answers.save_answer(monde.portail, monde.gestionnaire, dossier_id, champ, raw, version_vue=seen)


def _colleague(monde: Monde) -> Acteur:
    return make_acteur(
        monde.portail, Role.GESTIONNAIRE, collectivite=monde.collectivite_id, prenom="Dominique", nom="Collègue"
    )


def test_a_new_dossier_knows_its_collectivite(monde: Monde) -> None:
    view = _open(monde, make_dossier(monde.portail, monde, complet=False))
    values = {champ: answer.valeur for champ, answer in view.answers.items()}
    assert values == {
        "collectivite.type": "commune",
        "collectivite.nom": "Choisy-le-Roi",
        "collectivite.siren": "219400223",
        "collectivite.code_insee": "94022",
        "collectivite.appellation": values["collectivite.appellation"],
        "representant.qualite": "maire",
        "deliberation.organe": "conseil municipal",
    }
    assert (view.editable, view.editables, view.reference[:2], view.etat_libelle) == (True, None, "D-", "À compléter")


def test_a_change_is_saved_and_its_hash_journalled(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    before = _version(monde, dossier_id)
    result = _save(monde, dossier_id, "  Zoé ")
    assert (result.etat, result.valeur, result.version) == ("enregistre", "Zoé", before + 1)
    answer = _open(monde, dossier_id).answers[FIELD]
    assert (answer.valeur, answer.modifiee_par_nom) == ("Zoé", "Gestionnaire Modèle")
    with monde.portail.db.read() as session:
        line = session.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).one()
    assert (line.action, line.details) == ("reponse.enregistrer", {"champs": {FIELD: hash_value("Zoé")}})


def test_the_same_value_changes_nothing(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    before = journal_actions(monde.portail)
    assert _save(monde, dossier_id, " Camille ").etat == "inchange"
    assert journal_actions(monde.portail) == before


def test_an_answer_can_be_emptied(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    assert _save(monde, dossier_id, "").etat == "enregistre"
    view = _open(monde, dossier_id)
    assert view.answers[FIELD].valeur is None
    assert any(one.field_id == FIELD for one in view.evaluation.missing)


def test_invalid_input_is_kept_as_typed_and_goes_away_when_corrected(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    result = _save(monde, dossier_id, "219 400 224", champ="collectivite.siren")
    assert (result.etat, result.valeur) == ("invalide", "219400223")
    assert result.message
    assert "SIREN" in result.message
    waiting = _open(monde, dossier_id).saisies
    assert [(one.champ, one.motif, one.valeur, one.mienne) for one in waiting] == [
        ("collectivite.siren", "invalide", "219 400 224", True)
    ]
    assert _save(monde, dossier_id, "219400223", champ="collectivite.siren").etat == "inchange"
    assert _open(monde, dossier_id).saisies == ()


HOSTILE = [
    "{{ 7*7 }}",
    "<b>&</b>",
    "😀 été",
    "\ud800 orphelin",
    "\x00\x07 contrôle",
    "x" * 100_000,
    "'; DROP TABLE dossier; --",
    {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
    ["liste", 3],
    3.5,
    True,
]


@pytest.mark.parametrize("champ", [FIELD, "collectivite.effectif", "collectivite.adresse", "locaux.disponibilites"])
def test_hostile_input_is_saved_or_kept_and_the_page_still_opens(monde: Monde, champ: str) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    for raw in HOSTILE:
        result = _save(monde, dossier_id, raw, champ=champ)
        view = _open(monde, dossier_id)
        if result.etat == "invalide":
            assert [one.champ for one in view.saisies] == [champ], raw
            assert result.message
            assert str(view.saisies[0].valeur).encode("utf-8")
        else:
            assert result.etat == "enregistre", raw
            assert view.answers[champ].valeur == result.valeur


def test_what_nobody_types_is_refused_without_being_kept(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    with pytest.raises(Invalide, match="beaucoup trop longue"):
        _save(monde, dossier_id, "x" * 2_000_000)
    assert _open(monde, dossier_id).saisies == ()
    assert keepable("a\ud800b\x00") == "a?b\ufffd"


def test_two_clerks_in_one_field_see_both_values(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    seen = _version(monde, dossier_id)
    _save(monde, dossier_id, "Zoé", version=seen)
    other = _colleague(monde)
    result = answers.save_answer(monde.portail, other, dossier_id, FIELD, "Alix", version_vue=seen)
    assert (result.etat, result.autre) == ("conflit", ("Zoé", "Gestionnaire Modèle"))
    view = _open(monde, dossier_id, other)
    assert view.answers[FIELD].valeur == "Zoé"
    assert [(one.motif, one.valeur, one.auteur, one.mienne) for one in view.saisies] == [
        ("conflit", "Alix", "Dominique Collègue", True)
    ]
    assert [one.mienne for one in _open(monde, dossier_id).saisies] == [False]


@pytest.mark.parametrize(("keep", "expected"), [(True, "Alix"), (False, "Zoé")])
@pytest.mark.parametrize("by_author", [True, False])
def test_a_conflict_is_settled_by_either(monde: Monde, keep: bool, expected: str, by_author: bool) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    seen = _version(monde, dossier_id)
    _save(monde, dossier_id, "Zoé", version=seen)
    other = _colleague(monde)
    answers.save_answer(monde.portail, other, dossier_id, FIELD, "Alix", version_vue=seen)
    waiting = _open(monde, dossier_id).saisies[0]
    person = other if by_author else monde.gestionnaire
    answers.resolve_saisie(monde.portail, person, waiting.id, keep=keep)
    view = _open(monde, dossier_id)
    assert (view.answers[FIELD].valeur, view.saisies) == (expected, ())
    with pytest.raises(Introuvable):
        answers.resolve_saisie(monde.portail, person, waiting.id, keep=keep)


def test_the_same_value_from_two_clerks_is_no_conflict(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    seen = _version(monde, dossier_id)
    _save(monde, dossier_id, "Zoé", version=seen)
    assert _save(monde, dossier_id, "Zoé", version=seen).etat == "inchange"


def test_saves_at_once_lose_nothing(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    seen = _version(monde, dossier_id)
    people = [_colleague(monde) for _ in range(4)]

    def save(number: int) -> str:
        return answers.save_answer(
            monde.portail, people[number], dossier_id, FIELD, f"Prénom {number}", version_vue=seen
        ).etat

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(save, range(4)))
    assert outcomes == ["conflit", "conflit", "conflit", "enregistre"]
    view = _open(monde, dossier_id)
    assert {view.answers[FIELD].valeur, *(one.valeur for one in view.saisies)} == {f"Prénom {n}" for n in range(4)}


def test_several_fields_are_saved_together_each_with_its_result(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    shown = _open(monde, dossier_id).answers
    values = {
        "representant.nom": ("Nouveau", shown["representant.nom"].version),
        "referent.courriel": ("pas une adresse", shown["referent.courriel"].version),
        "besoin.quotite": ("50", shown["besoin.quotite"].version - 1),
    }
    results = answers.save_answers(monde.portail, monde.gestionnaire, dossier_id, values)
    assert {champ: one.etat for champ, one in results.items()} == {
        "representant.nom": "enregistre",
        "referent.courriel": "invalide",
        "besoin.quotite": "conflit",
    }


def test_a_file_cannot_be_claimed_by_typing(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    stolen = _open(monde, dossier_id).answers["deliberation.fichier"].valeur
    with pytest.raises(Invalide):
        _save(monde, dossier_id, stolen, champ="deliberation.fichier")
    with pytest.raises(Invalide):
        _save(monde, dossier_id, "x", champ="champ.inconnu")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.GESTIONNAIRE, Role.ASSISTANT}))
def test_only_the_gestionnaire_types_in_the_collectivite_s_draft(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde)
    assert not _open(monde, dossier_id, monde[role]).editable
    with pytest.raises(Refus):
        answers.save_answer(monde.portail, monde[role], dossier_id, FIELD, "X", version_vue=1)
    assert journal_actions(monde.portail, dossier_id)[-1] == "refus"


def test_an_instructeur_types_in_the_draft_that_the_centre_began(monde: Monde) -> None:
    dossier_id = dossiers.create_dossier(
        monde.portail,
        monde.instructeur,
        collectivite_id=monde.collectivite_id,
        offre_version_id=monde.version_id,
        operation_id="op",
    )
    for person in (monde.instructeur, monde.gestionnaire):
        assert _open(monde, dossier_id, person).editable
    saved = answers.save_answer(monde.portail, monde.instructeur, dossier_id, FIELD, "Zoé", version_vue=0)
    assert saved.etat == "enregistre"
    assert not _open(monde, dossier_id, monde["signataire_centre"]).editable


@pytest.mark.parametrize("etat", ["depose", "en_instruction", "accepte", "retire", "refuse"])
def test_nobody_types_once_deposited_or_closed(monde_sqlite: Monde, etat: str) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde, etat)
    for role in set(Role) - {Role.ASSISTANT}:
        assert not _open(monde, dossier_id, monde[role]).editable
        with pytest.raises(Refus):
            answers.save_answer(monde.portail, monde[role], dossier_id, FIELD, "X", version_vue=1)


def test_strangers_reach_nothing(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    _save(monde, dossier_id, "219400224", champ="collectivite.siren")
    waiting = _open(monde, dossier_id).saisies[0].id
    for person in (make_stranger(monde.portail), make_other_centre(monde.portail)):
        for attempt in (
            lambda who=person: dossiers.open_dossier(monde.portail, who, dossier_id),
            lambda who=person: answers.save_answer(monde.portail, who, dossier_id, FIELD, "X", version_vue=1),
            lambda who=person: answers.resolve_saisie(monde.portail, who, waiting, keep=True),
        ):
            with pytest.raises(Introuvable):
                attempt()
    with monde.portail.db.read() as session:
        refusals = session.scalars(select(AuditEvent).where(AuditEvent.action == "refus")).all()
    assert [line.centre_id for line in refusals] == [monde.centre_id] * 6


def test_the_centre_does_not_see_what_a_clerk_has_not_settled(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    _save(monde, dossier_id, "219400224", champ="collectivite.siren")
    assert _open(monde, dossier_id, monde.instructeur).saisies == ()


# Expired sessions ------------------------------------------------------------------------------------------------------


def _expired_session(monde: Monde, person: Acteur, *, revoked: bool = False) -> str:
    token_hash = f"{'r' if revoked else 'e'}" * 64
    with monde.portail.db.write() as session:
        past = utc_now() - timedelta(hours=1)
        session.add(
            SessionUtilisateur(
                token_hash=token_hash,
                utilisateur_id=person.utilisateur_id,
                expire_le=past,
                revoquee_le=past if revoked else None,
            )
        )
    return token_hash


def test_what_was_typed_in_an_expired_session_is_saved_at_the_next_opening(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    token, seen = _expired_session(monde, monde.gestionnaire), _version(monde, dossier_id)
    assert answers.park_saisie(monde.portail, token, dossier_id, FIELD, "Zoé", seen)
    assert _open(monde, dossier_id, monde.signataire).answers[FIELD].valeur == "Camille"
    view = _open(monde, dossier_id)
    assert (view.answers[FIELD].valeur, view.saisies) == ("Zoé", ())


def test_it_is_shown_beside_the_answer_when_somebody_changed_it(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    token, seen = _expired_session(monde, monde.gestionnaire), _version(monde, dossier_id)
    answers.save_answer(monde.portail, _colleague(monde), dossier_id, FIELD, "Alix", version_vue=seen)
    answers.park_saisie(monde.portail, token, dossier_id, FIELD, "Zoé", seen)
    view = _open(monde, dossier_id)
    assert view.answers[FIELD].valeur == "Alix"
    assert [(one.motif, one.valeur) for one in view.saisies] == [("conflit", "Zoé")]


def test_it_is_kept_as_typed_when_it_is_invalid_or_no_longer_open(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    token = _expired_session(monde, monde.gestionnaire)
    answers.park_saisie(monde.portail, token, dossier_id, "collectivite.siren", "12", 1)
    assert [(one.motif, one.valeur) for one in _open(monde, dossier_id).saisies] == [("invalide", "12")]
    answers.resolve_saisie(monde.portail, monde.gestionnaire, _open(monde, dossier_id).saisies[0].id, keep=False)
    workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "deposer")
    answers.park_saisie(monde.portail, token, dossier_id, FIELD, "Zoé", 2)
    view = _open(monde, dossier_id)
    assert view.answers[FIELD].valeur == "Camille"
    assert [(one.motif, one.valeur) for one in view.saisies] == [("conflit", "Zoé")]


def test_cookie_of_an_old_session_writes_nothing(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    token = _expired_session(monde, monde.gestionnaire)
    with monde.portail.db.write() as session:
        session.execute(update(SessionUtilisateur).values(expire_le=utc_now() - timedelta(hours=25)))
    assert not answers.park_saisie(monde.portail, token, dossier_id, FIELD, "Zoé", _version(monde, dossier_id))


def test_nothing_is_parked_for_a_revoked_session_a_stranger_or_a_closed_account(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    portail: Portail = monde.portail
    stranger = make_stranger(portail)
    assert not answers.park_saisie(portail, "inconnu", dossier_id, FIELD, "X", 1)
    assert not answers.park_saisie(portail, _expired_session(monde, stranger), dossier_id, FIELD, "X", 1)
    revoked = _expired_session(monde, monde.gestionnaire, revoked=True)
    assert not answers.park_saisie(portail, revoked, dossier_id, FIELD, "X", 1)
    with portail.db.write() as session:
        session.get_one(Utilisateur, stranger.utilisateur_id).actif = False
    assert not answers.park_saisie(portail, "e" * 64, dossier_id, FIELD, "X", 1)
    with portail.db.read() as session:
        assert session.scalars(select(SaisieEnAttente)).all() == []
