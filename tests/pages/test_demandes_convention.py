"""The life of a convention on its page, and the pages of a request, as each side sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.errors import Refus
from domain.formatting import euros
from domain.roles import Role
from models import Avenant, Depot
from services.adhesion import workflow
from services.core import clock
from services.vie import avenants, denonciations
from tests.conventions import examine_here, make_convention, read_convention
from tests.demandes import DELIBERATION, begin, fill, issue, make_request, quotite_60, sign
from tests.factories import Monde, example_answers, lift_warnings
from tests.pages.conftest import Visitor, text_of

BUTTONS = {
    Role.GESTIONNAIRE: {
        "Avenant",
        "Nouveau référent",
        "Nouveau signataire",
        "Horaires de présence",
        "Convention suivante",
    },
    Role.SIGNATAIRE: {"Avenant", "Nouveau référent", "Nouveau signataire", "Horaires de présence"},
    Role.DIRECTION: {"Nouveau référent", "Nouveau signataire", "Horaires de présence"},
    Role.INSTRUCTEUR: {
        "Avenant",
        "Nouveau référent",
        "Nouveau signataire",
        "Horaires de présence",
        "Convention suivante",
    },
    Role.RESPONSABLE: set(),
}


@pytest.fixture(autouse=True)
def _june(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr("services.vie.avenants.try_pdf", lambda *_: None)
    with clock.pretend(date(2026, 6, 15)):
        yield


@pytest.fixture
def convention_id(monde: Monde) -> UUID:
    return make_convention(monde.portail, monde, "en_vigueur", date_effet=date(2026, 1, 1))


@pytest.mark.parametrize("role", BUTTONS)
def test_each_role_is_offered_what_it_may_ask(visitor: Visitor, monde: Monde, convention_id: UUID, role: Role) -> None:
    app = visitor.open(monde[role], "convention", id=convention_id)
    asked = set().union(*BUTTONS.values())
    assert {one.label for one in app.button} & asked == BUTTONS[role]


def test_a_convention_that_is_not_signed_has_no_life(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.gestionnaire, "convention", id=make_convention(monde.portail, monde, "a_signer"))
    assert "ce qui l’a modifiée" not in text_of(app)


def test_a_notice_to_answer_is_told_first(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    told = "Une dénonciation attend la réponse du centre"
    assert told not in text_of(visitor.open(monde.responsable, "convention", id=convention_id))
    denonciations.record_denonciation(
        monde.portail, monde.gestionnaire, convention_id, auteur="collectivite", dates={"envoi": "2026-06-15"},
        operation_id="denonciation",
    )  # fmt: skip
    for who in (monde.responsable, monde.gestionnaire):
        assert told in text_of(visitor.open(who, "convention", id=convention_id))


def test_the_chain_and_the_text_of_another_day(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    avenant_id = issue(monde.portail, monde, convention_id, quotite_60())
    sign(monde.portail, monde, avenant_id)
    numero = read_convention(monde.portail, convention_id).numero
    said = text_of(visitor.open(monde.direction, "convention", id=convention_id))
    assert f"Avenant {numero}-A1" in said and "1er septembre 2026" in said
    later = text_of(visitor.open(monde.direction, "convention", id=convention_id, jour="01/10/2026"))
    assert "60,00\u00a0%" in later and f"Avenant {numero}-A1" in later
    wrong = visitor.open(monde.direction, "convention", id=convention_id, jour="31/02/2026")
    assert wrong.error
    page = text_of(visitor.open(monde.gestionnaire, "convention", id=avenant_id))
    assert f"Avenant à la convention {numero}" in page and "Ce que l’avenant modifie" in page
    assert "Demander une modification" not in page and "Fin de la convention" not in page


def test_a_request_says_what_it_is_on_both_sides(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    numero = read_convention(monde.portail, convention_id).numero
    dossier_id = make_request(monde.portail, monde, convention_id, "avenant", quotite_60())
    draft = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="recapitulatif")
    assert draft.title[0].value.replace("\\", "") == f"Avenant à la convention {numero}"
    assert "Envoyer la demande" in {one.label for one in draft.button}
    assert "obligatoire pour l’envoi est rempli" in text_of(draft) and "prêt à envoyer" in text_of(draft)
    first = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="avenant")
    assert "Étape 1 sur 4" in text_of(first)
    workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "deposer")
    review = visitor.open(monde.instructeur, "instruction", id=dossier_id)
    said = text_of(review)
    assert review.title[0].value.replace("\\", "") == f"Avenant à la convention {numero}"
    assert "Ce qui change" in said and "60,00\u00a0%" in said and "Convention concernée" in said
    amounts = avenants.open_amounts(monde.portail, monde.instructeur, dossier_id)
    assert amounts is not None and amounts["annee"] == 2026
    assert amounts["avant"] < amounts["du"] < amounts["apres"]
    for page in (said, text_of(visitor.open(monde.gestionnaire, "dossier", id=dossier_id))):
        assert all(euros(amounts[name]) in page for name in ("avant", "apres", "du"))
    assert "Première année" not in said
    home = text_of(visitor.open(monde.instructeur, "accueil"))
    assert f"Avenant à la convention {numero}" in home and "Demandes sur une convention" in home
    listed = text_of(visitor.open(monde.instructeur, "dossiers", d_nature="avenant"))
    assert f"Avenant à la convention {numero}" in listed


def test_a_request_that_changes_nothing_is_not_called_ready(
    visitor: Visitor, monde: Monde, convention_id: UUID
) -> None:
    dossier_id = make_request(
        monde.portail, monde, convention_id, "avenant", {**quotite_60(), "besoin.quotite": "47,7"}
    )
    said = text_of(visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="recapitulatif"))
    assert "Rien ne change" in said
    assert "est rempli" not in said and "prêt à envoyer" not in said


def test_the_deliberation_can_follow_the_request(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    portail, clerk, centre = monde.portail, monde.gestionnaire, monde.instructeur
    without = {champ: value for champ, value in quotite_60().items() if not champ.startswith("deliberation.")}
    dossier_id = make_request(portail, monde, convention_id, "avenant", without)
    workflow.perform(portail, clerk, dossier_id, "deposer")
    workflow.perform(portail, centre, dossier_id, "prendre_en_charge")
    said = text_of(visitor.open(clerk, "dossier", id=dossier_id))
    assert "La délibération reste à donner" in said and "rien à faire" not in said
    assert "Délibérations à donner" in text_of(visitor.open(clerk, "accueil"))
    review = text_of(visitor.open(centre, "instruction", id=dossier_id))
    assert "La collectivité n’a pas encore donné : « Numéro », « Date de la séance »" in review
    with pytest.raises(Refus, match="n’a pas encore donné"):
        workflow.perform(portail, centre, dossier_id, "accepter")
    fill(portail, clerk, dossier_id, DELIBERATION)
    with pytest.raises(Refus, match="n’est pas ouvert"):
        fill(portail, clerk, dossier_id, {"besoin.quotite": "100"})
    with pytest.raises(Refus):
        fill(portail, monde.signataire, dossier_id, {"deliberation.numero": "2026-045"})
    said = text_of(visitor.open(clerk, "dossier", id=dossier_id))
    assert "La délibération donnée depuis l’envoi" in said and "rien à faire" in said
    assert "Délibérations à donner" not in text_of(visitor.open(clerk, "accueil"))
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, centre, dossier_id, "accepter")
    with pytest.raises(Refus):
        fill(portail, clerk, dossier_id, {"deliberation.numero": "2026-045"})
    avenant_id = avenants.issue_avenant(portail, centre, dossier_id)
    with portail.db.read() as session:
        assert "2026-044" in str(session.scalars(select(Depot.reponses).order_by(Depot.numero.desc())).first())
        assert session.get_one(Avenant, avenant_id).etat == "a_signer"


def test_a_request_already_begun_is_gone_on_with(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    dossier_id = begin(monde.portail, monde.gestionnaire, convention_id, "referent")
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    assert "Nouveau référent" not in {one.label for one in app.button}
    assert "Demandes commencées sur une convention" in text_of(visitor.open(monde.gestionnaire, "accueil"))
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="recapitulatif")
    assert next(one for one in app.button if one.label == "Envoyer la demande").disabled
    said = text_of(visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="referent"))
    assert "Aujourd’hui dans la convention" in said and example_answers()["referent.nom"] in said
