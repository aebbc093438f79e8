"""Collectivités that nobody can act for, and roles that nobody holds, are seen by the centre."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain.roles import Role
from models import RoleAttribue, Utilisateur
from services.accueil import taches
from services.comptes import couverture
from services.core import clock
from tests.conventions import make_convention
from tests.factories import Monde, make_dossier, make_other_centre, open_accounts

TODAY = clock.today()


def _close(monde: Monde, days: int | None) -> None:
    """Every role of the collectivité ends in so many days; None: its accounts are closed instead."""
    with monde.portail.db.write() as session:
        roles = session.scalars(select(RoleAttribue).where(RoleAttribue.collectivite_id == monde.collectivite_id)).all()
        for role in roles:
            if days is None:
                session.get_one(Utilisateur, role.utilisateur_id).actif = False
            else:
                role.au = TODAY + timedelta(days=days)


def _reasons(monde: Monde, role: Role = Role.INSTRUCTEUR) -> list[str]:
    return [one.raison for one in couverture.list_sans_compte(monde.portail, monde[role])]


@pytest.mark.parametrize(("days", "raison"), [(-1, "parti"), (None, "parti"), (5, "bientot"), (45, None)])
def test_a_convention_in_force_without_an_account_is_listed(monde: Monde, days: int | None, raison: str | None) -> None:
    make_convention(monde.portail, monde, "en_vigueur")
    open_accounts(monde.portail)
    assert _reasons(monde) == []
    _close(monde, days)
    expected = [raison] if raison else []
    assert _reasons(monde) == _reasons(monde, Role.ADMINISTRATEUR) == expected
    assert _reasons(monde, Role.RESPONSABLE) == [] == _reasons(monde, Role.ASSISTANT)
    assert couverture.list_sans_compte(monde.portail, make_other_centre(monde.portail)) == []
    told = [one for one in taches.list_taches(monde.portail, monde.instructeur) if one.groupe == "Comptes et rôles"]
    assert len(told) == len(expected)
    if raison == "parti" and days:
        row = couverture.list_sans_compte(monde.portail, monde.instructeur)[0]
        assert row.depuis == TODAY - timedelta(days=1) and row.dernier


@pytest.mark.parametrize("etat", ["annulee", "echue", "resiliee", "remplacee"])
def test_a_convention_that_is_over_is_not(monde_sqlite: Monde, etat: str) -> None:
    make_convention(monde_sqlite.portail, monde_sqlite, etat)
    _close(monde_sqlite, -1)
    assert _reasons(monde_sqlite) == []


def test_a_pending_invitation_is_said_to_be_one(monde_sqlite: Monde) -> None:
    make_dossier(monde_sqlite.portail, monde_sqlite, "depose")
    assert _reasons(monde_sqlite) == ["invitation"]
    with monde_sqlite.portail.db.write() as session:
        session.execute(
            update(Utilisateur)
            .where(Utilisateur.id == monde_sqlite.direction.utilisateur_id)
            .values(password_hash="$2b$04$jamais")
        )
    assert _reasons(monde_sqlite) == []


def test_a_role_of_the_centre_that_nobody_holds_any_more_is_told_to_its_administrators(monde: Monde) -> None:
    open_accounts(monde.portail)
    with monde.portail.db.read() as session:
        assert couverture.find_vacants(session, [monde.centre_id]) == []
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, monde.signataire_centre.utilisateur_id).actif = False
        session.execute(
            update(RoleAttribue).where(RoleAttribue.role == Role.RESPONSABLE.value).values(au=TODAY - timedelta(days=3))
        )
    found = [one for one in taches.list_taches(monde.portail, monde.administrateur) if one.groupe == "Comptes et rôles"]
    assert [one.titre for one in found] == [
        "Personne n’est responsable du service",
        "Personne n’est signataire du centre",
    ]
    for other in (monde.instructeur, monde.direction, make_other_centre(monde.portail)):
        assert not [one for one in taches.list_taches(monde.portail, other) if one.titre.startswith("Personne n’est")]


def test_directors_are_told_that_their_last_gestionnaire_has_left(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    open_accounts(monde.portail)
    titles = lambda: [one.titre for one in taches.list_taches(monde.portail, monde.direction)]  # noqa: E731
    assert "Plus aucun gestionnaire" not in titles()
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, monde.gestionnaire.utilisateur_id).actif = False
    assert "Plus aucun gestionnaire" in titles()
