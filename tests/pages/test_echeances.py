"""The page *Échéances*: what each view shows, what it says when there is nothing, the address of one's calendar."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import select, update

from domain.roles import Role
from models import RoleAttribue, Utilisateur
from services.core import clock
from services.vie import flux
from tests.conventions import make_convention
from tests.factories import Monde, make_stranger, open_accounts
from tests.pages.conftest import Visitor, text_of

TODAY = clock.today()
NOTICE = f"Dernier jour pour dénoncer avec effet au 1er janvier {TODAY.year + 1}"


@pytest.fixture
def running(monde: Monde) -> UUID:
    """A convention in force, from two years ago."""
    return make_convention(monde.portail, monde, "en_vigueur", date_effet=date(TODAY.year - 2, 1, 1))


def test_the_list_goes_by_month_and_the_address_filters_it(visitor: Visitor, monde: Monde, running: UUID) -> None:
    for role in (Role.GESTIONNAIRE, Role.RESPONSABLE):
        app = visitor.open(monde[role], "echeances", e_annee=str(TODAY.year))
        shown = text_of(app)
        assert f"Septembre {TODAY.year}" in shown and NOTICE in shown and f"convention?id={running}" in shown
        assert ("à voter" in shown) is (role is Role.RESPONSABLE)
        assert "Modèle" not in shown.replace(monde[role].nom, "")
        only = text_of(visitor.open(monde[role], "echeances", e_annee=str(TODAY.year), e_genre="Facturation"))
        assert NOTICE not in only and "Fin d’une période de facturation" in only
    one_day = text_of(visitor.open(monde.gestionnaire, "echeances", e_jour=f"{TODAY.year}-09-29"))
    assert NOTICE in one_day and "Bilan annuel" not in one_day and "Voir toute la période" in one_day
    other = make_convention(monde.portail, monde, "en_vigueur", date_effet=date(TODAY.year - 1, 1, 1))
    mine = text_of(visitor.open(monde.responsable, "echeances", e_annee=str(TODAY.year), e_convention=running))
    assert f"convention?id={running}" in mine and f"convention?id={other}" not in mine
    assert "Voir toutes les conventions" in mine
    nothing = visitor.open(monde.responsable, "echeances", e_texte="nulle part")
    assert "Aucune échéance ne correspond" in nothing.info[0].value


@pytest.mark.parametrize("mois", ["2026-13", "x", "0000-00", ""])
def test_the_month_is_a_table_with_a_cell_by_day(visitor: Visitor, monde: Monde, running: UUID, mois: str) -> None:
    shown = text_of(visitor.open(monde.gestionnaire, "echeances", vue="mois", e_mois=f"{TODAY.year}-09"))
    assert shown.count('<th scope="col">') == 7 and shown.count("<time ") == 30 and NOTICE in shown
    assert f'datetime="{TODAY.year}-09-29"' in shown
    assert "p-agenda" in text_of(visitor.open(monde.gestionnaire, "echeances", vue="mois", e_mois=mois))


def test_an_empty_month_leads_to_the_next_deadline(visitor: Visitor, monde: Monde, running: UUID) -> None:
    year = TODAY.year
    for unreachable in ("0001-01", "9999-12", "2026-13"):
        assert "p-agenda" in text_of(visitor.open(monde.gestionnaire, "echeances", vue="mois", e_mois=unreachable))
    empty = text_of(visitor.open(monde.gestionnaire, "echeances", vue="mois", e_mois=f"{year - 3}-06"))
    assert "Aucune échéance ce mois-ci. Prochaine" in empty and f"e_mois={year - 2}-01" in empty
    after_all = text_of(visitor.open(monde.gestionnaire, "echeances", vue="mois", e_mois=f"{year + 30}-06"))
    assert "Aucune échéance ce mois-ci.</p>" in after_all


@pytest.mark.parametrize("role", [Role.GESTIONNAIRE, Role.RESPONSABLE, Role.ASSISTANT])
def test_without_a_signed_convention_the_page_says_what_will_come(visitor: Visitor, monde: Monde, role: Role) -> None:
    make_convention(monde.portail, monde, "a_signer")
    assert len(visitor.open(monde[role], "echeances").info) == 1
    assert len(visitor.open(make_stranger(monde.portail), "echeances", vue="mois").info) == 1


def test_the_address_is_shown_once_then_renewed_and_revoked(visitor: Visitor, monde: Monde) -> None:
    app = visitor.open(monde.gestionnaire, "echeances", vue="agenda")
    next(one for one in app.button if one.label == "Créer l’adresse").click().run()
    assert len(app.code) == 1 and "/calendrier/" in app.code[0].value
    app.run()
    assert not app.code and flux.open_flux(monde.portail, monde.gestionnaire)
    labels = [one.label for one in app.button]
    assert "Renouveler l’adresse" in labels and "Révoquer l’adresse" in labels


def test_collectivites_that_nobody_can_act_for_are_listed_with_what_to_do(
    visitor: Visitor, monde: Monde, running: UUID
) -> None:
    open_accounts(monde.portail)
    assert (
        "au moins un compte actif" in visitor.open(monde.instructeur, "utilisateurs", vue="sans-compte").info[0].value
    )
    with monde.portail.db.write() as session:
        held = select(RoleAttribue.utilisateur_id).where(RoleAttribue.collectivite_id == monde.collectivite_id)
        session.execute(update(Utilisateur).where(Utilisateur.id.in_(held)).values(actif=False))
    shown = text_of(visitor.open(monde.instructeur, "utilisateurs", vue="sans-compte"))
    assert "Choisy-le-Roi" in shown and f"vue=inviter&amp;pour={monde.collectivite_id}" in shown
    invited = visitor.open(monde.instructeur, "utilisateurs", vue="inviter", pour=monde.collectivite_id)
    assert not invited.exception
    assert "sans compte" not in text_of(visitor.open(monde.gestionnaire, "utilisateurs", vue="liste"))
