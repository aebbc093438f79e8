"""Handing a role over: who may, on which days, what the successor holds; once, and never without an administrator."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Introuvable, Invalide, PortailError, Refus
from domain.roles import Role
from models import AuditEvent, Courriel, Dossier, RoleAttribue, Utilisateur
from services.accueil import taches
from services.comptes import passation, rights
from services.comptes.rights import Grant
from services.core import clock
from services.core.access import Acteur
from tests.factories import (
    Monde,
    acteur,
    make_acteur,
    make_dossier,
    make_other_centre,
    make_stranger,
    make_user,
    open_accounts,
)

TODAY = clock.today()
TOMORROW = TODAY + timedelta(days=1)


def _role(monde: Monde, person: UUID, role: Role) -> RoleAttribue:
    return _roles(monde, person, role)[0]


def _roles(monde: Monde, person: UUID, role: Role) -> list[RoleAttribue]:
    with monde.portail.db.read() as session:
        query = select(RoleAttribue).where(RoleAttribue.utilisateur_id == person, RoleAttribue.role == role.value)
        return list(session.scalars(query.order_by(RoleAttribue.du)))


def _hand_over(monde: Monde, by: Acteur, role_id: UUID, to: UUID, last: date = TODAY, operation: str = "") -> None:
    passation.hand_over(
        monde.portail, by, role_id, successeur_id=to, dernier_jour=last, operation_id=operation or uuid4().hex
    )


def test_the_successor_has_the_role_from_the_next_day(monde: Monde) -> None:
    portail, left = monde.portail, monde.instructeur
    dossier_id = make_dossier(portail, monde, "en_instruction")
    heir = make_user(portail, Role.ASSISTANT, centre=monde.centre_id, nom="Relève")
    open_accounts(portail)
    role = _role(monde, left.utilisateur_id, Role.INSTRUCTEUR)
    _hand_over(monde, monde.administrateur, role.id, heir, TOMORROW)

    assert _role(monde, left.utilisateur_id, Role.INSTRUCTEUR).au == TOMORROW
    given = _role(monde, heir, Role.INSTRUCTEUR)
    assert (given.du, given.au, given.titulaire) == (TOMORROW + timedelta(days=1), None, True)
    assert not acteur(portail, heir).has(Role.INSTRUCTEUR)
    with clock.pretend(TOMORROW + timedelta(days=1)):
        here = acteur(portail, heir)
        assert here.has(Role.INSTRUCTEUR) and not acteur(portail, left.utilisateur_id).has(Role.INSTRUCTEUR)
        found = {one.groupe: one for one in taches.list_taches(portail, here)}
        assert found["Dossiers à instruire"].parametres == {"id": str(dossier_id)}
        assert found["Dossiers à instruire"].detail.startswith(f"Suivi jusqu’ici par {left.nom}")
        assert left.nom in found["Relais"].detail
    with portail.db.read() as session:
        mail = session.scalars(select(Courriel).where(Courriel.modele == "relais")).one()
        assert (mail.utilisateur_id, mail.parametres["role"]) == (heir, "Instructeur")
        line = session.scalars(select(AuditEvent).where(AuditEvent.action == "role.passer")).one()
        assert line.centre_id == monde.centre_id and line.details["successeur"] == str(heir)


def test_a_draft_begun_by_somebody_who_left_is_shown_to_the_colleagues(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    dossier_id = make_dossier(monde.portail, monde, complet=False)
    other = make_acteur(monde.portail, Role.INSTRUCTEUR, centre=monde.centre_id, nom="Collègue")
    open_accounts(monde.portail)
    with monde.portail.db.write() as session:
        session.get_one(Dossier, dossier_id).cree_par = monde.instructeur.utilisateur_id
    drafts = "Dossiers commencés pour une collectivité"
    assert drafts not in {one.groupe for one in taches.list_taches(monde.portail, other)}
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, monde.instructeur.utilisateur_id).actif = False
    shown = [one for one in taches.list_taches(monde.portail, other) if one.groupe == drafts]
    assert [one.parametres for one in shown] == [{"id": str(dossier_id)}]
    assert shown[0].detail.startswith("Suivi jusqu’ici par")


def test_a_deputy_becomes_titular_and_a_double_click_changes_nothing(monde: Monde) -> None:
    portail = monde.portail
    deputy = make_user(portail, Role.DIRECTION, collectivite=monde.collectivite_id, nom="Adjoint")
    with portail.db.write() as session:
        grant = Grant(Role.GESTIONNAIRE, TODAY, collectivite_id=monde.collectivite_id, titulaire=False)
        rights.give(session, deputy, grant, None)
    role = _role(monde, monde.gestionnaire.utilisateur_id, Role.GESTIONNAIRE)
    first = passation.list_successeurs(portail, monde.direction, role.id)[0]
    assert (first.id, first.suppleant) == (deputy, True)
    for _ in range(2):
        _hand_over(monde, monde.direction, role.id, deputy, operation="une fois")
    rows = _roles(monde, deputy, Role.GESTIONNAIRE)
    assert [(one.titulaire, one.du, one.au) for one in rows] == [(False, TODAY, TODAY), (True, TOMORROW, None)]
    with portail.db.read() as session:
        assert len(session.scalars(select(Courriel).where(Courriel.modele == "relais")).all()) == 1


def test_one_who_holds_it_already_gets_nothing_more(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    other = make_user(monde.portail, Role.INSTRUCTEUR, centre=monde.centre_id)
    role = _role(monde, monde.instructeur.utilisateur_id, Role.INSTRUCTEUR)
    _hand_over(monde, monde.administrateur, role.id, other)
    assert [(one.du, one.au) for one in _roles(monde, other, Role.INSTRUCTEUR)] == [(date(2020, 1, 1), None)]


@pytest.mark.parametrize("by", list(Role))
def test_only_who_gives_the_role_hands_it_over(monde_sqlite: Monde, by: Role) -> None:
    monde = monde_sqlite
    make_dossier(monde.portail, monde, complet=False)
    clerk = make_user(monde.portail, Role.DIRECTION, collectivite=monde.collectivite_id)
    agent = make_user(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    cases = (
        (
            monde.gestionnaire,
            Role.GESTIONNAIRE,
            clerk,
            (Role.GESTIONNAIRE, Role.DIRECTION, Role.INSTRUCTEUR, Role.ADMINISTRATEUR),
        ),
        (monde.responsable, Role.RESPONSABLE, agent, (Role.ADMINISTRATEUR,)),
    )
    for holder, role, heir, allowed in cases:
        held = _role(monde, holder.utilisateur_id, role)
        if by in allowed:
            _hand_over(monde, monde[by], held.id, heir)
        else:
            assert passation.list_successeurs(monde.portail, monde[by], held.id) == []
            with pytest.raises(Introuvable):
                _hand_over(monde, monde[by], held.id, heir)


def test_another_place_is_unknown(monde: Monde) -> None:
    held = _role(monde, monde.responsable.utilisateur_id, Role.RESPONSABLE)
    heir = make_user(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    outsider, stranger = make_other_centre(monde.portail), make_stranger(monde.portail)
    for person in (outsider, stranger):
        with pytest.raises(Introuvable):
            _hand_over(monde, person, held.id, heir)
    with pytest.raises(Introuvable):
        _hand_over(monde, monde.administrateur, uuid4(), heir)
    for foreign in (outsider.utilisateur_id, stranger.utilisateur_id, monde.responsable.utilisateur_id, uuid4()):
        with pytest.raises(Invalide) as refused:
            _hand_over(monde, monde.administrateur, held.id, foreign)
        assert refused.value.champ == "successeur"


@pytest.mark.parametrize("days", [-1, 31])
def test_the_last_day_is_today_or_later_and_within_the_role(monde_sqlite: Monde, days: int) -> None:
    monde = monde_sqlite
    heir = make_user(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    held = _role(monde, monde.responsable.utilisateur_id, Role.RESPONSABLE)
    with monde.portail.db.write() as session:
        session.get_one(RoleAttribue, held.id).au = TODAY + timedelta(days=30)
    with pytest.raises(Invalide) as refused:
        _hand_over(monde, monde.administrateur, held.id, heir, TODAY + timedelta(days=days))
    assert refused.value.champ == "dernier_jour"


def test_the_administration_goes_only_to_somebody_who_can_come_in(monde: Monde) -> None:
    heir = make_user(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    held = _role(monde, monde.administrateur.utilisateur_id, Role.ADMINISTRATEUR)
    with pytest.raises(Refus):
        _hand_over(monde, monde.administrateur, held.id, heir)
    open_accounts(monde.portail)
    _hand_over(monde, monde.administrateur, held.id, heir)
    assert _role(monde, heir, Role.ADMINISTRATEUR).du == TOMORROW


def test_a_refusal_changes_nothing(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    held = _role(monde, monde.responsable.utilisateur_id, Role.RESPONSABLE)
    with pytest.raises(PortailError):
        _hand_over(monde, monde.administrateur, held.id, uuid4(), operation="un")
    heir = make_user(monde.portail, Role.ASSISTANT, centre=monde.centre_id)
    _hand_over(monde, monde.administrateur, held.id, heir, operation="un")
    assert _role(monde, heir, Role.RESPONSABLE).du == TOMORROW
