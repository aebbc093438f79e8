"""One change at a time to the forms of an offer: who may, what is kept, and which dossiers see it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import Conflit, Introuvable, Invalide, PortailError
from domain.forms import editing
from domain.roles import Role
from services.adhesion.dossiers import create_dossier, open_dossier
from services.core.portail import Portail
from services.offres.edition_formulaires import Permanents, edit_offer, list_editable, open_edition
from services.offres.publication import publish_draft
from tests.factories import (
    OFFRE,
    Monde,
    journal_actions,
    make_acteur,
    make_centre,
    make_collectivite,
    make_dossier,
    make_monde,
)

NEW = "locaux.surface"


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


def add(contenu: dict[str, Any], permanents: Permanents) -> dict[str, Any]:
    given = {"label": "Surface", "type": "decimal", "unit": "m²"}
    return editing.add_field(contenu, "locaux", "lieu", given, taken=permanents.champs)


def edit(monde: Monde, version: int | None = None, operation: Any = add) -> bool:
    return edit_offer(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE, version, operation)


def view(monde: Monde) -> Any:
    return open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, OFFRE)


def test_reading_makes_no_draft_and_the_first_change_does(monde: Monde) -> None:
    assert (view(monde).draft_id, view(monde).version) == (None, None)
    assert edit(monde)
    now = view(monde)
    assert now.draft_id is not None and now.faults == ()
    assert NEW in editing.field_ids(now.contenu) and NEW not in editing.field_ids(now.publie)
    assert {"offre.preparer", "offre.enregistrer"} <= set(journal_actions(monde.portail, now.draft_id))


def test_a_change_that_changes_nothing_keeps_nothing(monde: Monde) -> None:
    assert not edit(monde, operation=lambda contenu, _: contenu)
    assert view(monde).draft_id is None


def test_a_refused_change_keeps_nothing(monde: Monde) -> None:
    with pytest.raises(Invalide, match="deux mots"):
        edit(monde, operation=lambda c, _: editing.add_field(c, "locaux", "lieu", {"label": "A", "id": "surface"}))
    assert view(monde).draft_id is None


def test_somebody_else_s_draft_is_a_conflict(monde: Monde) -> None:
    edit(monde)
    with pytest.raises(Conflit):
        edit(monde)  # began when there was no draft
    seen = view(monde).version
    edit(monde, seen)
    with pytest.raises(Conflit):
        edit(monde, seen)
    assert {NEW, f"{NEW}_2"} <= editing.field_ids(view(monde).contenu)


def test_new_dossiers_ask_it_and_those_begun_do_not(monde: Monde) -> None:
    begun = make_dossier(monde.portail, monde, "brouillon")
    edit(monde)
    now = view(monde)
    publish_draft(monde.portail, monde[Role.ADMINISTRATEUR], now.draft_id, now.version)
    assert NEW not in open_dossier(monde.portail, monde.gestionnaire, begun).evaluation.fields
    commune = make_collectivite(monde.portail, "Fontenay-sous-Bois", "219400330")
    clerk = make_acteur(monde.portail, Role.GESTIONNAIRE, collectivite=commune)
    fresh = create_dossier(
        monde.portail, clerk, collectivite_id=commune, offre_version_id=now.draft_id, operation_id="essai"
    )
    assert open_dossier(monde.portail, clerk, fresh).evaluation.fields[NEW].visible
    after = view(monde)
    assert (after.numero, after.draft_id) == (2, None)
    assert NEW in after.permanents.champs
    with pytest.raises(Invalide, match="peut être retirée"):
        edit(monde, operation=lambda c, p: editing.delete_field(c, NEW, published=p.champs))


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATEUR])
def test_only_administrators(monde: Monde, role: Role) -> None:
    acteur = monde[role]
    assert list_editable(monde.portail, acteur) == []
    for action in (open_edition, lambda *given: edit_offer(*given, None, add)):
        with pytest.raises(PortailError):
            action(monde.portail, acteur, monde.centre_id, OFFRE)
    assert view(monde).draft_id is None


def test_another_centre_s_offer_is_unknown(monde: Monde) -> None:
    other = make_centre(monde.portail, code="autre-centre")
    foreign = make_acteur(monde.portail, Role.ADMINISTRATEUR, centre=other)
    with pytest.raises(Introuvable):
        open_edition(monde.portail, foreign, monde.centre_id, OFFRE)
    with pytest.raises(Introuvable):
        edit_offer(monde.portail, foreign, monde.centre_id, OFFRE, None, add)
    with pytest.raises(Introuvable):
        open_edition(monde.portail, monde[Role.ADMINISTRATEUR], monde.centre_id, "inconnue")
