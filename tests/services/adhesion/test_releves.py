"""What the centre answers in a dossier: who may, until when, what the collectivité does meanwhile, what is printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.errors import Introuvable, Refus
from domain.roles import Role
from domain.workflow.tables import ACCORD, DOSSIER, IMMEDIAT
from models import Depot
from services.accueil.taches import list_taches
from services.adhesion import answers, corrections, dossiers, saisie, workflow
from services.adhesion.edition import before_decision
from services.adhesion.releves import has_releves, list_releves, open_releve
from services.core.portail import Portail
from tests.factories import Monde, lift_warnings, make_dossier, make_monde, make_other_centre
from tests.martinique import begin, example, fill, make_martinique

ANSWERERS = (Role.INSTRUCTEUR, Role.RESPONSABLE, Role.ASSISTANT)
MINUTES, DATE, ASKED = "etat_des_lieux.minutes", "etat_des_lieux.date_entretien", "seance_information.demandee_le"


@pytest.fixture
def monde(make_portail: Callable[[str], Portail]) -> Monde:
    return make_martinique(make_portail("sqlite"))


def save(monde: Monde, person: Any, dossier_id: UUID, champ: str, raw: object, version: int = 0) -> str:
    return str(answers.save_answer(monde.portail, person, dossier_id, champ, raw, version_vue=version).etat)


def without_releve() -> dict[str, Any]:
    tree = example()
    tree.pop("etat_des_lieux")
    return tree


@pytest.mark.parametrize("role", list(Role))
def test_the_centre_answers_its_sections_and_nobody_else(monde: Monde, role: Role) -> None:
    dossier_id = begin(monde.portail, monde)
    person = monde[role]
    if role in ANSWERERS:
        assert save(monde, person, dossier_id, MINUTES, "3 h") == "enregistre"
        assert open_releve(monde.portail, person, dossier_id).answers[MINUTES].valeur == 180
        for own in (ASKED, "besoin.minutes_prevues"):
            with pytest.raises(Refus):
                save(monde, person, dossier_id, own, "12/01/2026")
    else:
        with pytest.raises(Refus):
            save(monde, person, dossier_id, MINUTES, "3 h")
        with pytest.raises(Introuvable):
            open_releve(monde.portail, person, dossier_id)


def test_an_assistant_is_shown_these_steps_and_no_dossier(monde: Monde) -> None:
    dossier_id = begin(monde.portail, monde)
    fill(monde.portail, monde, dossier_id, example())
    assistant = monde[Role.ASSISTANT]
    shown = open_releve(monde.portail, assistant, dossier_id)
    assert {champ.split(".")[0] for champ in shown.answers} == {"etat_des_lieux"}
    for opened in (dossiers.open_dossier, saisie.open_form):
        with pytest.raises(Introuvable):
            opened(monde.portail, assistant, dossier_id)


def test_an_offer_without_such_sections_opens_nothing_to_assistants(make_portail: Callable[[str], Portail]) -> None:
    monde = make_monde(make_portail("sqlite"))
    dossier_id = make_dossier(monde.portail, monde)
    assistant = monde[Role.ASSISTANT]
    assert not has_releves(monde.portail, assistant) and list_releves(monde.portail, assistant) == []
    with pytest.raises(Introuvable):
        open_releve(monde.portail, assistant, dossier_id)
    with pytest.raises(Introuvable):
        save(monde, assistant, dossier_id, "referent.nom", "Autre")


def test_another_centre_reads_and_writes_nothing(monde: Monde) -> None:
    dossier_id = begin(monde.portail, monde)
    stranger = make_other_centre(monde.portail)
    assert list_releves(monde.portail, stranger) == []
    with pytest.raises(Introuvable):
        open_releve(monde.portail, stranger, dossier_id)
    with pytest.raises(Introuvable):
        save(monde, stranger, dossier_id, MINUTES, "3 h")


def test_the_collectivite_deposits_without_waiting_and_the_centre_accepts_once_it_has_answered(monde: Monde) -> None:
    portail, dossier_id = monde.portail, begin(monde.portail, monde)
    fill(portail, monde, dossier_id, without_releve())
    assert save(monde, monde[Role.ASSISTANT], dossier_id, MINUTES, "deux heures ?") == "invalide"
    assert dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).saisies == ()
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    lift_warnings(portail, monde, dossier_id)
    with pytest.raises(Refus, match="Temps que l’assistant y a consacré"):
        workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    with pytest.raises(Refus, match="celle du centre"):
        corrections.request_correction(portail, monde.instructeur, dossier_id, MINUTES, motif="incorrect", texte="")
    assert save(monde, monde[Role.ASSISTANT], dossier_id, DATE, "12/01/2026") == "enregistre"
    assert save(monde, monde[Role.ASSISTANT], dossier_id, MINUTES, "2 h 30") == "enregistre"
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    with portail.db.read() as session:
        kept = session.scalars(select(Depot).where(Depot.dossier_id == dossier_id).order_by(Depot.numero)).all()
    assert [one.reponses.get(MINUTES) for one in kept] == [None, 150], "the convention is made of the newest"
    assert kept[0].reponses.items() <= kept[1].reponses.items()
    with pytest.raises(Refus):
        save(monde, monde[Role.ASSISTANT], dossier_id, MINUTES, "9 h", 1)
    assert not open_releve(portail, monde[Role.ASSISTANT], dossier_id).editable


def test_the_home_page_leads_to_what_is_left_to_record(monde: Monde) -> None:
    portail, dossier_id = monde.portail, begin(monde.portail, monde)
    for role in Role:
        found = [one for one in list_taches(portail, monde[role]) if one.page == "entretiens"]
        assert bool(found) is (role in ANSWERERS), role
    (row,) = list_releves(portail, monde[Role.ASSISTANT])
    assert (row.dossier_id, row.a_relever) == (dossier_id, ("Information", "État des lieux"))
    fill(portail, monde, dossier_id, example())
    (row,) = list_releves(portail, monde[Role.ASSISTANT])
    assert row.a_relever == ("Information",), "its date is only recommended"
    assert save(monde, monde[Role.ASSISTANT], dossier_id, "seance_information.date", "05/01/2026") == "enregistre"
    (row,) = list_releves(portail, monde[Role.ASSISTANT])
    assert row.a_relever == ()
    assert not [one for one in list_taches(portail, monde[Role.ASSISTANT]) if one.page == "entretiens"]


def test_until_when() -> None:
    assert {etat for etat in DOSSIER.etats if before_decision(DOSSIER, etat)} == {
        "brouillon", "depose", "en_instruction", "a_corriger"
    }  # fmt: skip
    assert {etat for etat in ACCORD.etats if before_decision(ACCORD, etat)} == {"brouillon", "depose"}
    assert {etat for etat in IMMEDIAT.etats if before_decision(IMMEDIAT, etat)} == {"brouillon"}
