"""Moving a dossier to the version in force: what would be lost is shown, nothing happens without consent to exactly that."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from domain.errors import Conflit, Introuvable, Refus
from domain.roles import Role
from models import Dossier, Reponse
from services.adhesion import answers, dossiers
from services.core.portail import Portail
from services.offres import publication, versions
from services.offres.bascule import move_dossier, preview_bascule
from tests.factories import ETATS, OFFRE, Monde, journal_actions, make_dossier, make_monde, make_stranger

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


@pytest.fixture(autouse=True)
def _templates_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this is about is the dossier; publication has its own tests."""
    monkeypatch.setattr(publication, "check_materials", lambda found: ())


def publish(portail: Portail, monde: Monde, change: Change) -> None:
    draft = versions.open_draft(portail, monde.administrateur, monde.centre_id, OFFRE)
    contenu = deepcopy(draft.contenu)
    change(contenu)
    saved = versions.save_draft(portail, monde.administrateur, draft.id, draft.version, contenu)
    assert saved.faults == ()
    publication.publish_draft(portail, monde.administrateur, saved.id, saved.version)


def fields(contenu: dict[str, Any], form: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = next(one for one in contenu["forms"] if one["id"] == form)["sections"][0]["fields"]
    return found


def harsher(contenu: dict[str, Any]) -> None:
    """One field retired, one whose answer is refused, one hidden, one new that must be answered."""
    for field in fields(contenu, "referent"):
        if field["id"] == "referent.fonction":
            field.update(retired=True, required=False)
        if field["id"] == "referent.prenom":
            field["max_length"] = 2
        if field["id"] == "referent.telephone":
            field["visible_if"] = "besoin.quotite > 99"
    new = {"id": "referent.bureau", "type": "text", "label": "Bureau", "required": True}
    fields(contenu, "referent").append(new)


def test_nothing_new(portail: Portail, monde: Monde) -> None:
    assert preview_bascule(portail, monde.gestionnaire, make_dossier(portail, monde)) is None


def test_what_would_be_lost_is_shown_then_agreed_to(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    publish(portail, monde, harsher)
    before = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)
    shown = preview_bascule(portail, monde.gestionnaire, dossier_id)
    assert shown is not None and (shown.de, shown.vers) == (1, 2)
    assert {one.champ: one.raison.split("question ")[-1] for one in shown.pertes} == {
        "referent.fonction": "n’est plus posée",
        "referent.prenom": "cette réponse n’est plus acceptée",
        "referent.telephone": "ne se pose plus avec vos autres réponses",
    }
    assert all(one.valeur and one.libelle for one in shown.pertes)
    assert shown.ajouts == ("Bureau",)
    with pytest.raises(Conflit):
        move_dossier(portail, monde.gestionnaire, dossier_id, "")
    with portail.db.read() as session:
        assert session.get_one(Dossier, dossier_id).offre_version_id == monde.version_id
    move_dossier(portail, monde.gestionnaire, dossier_id, shown.accord)
    with portail.db.read() as session:
        assert session.get_one(Dossier, dossier_id).offre_version_id == shown.vers_id
        for champ, answer in before.answers.items():
            kept = session.get(Reponse, (dossier_id, champ))
            assert kept is not None and kept.version == answer.version, "every answer stays recorded"
    assert preview_bascule(portail, monde.gestionnaire, dossier_id) is None
    after = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)
    assert not after.evaluation.fields["referent.telephone"].visible
    assert journal_actions(portail, dossier_id)[-1] == "dossier.basculer"


def test_consent_is_for_what_was_shown(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    publish(portail, monde, harsher)
    shown = preview_bascule(portail, monde.gestionnaire, dossier_id)
    assert shown is not None
    version = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).answers["referent.nom"].version
    answers.save_answers(portail, monde.gestionnaire, dossier_id, {"referent.nom": ("Autre", version)})
    with pytest.raises(Conflit, match="relisez"):
        move_dossier(portail, monde.gestionnaire, dossier_id, shown.accord)


def test_back_to_a_version_without_the_field(portail: Portail, monde: Monde) -> None:
    """An answer to a question that no longer exists is shown as lost, stays recorded, and breaks no page."""

    def add(contenu: dict[str, Any]) -> None:
        fields(contenu, "referent").append({"id": "referent.bureau", "type": "text", "label": "Bureau"})

    dossier_id = make_dossier(portail, monde)
    publish(portail, monde, add)
    there = preview_bascule(portail, monde.gestionnaire, dossier_id)
    assert there is not None and there.pertes == () and there.ajouts == ()
    move_dossier(portail, monde.gestionnaire, dossier_id, there.accord)
    answers.save_answers(portail, monde.gestionnaire, dossier_id, {"referent.bureau": ("B 12", 0)})
    back = versions.restore_version(portail, monde.administrateur, monde.version_id)
    publication.publish_draft(portail, monde.administrateur, back.id, back.version)
    shown = preview_bascule(portail, monde.gestionnaire, dossier_id)
    assert shown is not None
    assert [(one.libelle, one.valeur, one.raison) for one in shown.pertes] == [
        ("Bureau", "B 12", "cette question n’existe plus")
    ]
    move_dossier(portail, monde.gestionnaire, dossier_id, shown.accord)
    for person in (monde.gestionnaire, monde.direction, monde.instructeur):
        dossiers.open_dossier(portail, person, dossier_id)


def test_who_may(portail: Portail, monde: Monde) -> None:
    dossier_id = make_dossier(portail, monde)
    publish(portail, monde, harsher)
    shown = preview_bascule(portail, monde.gestionnaire, dossier_id)
    assert shown is not None
    for role in Role:
        if role != Role.GESTIONNAIRE:
            for attempt in (
                lambda who=monde[role]: preview_bascule(portail, who, dossier_id),
                lambda who=monde[role]: move_dossier(portail, who, dossier_id, shown.accord),
            ):
                with pytest.raises(Refus):
                    attempt()
    with pytest.raises(Introuvable):
        move_dossier(portail, make_stranger(portail), dossier_id, shown.accord)


@pytest.mark.parametrize("etat", [etat for etat in ETATS if etat != "brouillon"])
def test_a_deposited_dossier_keeps_its_version(make_portail: Callable[[str], Portail], etat: str) -> None:
    portail = make_portail("sqlite")
    monde = make_monde(portail, gabarits=True)
    dossier_id = make_dossier(portail, monde, etat)
    publish(portail, monde, harsher)
    with pytest.raises(Refus):
        move_dossier(portail, monde.gestionnaire, dossier_id, "")
