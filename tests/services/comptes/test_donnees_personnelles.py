"""What a person asks about their data: found, exported, deleted, or refused with the reasons."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from domain.errors import Introuvable, Invalide, Refus
from domain.roles import ROLES_CENTRE, Role
from models import (
    Affectation,
    Base,
    Convention,
    Courriel,
    DemandeAdhesion,
    FluxCalendrier,
    LectureMessages,
    LienUsageUnique,
    Poste,
    Rappel,
    Reponse,
    RoleAttribue,
    SessionUtilisateur,
    Utilisateur,
    utc_now,
)
from services.comptes import accounts, donnees_personnelles, passation, rights
from services.core import clock, journal
from services.core.access import Acteur
from services.core.portail import Portail
from services.exports import produce
from tests.comptes import give_password
from tests.conventions import make_convention
from tests.factories import Monde, acteur, journal_actions, make_dossier, make_monde, make_other_centre, make_user

YESTERDAY = clock.today() - timedelta(days=1)


def leave(monde: Monde, utilisateur_id: UUID) -> None:
    """End every role of this person, yesterday."""
    with monde.portail.db.write() as session:
        session.execute(update(RoleAttribue).where(RoleAttribue.utilisateur_id == utilisateur_id).values(au=YESTERDAY))


def person(monde: Monde, role: Role = Role.DIRECTION) -> UUID:
    """A colleague who has left, with something in every table that is theirs."""
    portail = monde.portail
    user_id = make_user(
        portail, role, centre=monde.centre_id, collectivite=monde.collectivite_id, prenom="Odile", nom="Partie"
    )
    give_password(portail, user_id)
    dossier_id, convention_id = make_dossier(portail, monde), make_convention(portail, monde, "en_vigueur")
    with portail.db.write() as session:
        session.get_one(Utilisateur, user_id).telephone = "+33612345678"
        courriel = Courriel(modele="x", destinataire=address(monde, user_id), utilisateur_id=user_id, etat="echec")
        session.add_all(
            [
                courriel,
                SessionUtilisateur(token_hash="a" * 64, utilisateur_id=user_id, expire_le=utc_now(), agent="Firefox"),
                LienUsageUnique(token_hash="b" * 64, usage="mot_de_passe", utilisateur_id=user_id, expire_le=utc_now()),
                FluxCalendrier(utilisateur_id=user_id, token_hash="c" * 64),
                LectureMessages(utilisateur_id=user_id, dossier_id=dossier_id, lu_le=utc_now()),
            ]
        )
        session.flush()
        session.add(
            Rappel(
                convention_id=convention_id, echeance="terme", le=date(2027, 12, 31), jours_avant=30,
                utilisateur_id=user_id, courriel_id=courriel.id,
            )
        )  # fmt: skip
        journal.record(session, "connexion.reussie", acteur_id=user_id)
    leave(monde, user_id)
    return user_id


def address(monde: Monde, user_id: UUID) -> str:
    with monde.portail.db.read() as session:
        return session.get_one(Utilisateur, user_id).courriel


def everything(monde: Monde) -> str:
    with monde.portail.db.read() as session:
        return "\n".join(
            repr(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(table.select())
        )


def with_colleague(monde: Monde) -> None:
    """The collectivité's gestionnaire has a working account."""
    give_password(monde.portail, monde.gestionnaire.utilisateur_id)


# Deleting -----------------------------------------------------------------------------------------------------------------


def test_deleting_takes_the_person_away_and_leaves_what_was_done(monde: Monde) -> None:
    with_colleague(monde)
    user_id = person(monde)
    mail = address(monde, user_id)
    donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)
    left = everything(monde)
    assert mail not in left and "Odile" not in left and "+33612345678" not in left and "Firefox" not in left
    with monde.portail.db.read() as session:
        user = session.get_one(Utilisateur, user_id)
        assert (user.nom_complet, user.actif, user.password_hash) == ("Compte supprimé", False, None)
        assert session.scalars(select(RoleAttribue.au).where(RoleAttribue.utilisateur_id == user_id)).one() == YESTERDAY
        assert journal.verify(session).intacte
    assert journal_actions(monde.portail, user_id) == ["utilisateur.anonymiser"]
    shown = accounts.list_users(monde.portail, monde.administrateur)
    assert all(row.id != user_id for row in shown.rows)
    with pytest.raises(Refus):
        accounts.reactivate(monde.portail, monde.administrateur, user_id)
    with pytest.raises(Refus, match="déjà supprimé"):
        donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)


