"""Requests for adhesion: the public form, its confirmation, and what the centre decides."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from domain.errors import Conflit, Introuvable, Invalide, Refus, split_faults
from domain.roles import Role
from models import Collectivite, DemandeAdhesion, Utilisateur
from services.adhesion import demandes
from services.adhesion.demande_saisie import Saisie
from services.comptes import accounts
from services.comptes.links import mint_link
from services.core.portail import Portail
from tests.comptes import ADDRESS, mails, token_of
from tests.factories import Monde, acteur, journal_actions, make_dossier, make_other_centre

IVRY = "219400413"


def _saisie(monde: Monde, **changes: object) -> Saisie:
    given = Saisie(
        centre_id=monde.centre_id,
        siren="219 400 413",
        collectivite_nom="peu importe",
        collectivite_type="",
        prenom="Léa",
        nom="Durand",
        courriel="Lea@Example.org",
        telephone="0145671234",
        fonction="Directrice des ressources humaines",
    )
    return replace(given, **changes)  # type: ignore[arg-type]


def _submit(monde: Monde, **changes: object) -> bool:
    return demandes.submit_demande(monde.portail, _saisie(monde, **changes), ADDRESS, operation_id=uuid4().hex)


def _only(portail: Portail) -> DemandeAdhesion:
    with portail.db.read() as session:
        return session.scalars(select(DemandeAdhesion)).one()


@pytest.fixture
def with_mail(monde: Monde) -> Monde:
    monde.portail.settings = replace(monde.portail.settings, smtp_url="smtp://127.0.0.1:9")
    return monde


def _link(portail: Portail, demande_id: UUID) -> str:
    with portail.db.write() as session:
        return token_of(mint_link(portail, session, "confirmation", demande_id=demande_id))


def test_without_mail_it_goes_straight_to_the_centre_not_confirmed(monde: Monde) -> None:
    assert _submit(monde) is False
    row = demandes.list_demandes(monde.portail, monde.instructeur).rows[0]
    assert (row.collectivite, row.type_libelle, row.siren) == ("Ivry-sur-Seine", "Commune", IVRY)
    assert (row.confirmee, row.au_referentiel, row.courriel) == (False, True, "lea@example.org")
    assert mails(monde.portail) == []


def test_with_mail_it_waits_for_its_confirmation(with_mail: Monde) -> None:
    portail = with_mail.portail
    assert _submit(with_mail) is True
    assert demandes.list_demandes(portail, with_mail.instructeur).total == 0
    demande = _only(portail)
    with pytest.raises(Conflit, match="pas encore confirmée"):
        demandes.accept_demande(portail, with_mail.instructeur, demande.id, operation_id="1")
    token = _link(portail, demande.id)
    assert demandes.read_confirmation(portail, token) == "Ivry-sur-Seine"
    assert _only(portail).etat == "a_confirmer", "opening the link confirms nothing"
    demandes.confirm_demande(portail, token)
    assert demandes.list_demandes(portail, with_mail.instructeur).rows[0].confirmee
    with pytest.raises(Invalide, match=r"déjà servi.*bien confirmée"):
        demandes.confirm_demande(portail, token)
    assert [(kind, to) for kind, to, _ in mails(portail)] == [
        ("confirmation", "lea@example.org"),
        ("demande_recue", with_mail.instructeur.courriel),
    ]


def test_everything_wrong_is_said_at_once(monde_sqlite: Monde) -> None:
    """Somebody who fills the form once a year is not sent back field after field."""
    empty = {"siren": "", "prenom": "", "nom": "", "courriel": "", "telephone": "", "centre_id": None}
    with pytest.raises(Invalide) as caught:
        _submit(monde_sqlite, **empty)
    assert {one.champ for one in split_faults(caught.value)} == {
        "centre", "siren", "prenom", "nom", "courriel", "telephone",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "champ"),
    [
        ({"siren": "219400414"}, "siren"),
        ({"siren": ""}, "siren"),
        ({"siren": "abc"}, "siren"),
        ({"siren": "130025265", "collectivite_nom": ""}, "collectivite"),
        ({"siren": "130025265", "collectivite_type": "royaume"}, "type"),
        ({"courriel": "lea@"}, "courriel"),
        ({"telephone": ""}, "telephone"),
        ({"telephone": "12"}, "telephone"),
        ({"nom": ""}, "nom"),
        ({"message": "x" * 2001}, "message"),
        ({"centre_id": None}, "centre"),
        ({"centre_id": UUID(int=0)}, "centre"),
    ],
)
def test_bad_entry_is_said_beside_its_field(monde_sqlite: Monde, changes: dict[str, object], champ: str) -> None:
    with pytest.raises(Invalide) as caught:
        _submit(monde_sqlite, **changes)
    assert caught.value.champ == champ
    with monde_sqlite.portail.db.read() as session:
        assert session.scalar(select(func.count()).select_from(DemandeAdhesion)) == 0


def test_hostile_text_is_kept_as_text(monde_sqlite: Monde) -> None:
    _submit(
        monde_sqlite,
        siren="130025265",
        collectivite_nom="<b>&{{ 7*7 }}\x00\ud800",
        collectivite_type="ccas",
        message="ligne 1\r\nligne 2\x0b",
    )
    demande = _only(monde_sqlite.portail)
    assert demande.collectivite_nom == "<b>&{{ 7*7 }}"
    assert demande.message == "ligne 1\nligne 2"


def test_same_request_twice_is_one(with_mail: Monde) -> None:
    operation = uuid4().hex
    for _ in range(2):
        demandes.submit_demande(with_mail.portail, _saisie(with_mail), ADDRESS, operation_id=operation)
    assert len(mails(with_mail.portail)) == 1
    _submit(with_mail)
    assert _only(with_mail.portail).etat == "a_confirmer"
    assert len(mails(with_mail.portail)) == 2, "the confirmation is sent again"


def test_requests_are_limited_by_person_and_by_address(monde_sqlite: Monde) -> None:
    for number in range(demandes.BY_ADDRESS):
        _submit(monde_sqlite, courriel=f"p{number}@example.org")
    with pytest.raises(Refus, match="Trop de demandes"):
        _submit(monde_sqlite, courriel="encore@example.org")


def test_acceptance_creates_the_collectivite_and_invites_its_gestionnaire(monde: Monde) -> None:
    portail = monde.portail
    _submit(monde)
    demande = _only(portail)
    first = demandes.accept_demande(portail, monde.instructeur, demande.id, operation_id="clic")
    again = demandes.accept_demande(portail, monde.instructeur, demande.id, operation_id="clic")
    assert first == again
    assert first
    with portail.db.read() as session:
        created = session.scalars(select(Collectivite).where(Collectivite.siren == IVRY)).one()
    assert (created.nom, created.type, created.code_insee, created.departement) == (
        "Ivry-sur-Seine",
        "commune",
        "94041",
        "94",
    )
    person = acteur(portail, first)
    assert person.par_collectivite == {created.id: frozenset({Role.GESTIONNAIRE})}
    assert [kind for kind, _, _ in mails(portail)] == ["invitation"]
    assert journal_actions(portail).count("demande.accepter") == 1
    row = accounts.open_user(portail, monde.administrateur, first)
    assert row.repond, "the centre can invite again before any dossier exists"


def test_acceptance_joins_a_collectivite_that_nobody_manages_any_more(monde_sqlite: Monde) -> None:
    portail = monde_sqlite.portail
    _submit(monde_sqlite, siren="219400223")
    for person in (monde_sqlite.gestionnaire, monde_sqlite.direction):
        with portail.db.write() as session:
            session.get_one(Utilisateur, person.utilisateur_id).actif = False
    row = demandes.list_demandes(portail, monde_sqlite.instructeur).rows[0]
    assert (row.comptes, row.gestionnaires) == (("Signataire Modèle",), ())
    user_id = demandes.accept_demande(portail, monde_sqlite.instructeur, row.id, operation_id="1")
    assert user_id
    assert acteur(portail, user_id).collectivite_ids == {monde_sqlite.collectivite_id}


def test_request_for_a_managed_collectivite_opens_nothing_and_goes_to_its_people(monde: Monde) -> None:
    """Anybody may write a request, at any centre: it is for the collectivité to say who works there."""
    portail, other = monde.portail, make_other_centre(monde.portail)
    make_dossier(portail, monde, complet=False)
    _submit(monde, siren="219400223", centre_id=next(iter(other.centre_ids)))
    row = demandes.list_demandes(portail, other).rows[0]
    assert set(row.gestionnaires) == {"Gestionnaire Modèle", "Direction Modèle"}
    for _ in range(2):
        assert demandes.accept_demande(portail, other, row.id, operation_id="clic") is None
    with portail.db.read() as session:
        assert session.scalars(select(Utilisateur).where(Utilisateur.courriel == "lea@example.org")).all() == []
    assert sorted((kind, to) for kind, to, _ in mails(portail)) == sorted(
        [
            ("demande_orientee", "lea@example.org"),
            ("demande_transmise", monde.direction.courriel),
            ("demande_transmise", monde.gestionnaire.courriel),
        ]
    )
    done = demandes.list_demandes(portail, other, etats=("acceptee",)).rows[0]
    assert (done.transmise, done.etat_libelle) == (True, "Transmise à la collectivité")
    assert journal_actions(portail).count("demande.transmettre") == 1
    with pytest.raises(Introuvable):
        accounts.open_user(portail, other, monde.gestionnaire.utilisateur_id)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.INSTRUCTEUR])
def test_only_an_instructeur_decides(monde_sqlite: Monde, role: Role) -> None:
    _submit(monde_sqlite)
    demande = _only(monde_sqlite.portail)
    with pytest.raises(Refus):
        demandes.accept_demande(monde_sqlite.portail, monde_sqlite[role], demande.id, operation_id="1")
    with pytest.raises(Refus):
        demandes.refuse_demande(monde_sqlite.portail, monde_sqlite[role], demande.id, "Non.")
    assert _only(monde_sqlite.portail).etat == "recue"
    assert journal_actions(monde_sqlite.portail).count("refus") == 2


def test_another_centre_sees_nothing(monde_sqlite: Monde) -> None:
    portail, other = monde_sqlite.portail, make_other_centre(monde_sqlite.portail)
    _submit(monde_sqlite)
    assert demandes.list_demandes(portail, other, etats=tuple(demandes.ETATS)).total == 0
    with pytest.raises(Introuvable):
        demandes.accept_demande(portail, other, _only(portail).id, operation_id="1")


def test_refusal_needs_a_reason_and_is_final(monde: Monde) -> None:
    portail = monde.portail
    _submit(monde)
    demande = _only(portail)
    with pytest.raises(Invalide):
        demandes.refuse_demande(portail, monde.instructeur, demande.id, "  ")
    demandes.refuse_demande(portail, monde.instructeur, demande.id, "Hors du ressort du centre.")
    row = demandes.list_demandes(portail, monde.instructeur, etats=("refusee",)).rows[0]
    assert (row.motif, row.traitee_par) == ("Hors du ressort du centre.", "Instructeur Modèle")
    with pytest.raises(Conflit, match="déjà été traitée"):
        demandes.accept_demande(portail, monde.instructeur, demande.id, operation_id="2")
    assert [kind for kind, _, _ in mails(portail)] == ["demande_refusee"]
