"""Archives in a browser: a whole export, an elimination decided by two people, a person's request, a purge."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from domain.roles import Role
from models import Convention, Dossier, RoleAttribue, utc_now
from tests.archives import SECRET, make_ended
from tests.conventions import word_text
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, download, go, heading, see, settle
from tests.e2e.regles import list_violations
from tests.e2e.serveur import Serveur
from tests.factories import Monde, make_dossier

SIREN = "219400686"
COMMUNE = "Saint-Maurice"


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité with its people."""
    return serveur.make_monde(COMMUNE, SIREN)


@pytest.fixture(scope="module")
def convention_id(monde: Monde) -> UUID:
    """A convention that ended in 2014."""
    return make_ended(monde.portail, monde, date_effet=date(2010, 1, 1))


def address(role: str) -> str:
    return f"{role}.{SIREN}@example.org"


def opened(open_page: OpenPage, courriel: str, path: str) -> Page:
    """This page in the browser of this person."""
    page = open_page(courriel)
    go(page, path)
    return page


def confirm(page: Page, name: str) -> None:
    """Answer yes in the dialog."""
    button(page.get_by_role("dialog"), name).click()
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    settle(page)


def test_an_elimination_from_its_export_to_its_certificate(
    open_page: OpenPage, monde: Monde, convention_id: UUID
) -> None:
    with monde.portail.db.read() as session:
        numero = session.get_one(Convention, convention_id).numero
    page = opened(open_page, address("responsable"), f"/convention?id={convention_id}")
    archive = zipfile.ZipFile(io.BytesIO(download(page, "Exporter le dossier complet (ZIP)")))
    assert SECRET in archive.read("index.html").decode()
    go(page, "/archives")
    see(page, numero)
    page.get_by_role("combobox", name="Conventions et dossiers").click()
    page.get_by_role("option", name=f"{numero}, {COMMUNE}").click()
    page.keyboard.press("Escape")
    button(page, "Proposer l’élimination").click()
    see(page, "Élimination proposée.")
    assert list_violations(page) == []
    expect(button(page, "Approuver l’élimination")).to_have_count(0)

    approver = opened(open_page, address("administrateur"), "/archives?onglet=eliminations")
    approver.get_by_label("Référence du visa des archives départementales").fill("Visa 94-2026-17")
    button(approver, "Approuver l’élimination").click()
    see(approver, "Approuvée, à exécuter")

    go(page, "/archives?onglet=eliminations")
    button(page, "Éliminer définitivement").click()
    confirm(page, "Éliminer")
    see(page, "Élimination exécutée.")
    certificate = word_text(download(page, re.compile("^certificat-elimination-")))
    assert "Visa 94-2026-17" in certificate and SECRET not in certificate
    go(page, f"/convention?id={convention_id}")
    see(page, "Les archives de cette convention ont été éliminées")
    settle(page)
    assert SECRET not in page.content()


def test_a_person_asks_for_their_data_then_for_their_deletion(
    open_page: OpenPage, serveur: Serveur, monde: Monde
) -> None:
    make_dossier(monde.portail, monde, complet=False)
    leaver = serveur.make_account(
        f"partie.{SIREN}@example.org", "Odile", "Partie", Role.DIRECTION, collectivite=monde.collectivite_id
    )
    own = opened(open_page, leaver.courriel, "/compte")
    mine = zipfile.ZipFile(io.BytesIO(download(own, "Télécharger mes données (ZIP)")))
    assert leaver.courriel in json.dumps(json.loads(mine.read("donnees.json")))
    page = opened(open_page, address("administrateur"), "/archives?onglet=donnees")
    heading(page, "Registre des données personnelles")
    page.get_by_label("Adresse ou nom").fill(leaver.courriel)
    button(page, "Chercher").click()
    see(page, "Ce compte ne peut pas être supprimé aujourd’hui.")
    with monde.portail.db.write() as session:
        session.execute(
            update(RoleAttribue)
            .where(RoleAttribue.utilisateur_id == leaver.utilisateur_id)
            .values(du=date(2020, 1, 1), au=date(2021, 1, 1))
        )
    button(page, "Chercher").click()
    button(page, "Supprimer ce compte").click()
    confirm(page, "Supprimer")
    see(page, "Compte supprimé : il ne nomme plus personne.")
    assert list_violations(page) == []
    go(own, "/compte")
    expect(button(own, "Se connecter")).to_be_visible(timeout=PATIENCE)


def test_a_purge_is_seen_then_asked_for(open_page: OpenPage, monde: Monde) -> None:
    draft = make_dossier(monde.portail, monde, complet=False)
    with monde.portail.db.write() as session:
        session.execute(update(Dossier).where(Dossier.id == draft).values(modifie_le=utc_now() - timedelta(days=500)))
    page = opened(open_page, address("administrateur"), "/archives?onglet=purge")
    see(page, "Brouillons abandonnés (1)")
    assert list_violations(page) == []
    button(page, "Retirer ce qui est listé").click()
    confirm(page, "Retirer")
    see(page, "1 brouillon retiré.")
    see(page, "Rien n’est à retirer aujourd’hui.")