@pytest.mark.parametrize("way", ["give", "hand_over"])
def test_no_role_is_given_to_an_account_that_is_being_deleted(make_portail: Callable[[str], Portail], way: str) -> None:
    """The deletion holds the account, with nothing against it: who gives it a role then waits, and is refused. A role handed over
    stays with who had it."""
    monde = make_monde(make_portail("postgresql"))
    portail, by = monde.portail, monde.administrateur
    user_id = make_user(portail, Role.INSTRUCTEUR, centre=monde.centre_id)
    with portail.db.read() as session:
        query = select(RoleAttribue).where(RoleAttribue.utilisateur_id == monde.responsable.utilisateur_id)
        held = session.scalars(query).one()
    today = clock.today()

    def give() -> None:
        if way == "give":
            grant = rights.Grant(Role.RESPONSABLE, today, centre_id=monde.centre_id)
            accounts.add_role(portail, by, user_id, grant)
        else:
            passation.hand_over(
                portail, by, held.id, successeur_id=user_id, dernier_jour=today, operation_id="passation"
            )

    with ThreadPoolExecutor(max_workers=1) as pool:
        with portail.db.write() as session:
            user = session.get_one(Utilisateur, user_id, with_for_update={"key_share": True})
            given = pool.submit(give)
            with pytest.raises(TimeoutError):
                given.result(timeout=1)
            donnees_personnelles.erase_account(session, user)
        with pytest.raises(Refus, match="désactivé ou supprimé"):
            given.result(timeout=30)
    with portail.db.read() as session:
        kept = select(RoleAttribue.role).where(RoleAttribue.utilisateur_id == user_id)
        assert session.scalars(kept).all() == [Role.INSTRUCTEUR.value]
        assert session.get_one(RoleAttribue, held.id).au is None


def test_a_closed_account_is_given_no_role(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    accounts.deactivate(monde.portail, monde.administrateur, monde.instructeur.utilisateur_id)
    grant = rights.Grant(Role.RESPONSABLE, clock.today(), centre_id=monde.centre_id)
    with pytest.raises(Refus, match="désactivé ou supprimé"):
        accounts.add_role(monde.portail, monde.administrateur, monde.instructeur.utilisateur_id, grant)


def test_the_same_address_may_come_back(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    with_colleague(monde)
    user_id = person(monde)
    mail = address(monde, user_id)
    donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)
    with monde.portail.db.write() as session:
        session.add(Utilisateur(courriel=mail, prenom="Odile", nom="Retour"))


@pytest.mark.parametrize("role", list(Role))
def test_a_living_role_is_a_reason_to_refuse(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    make_dossier(monde.portail, monde)
    user_id = make_user(monde.portail, role, centre=monde.centre_id, collectivite=monde.collectivite_id)
    with pytest.raises(Refus, match=f"« {role.label} »"):
        donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)


def test_a_role_to_come_is_a_reason_too(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    make_dossier(monde.portail, monde)
    tomorrow = clock.today() + timedelta(days=1)
    user_id = make_user(monde.portail, Role.DIRECTION, collectivite=monde.collectivite_id, du=tomorrow)
    with pytest.raises(Refus, match="a le rôle"):
        donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)


def test_the_only_account_of_a_collectivite_stays(monde: Monde) -> None:
    user_id = person(monde)
    for one in (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION):
        leave(monde, monde[one].utilisateur_id)
    with pytest.raises(Refus, match="seul compte connu de Choisy-le-Roi"):
        donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)
    newcomer = make_user(monde.portail, Role.GESTIONNAIRE, collectivite=monde.collectivite_id)
    give_password(monde.portail, newcomer)
    donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)


def test_an_assistant_in_a_post_stays(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    user_id = person(monde, Role.ASSISTANT)
    convention_id = make_convention(monde.portail, monde, "en_vigueur")
    with monde.portail.db.write() as session:
        session.add(
            Poste(centre_id=monde.centre_id, assistant_id=user_id, libelle="P", quotite=100, du=date(2024, 1, 1))
        )
        session.add(
            Affectation(
                centre_id=monde.centre_id, convention_id=convention_id, assistant_id=user_id, du=date(2024, 1, 1),
                au=date(2024, 12, 31),
            )
        )  # fmt: skip
    with pytest.raises(Refus, match="occupe un poste"):
        donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)
    with monde.portail.db.write() as session:
        session.execute(update(Poste).values(au=date(2024, 12, 31)))
    donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATEUR}))
