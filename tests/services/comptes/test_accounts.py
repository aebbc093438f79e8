"""Who may give which role to whom, refusals included; accounts closed; a centre always keeps an administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.errors import Conflit, Introuvable, Invalide, PortailError, Refus
from domain.offer import load_centre
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from models import AuditEvent, Centre, Collectivite, Dossier, RoleAttribue, Utilisateur
from services.comptes import accounts, invitations, passwords, rights, sessions
from services.comptes.rights import Grant
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from tests.comptes import ADDRESS, PASSWORD, cheap_hashing, give_password, log_in, mails
from tests.factories import (
    CENTRE,
    FORMS,
    Monde,
    acteur,
    journal_actions,
    make_dossier,
    make_other_centre,
    make_stranger,
)
from tests.factories import make_user as new_user

TODAY = clock.today()
MANY = ("gestionnaire", "direction", "instructeur", "administrateur")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_hashing(monkeypatch)


def _invite(portail: Portail, by: Acteur, grant: Grant, courriel: str = "nouveau@example.org") -> UUID:
    return invitations.invite(
        portail, by, courriel=courriel, prenom="Nouvelle", nom="Personne", roles=[grant], operation_id=uuid4().hex
    )


@pytest.fixture
def known(monde: Monde) -> Monde:
    """The centre knows the collectivité: it has a dossier."""
    make_dossier(monde.portail, monde, complet=False)
    return monde


def test_every_role_by_every_role(known: Monde) -> None:
    """One pass over granter × role × place, on both databases: what is allowed is exactly this table."""
    elsewhere = make_stranger(known.portail).collectivite_ids
    other_centre = next(iter(make_other_centre(known.portail).centre_ids))
    places = {
        "centre": {"centre_id": known.centre_id},
        "collectivite": {"collectivite_id": known.collectivite_id},
        "autre centre": {"centre_id": other_centre},
        "autre collectivite": {"collectivite_id": next(iter(elsewhere))},
        "aucun": {},
        "les deux": {"centre_id": known.centre_id, "collectivite_id": known.collectivite_id},
    }
    allowed = set()
    with known.portail.db.read() as session:
        for granter, (place, where), role in product(Role, places.items(), Role):
            try:
                rights.check_grant(session, known[granter], Grant(role, TODAY, **where))
                allowed.add((granter.value, place, role.value))
            except Refus:
                continue
    assert allowed == {("administrateur", "centre", role.value) for role in ROLES_CENTRE} | {
        (granter, "collectivite", role.value) for granter in MANY for role in ROLES_COLLECTIVITE
    }


def test_centre_invites_only_for_collectivites_it_knows(monde: Monde) -> None:
    grant = Grant(Role.GESTIONNAIRE, TODAY, collectivite_id=monde.collectivite_id)
    with pytest.raises(Refus):
        _invite(monde.portail, monde.administrateur, grant)
    make_dossier(monde.portail, monde, complet=False)
    assert _invite(monde.portail, monde.administrateur, grant)


def test_refused_invitation_leaves_no_account(monde_sqlite: Monde) -> None:
    with pytest.raises(Refus):
        _invite(
            monde_sqlite.portail,
            monde_sqlite.signataire,
            Grant(Role.GESTIONNAIRE, TODAY, collectivite_id=monde_sqlite.collectivite_id),
        )
    with monde_sqlite.portail.db.read() as session:
        assert session.scalars(select(Utilisateur).where(Utilisateur.courriel == "nouveau@example.org")).all() == []
    assert mails(monde_sqlite.portail) == []
    assert journal_actions(monde_sqlite.portail)[-1] == "refus"


def test_invitation_gives_a_dated_role_once_and_one_mail(known: Monde) -> None:
    grant = Grant(
        Role.SIGNATAIRE,
        TODAY + timedelta(days=3),
        collectivite_id=known.collectivite_id,
        titulaire=False,
        au=TODAY + timedelta(days=30),
    )
    operation = uuid4().hex
    for _ in range(2):  # a double click
        user_id = invitations.invite(
            known.portail,
            known.gestionnaire,
            courriel=" Nouveau@Example.org",
            prenom="<b>Léa</b>",
            nom="O’Neil",
            telephone="01.45.67.12.34",
            roles=[grant],
            operation_id=operation,
        )
    row = accounts.open_user(known.portail, known.direction, user_id)
    assert (row.courriel, row.nom, row.telephone) == ("nouveau@example.org", "<b>Léa</b> O’Neil", "01 45 67 12 34")
    assert (row.etat, row.courriel_etat) == ("invite", "a_envoyer")
    assert [(one.role, one.titulaire, one.en_vigueur) for one in row.roles] == [(Role.SIGNATAIRE, False, False)]
    assert mails(known.portail) == [("invitation", "nouveau@example.org", "a_envoyer")]


@pytest.mark.parametrize(
    ("changes", "champ"),
    [
        ({"courriel": "pas une adresse"}, "courriel"),
        ({"courriel": ""}, "courriel"),
        ({"prenom": "  "}, "prenom"),
        ({"nom": "x" * 101}, "nom"),
        ({"telephone": "abc"}, "telephone"),
        ({"roles": []}, "roles"),
    ],
)
def test_bad_identity_is_said_beside_its_field(monde_sqlite: Monde, changes: dict[str, object], champ: str) -> None:
    given: dict[str, object] = {
        "courriel": "nouveau@example.org",
        "prenom": "Léa",
        "nom": "Durand",
        "roles": [Grant(Role.DIRECTION, TODAY, collectivite_id=monde_sqlite.collectivite_id)],
        "operation_id": "1",
    }
    with pytest.raises(Invalide) as caught:
        invitations.invite(monde_sqlite.portail, monde_sqlite.gestionnaire, **{**given, **changes})  # type: ignore[arg-type]
    assert caught.value.champ == champ


def test_role_cannot_end_before_it_begins(monde_sqlite: Monde) -> None:
    grant = Grant(Role.DIRECTION, TODAY, collectivite_id=monde_sqlite.collectivite_id, au=TODAY - timedelta(days=1))
    with pytest.raises(Invalide, match="antérieure"):
        _invite(monde_sqlite.portail, monde_sqlite.gestionnaire, grant)


def test_person_known_elsewhere_gets_the_role_and_keeps_their_name(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    stranger = make_stranger(portail)
    give_password(portail, stranger.utilisateur_id)
    user_id = _invite(
        portail,
        monde_sqlite.gestionnaire,
        Grant(Role.DIRECTION, TODAY, collectivite_id=monde_sqlite.collectivite_id),
        stranger.courriel,
    )
    assert user_id == stranger.utilisateur_id
    row = accounts.open_user(portail, monde_sqlite.gestionnaire, user_id)
    assert row.nom == stranger.nom
    assert [one.perimetre for one in row.roles] == ["Choisy-le-Roi"], "roles held elsewhere are not shown"
    assert not row.repond
    assert mails(portail) == [("nouveaux_droits", stranger.courriel, "a_envoyer")]


def test_people_of_others_are_invisible(known: Monde) -> None:
    portail, stranger = known.portail, make_stranger(known.portail)
    foreigner = make_other_centre(portail)
    for who in (known.gestionnaire, known.instructeur, known.administrateur):
        listed = {row.id for row in accounts.list_users(portail, who, taille=100).rows}
        assert not listed & {stranger.utilisateur_id, foreigner.utilisateur_id}
        with pytest.raises(Introuvable):
            accounts.open_user(portail, who, stranger.utilisateur_id)
        with pytest.raises(PortailError):
            accounts.deactivate(portail, who, foreigner.utilisateur_id)
        with pytest.raises(PortailError):
            invitations.pending_link(portail, who, stranger.utilisateur_id)
        with pytest.raises(PortailError):
            invitations.invite_again(portail, who, stranger.utilisateur_id)
    for who in (known.signataire, known[Role.ASSISTANT], known.responsable):
        assert accounts.list_users(portail, who).total == 0


def test_person_of_others_asked_by_address_is_refused_and_journalled(monde_sqlite: Monde) -> None:
    stranger = make_stranger(monde_sqlite.portail)
    with pytest.raises(Introuvable):
        accounts.open_user(monde_sqlite.portail, monde_sqlite.gestionnaire, stranger.utilisateur_id)
    assert journal_actions(monde_sqlite.portail) == ["refus"]


def test_list_is_searched_by_name_and_address(known: Monde) -> None:
    found = accounts.list_users(known.portail, known.administrateur, texte="instructeur MODELE")
    assert [row.nom for row in found.rows] == ["Instructeur Modèle"]
    everyone = accounts.list_users(known.portail, known.administrateur)
    assert everyone.total == len(Role)
    assert accounts.list_users(known.portail, known.administrateur, texte="introuvable 100%_\\ \ud800").total == 0


@pytest.mark.parametrize("change", [{"au": None}, {"titulaire": True}])
def test_inviting_again_does_not_pretend_to_change_a_role(monde_sqlite: Monde, change: dict[str, Any]) -> None:
    portail, me = monde_sqlite.portail, monde_sqlite.gestionnaire
    grant = Grant(
        Role.SIGNATAIRE,
        TODAY,
        collectivite_id=monde_sqlite.collectivite_id,
        titulaire=False,
        au=TODAY + timedelta(days=9),
    )
    user_id = _invite(portail, me, grant)
    assert _invite(portail, me, grant) == user_id, "the same invitation goes again"
    with pytest.raises(Invalide, match="mettez-y fin"):
        _invite(portail, me, replace(grant, **change))


def test_role_given_twice_is_said(monde_sqlite: Monde) -> None:
    grant = Grant(Role.SIGNATAIRE, TODAY, collectivite_id=monde_sqlite.collectivite_id)
    with pytest.raises(Invalide, match="déjà"):
        accounts.add_role(
            monde_sqlite.portail, monde_sqlite.gestionnaire, monde_sqlite.signataire.utilisateur_id, grant
        )


def test_role_ends_at_once(monde: Monde) -> None:
    portail, user_id = monde.portail, monde.signataire.utilisateur_id
    role = accounts.open_user(portail, monde.gestionnaire, user_id).roles[0]
    with pytest.raises(Introuvable):
        accounts.end_role(portail, monde.signataire, role.id)
    accounts.end_role(portail, monde.gestionnaire, role.id)
    assert not acteur(portail, user_id).collectivite_ids
    assert "role.terminer" in journal_actions(portail)


@pytest.mark.parametrize("of_centre", [True, False])
@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
def test_role_ends_at_once_wherever_the_centre_is(monde_sqlite: Monde, zone: str, *, of_centre: bool) -> None:
    """At any hour, one of the two is on another day than Paris. Also for the people of a collectivité that the centre knows."""
    portail = monde_sqlite.portail
    make_dossier(portail, monde_sqlite, complet=False)
    with portail.db.write() as session:
        session.get_one(Centre, monde_sqlite.centre_id).fuseau = zone
    person = monde_sqlite.instructeur if of_centre else monde_sqlite.signataire
    token = log_in(portail, give_password(portail, person.utilisateur_id))
    role = accounts.open_user(portail, monde_sqlite.administrateur, person.utilisateur_id).roles[0]
    accounts.end_role(portail, monde_sqlite.administrateur, role.id)
    found = sessions.current(portail, token)
    assert found is not None
    assert not found.has(*Role)
    with portail.db.read() as session:
        assert session.get_one(RoleAttribue, role.id).au == clock.today(zone) - timedelta(days=1)


def test_role_not_begun_is_removed(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    grant = Grant(Role.DIRECTION, TODAY + timedelta(days=9), collectivite_id=monde_sqlite.collectivite_id)
    user_id = _invite(portail, monde_sqlite.gestionnaire, grant)
    role = accounts.open_user(portail, monde_sqlite.gestionnaire, user_id).roles[0]
    accounts.end_role(portail, monde_sqlite.gestionnaire, role.id)
    with portail.db.read() as session:
        assert session.get(RoleAttribue, role.id) is None


def test_last_administrator_stays(monde: Monde) -> None:
    portail, admin = monde.portail, monde.administrateur
    give_password(portail, admin.utilisateur_id)
    row = accounts.open_user(portail, admin, admin.utilisateur_id)
    attempts = (
        lambda: accounts.end_role(portail, admin, row.roles[0].id),
        lambda: accounts.end_role(portail, admin, row.roles[0].id, dernier_jour=TODAY + timedelta(days=90)),
        lambda: accounts.deactivate(portail, admin, admin.utilisateur_id),
    )
    for attempt in attempts:
        with pytest.raises(Refus, match="au moins un administrateur"):
            attempt()
    second = new_user(portail, Role.ADMINISTRATEUR, centre=monde.centre_id)
    with pytest.raises(Refus):  # not activated yet: it would leave nobody
        accounts.end_role(portail, admin, row.roles[0].id)
    give_password(portail, second)
    accounts.end_role(portail, admin, row.roles[0].id)
    assert acteur(portail, admin.utilisateur_id).centre_ids == frozenset()


def test_two_administrators_cannot_remove_each_other_together(monde: Monde) -> None:
    portail = monde.portail
    one = monde.administrateur
    two = acteur(portail, new_user(portail, Role.ADMINISTRATEUR, centre=monde.centre_id))
    for person in (one, two):
        give_password(portail, person.utilisateur_id)

    def remove(by: Acteur, whom: Acteur) -> bool:
        try:
            accounts.deactivate(portail, by, whom.utilisateur_id)
        except PortailError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(remove, (one, two), (two, one)))
    assert sorted(outcomes) == [False, True]


def test_deactivated_account_is_out_at_once_and_can_come_back(monde: Monde) -> None:
    portail, user_id = monde.portail, monde.signataire.utilisateur_id
    courriel = give_password(portail, user_id)
    token = log_in(portail, courriel)
    accounts.deactivate(portail, monde.gestionnaire, user_id)
    assert sessions.current(portail, token) is None
    with pytest.raises(Refus, match=sessions.WRONG):
        sessions.authenticate(portail, courriel, PASSWORD, ADDRESS)
    with pytest.raises(Invalide, match="désactivé"):
        _invite(
            portail,
            monde.gestionnaire,
            Grant(Role.DIRECTION, TODAY, collectivite_id=monde.collectivite_id),
            courriel,
        )
    accounts.reactivate(portail, monde.gestionnaire, user_id)
    assert sessions.current(portail, token) is None, "an ended session stays ended"
    assert log_in(portail, courriel)


def test_account_with_roles_elsewhere_is_not_ours_to_close(monde_sqlite: Monde) -> None:
    portail, stranger = monde_sqlite.portail, make_stranger(monde_sqlite.portail)
    _invite(
        portail,
        monde_sqlite.gestionnaire,
        Grant(Role.DIRECTION, TODAY, collectivite_id=monde_sqlite.collectivite_id),
        stranger.courriel,
    )
    with pytest.raises(Refus, match="aussi des rôles"):
        accounts.deactivate(portail, monde_sqlite.gestionnaire, stranger.utilisateur_id)


def test_centre_touches_only_what_is_its_own_of_a_collectivite_that_two_centres_know(known: Monde) -> None:
    portail, other = known.portail, make_other_centre(known.portail)
    with portail.db.write() as session:
        theirs = session.scalars(select(RoleAttribue).where(RoleAttribue.collectivite_id.is_not(None))).all()
        ours = {one.utilisateur_id: one.id for one in theirs}
        first = session.scalars(select(Dossier)).one()
        session.add(_same_dossier(first, next(iter(other.centre_ids))))
    role_id = ours[known.gestionnaire.utilisateur_id]
    with pytest.raises(Refus, match="autre centre"):
        accounts.end_role(portail, other, role_id)
    with pytest.raises(Refus):
        invitations.pending_link(portail, other, known.gestionnaire.utilisateur_id)
    with pytest.raises(Refus):
        accounts.deactivate(portail, other, known.gestionnaire.utilisateur_id)
    user_id = _invite(portail, other, Grant(Role.DIRECTION, TODAY, collectivite_id=known.collectivite_id))
    with portail.db.read() as session:
        query = select(AuditEvent.centre_id).where(AuditEvent.action == "role.attribuer")
        assert set(session.scalars(query)) == {known.centre_id, *other.centre_ids}, "each centre reads it"
        given = session.scalars(select(RoleAttribue.id).where(RoleAttribue.utilisateur_id == user_id)).one()
    accounts.end_role(portail, other, given)


def _same_dossier(first: Dossier, centre_id: UUID) -> Dossier:
    return Dossier(
        reference=f"{first.reference}-B",
        centre_id=centre_id,
        collectivite_id=first.collectivite_id,
        offre_version_id=first.offre_version_id,
        cree_par=first.cree_par,
    )


def test_profile_and_password_are_ones_own(monde: Monde) -> None:
    portail, me = monde.portail, monde.gestionnaire
    courriel = give_password(portail, me.utilisateur_id)
    here, there = log_in(portail, courriel), log_in(portail, courriel)
    person = sessions.current(portail, here, ADDRESS)
    assert person is not None
    accounts.update_profile(portail, person, prenom=" Zoé ", nom="Nouvelle", telephone="")
    assert accounts.open_profile(portail, person).prenom == "Zoé"
    with pytest.raises(Refus, match="actuel"):
        accounts.change_password(portail, person, ancien="faux", nouveau="une autre phrase")
    with pytest.raises(Invalide):
        accounts.change_password(portail, person, ancien=PASSWORD, nouveau="court")
    accounts.change_password(portail, person, ancien=PASSWORD, nouveau="une autre phrase")
    assert sessions.current(portail, here)
    assert sessions.current(portail, there) is None
    assert log_in(portail, courriel, "une autre phrase")


def test_a_change_of_password_does_not_undo_the_one_made_meanwhile(monde: Monde) -> None:
    """Somebody who took a session, and knows the old password, against its owner who has just chosen a new one."""
    portail, me = monde.portail, monde.gestionnaire
    courriel = give_password(portail, me.utilisateur_id)

    def chosen_anew(given: str, stored: str) -> bool:
        with portail.db.write() as session:
            session.get_one(Utilisateur, me.utilisateur_id).password_hash = passwords.hash_password(
                "celle de sa titulaire"
            )
        return True

    with pytest.raises(Conflit, match="entre-temps"):
        accounts.change_password(portail, me, ancien=PASSWORD, nouveau="une autre phrase", verify=chosen_anew)
    assert log_in(portail, courriel, "celle de sa titulaire")


def test_guessing_the_current_password_locks_too(monde_sqlite: Monde) -> None:
    portail, me = monde_sqlite.portail, monde_sqlite.gestionnaire
    give_password(portail, me.utilisateur_id)
    for _ in range(sessions.MAX_BY_ACCOUNT):
        with pytest.raises(Refus, match="actuel"):
            accounts.change_password(portail, me, ancien="faux", nouveau="une autre phrase")
    with pytest.raises(Refus, match="Trop de tentatives"):
        accounts.change_password(portail, me, ancien=PASSWORD, nouveau="une autre phrase")
    assert passwords.MIN_LENGTH == 12


def test_centre_can_always_invite_again_after_everyone_left(known: Monde) -> None:
    portail = known.portail
    for role in ROLES_COLLECTIVITE:
        held = accounts.open_user(portail, known.administrateur, known[role].utilisateur_id).roles[0]
        accounts.end_role(portail, known.administrateur, held.id)
    user_id = _invite(
        portail, known.instructeur, Grant(Role.GESTIONNAIRE, TODAY, collectivite_id=known.collectivite_id)
    )
    with portail.db.read() as session:
        assert session.get_one(Collectivite, known.collectivite_id).nom == "Choisy-le-Roi"
    assert acteur(portail, user_id).collectivite_ids == {known.collectivite_id}


def test_perimeters_offered_are_those_allowed(known: Monde) -> None:
    offered = {
        role: [(one.centre, one.nom) for one in accounts.list_perimetres(known.portail, known[role])] for role in Role
    }
    centre = (True, load_centre(FORMS / CENTRE).nom)
    town = (False, "Choisy-le-Roi")
    assert offered == {
        Role.GESTIONNAIRE: [town],
        Role.DIRECTION: [town],
        Role.SIGNATAIRE: [],
        Role.INSTRUCTEUR: [town],
        Role.ADMINISTRATEUR: [centre, town],
        Role.ASSISTANT: [],
        Role.RESPONSABLE: [],
        Role.SIGNATAIRE_CENTRE: [],
    }
