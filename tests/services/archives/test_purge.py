"""Purges by the centre's delays: shown first, done only when asked, and only what was shown and is still due."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, update

from cli import main
from domain.archives import kept_until, months_before
from domain.errors import Introuvable, Refus
from domain.roles import Role
from models import (
    AuditEvent,
    Centre,
    DemandeAdhesion,
    Dossier,
    Message,
    Piece,
    Reponse,
    RoleAttribue,
    SaisieEnAttente,
    Utilisateur,
    utc_now,
)
from services.adhesion import dossiers
from services.archives import purge
from services.core import clock, journal
from services.operation import housekeeping
from tests.comptes import give_password
from tests.factories import Monde, journal_actions, make_dossier, make_other_centre, make_user

OLD = date(2020, 6, 1)


def old_account(monde: Monde, *, au: date | None = OLD, days: int = 800, role: Role = Role.DIRECTION) -> UUID:
    """An account whose role ended on `au`, not used for `days` days."""
    user_id = make_user(
        monde.portail, role, centre=monde.centre_id, collectivite=monde.collectivite_id, nom="Ancien", au=au
    )
    with monde.portail.db.write() as session:
        user = session.get_one(Utilisateur, user_id)
        user.cree_le = user.derniere_connexion = utc_now() - timedelta(days=days)
    return user_id


def old_draft(monde: Monde, etat: str = "brouillon", days: int = 500) -> UUID:
    dossier_id = make_dossier(monde.portail, monde, etat)
    untouched(monde, dossier_id, days)
    return dossier_id


def untouched(monde: Monde, dossier_id: UUID, days: int) -> None:
    with monde.portail.db.write() as session:
        session.execute(
            update(Dossier).where(Dossier.id == dossier_id).values(modifie_le=utc_now() - timedelta(days=days))
        )


def old_request(monde: Monde, etat: str = "acceptee", days: int = 800) -> UUID:
    with monde.portail.db.write() as session:
        demande = DemandeAdhesion(
            centre_id=monde.centre_id, siren="219400223", collectivite_nom="Choisy", collectivite_type="commune",
            prenom="Léa", nom="Durand", courriel="lea@example.org", telephone="0612345678", message="Bonjour", etat=etat,
            collectivite_id=monde.collectivite_id, traitee_le=utc_now() - timedelta(days=days),
        )  # fmt: skip
        session.add(demande)
        session.flush()
        return demande.id


def plan(monde: Monde, role: Role = Role.ADMINISTRATEUR) -> purge.Plan:
    return purge.preview(monde.portail, monde[role], monde.centre_id)


def apply(monde: Monde, found: purge.Plan) -> dict[Any, int]:
    return purge.apply(monde.portail, monde.administrateur, monde.centre_id, [one.cle for one in found.elements])


def gone(monde: Monde) -> set[UUID]:
    return {one.id for one in plan(monde).elements}


# What is due --------------------------------------------------------------------------------------------------------------


def test_a_dry_run_changes_nothing(monde: Monde) -> None:
    old_draft(monde)
    old_account(monde)
    old_request(monde)
    with monde.portail.db.read() as session:
        lines = session.scalar(select(func.count()).select_from(AuditEvent))
    found = plan(monde)
    assert sorted(one.genre for one in found.elements) == ["brouillon", "compte", "demande"]
    assert plan(monde) == found
    with monde.portail.db.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent)) == lines
        assert session.scalars(select(Utilisateur).where(Utilisateur.nom == "Ancien")).one()


def test_nothing_of_it_happens_by_itself(monde: Monde) -> None:
    draft, user_id = old_draft(monde, days=3000), old_account(monde, days=3000)
    housekeeping.tidy(monde.portail)
    assert gone(monde) == {draft, user_id}


@pytest.mark.parametrize(("days", "attendu"), [(700, False), (760, True)])
def test_the_delay_of_accounts(monde_sqlite: Monde, days: int, attendu: bool) -> None:
    make_dossier(monde_sqlite.portail, monde_sqlite)
    user_id = old_account(monde_sqlite, days=days)
    assert (user_id in gone(monde_sqlite)) is attendu


@pytest.mark.parametrize(("days", "attendu"), [(350, False), (380, True)])
def test_the_delay_of_drafts(monde_sqlite: Monde, days: int, attendu: bool) -> None:
    draft = old_draft(monde_sqlite, days=days)
    assert (draft in gone(monde_sqlite)) is attendu


def test_the_centre_chooses_its_delays(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    draft, user_id = old_draft(monde, days=100), old_account(monde, days=100)
    assert gone(monde) == set()
    with monde.portail.db.write() as session:
        centre = session.get_one(Centre, monde.centre_id)
        centre.parametres = {**centre.parametres, "conservation": {"comptes_mois": 2, "brouillons_mois": 3}}
    assert gone(monde) == {draft, user_id}


def test_a_role_that_ended_lately_keeps_the_account(monde_sqlite: Monde) -> None:
    make_dossier(monde_sqlite.portail, monde_sqlite)
    user_id = old_account(monde_sqlite, au=clock.today() - timedelta(days=30))
    found = plan(monde_sqlite)
    assert user_id not in {one.id for one in (*found.elements, *found.gardes)}


def test_who_still_holds_a_role_is_kept_and_it_is_said(monde_sqlite: Monde) -> None:
    make_dossier(monde_sqlite.portail, monde_sqlite)
    user_id = old_account(monde_sqlite, au=None)
    found = plan(monde_sqlite)
    assert found.elements == ()
    (kept,) = [one for one in found.gardes if one.id == user_id]
    assert "« Direction »" in kept.raisons[0]


def test_the_last_account_of_a_collectivite_is_kept(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    make_dossier(monde.portail, monde, "en_instruction")
    user_id = old_account(monde)
    give_password(monde.portail, user_id)
    with monde.portail.db.write() as session:
        session.get_one(Utilisateur, user_id).derniere_connexion = utc_now() - timedelta(days=900)
        session.execute(
            update(RoleAttribue)
            .where(RoleAttribue.collectivite_id == monde.collectivite_id)
            .values(au=date(2021, 1, 1))
        )
    (kept,) = [one for one in plan(monde).gardes if one.id == user_id]
    assert "seul compte connu" in kept.raisons[0]


def test_a_draft_that_people_write_about_stays(monde: Monde) -> None:
    draft, typed = old_draft(monde), old_draft(monde)
    with monde.portail.db.write() as session:
        session.add(Message(dossier_id=draft, du_centre=False, texte="Bientôt prêt."))
        session.add(
            SaisieEnAttente(
                dossier_id=typed, champ="x", utilisateur_id=monde.gestionnaire.utilisateur_id, motif="session", valeur="v",
                version_vue=0,
            )
        )  # fmt: skip
    assert gone(monde) == set()


@pytest.mark.parametrize("etat", ["depose", "a_corriger", "accepte", "refuse"])
def test_what_was_deposited_is_never_a_draft(monde_sqlite: Monde, etat: str) -> None:
    old_draft(monde_sqlite, etat, days=5000)
    assert gone(monde_sqlite) == set()


@pytest.mark.parametrize("etat", ["a_confirmer", "recue"])
def test_a_request_without_an_answer_stays(monde_sqlite: Monde, etat: str) -> None:
    old_request(monde_sqlite, etat)
    assert gone(monde_sqlite) == set()


# Doing ---------------------------------------------------------------------------------------------------------------------


def test_applying_removes_what_was_shown(monde: Monde) -> None:
    portail = monde.portail
    draft, withdrawn, user_id, request = (
        old_draft(monde),
        old_draft(monde, "retire"),
        old_account(monde),
        old_request(monde),
    )
    kept = make_dossier(portail, monde, "depose")
    found = plan(monde)
    assert {one.id for one in found.elements} == {draft, withdrawn, user_id, request}
    with portail.db.read() as session:
        hashes = [one.sha256 for one in session.scalars(select(Piece).where(Piece.dossier_id.in_([draft, withdrawn])))]
    with portail.db.write() as session:
        session.execute(update(Piece).where(Piece.dossier_id == draft).values(nom="x.pdf"))
    assert apply(monde, found) == {"compte": 1, "brouillon": 2, "demande": 1}
    given_up = dossiers.open_dossier(portail, monde.gestionnaire, draft)
    assert (given_up.etat, given_up.pieces) == ("retire", ())
    with portail.db.read() as session:
        assert session.scalars(select(Reponse).where(Reponse.dossier_id.in_([draft, withdrawn]))).all() == []
        assert session.scalars(select(Reponse).where(Reponse.dossier_id == kept)).all()
        assert session.get_one(Utilisateur, user_id).nom_complet == "Compte supprimé"
        demande = session.get_one(DemandeAdhesion, request)
        assert (demande.nom, demande.telephone, demande.message, demande.etat) == ("supprimée", None, None, "acceptee")
        assert journal.verify(session).intacte
        shared = set(session.scalars(select(Piece.sha256)))
    assert all(portail.files.exists(one) is (one in shared) for one in hashes)
    assert journal_actions(portail, draft)[-1] == "dossier.purger"
    assert journal_actions(portail, user_id) == ["utilisateur.anonymiser"]
    assert journal_actions(portail, request) == ["demande.anonymiser"]
    assert plan(monde).elements == () and apply(monde, found) == {"compte": 0, "brouillon": 0, "demande": 0}


def test_what_changed_since_it_was_shown_stays(monde: Monde) -> None:
    draft, user_id = old_draft(monde), old_account(monde)
    found = plan(monde)
    untouched(monde, draft, 1)
    with monde.portail.db.write() as session:
        session.execute(update(RoleAttribue).where(RoleAttribue.utilisateur_id == user_id).values(au=None))
    late = old_draft(monde)
    assert sum(apply(monde, found).values()) == 0
    assert gone(monde) == {late}


def test_stopped_in_the_middle_the_next_plan_shows_the_rest(monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    old_draft(monde)
    old_draft(monde)
    found, real, calls = plan(monde), purge.erase_dossier, iter(range(5))

    def dies(*args: Any) -> Any:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(purge, "erase_dossier", dies)
    with pytest.raises(KeyboardInterrupt):
        apply(monde, found)
    monkeypatch.setattr(purge, "erase_dossier", real)
    assert len(plan(monde).elements) == 1
    assert apply(monde, plan(monde))["brouillon"] == 1


# Who -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_who_looks_and_who_applies(monde_sqlite: Monde, role: Role) -> None:
    monde = monde_sqlite
    draft = old_draft(monde)
    if role in (Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR):
        assert plan(monde, role).applicable is (role is Role.ADMINISTRATEUR)
    else:
        with pytest.raises(Introuvable):
            plan(monde, role)
    if role is not Role.ADMINISTRATEUR:
        with pytest.raises(Refus):
            purge.apply(monde.portail, monde[role], monde.centre_id, [("brouillon", draft)])
        assert gone(monde) == {draft}


def test_another_centre_purges_nothing_of_ours(monde_sqlite: Monde) -> None:
    monde = monde_sqlite
    draft, user_id = old_draft(monde), old_account(monde)
    other = make_other_centre(monde.portail)
    with pytest.raises(Introuvable):
        purge.preview(monde.portail, other, monde.centre_id)
    (own,) = other.centre_ids
    counts = purge.apply(monde.portail, other, own, [("brouillon", draft), ("compte", user_id)])
    assert sum(counts.values()) == 0
    with monde.portail.db.write() as session:
        session.add(RoleAttribue(utilisateur_id=user_id, role="instructeur", centre_id=own, du=OLD, au=OLD))
    assert any("autre centre" in " ".join(one.raisons) for one in plan(monde).gardes)
    assert user_id in {one.id for found in purge.preview_all(monde.portail) for one in found.elements}


# The command ---------------------------------------------------------------------------------------------------------------


def test_the_command_shows_then_applies(monde_sqlite: Monde, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monde = monde_sqlite
    settings = monde.portail.settings
    monkeypatch.setenv("PORTAIL_DATA", str(settings.data))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("PORTAIL_FICHIERS", settings.fichiers_url)
    old_draft(monde)
    shown = CliRunner().invoke(main, ["purger"])
    assert shown.exit_code == 0 and "Rien n’a été retiré" in shown.output and "Brouillons : " in shown.output
    assert len(plan(monde).elements) == 1
    done = CliRunner().invoke(main, ["purger", "--centre", "cig-petite-couronne", "--appliquer", "--json"])
    assert json.loads(done.output)[0]["retires"]["Brouillons"] == 1
    assert CliRunner().invoke(main, ["purger", "--centre", "inconnu"]).exit_code == 1


@pytest.mark.parametrize(
    ("jour", "mois", "attendu"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2024, 3, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 15), 12, date(2025, 1, 15)),
        (date(2026, 1, 31), 14, date(2024, 11, 30)),
        (date(2026, 12, 1), 24, date(2024, 12, 1)),
    ],
)
def test_months_before(jour: date, mois: int, attendu: date) -> None:
    assert months_before(jour, mois) == attendu


def test_a_leap_day_is_kept_a_day_more() -> None:
    assert kept_until(date(2024, 2, 29), 10) == date(2034, 3, 1)
    assert kept_until(date(2024, 2, 29), 4) == date(2028, 2, 29)
