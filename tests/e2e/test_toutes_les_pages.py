"""Every page of every role, visited once by somebody whose computer speaks English: it breaks no rule of WCAG 2.1 A and AA (what
RGAA asks), says nothing in English, takes nothing from elsewhere, hits no policy, and fits a desk's screen and a telephone's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request

from domain.roles import Role
from services.adhesion import dossiers
from services.core import clock
from tests.activite import assign, give_poste
from tests.conventions import make_convention
from tests.decomptes import add_hours, close_until, issue_quarter
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import go
from tests.e2e.regles import english_in, list_violations, shown, too_wide
from tests.e2e.serveur import Serveur
from tests.factories import Monde, make_dossier
from ui.shell import PAGES, PageDef

DESK, TELEPHONE = 1440, 390
STEPS = ("fiche", "locaux", "besoin", "referent", "deliberation", "recapitulatif")
TARIFF = 2022
"""A year whose tariff the centre has voted. Other modules record in later ones: its months may be closed."""
VIEWS: dict[str, tuple[str, ...]] = {
    "utilisateurs": ("vue=inviter",),
    "formulaires": ("formulaire=locaux", "vue=etapes"),
    "gabarits": ("gabarit=convention.docx", "gabarit=convention.docx&vue=variables"),
    "offre": ("vue=circuit", "vue=reglages", "vue=versions"),
    "courriels": ("vue=envois",),
    "heures": ("vue=ajout", "vue=jours"),
    "echeances": ("vue=mois",),
    "archives": ("onglet=eliminations",),
}
"""Other views of a page of the menu, visited by the first role that opens it."""


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité with one person for each role, and their centre."""
    return serveur.make_monde("Accessible", "219400173")


@pytest.fixture(scope="module")
def things(serveur: Serveur, monde: Monde) -> dict[str, str]:
    """What pages show, by the name of the page: a draft, a dossier under review, a convention where somebody works, its bill."""
    portail, year = serveur.portail, clock.today(serveur.centre.fuseau).year
    draft = dossiers.create_dossier(
        portail, monde.gestionnaire, collectivite_id=monde.collectivite_id, offre_version_id=serveur.offre.id,
        operation_id="accessible",
    )  # fmt: skip
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(year - 1, 1, 1))
    assign(portail, monde, convention_id, du=date(year - 1, 1, 1))
    give_poste(portail, monde)
    billed = make_convention(portail, monde, "en_vigueur", date_effet=date(TARIFF, 1, 1))
    add_hours(portail, monde, billed, [(date(TARIFF, 1, 11), 90, "ordinaire")])
    close_until(portail, monde.centre_id, TARIFF, 3)
    bill = issue_quarter(portail, monde, billed, TARIFF, 1)
    assert bill
    return {
        "dossier": str(draft),
        "instruction": str(make_dossier(portail, monde, "en_instruction")),
        "convention": str(convention_id),
        "decompte": str(bill.id),
    }


def paths(definition: PageDef, role: Role, things: dict[str, str]) -> list[str]:
    """The addresses at which this role visits a page."""
    nom = definition.nom
    if nom == "dossier" and role is Role.GESTIONNAIRE:
        return [f"/dossier?id={things[nom]}&etape={step}" for step in STEPS]
    if nom in things:
        return [f"/{nom}?id={things[nom]}"]
    first = next(one for one in Role if not definition.roles or one in definition.roles)
    plain = "/" if nom == "accueil" else f"/{nom}"
    return [plain, *(f"{plain}?{view}" for view in VIEWS.get(nom, ()) if role is first)]


@contextmanager
def watched(page: Page, serveur: Serveur) -> Iterator[list[str]]:
    """What the page asks of other sites, and what its policy refuses, while this lasts."""
    found: list[str] = []

    def asked(request: Request) -> None:
        if urlsplit(request.url).netloc not in ("", urlsplit(serveur.url).netloc):
            found.append(request.url)

    def complained(message: ConsoleMessage) -> None:
        if "violates" in message.text:
            found.append(message.text)

    page.on("request", asked)
    page.on("console", complained)
    yield found
    page.remove_listener("request", asked)
    page.remove_listener("console", complained)


def visit(page: Page, path: str, *, telephone: bool = False) -> list[str]:
    """What is wrong at this address, on the screen that the page before was left on, then on the other; `telephone`: WCAG on
    both."""
    go(page, path)
    shown(page)
    found = [f"{path} : {text}" for text in english_in(page)]
    here = page.viewport_size or {}
    for width in (DESK, TELEPHONE) if here["width"] == DESK else (TELEPHONE, DESK):
        if taken := too_wide(page, width):
            found.append(f"{path} : {taken} on a screen of {width}")
        if telephone or width == DESK:
            found += list_violations(page)
    return found


@pytest.mark.parametrize("role", Role)
def test_every_page_of_a_role(
    role: Role, serveur: Serveur, monde: Monde, things: dict[str, str], open_page: OpenPage
) -> None:
    acteur = monde.gens[role]
    page, found = open_page(acteur.courriel, width=DESK, locale="en-US"), []
    with watched(page, serveur) as outside:
        for definition in PAGES:
            if not definition.publique and definition.allows(acteur):
                for path in paths(definition, role, things):
                    found += visit(page, path, telephone=role is Role.GESTIONNAIRE)
                    missing = page.get_by_text("Cette page n’existe pas, ou vous n’y avez pas accès.").count()
                    assert not missing, f"{path} is closed to {role}"
    found += outside
    assert not found, "\n".join(found)


def test_every_public_page(serveur: Serveur, open_page: OpenPage) -> None:
    page, found = open_page(width=DESK, locale="en-US"), []
    plain = [f"/{definition.nom}" for definition in PAGES if definition.publique]
    links = ("/invitation?jeton=x", "/mot_de_passe?jeton=x", "/demande?jeton=x")
    with watched(page, serveur) as outside:
        for path in ("/", *plain, *links, "/nexiste-pas"):
            found += visit(page, path)
    found += outside
    assert not found, "\n".join(found)
    assert page.evaluate("[document.documentElement.lang, navigator.language]") == ["fr", "fr-FR"]
