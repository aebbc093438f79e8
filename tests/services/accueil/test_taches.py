"""Each role finds what waits for it, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.errors import Refus
from domain.roles import Role
from models import Convention, Courriel, DemandeAdhesion, Piece, RoleAttribue, Tarif, Utilisateur
from services.accueil import taches
from services.accueil.taches import Tache
from services.adhesion import messages
from services.adhesion.dossier_lists import list_instructeurs
from services.adhesion.dossiers import assign_instructeur
from services.core import clock, files
from services.core.access import Acteur
from tests.factories import Monde, make_acteur, make_dossier, make_other_centre, make_stranger, open_accounts


@pytest.fixture(autouse=True)
def _accounts(request: pytest.FixtureRequest) -> None:
    """Nobody's account waits for an invitation to be accepted: that is another thing to do."""
    if "monde" in request.fixturenames:
        open_accounts(request.getfixturevalue("monde").portail)


def _groups(monde: Monde, person: Acteur) -> list[str]:
    return list(dict.fromkeys(one.groupe for one in taches.list_taches(monde.portail, person)))


def _of(monde: Monde, person: Acteur, groupe: str) -> list[Tache]:
    return [one for one in taches.list_taches(monde.portail, person) if one.groupe == groupe]


SETTINGS = "Réglages du centre"
BY_STATE: dict[str, dict[Role, list[str]]] = {
    "brouillon": {
        Role.GESTIONNAIRE: ["Dossiers à déposer"],
        Role.SIGNATAIRE: ["Dossiers à déposer"],
    },
    "depose": {Role.INSTRUCTEUR: ["Dossiers déposés"]},
    "en_instruction": {Role.INSTRUCTEUR: ["Dossiers à instruire"]},
    "a_corriger": {
        Role.GESTIONNAIRE: ["Corrections demandées"],
    },
    "accepte": {Role.INSTRUCTEUR: ["Conventions à émettre"]},
    "retire": {},
    "refuse": {},
}


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize("etat", list(BY_STATE))
def test_a_dossier_waits_for_the_right_people(monde: Monde, etat: str) -> None:
    dossier_id = make_dossier(monde.portail, monde, etat)
    for role in Role:
        expected = BY_STATE[etat].get(role, [])
        if role in (Role.RESPONSABLE, Role.ADMINISTRATEUR):
            expected = [SETTINGS]
        found = taches.list_taches(monde.portail, monde[role])
        assert list(dict.fromkeys(one.groupe for one in found)) == expected, role
        for one in found:
            if one.groupe != SETTINGS:
                page = "dossier" if role in (Role.GESTIONNAIRE, Role.SIGNATAIRE) else "instruction"
                assert (one.page, one.parametres) == (page, {"id": str(dossier_id)})
    for person in (make_stranger(monde.portail), make_acteur(monde.portail)):
        assert taches.list_taches(monde.portail, person) == []


def test_a_dossier_of_somebody_who_left_waits_for_the_others(monde: Monde) -> None:
    portail, left = monde.portail, monde.instructeur
    dossier_id = make_dossier(portail, monde, "en_instruction")
    messages.post_message(portail, monde.gestionnaire, dossier_id, "Où en est le dossier ?", operation_id="un")
    other = make_acteur(portail, Role.INSTRUCTEUR, centre=monde.centre_id, nom="Nouveau")
    assert _groups(monde, other) == []
    with portail.db.write() as session:
        role = session.scalars(select(RoleAttribue).where(RoleAttribue.utilisateur_id == left.utilisateur_id)).one()
        role.au = clock.today() - timedelta(days=1)
    assert _groups(monde, other) == ["Dossiers à instruire", "Messages non lus"]
    assert [nom for _, nom in list_instructeurs(portail, other)] == [other.nom]
    with pytest.raises(Refus, match="aujourd’hui"):
        assign_instructeur(portail, other, dossier_id, left.utilisateur_id)
    with portail.db.write() as session:
        role = session.scalars(select(RoleAttribue).where(RoleAttribue.utilisateur_id == left.utilisateur_id)).one()
        role.au = None
        session.get_one(Utilisateur, left.utilisateur_id).actif = False
    assert _groups(monde, other) == ["Dossiers à instruire", "Messages non lus"]
    with pytest.raises(Refus, match="aujourd’hui"):
        assign_instructeur(portail, other, dossier_id, left.utilisateur_id)
    assign_instructeur(portail, other, dossier_id, other.utilisateur_id)


def test_a_draft_says_how_far_it_is_and_what_is_missing(monde: Monde) -> None:
    make_dossier(monde.portail, monde, complet=False)
    (tache,) = taches.list_taches(monde.portail, monde.gestionnaire)
    assert tache.groupe == "Dossiers à compléter"
    assert "% rempli. À compléter ou à corriger : " in tache.detail
    assert "autres réponses." in tache.detail
    assert taches.list_taches(monde.portail, monde.signataire) == []


