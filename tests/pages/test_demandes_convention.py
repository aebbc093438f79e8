"""The life of a convention on its page, and the pages of a request, as each side sees them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest

from domain.roles import Role
from services.adhesion import workflow
from services.core import clock
from tests.conventions import examine_here, make_convention, read_convention
from tests.demandes import begin, issue, make_request, quotite_60, sign
from tests.factories import Monde
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
    monkeypatch.setattr("documents.signed_pdf.run_limited", examine_here)
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
    workflow.perform(monde.portail, monde.gestionnaire, dossier_id, "deposer")
    review = visitor.open(monde.instructeur, "instruction", id=dossier_id)
    said = text_of(review)
    assert review.title[0].value.replace("\\", "") == f"Avenant à la convention {numero}"
    assert "Ce qui change" in said and "60,00\u00a0%" in said and "Convention concernée" in said
    home = text_of(visitor.open(monde.instructeur, "accueil"))
    assert f"Avenant à la convention {numero}" in home and "Demandes sur une convention" in home
    listed = text_of(visitor.open(monde.instructeur, "dossiers", d_nature="avenant"))
    assert f"Avenant à la convention {numero}" in listed


def test_a_request_already_begun_is_gone_on_with(visitor: Visitor, monde: Monde, convention_id: UUID) -> None:
    dossier_id = begin(monde.portail, monde.gestionnaire, convention_id, "referent")
    app = visitor.open(monde.gestionnaire, "convention", id=convention_id)
    assert "Nouveau référent" not in {one.label for one in app.button}
    assert "Demandes commencées sur une convention" in text_of(visitor.open(monde.gestionnaire, "accueil"))
    app = visitor.open(monde.gestionnaire, "dossier", id=dossier_id, etape="recapitulatif")
    assert next(one for one in app.button if one.label == "Envoyer la demande").disabled
