"""Corrections are asked field by field, open these fields only, and close when the field is resubmitted."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import Courriel, Depot
from services.adhesion import answers, corrections, dossiers, messages, workflow
from services.adhesion.dossier_views import DossierView
from tests.factories import Monde, attach_pdf, blank_pdf, lift_warnings, make_dossier, make_stranger

PHONE, FILE = "referent.telephone", "deliberation.fichier"


def _open(monde: Monde, dossier_id: UUID, role: Role = Role.GESTIONNAIRE) -> DossierView:
    return dossiers.open_dossier(monde.portail, monde[role], dossier_id)


def _ask(monde: Monde, dossier_id: UUID, *champs: str) -> None:
    for champ in champs:
        corrections.request_correction(
            monde.portail, monde.instructeur, dossier_id, champ, motif="incomplet", texte="À revoir."
        )
    workflow.perform(monde.portail, monde.instructeur, dossier_id, "demander_corrections")


def _change(monde: Monde, dossier_id: UUID, champ: str, raw: object) -> str:
    version = _open(monde, dossier_id).answers[champ].version
    return answers.save_answer(monde.portail, monde.gestionnaire, dossier_id, champ, raw, version_vue=version).etat


def test_a_correction_goes_from_prepared_to_closed(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    corrections.request_correction(
        monde.portail, monde.instructeur, dossier_id, PHONE, motif="incorrect", texte="Numéro non attribué."
    )
    assert _open(monde, dossier_id).corrections == ()
    (row,) = _open(monde, dossier_id, Role.INSTRUCTEUR).corrections
    assert (row.etat, row.motif_libelle, row.libelle_champ) == ("preparee", "Incorrect", "Téléphone")
    workflow.perform(monde.portail, monde.instructeur, dossier_id, "demander_corrections")
    (row,) = _open(monde, dossier_id).corrections
    assert (row.etat, row.texte) == ("envoyee", "Numéro non attribué.")
    blocked = _open(monde, dossier_id).action("redeposer")
    assert blocked is not None
    assert blocked.blocages == ("Corrigez « Téléphone », ou expliquez pourquoi c’est inutile.",)
    assert _change(monde, dossier_id, PHONE, "01 98 76 54 32") == "enregistre"
    assert [one.etat for one in _open(monde, dossier_id).corrections] == ["traitee"]
    workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "redeposer")
    view = _open(monde, dossier_id)
    assert [one.etat for one in view.corrections] == ["close"]
    assert [one.numero for one in view.depots] == [1, 2]


def test_a_second_round_opens_only_its_own_fields(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    _ask(monde, dossier_id, PHONE)
    _change(monde, dossier_id, PHONE, "01 98 76 54 32")
    workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "redeposer")
    _ask(monde, dossier_id, "referent.nom")
    view = _open(monde, dossier_id)
    assert (view.may_edit("referent.nom"), view.may_edit(PHONE)) == (True, False)


def test_only_fields_asked_for_are_open(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    _ask(monde, dossier_id, PHONE)
    view = _open(monde, dossier_id)
    assert view.editables == frozenset({PHONE})
    assert not _open(monde, dossier_id, Role.SIGNATAIRE).editable
    with pytest.raises(Refus, match="pas ouvert à la correction"):
        _change(monde, dossier_id, "referent.nom", "Autre")
    with pytest.raises(Refus):
        attach_pdf(monde.portail, monde.gestionnaire, dossier_id, FILE)
    with pytest.raises(Refus):
        _change_as(monde, dossier_id, Role.INSTRUCTEUR)


def _change_as(monde: Monde, dossier_id: UUID, role: Role) -> None:
    answers.save_answer(monde.portail, monde[role], dossier_id, PHONE, "01 98 76 54 32", version_vue=1)


def test_what_a_correction_reaches_is_open_too(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde)
    version = _open(monde, dossier_id).answers["collectivite.type"].version
    answers.save_answer(monde.portail, monde.gestionnaire, dossier_id, "collectivite.type", "ccas", version_vue=version)
    workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "deposer")
    workflow.perform(monde.portail, monde.instructeur, dossier_id, "prendre_en_charge")
    _ask(monde, dossier_id, "collectivite.type", "besoin.date_effet")
    view = _open(monde, dossier_id)
    # What the choice fills in is open from the start, what it makes appear once it has.
    assert view.may_edit("collectivite.appellation")
    assert not view.may_edit("collectivite.code_insee")
    _change(monde, dossier_id, "collectivite.type", "commune")
    assert _open(monde, dossier_id).may_edit("collectivite.code_insee")
    # A correction that contradicts another answer opens this other answer.
    assert not _open(monde, dossier_id).may_edit("besoin.date_debut_prestations")
    _change(monde, dossier_id, "besoin.date_effet", "2023-02-01")
    assert _open(monde, dossier_id).may_edit("besoin.date_debut_prestations")
    with pytest.raises(Refus, match="ne peuvent pas débuter avant"):
        workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "redeposer")


def test_saving_the_same_value_does_not_handle_a_correction(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "a_corriger")
    assert _change(monde, dossier_id, PHONE, "01 23 45 67 89") == "inchange"
    assert [one.etat for one in _open(monde, dossier_id).corrections] == ["envoyee"]


def test_a_replaced_file_handles_its_correction_and_the_deposit_keeps_the_old_one(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    before = _open(monde, dossier_id).answers[FILE].valeur["piece"]
    _ask(monde, dossier_id, FILE)
    after = attach_pdf(monde.portail, monde.gestionnaire, dossier_id, FILE, blank_pdf() + b"\n%")
    view = _open(monde, dossier_id)
    assert [one.etat for one in view.corrections] == ["traitee"]
    assert [str(one.id) for one in view.pieces] == [after]
    workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "redeposer")
    with monde.portail.db.read() as session:
        deposits = session.scalars(select(Depot).where(Depot.dossier_id == dossier_id).order_by(Depot.numero)).all()
    assert [one.reponses[FILE]["piece"] for one in deposits] == [before, after]


def test_a_correction_is_handled_without_change_by_a_message(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "a_corriger")
    (row,) = _open(monde, dossier_id).corrections
    with pytest.raises(Invalide):
        corrections.answer_correction(monde.portail, monde.gestionnaire, row.id, "  ")
    corrections.answer_correction(monde.portail, monde.gestionnaire, row.id, "C’est bien ce numéro.")
    view = _open(monde, dossier_id, Role.INSTRUCTEUR)
    assert [one.texte for one in view.messages] == ["« Téléphone » : C’est bien ce numéro."]
    assert view.non_lus == 1
    with pytest.raises(Conflit):
        corrections.answer_correction(monde.portail, monde.gestionnaire, row.id, "Encore.")
    assert workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "redeposer") == "en_instruction"


def test_a_prepared_correction_is_replaced_or_cancelled_a_sent_one_is_not(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    for texte in ("Première.", "Seconde."):
        correction_id = corrections.request_correction(
            monde.portail, monde.instructeur, dossier_id, PHONE, motif="perime", texte=texte
        )
    assert [one.texte for one in _open(monde, dossier_id, Role.INSTRUCTEUR).corrections] == ["Seconde."]
    corrections.cancel_correction(monde.portail, monde.instructeur, correction_id)
    with pytest.raises(Introuvable):
        corrections.cancel_correction(monde.portail, monde.instructeur, correction_id)
    with pytest.raises(Refus, match="au moins une demande"):
        workflow.perform(monde.portail, monde.instructeur, dossier_id, "demander_corrections")
    _ask(monde, dossier_id, PHONE)
    (row,) = _open(monde, dossier_id).corrections
    with pytest.raises(Refus, match="déjà été envoyée"):
        corrections.cancel_correction(monde.portail, monde.instructeur, row.id)


def test_a_forgotten_correction_blocks_acceptance(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    lift_warnings(monde.portail, monde, dossier_id)
    correction_id = corrections.request_correction(
        monde.portail, monde.instructeur, dossier_id, PHONE, motif="perime", texte=""
    )
    with pytest.raises(Refus, match="préparée mais pas envoyée"):
        workflow.perform(monde.portail, monde.instructeur, dossier_id, "accepter")
    corrections.cancel_correction(monde.portail, monde.instructeur, correction_id)
    assert workflow.perform(monde.portail, monde.instructeur, dossier_id, "accepter") == "accepte"


def test_corrections_have_their_roles_states_and_values(monde_sqlite: Monde) -> None:
    monde, portail = monde_sqlite, monde_sqlite.portail
    dossier_id = make_dossier(portail, monde, "en_instruction")
    for role in set(Role) - {Role.INSTRUCTEUR}:
        with pytest.raises(Refus):
            corrections.request_correction(portail, monde[role], dossier_id, PHONE, motif="perime", texte="")
    for champ, motif, texte in ((PHONE, "autre", ""), ("inconnu", "perime", ""), (PHONE, "perime", "x" * 5000)):
        with pytest.raises(Invalide):
            corrections.request_correction(portail, monde.instructeur, dossier_id, champ, motif=motif, texte=texte)
    deposited = make_dossier(portail, monde, "depose")
    with pytest.raises(Refus, match="pendant l’instruction"):
        corrections.request_correction(portail, monde.instructeur, deposited, PHONE, motif="perime", texte="")
    correction_id = corrections.request_correction(
        portail, monde.instructeur, dossier_id, PHONE, motif="perime", texte=""
    )
    for role in set(Role) - {Role.INSTRUCTEUR}:
        with pytest.raises(Refus):
            corrections.cancel_correction(portail, monde[role], correction_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "demander_corrections")
    for role in set(Role) - {Role.GESTIONNAIRE}:
        with pytest.raises(Refus):
            corrections.answer_correction(portail, monde[role], correction_id, "Non.")
    with pytest.raises(Introuvable):
        corrections.answer_correction(portail, make_stranger(portail), correction_id, "Non.")


# Messages --------------------------------------------------------------------------------------------------------------


def test_messages_go_both_ways_with_unread_counts(monde: Monde) -> None:
    portail = monde.portail
    dossier_id = make_dossier(portail, monde, "depose")
    operation = uuid4().hex
    for _ in range(2):  # double click
        messages.post_message(portail, monde.instructeur, dossier_id, "Bonjour.\nUne question.", operation_id=operation)
    (row,) = _open(monde, dossier_id).messages
    assert (row.texte, row.du_centre, row.mien, row.nouveau, row.auteur) == (
        "Bonjour.\nUne question.", True, False, True, "Instructeur Modèle",
    )  # fmt: skip
    assert _open(monde, dossier_id, Role.INSTRUCTEUR).non_lus == 0
    messages.mark_messages_read(portail, monde.gestionnaire, dossier_id)
    assert (_open(monde, dossier_id).non_lus, _open(monde, dossier_id, Role.SIGNATAIRE).non_lus) == (0, 1)
    messages.post_message(portail, monde.gestionnaire, dossier_id, "Réponse.", operation_id=uuid4().hex)
    assert _open(monde, dossier_id, Role.INSTRUCTEUR).non_lus == 1


@pytest.mark.parametrize("texte", ["", " \n ", "\x00", "x" * 6000])
def test_a_message_is_neither_empty_nor_endless(monde_sqlite: Monde, texte: str) -> None:
    dossier_id = make_dossier(monde_sqlite.portail, monde_sqlite, complet=False)
    with pytest.raises(Invalide):
        messages.post_message(monde_sqlite.portail, monde_sqlite.gestionnaire, dossier_id, texte, operation_id="a")
    # The operation was rolled back with it: the corrected message goes through.
    messages.post_message(monde_sqlite.portail, monde_sqlite.gestionnaire, dossier_id, "Bien.", operation_id="a")
    assert len(_open(monde_sqlite, dossier_id).messages) == 1


def test_who_may_write(monde_sqlite: Monde) -> None:
    monde, portail = monde_sqlite, monde_sqlite.portail
    dossier_id = make_dossier(portail, monde, complet=False)
    for role in Role:
        if role in messages.WRITERS:
            messages.post_message(portail, monde[role], dossier_id, "Bonjour.", operation_id=uuid4().hex)
        else:
            with pytest.raises(Refus):
                messages.post_message(portail, monde[role], dossier_id, "Bonjour.", operation_id=uuid4().hex)
    with pytest.raises(Introuvable):
        messages.post_message(portail, make_stranger(portail), dossier_id, "Bonjour.", operation_id=uuid4().hex)


def test_mails_tell_the_other_side(monde: Monde) -> None:
    portail = monde.portail
    dossier_id = make_dossier(portail, monde, "a_corriger")
    messages.post_message(portail, monde.responsable, dossier_id, "Bonjour.", operation_id=uuid4().hex)
    with portail.db.read() as session:
        sent = session.execute(select(Courriel.modele, Courriel.destinataire, Courriel.parametres)).all()
    assert sorted((one.modele, one.destinataire) for one in sent) == sorted(
        [
            ("dossier_depose", monde.instructeur.courriel),
            ("corrections_demandees", monde.gestionnaire.courriel),
            ("message_recu", monde.gestionnaire.courriel),
        ]
    )
    assert {one.parametres["dossier"] for one in sent} == {str(dossier_id)}
