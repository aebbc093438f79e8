"""The simulator in a browser: worked examples of the domain typed by hand, then taken into a dossier."""

from __future__ import annotations

import io
import re
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from services.adhesion.dossiers import open_dossier
from tests.conventions import word_text
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, Formulaire, button, download, go, heading, see, settle, unfold
from tests.e2e.regles import list_violations
from tests.e2e.serveur import Serveur
from tests.factories import Monde, make_dossier

SIREN = "219400785"


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité with its people."""
    return serveur.make_monde("Villeneuve-Saint-Georges", SIREN)


@pytest.fixture(scope="module")
def dossier_id(monde: Monde) -> UUID:
    """Its draft, empty."""
    return make_dossier(monde.portail, monde, complet=False)


def address(role: str) -> str:
    return f"{role}.{SIREN}@example.org"


def spaces(amount: str) -> re.Pattern[str]:
    """An amount, whatever space stands in it."""
    return re.compile(re.escape(amount).replace(r"\ ", r"\s"))


def type_in(page: Page, label: str, text: str) -> None:
    """Type in a field and leave it, which computes."""
    box = page.get_by_role("textbox", name=label, exact=True)
    box.fill(text)
    box.press("Tab")
    settle(page)


def row(page: Page, label: str | re.Pattern[str]) -> list[str]:
    """Figures of one line of the comparison."""
    settle(page)
    line = page.get_by_role("region", name="Comparaison des façons de payer").get_by_role("row", name=label)
    expect(line).to_be_visible(timeout=PATIENCE)
    return [re.sub(r"\s", " ", cell) for cell in line.get_by_role("cell").all_inner_texts()]


def test_three_worked_examples_through_the_page(open_page: OpenPage, monde: Monde, dossier_id: UUID) -> None:
    """G1, G2 (1 July 2023) and G8, at the tariffs of the examples; the address holds them."""
    page = open_page(address("direction"))
    go(page, "/simulateur")
    heading(page, "Simulateur")
    settle(page)
    type_in(page, "Part d’un temps plein (%)", "47,70")
    type_in(page, "Prise d’effet", "01/01/2023")
    expect(page.get_by_text(spaces("32 426,46 €")).first).to_be_visible(timeout=PATIENCE)
    assert row(page, re.compile("Une année entière"))[0] == "32 426,46 €"
    assert row(page, re.compile("Toute la durée"))[0] == "162 132,30 €"

    type_in(page, "Début des prestations", "01/07/2023")
    expect(page.get_by_text(spaces("16 346,49 €")).first).to_be_visible(timeout=PATIENCE)
    assert row(page, re.compile("Première année"))[0] == "16 346,49 €"

    unfold(page, "Hypothèses et tarifs")
    type_in(page, "Tarif d’une heure (€)", "60")
    heading(page, re.compile(r"devient moins chère que l’heure dès 540\sh\s27"))
    assert row(page, re.compile("Une année entière")) == ["32 426,46 €", "45 992,00 €"]
    see(page, "Le tarif 2023 n’est pas encore enregistré")
    unfold(page, "Le tableau derrière la courbe")
    expect(page.get_by_role("row", name=re.compile(r"540\sh\s27")).get_by_text(spaces("32 427,00 €"))).to_be_visible()
    chart = page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    expect(chart.first).to_be_attached(timeout=PATIENCE)

    assert list_violations(page) == []
    given = {key: one[0] for key, one in parse_qs(urlsplit(page.url).query).items()}
    assert given == {"quotite": "47,70", "effet": "01/01/2023", "debut": "01/07/2023", "taux": "60"}
    again = open_page(address("gestionnaire"))
    go(again, page.url)
    heading(again, re.compile(r"dès 540\sh\s27"))
    assert row(again, re.compile("Première année"))[0] == "16 346,49 €"

    words = re.sub(r"\s", " ", word_text(download(again, "Note pour le budget (Word)")))
    assert "16 346,49 €" in words and "Villeneuve-Saint-Georges" in words
    book = load_workbook(io.BytesIO(download(again, "Simulation (XLSX)")))
    assert 16346.49 in [cell.value for line in book["Comparaison"].iter_rows() for cell in line]


def test_hours_worked_example_and_errors_beside_their_field(
    open_page: OpenPage, monde: Monde, dossier_id: UUID
) -> None:
    """G5: 45 h 40 in the year at 60 € make 2 740,00 €."""
    page = open_page(address("direction"))
    go(page, "/simulateur?effet=01/01/2023&taux=60")
    page.get_by_text("Des heures par an", exact=True).click()
    settle(page)
    type_in(page, "Heures par an", "7,33")
    see(page, re.compile("Ces décimales ne font pas des minutes entières"))
    type_in(page, "Heures par an", "45 h 40")
    expect(page.get_by_text(spaces("2 740,00 €")).first).to_be_visible(timeout=PATIENCE)
    assert row(page, re.compile("Une année entière"))[1] == "2 740,00 €"


def test_a_simulation_is_kept_shared_and_taken(
    open_page: OpenPage, monde: Monde, dossier_id: UUID, serveur: Serveur
) -> None:
    page = open_page(address("gestionnaire"))
    go(page, "/simulateur?quotite=47,70&effet=01/01/2023&debut=01/07/2023")
    page.get_by_role("textbox", name="Nom du scénario").fill("Budget 2023")
    button(page, "Enregistrer le scénario").dblclick()
    see(page, "Scénario ouvert :")
    link = page.url
    assert "scenario=" in link

    colleague = open_page(address("direction"))
    go(colleague, f"/simulateur?scenario={parse_qs(urlsplit(link).query)['scenario'][0]}")
    see(colleague, "Scénario ouvert :")
    assert row(colleague, re.compile("Première année"))[0] == "16 346,49 €"
    centre = open_page(address("responsable"))
    centre.goto(colleague.url)
    see(centre, "Cette page n’existe pas, ou vous n’y avez pas accès.")
    expect(centre.get_by_text("Budget 2023")).to_have_count(0)

    type_in(page, "Part d’un temps plein (%)", "20")
    page.get_by_role("textbox", name="Nom du nouveau scénario").fill("Budget réduit")
    button(page, "Enregistrer un nouveau scénario").click()
    see(page, "Budget réduit")
    settle(page)
    expect(page.get_by_role("link", name="Budget réduit").first).to_be_visible(timeout=PATIENCE)
    ids = [one.get_attribute("href") or "" for one in page.get_by_role("link", name=re.compile("^Budget")).all()]
    compared = ",".join(re.findall(r"scenario=([0-9a-f-]{36})", " ".join(ids)))
    go(colleague, f"/simulateur?comparer={compared}")
    heading(colleague, re.compile("« Budget réduit » coûte le moins sur toute la durée"))
    assert list_violations(colleague) == []
    page.goto(link)
    see(page, "Scénario ouvert :")

    unfold(page, "Reprendre dans un dossier")
    button(page, "Reprendre dans le dossier").click()
    heading(page, re.compile(r"^Étape 4 sur 6"))
    see(page, "Simulation reprise dans le dossier.")
    form = Formulaire(page, dossier_id)
    expect(form.input("besoin.quotite")).to_have_value("47,70")
    expect(form.input("besoin.date_debut_prestations")).to_have_value("01/07/2023")
    expect(page.get_by_text(spaces("16 346,49 €")).first).to_be_visible(timeout=PATIENCE)


def test_the_besoin_step_simulates_and_takes(open_page: OpenPage, monde: Monde, dossier_id: UUID) -> None:
    """From a number of agents, inside the dossier; the form above shows what was taken."""
    page = open_page(address("gestionnaire"))
    form = Formulaire(page, dossier_id)
    form.open("besoin")
    form.type("besoin.date_effet", "01/01/2023")
    form.type("besoin.date_debut_prestations", "01/01/2023")
    settle(page)
    page.get_by_text("Comparer une part et des heures").click()
    page.get_by_text("Un nombre d’agents", exact=True).click()
    type_in(page, "Nombre d’agents", "600")
    see(page, re.compile(r"Le dossier indiquera : 40,00"))
    button(page, "Reprendre dans le dossier").click()
    see(page, "Simulation reprise dans le dossier.")
    expect(form.input("besoin.quotite")).to_have_value("40,00")
    expect(page.get_by_text(spaces("27 192,00 €")).first).to_be_visible(timeout=PATIENCE)
    held = open_dossier(monde.portail, monde.gestionnaire, dossier_id).answers
    assert held["besoin.quotite"].valeur == "40.00"