def test_warnings_and_returns_are_said(monde: Monde) -> None:
    make_dossier(monde.portail, monde, "en_instruction")
    (tache,) = _of(monde, monde.instructeur, "Dossiers à instruire")
    assert tache.detail == "À examiner. 1 avertissement à lever."
    colleague = make_acteur(monde.portail, Role.INSTRUCTEUR, centre=monde.centre_id)
    assert _of(monde, colleague, "Dossiers à instruire") == []


def test_unread_messages_wait_for_the_other_side(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "en_instruction")
    messages.post_message(monde.portail, monde.gestionnaire, dossier_id, "Bonjour.", operation_id="a")
    (tache,) = _of(monde, monde.instructeur, "Messages non lus")
    assert (tache.page, tache.detail) == ("instruction", "1 message à lire.")
    assert tache.titre.endswith(", Choisy-le-Roi")
    assert _of(monde, monde.signataire, "Messages non lus") == []
    messages.post_message(monde.portail, monde.instructeur, dossier_id, "Bonjour.", operation_id="b")
    assert [one.page for one in _of(monde, monde.gestionnaire, "Messages non lus")] == ["dossier"]
    messages.mark_messages_read(monde.portail, monde.gestionnaire, dossier_id)
    assert _of(monde, monde.gestionnaire, "Messages non lus") == []


def _convention(monde: Monde, etat: str) -> UUID:
    today = clock.today()
    convention = Convention(
        centre_id=monde.centre_id, collectivite_id=monde.collectivite_id,
        dossier_id=make_dossier(monde.portail, monde, "accepte"), numero="2026-0001", annee=2026, rang=1, etat=etat,
        date_effet=date(2026, 1, 1), date_debut_prestations=date(2026, 1, 1), terme=date(2030, 12, 31),
        quotite=Decimal("47.70"), sha256="0" * 64, manifeste={}, collectivite_signee_le=today, centre_signee_le=today,
    )  # fmt: skip
    with monde.portail.db.write() as session:
        session.add(convention)
    return convention.id


@pytest.mark.cases_on_sqlite
@pytest.mark.parametrize(
    ("etat", "groupe", "roles"),
    [
        ("a_signer", "Conventions à signer", {Role.GESTIONNAIRE, Role.SIGNATAIRE}),
        ("signee_collectivite", "Conventions à signer par le centre", {Role.SIGNATAIRE_CENTRE}),
        ("en_vigueur", "Conventions signées", {Role.DIRECTION}),
        ("annulee", "", set()),
    ],
)
def test_a_convention_waits_for_the_right_people(monde: Monde, etat: str, groupe: str, roles: set[Role]) -> None:
    convention_id = _convention(monde, etat)
    for role in Role:
        found = [one for one in taches.list_taches(monde.portail, monde[role]) if one.page == "convention"]
        assert [one.groupe for one in found] == ([groupe] if role in roles else []), role
        assert all(one.parametres == {"id": str(convention_id)} for one in found)
    assert not [
        one for one in taches.list_taches(monde.portail, make_other_centre(monde.portail)) if "onvention" in one.groupe
    ]


def test_requests_failed_mails_and_missing_settings_are_said(monde: Monde) -> None:
    portail = monde.portail
    with portail.db.write() as session:
        session.add(
            DemandeAdhesion(
                centre_id=monde.centre_id,
                etat="recue",
                siren="219400413",
                collectivite_nom="Ivry-sur-Seine",
                collectivite_type="commune",
                prenom="Alix",
                nom="Exemple",
                courriel="alix@example.org",
            )
        )
        session.add(
            Courriel(modele="message_recu", destinataire="a@example.org", centre_id=monde.centre_id, etat="echec")
        )
    assert [one.page for one in _of(monde, monde.instructeur, "Demandes d’adhésion")] == ["demandes"]
    assert len(_of(monde, monde.administrateur, "Courriels en échec")) == 1
    assert _of(monde, monde.responsable, "Courriels en échec") == []
    with portail.db.write() as session:
        session.add(
            Courriel(modele="message_recu", destinataire="a@example.org", centre_id=monde.centre_id, etat="envoye")
        )
    assert _of(monde, monde.administrateur, "Courriels en échec") == []
    year = clock.today().year
    titles = [one.titre for one in _of(monde, monde.responsable, SETTINGS)]
    assert titles == ["Code de déontologie", f"Tarifs {year}"]
    with portail.db.write() as session:
        stored = files.store(session, portail.files, b"code")
        for code in ("temps_complet", "heure"):
            session.add(Tarif(centre_id=monde.centre_id, code=code, annee=year, montant=Decimal(1)))
        session.add(
            Piece(
                sha256=stored.sha256,
                usage="annexe_centre",
                nom="code.pdf",
                type_mime="application/pdf",
                taille=4,
                champ="deontologie",
                centre_id=monde.centre_id,
            )
        )
    assert taches.list_taches(portail, monde.responsable) == []
