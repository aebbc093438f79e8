"""Hours in a browser: a week typed on the keyboard alone, kept through a reload, saved; one intervention on a telephone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from models import Convention, Intervention, SessionUtilisateur, utc_now
from services.core import clock
from tests.activite import assign
from tests.conventions import make_convention
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, go, log_in, see, settle
from tests.e2e.serveur import Serveur
from tests.factories import Monde
from tests.heures import Service

SIREN = "219400768"
EDITOR = "#portal > *"
"""Where the grid puts what one types in, over its cell, while one does."""
TOLD = 400
"""Milliseconds: the grid gathers what changes for 150 before it tells the portal."""
ASSISTANT = f"assistant.{SIREN}@example.org"


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité that only these tests know, with its convention and its assistant."""
    made = serveur.make_monde("Vitry-sur-Seine", SIREN)
    assign(serveur.portail, made, make_convention(serveur.portail, made, "en_vigueur"))
    return made


def recorded(monde: Monde) -> list[tuple[int, str, str]]:
    """(minutes, category, origin) of what the assistant has recorded, shortest first."""
    with monde.portail.db.read() as session:
        query = select(Intervention).where(Intervention.assistant_id == monde["assistant"].utilisateur_id)
        return sorted((one.minutes, one.categorie, one.origine) for one in session.scalars(query))


def total(page: Page, shown: str) -> None:
    """Wait until the week adds up to this."""
    pattern = re.compile(rf"^{shown} saisies")
    expect(page.get_by_text(pattern)).to_be_visible(timeout=PATIENCE)


def reach_grid(page: Page) -> None:
    """Tab from the link above to the grid; its first free line is chosen."""
    expect(page.get_by_test_id("data-grid-canvas")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Semaine précédente").focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('data-testid')") == "data-grid-canvas":
            return
    raise AssertionError("the grid cannot be reached by the keyboard")


def leave_cell(page: Page) -> None:
    """Go to the next cell: the editor of this one closes, and the grid has the keyboard again."""
    page.keyboard.press("Tab")
    expect(page.locator(EDITOR)).to_have_count(0, timeout=PATIENCE)
    canvas = "[data-testid=data-grid-canvas]"  # its cells, for who does not see them, are inside
    expect(page.locator(f"{canvas}:focus, {canvas} :focus")).to_be_attached(timeout=PATIENCE)


def choose_convention(page: Page) -> None:
    """The first cell: Enter opens its list, whose only convention is chosen already."""
    page.keyboard.press("Enter")
    expect(page.locator(EDITOR).first).to_be_attached(timeout=PATIENCE)
    leave_cell(page)


def type_cells(page: Page, *cells: str) -> None:
    """Type in each cell and go to the next; an empty one is left as it is."""
    for cell in cells:
        if cell:
            page.keyboard.type(cell[0])  # opens the editor, which takes the keyboard a moment later
            expect(page.locator(f"{EDITOR} :focus")).to_be_attached(timeout=PATIENCE)
            page.keyboard.type(cell[1:], delay=20)
        leave_cell(page)
    page.wait_for_timeout(TOLD)
    settle(page)


def test_a_week_on_the_keyboard_alone(monde: Monde, open_page: OpenPage) -> None:
    page = open_page(ASSISTANT)
    go(page, "/heures?vue=semaine")
    see(page, "Au clavier")
    settle(page)
    reach_grid(page)
    choose_convention(page)
    type_cells(page, "", "1h30", "dém", "méd")
    total(page, "1\u00a0h\u00a030")
    see(page, "Saisie non enregistrée")

    page.reload()
    total(page, "1\u00a0h\u00a030")
    assert recorded(monde) == []
    expect(page.get_by_test_id("data-grid-canvas")).to_be_visible(timeout=PATIENCE)
    settle(page)
    reach_grid(page)
    page.keyboard.press("Control+s")
    see(page, "Semaine enregistrée.")
    assert recorded(monde) == [(90, "demarches", "medecine")]
    see(page, "Tout est enregistré.")


def test_a_wrong_duration_is_told_beside_the_grid(monde: Monde, open_page: OpenPage) -> None:
    before = recorded(monde)
    page = open_page(ASSISTANT)
    go(page, "/heures?vue=semaine&semaine=2024-03-11")
    see(page, "Au clavier")
    settle(page)
    reach_grid(page)
    choose_convention(page)
    type_cells(page, "", "7")
    see(page, "Saisie non enregistrée")
    page.get_by_role("button", name="Enregistrer la semaine").click()
    see(page, re.compile("précisez l’unité, 7h pour des heures ou 7min pour des minutes"))
    assert recorded(monde) == before


def test_one_intervention_on_a_telephone(monde: Monde, open_page: OpenPage) -> None:
    before = recorded(monde)
    page = open_page(ASSISTANT, width=390)
    go(page, "/heures?vue=ajout")
    expect(button(page, "Ajouter l’intervention")).to_be_visible(timeout=PATIENCE)
    settle(page)
    page.get_by_label("Durée").fill("45min")
    button(page, "Ajouter l’intervention").click()
    see(page, re.compile("Intervention ajoutée"))
    assert len(recorded(monde)) == len(before) + 1 and recorded(monde)[0][0] == 45
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    with monde.portail.db.read() as session:
        assert session.scalars(select(Intervention.jour).where(Intervention.minutes == 45)).one() == clock.today()


def test_a_line_opened_again_is_what_is_recorded_by_then(monde: Monde, open_page: OpenPage) -> None:
    """Left by a link, in the same session, and changed elsewhere meanwhile."""
    with monde.portail.db.read() as session:
        mine = select(Convention.id).where(Convention.collectivite_id == monde.collectivite_id)
        service = Service(monde, session.scalars(mine).one())
    service.record(service.ligne(jour=clock.today(), duree="25min"))
    (row,) = [one for one in service.rows() if one.minutes == 25]
    page = open_page(ASSISTANT, width=390)
    go(page, "/heures?vue=jours")
    page.locator(f"a[href*='{row.id}']").click()
    expect(page.get_by_label("Durée")).to_have_value("25min", timeout=PATIENCE)
    settle(page)
    page.get_by_label("Durée").fill("26min")
    page.get_by_role("link", name="Revenir à la semaine").click()
    expect(page.locator(f"a[href*='{row.id}']")).to_be_visible(timeout=PATIENCE)
    service.record(service.change(row, duree="50min"))
    page.locator(f"a[href*='{row.id}']").click()
    expect(page.get_by_label("Durée")).to_have_value("50min", timeout=PATIENCE)
    settle(page)
    page.get_by_label("Durée").fill("55min")
    button(page, "Enregistrer la correction").click()
    see(page, "Intervention corrigée.")
    assert [one.minutes for one in service.rows() if one.id == row.id] == [55]


def test_an_expired_session_loses_no_cell(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    page = open_page(ASSISTANT)
    go(page, "/heures?vue=semaine&semaine=2024-03-18")
    see(page, "Au clavier")
    settle(page)
    reach_grid(page)
    choose_convention(page)
    type_cells(page, "")
    settle(page)
    with serveur.portail.db.write() as session:
        held = select(SessionUtilisateur).where(SessionUtilisateur.utilisateur_id == monde["assistant"].utilisateur_id)
        for one in session.scalars(held):
            one.expire_le = utc_now() - timedelta(minutes=1)
    page.keyboard.type("2h15", delay=20)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Adresse électronique")).to_be_visible(timeout=PATIENCE)
    log_in(page, ASSISTANT)
    total(page, "2\u00a0h\u00a015")
