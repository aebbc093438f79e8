"""Each page opens for each role, or says that it is not for them; nobody reaches another collectivité's things."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.roles import ROLES_CENTRE, Role
from tests.conventions import make_convention
from tests.factories import Monde, journal_actions, make_dossier, make_stranger
from tests.pages.conftest import Visitor, text_of

CENTRE = {Role.INSTRUCTEUR, Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR}
OPENED_BY: dict[str, set[Role]] = {
    "accueil": set(Role),
    "dossiers": set(Role) - {Role.ASSISTANT},
    "conventions": set(Role),
    "instruction": CENTRE,
    "convention": set(Role) - {Role.ASSISTANT},  # an assistant opens those they are assigned to
    "entretiens": {Role.INSTRUCTEUR, Role.RESPONSABLE, Role.ASSISTANT},
    "equipe": {Role.RESPONSABLE, Role.INSTRUCTEUR},
    "deplacements": {Role.ASSISTANT},
    "parametres": {Role.RESPONSABLE, Role.ADMINISTRATEUR},
    "echeances": set(Role),
    "archives": {Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR},
    "journal": {Role.ADMINISTRATEUR},
    "courriels": {Role.ADMINISTRATEUR},
    "formulaires": {Role.ADMINISTRATEUR},
    "gabarits": {Role.ADMINISTRATEUR},
    "simulateur": {Role.RESPONSABLE, Role.INSTRUCTEUR, Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION},
    "suivi": {Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION},
    "bilans": {Role.ASSISTANT, Role.RESPONSABLE, Role.INSTRUCTEUR},
}
NOWHERE = "Cette page n’existe pas, ou vous n’y avez pas accès."


@pytest.fixture
def things(monde: Monde) -> dict[str, UUID]:
    """A dossier under review and a convention to sign, by the page that shows them."""
    return {
        "instruction": make_dossier(monde.portail, monde, "en_instruction"),
        "convention": make_convention(monde.portail, monde, "signee_collectivite", pages=3),
    }


@pytest.mark.parametrize("role", list(Role))
def test_every_page_of_a_role(visitor: Visitor, monde: Monde, things: dict[str, UUID], role: Role) -> None:
    for page, roles in OPENED_BY.items():
        params = {"id": things[page]} if page in things else {}
        app = visitor.open(monde[role], page, **params)
        refused = NOWHERE in [error.value for error in app.error]
        assert refused is (role not in roles), (page, role)


@pytest.mark.parametrize("page", ["instruction", "convention"])
@pytest.mark.parametrize("ident", ["", "zz", "7b0f3a52-53f1-4f7e-9f6d-0c1e2d3f4a5b"])
def test_wrong_address_is_a_plain_refusal(visitor: Visitor, monde: Monde, page: str, ident: str) -> None:
    app = visitor.open(monde.instructeur, page, id=ident)
    assert [error.value for error in app.error] == [NOWHERE]


def test_another_collectivite_s_convention_is_refused_and_journalled(
    visitor: Visitor, monde: Monde, things: dict[str, UUID]
) -> None:
    app = visitor.open(make_stranger(monde.portail), "convention", id=things["convention"])
    assert [error.value for error in app.error] == [NOWHERE]
    assert "refus" in journal_actions(monde.portail, things["convention"])


def test_lists_hold_only_one_s_own(visitor: Visitor, monde: Monde, things: dict[str, UUID]) -> None:
    stranger = make_stranger(monde.portail)
    assert "Votre collectivité n’a pas encore de dossier." in text_of(visitor.open(stranger, "dossiers"))
    assert "Aucune convention pour le moment." in text_of(visitor.open(stranger, "conventions"))


def test_no_role_says_whom_to_ask(visitor: Visitor, monde: Monde) -> None:
    from tests.factories import make_acteur

    nobody = make_acteur(monde.portail)
    assert "Aucun rôle ne vous est attribué" in text_of(visitor.open(nobody, "accueil"))


@pytest.mark.parametrize("role", sorted(ROLES_CENTRE))
def test_one_main_action_at_most(visitor: Visitor, monde: Monde, things: dict[str, UUID], role: Role) -> None:
    for page in ("accueil", "dossiers", "conventions", "instruction", "convention"):
        app = visitor.open(monde[role], page, **({"id": things[page]} if page in things else {}))
        main = [button for button in app.button if button.proto.type == "primary"]
        assert len(main) <= 1, (page, [button.label for button in main])


@pytest.mark.parametrize("page", [*sorted(OPENED_BY), "decomptes", "tableau_de_bord", "heures"])
def test_unreadable_signs_are_taken_out_of_the_address(visitor: Visitor, monde: Monde, page: str) -> None:
    """PostgreSQL fails on them, and the name of a list holds none."""
    names = ("etat", "offre", "annee", "onglet", "d_etat", "d_texte", "c_etat", "j_action")
    role = next(one for one in Role if one in OPENED_BY.get(page, {Role.RESPONSABLE}))
    app = visitor.open(monde[role], page, **dict.fromkeys(names, "a\x00b"))
    assert not any("référence" in error.value for error in app.error)
    assert app.query_params["j_action" if page != "journal" else "offre"] in ("ab", ["ab"])
    assert "\x00" not in "".join(str(app.query_params[name]) for name in app.query_params)
