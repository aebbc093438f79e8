"""Deadlines in a browser: the list and its filters, the month, a reminder received by mail that leads to its deadline, the
address of one's calendar; a role handed over to a colleague."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from domain.roles import Role
from models import RoleAttribue
from services.core import clock
from services.vie import rappels
from tests.conventions import make_convention
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, go, heading, see, settle
from tests.e2e.regles import list_violations
from tests.e2e.serveur import Serveur
from tests.factories import Monde

SIREN = "219400744"
TODAY = clock.today()
NOTICE = date(TODAY.year + 1, 9, 29)


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité that only these tests know, with a convention in force."""
    found = serveur.make_monde("Thiais", SIREN)
    make_convention(serveur.portail, found, "en_vigueur", date_effet=date(TODAY.year - 1, 1, 1))
    return found


def courriel(role: str) -> str:
    """Address of the person of `monde` who holds this role."""
    return f"{role}.{SIREN}@example.org"


@pytest.mark.parametrize("width", [1440, 390])
def test_a_reminder_leads_to_its_deadline(serveur: Serveur, monde: Monde, open_page: OpenPage, width: int) -> None:
    with serveur.portail.db.write() as session:
        rappels.send_due(session, monde.centre_id, NOTICE - timedelta(days=30))
    address = serveur.link_sent_to(courriel("gestionnaire"), "echeances")
    page = open_page(courriel("gestionnaire"), width=width)
    page.goto(address)
    heading(page, "Échéances")
    title = f"Dernier jour pour dénoncer avec effet au 1er janvier {NOTICE.year + 1}"
    expect(page.get_by_role("link", name=title)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("link", name="Bilan annuel")).to_have_count(0)
    assert list_violations(page) == []
    page.get_by_role("link", name="Voir toute la période").click()
    settle(page)
    page.get_by_role("link", name="Mois", exact=True).click()
    table = page.locator(".p-agenda table")
    expect(table).to_be_attached(timeout=PATIENCE)
    go(page, f"/echeances?vue=mois&e_mois={NOTICE:%Y-%m}")
    expect(page.get_by_role("link", name=title)).to_be_visible(timeout=PATIENCE)
    assert list_violations(page) == []
    page.get_by_role("link", name=re.compile("mois suivant")).click()
    heading(page, re.compile(f"Octobre {NOTICE.year}"))
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_address_of_a_calendar_works_until_it_is_revoked(
    serveur: Serveur, monde: Monde, open_page: OpenPage
) -> None:
    page = open_page(courriel("direction"))
    go(page, "/echeances?vue=agenda")
    button(page, "Créer l’adresse").click()
    see(page, "Voici votre adresse.")
    assert list_violations(page) == []
    address = page.get_by_text(re.compile(r"/calendrier/.+\.ics")).first.inner_text().strip()
    stranger = open_page()
    calendar = stranger.request.get(address)
    assert calendar.ok and "Thiais" in calendar.text() and "BEGIN:VEVENT" in calendar.text()
    page.reload()
    settle(page)
    expect(page.get_by_text("Voici votre adresse.")).to_have_count(0)
    button(page, "Révoquer l’adresse").click()
    button(page.get_by_role("dialog"), "Révoquer").click()
    expect(button(page, "Créer l’adresse")).to_be_visible(timeout=PATIENCE)
    assert stranger.request.get(address).status == 404


def test_a_role_is_handed_over_to_a_colleague(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    leaver = monde.instructeur
    page = open_page(courriel("administrateur"))
    go(page, f"/utilisateurs?id={leaver.utilisateur_id}")
    heading(page, leaver.nom)
    settle(page)
    button(page, "Passer le relais").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Qui reprend ce rôle").click()
    page.get_by_role("option", name=re.compile(re.escape(monde[Role.ASSISTANT].nom))).click()
    button(dialog, "Passer le relais").click()
    see(page, "Le relais est prévu")
    with serveur.portail.db.read() as session:
        query = select(RoleAttribue).where(
            RoleAttribue.role == Role.INSTRUCTEUR.value,
            RoleAttribue.utilisateur_id.in_([leaver.utilisateur_id, monde[Role.ASSISTANT].utilisateur_id]),
        )
        rows = {row.utilisateur_id: (row.du, row.au) for row in session.scalars(query)}
    day = clock.today(serveur.centre.fuseau)
    assert rows[leaver.utilisateur_id][1] == day
    assert rows[monde[Role.ASSISTANT].utilisateur_id] == (day + timedelta(days=1), None)