def test_only_an_administrator(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    user_id = person(monde)
    with pytest.raises(Refus):
        donnees_personnelles.delete_account(monde.portail, monde[role], user_id)
    with pytest.raises(Refus):
        donnees_personnelles.find_person(monde.portail, monde[role], "odile@example.org")
    with pytest.raises(Refus):
        produce(monde.portail, monde[role], "donnees-personnelles.zip", {"id": str(user_id)})
    assert "refus" in journal_actions(monde.portail, user_id)


def test_nobody_deletes_themselves_nor_what_another_centre_answers_for(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    with pytest.raises(Refus):
        donnees_personnelles.delete_account(monde.portail, monde.administrateur, monde.administrateur.utilisateur_id)
    other = make_other_centre(monde.portail)
    user_id = person(monde)
    with pytest.raises(Introuvable):
        donnees_personnelles.delete_account(monde.portail, other, user_id)
    with monde.portail.db.write() as session:
        session.add(
            RoleAttribue(
                utilisateur_id=user_id, role="instructeur", centre_id=min(other.centre_ids), du=date(2020, 1, 1), au=YESTERDAY
            )
        )  # fmt: skip
    with pytest.raises(Refus, match="dont vous ne répondez pas"):
        donnees_personnelles.delete_account(monde.portail, monde.administrateur, user_id)
    with pytest.raises(Refus, match="dont vous ne répondez pas"):
        produce(monde.portail, monde.administrateur, "donnees-personnelles.zip", {"id": str(user_id)})


# Finding and exporting ------------------------------------------------------------------------------------------------------


def test_a_referent_who_has_no_account_is_found(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    with monde.portail.db.write() as session:
        session.add(
            DemandeAdhesion(
                centre_id=monde.centre_id, siren="219400413", collectivite_nom="Ivry", collectivite_type="commune",
                prenom="Léa", nom="Durand", courriel="lea.durand@example.org", etat="recue",
            )
        )  # fmt: skip
    answers = _answers_of(monde, dossier_id)
    referent = next(value for champ, value in answers.items() if champ == "referent.courriel")
    found = donnees_personnelles.find_person(monde.portail, monde.administrateur, f" {str(referent).upper()} ")
    assert found.compte is None
    assert {one.dossier_id for one in found.mentions} == {dossier_id}
    asked = donnees_personnelles.find_person(monde.portail, monde.administrateur, "Lea.Durand@example.org")
    assert [one.ou for one in asked.mentions] == ["Demande d’adhésion de Ivry"]
    other = make_other_centre(monde.portail)
    assert donnees_personnelles.find_person(monde.portail, other, str(referent)).mentions == ()


def _answers_of(monde: Monde, dossier_id: UUID) -> dict[str, object]:
    with monde.portail.db.read() as session:
        rows = session.execute(select(Reponse.champ, Reponse.valeur).where(Reponse.dossier_id == dossier_id))
        return {row[0]: row[1] for row in rows}


@pytest.mark.parametrize("texte", ["", "abc", "    ", "x" * 300])
def test_a_search_says_what_it_needs(monde_sqlite: Monde, texte: str) -> None:
    with pytest.raises(Invalide):
        donnees_personnelles.find_person(monde_sqlite.portail, monde_sqlite.administrateur, texte)


@pytest.mark.parametrize("texte", ["%%%%%%", "______", "'; DROP TABLE", "\\\\\\\\\\\\", '""""""'])
def test_signs_of_a_search_are_only_text(monde: Monde, texte: str) -> None:
    make_dossier(monde.portail, monde, "depose")
    assert donnees_personnelles.find_person(monde.portail, monde.administrateur, texte).mentions == ()


def test_accents_are_found(monde: Monde) -> None:
    dossier_id = make_dossier(monde.portail, monde, "depose")
    with monde.portail.db.write() as session:
        session.execute(
            update(Reponse).where(Reponse.dossier_id == dossier_id, Reponse.champ == "referent.nom").values(valeur="Éloïse Œuvrard")
        )  # fmt: skip
    found = donnees_personnelles.find_person(monde.portail, monde.administrateur, "Éloïse Œuvrard")
    assert len(found.mentions) == 1


def test_a_first_name_and_a_surname_are_found_everywhere(monde: Monde) -> None:
    """In an account, a signatory and two answers, without the case nor the accents, in any order."""
    portail = monde.portail
    user_id = make_user(portail, Role.DIRECTION, collectivite=monde.collectivite_id, prenom="Iris", nom="Prétendue")
    dossier_id, convention_id = make_dossier(portail, monde, "depose"), make_convention(portail, monde, "en_vigueur")
    with portail.db.write() as session:
        session.get_one(Convention, convention_id).collectivite_signataire = "Madame Iris Prétendue, maire"
        for champ, valeur in (("referent.prenom", "Iris"), ("referent.nom", "PRÉTENDUE")):
            session.get_one(Reponse, (dossier_id, champ)).valeur = valeur
    for texte in ("iris pretendue", "Prétendue IRIS"):
        found = donnees_personnelles.find_person(portail, monde.administrateur, texte)
        assert found.compte is not None and found.compte.id == user_id
        assert convention_id in {one.convention_id for one in found.mentions}
        assert len([one for one in found.mentions if one.dossier_id == dossier_id]) == 2
    assert donnees_personnelles.find_person(portail, monde.administrateur, "Ines Prétendue").mentions == ()
    other = donnees_personnelles.find_person(portail, make_other_centre(portail), "Iris Prétendue")
    assert (other.compte, other.homonymes, other.mentions) == (None, (), ())
    make_user(portail, Role.GESTIONNAIRE, collectivite=monde.collectivite_id, prenom="Iris", nom="Prétendue-Roy")
    several = donnees_personnelles.find_person(portail, monde.administrateur, "Iris Prétendue")
    assert several.compte is None and len(several.homonymes) == 2


def opened(data: bytes) -> tuple[dict[str, object], str]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    return json.loads(archive.read("donnees.json")), archive.read("index.html").decode()


@pytest.mark.parametrize("role", list(Role))
def test_everybody_exports_their_own(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    make_dossier(monde.portail, monde, "en_instruction")
    me = monde[role]
    data, html = opened(produce(monde.portail, me, "mes-donnees.zip", {}).data)
    text = json.dumps(data, ensure_ascii=False)
    assert me.courriel in text and "Comptes" in html
    others = {one.courriel for one in monde.gens.values()} - {me.courriel}
    assert not any(one in text for one in others)
    assert "donnees.exporter" in journal_actions(monde.portail, me.utilisateur_id)


def test_an_export_holds_no_secret_and_everything_declared(monde: Monde) -> None:
    with_colleague(monde)
    user_id = person(monde)
    with monde.portail.db.read() as session:
        hashed = session.get_one(Utilisateur, user_id).password_hash
    data, html = opened(
        produce(monde.portail, monde.administrateur, "donnees-personnelles.zip", {"id": str(user_id)}).data
    )
    text = json.dumps(data, ensure_ascii=False)
    assert hashed and hashed not in text and "a" * 64 not in text and "c" * 64 not in text
    titles = {one["titre"] for one in data["rubriques"]}  # type: ignore[attr-defined]
    assert {"Comptes", "Rôles", "Connexions", "Courriels envoyés", "Rappels d’échéance", "Journal"} <= titles
    assert "+33612345678" in html and "<script" not in html


@pytest.mark.parametrize("ident", ["", "x", "7b0f3a52-53f1-4f7e-9f6d-0c1e2d3f4a5b"])
def test_a_wrong_address_leads_nowhere(monde_sqlite: Monde, ident: str) -> None:
    with pytest.raises(Introuvable):
        produce(monde_sqlite.portail, monde_sqlite.administrateur, "donnees-personnelles.zip", {"id": ident})


def test_what_somebody_did_elsewhere_is_not_exported_by_their_new_centre(monde_sqlite: Monde) -> None:
    """Their messages and hours of a centre that they left are that centre's: they take them out themselves."""
    portail, administrateur = monde_sqlite.portail, monde_sqlite.administrateur
    (elsewhere,) = make_other_centre(portail).centre_ids
    user_id = make_user(portail, Role.INSTRUCTEUR, centre=elsewhere, au=YESTERDAY)
    with portail.db.write() as session:
        session.add(
            RoleAttribue(utilisateur_id=user_id, role="instructeur", centre_id=monde_sqlite.centre_id, du=clock.today())
        )
    with pytest.raises(Refus, match="Mon compte"):
        produce(portail, administrateur, "donnees-personnelles.zip", {"id": str(user_id)})
    found = donnees_personnelles.find_person(portail, administrateur, address(monde_sqlite, user_id))
    assert (found.repond, found.exportable) == (True, False)
    assert produce(portail, acteur(portail, user_id), "mes-donnees.zip", {}).data


def test_another_centre_exports_nobody_of_ours(monde_sqlite: Monde) -> None:
    other: Acteur = make_other_centre(monde_sqlite.portail)
    for role in ROLES_CENTRE:
        asked = {"id": str(monde_sqlite[role].utilisateur_id)}
        with pytest.raises(Introuvable):
            produce(monde_sqlite.portail, other, "donnees-personnelles.zip", asked)
    assert acteur(monde_sqlite.portail, monde_sqlite.administrateur.utilisateur_id)
