"""Takes the pictures of the documentation from the demonstration: `make captures` (those that a document shows, no other).

`python docs/captures.py FOLDER [WIDTH…]` puts every page of every role in FOLDER at these widths instead, to look at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from models import Collectivite, Convention, Dossier
from services.core.portail import Portail
from services.operation import demonstration, installation

IMAGES = Path(__file__).parent / "images"
PORT = 8599
ADDRESS = f"http://localhost:{PORT}"
PASSWORD = "Demonstration-2026"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

# file name, account (None: nobody), address; {dossier:Cachan} and {convention:Sceaux} become ids.
PICTURES = (
    ("connexion", None, "/"),
    ("demande", None, "/demande"),
    ("accueil-collectivite", "gestionnaire", "/"),
    ("dossier", "gestionnaire", "/dossier?id={dossier:Choisy-le-Roi}&etape=locaux"),
    ("besoin", "gestionnaire", "/dossier?id={dossier:Choisy-le-Roi}&etape=besoin"),
    ("recapitulatif", "gestionnaire", "/dossier?id={dossier:Choisy-le-Roi}&etape=recapitulatif"),
    ("corrections", "gestionnaire.bagneux", "/dossier?id={dossier:Bagneux}"),
    ("convention-a-signer", "gestionnaire.sceaux", "/convention?id={convention:Sceaux}"),
    ("registre-direction", "direction.montreuil", "/conventions"),
    ("accueil-centre", "instructrice", "/"),
    ("demandes", "instructrice", "/demandes"),
    ("dossiers", "instructrice", "/dossiers"),
    ("instruction", "instructrice", "/instruction?id={dossier:Cachan}"),
    ("emission", "instructrice", "/instruction?id={dossier:Les Lilas}"),
    ("conventions", "responsable", "/conventions"),
    ("contresignature", "president", "/convention?id={convention:Gentilly}"),
    ("convention-en-vigueur", "responsable", "/convention?id={convention:Montreuil}"),
    ("utilisateurs", "administrateur", "/utilisateurs"),
    ("parametres", "administrateur", "/parametres"),
    ("journal", "administrateur", "/journal"),
    ("compte", "gestionnaire", "/compte"),
    ("simulateur", "direction.vitry", "/simulateur?mode=quotite&quotite=47%2C70&effet=01%2F01%2F2027"),
    ("suivi", "direction.vitry", "/suivi"),
    ("decompte", "direction.vitry", "/decomptes"),
    ("heures", "assistante", "/heures"),
    ("deplacements", "assistante", "/deplacements"),
    ("bilans", "assistante", "/bilans"),
    ("equipe", "responsable", "/equipe"),
    ("decomptes", "responsable", "/decomptes"),
    ("tableau-heures", "responsable", "/tableau_de_bord"),
    ("tableau-couts", "responsable", "/tableau_de_bord?vue=couts"),
    ("tarifs", "responsable", "/tarifs"),
    ("lettres-tarif", "responsable", "/tarifs?onglet=courriers"),
    ("vie-convention", "gestionnaire.vitry", "/convention?id={convention:Vitry-sur-Seine}"),
    ("fin-convention", "responsable", "/convention?id={convention:Noisy-le-Sec}"),
    ("echeances", "responsable", "/echeances"),
    ("archives", "responsable", "/archives"),
    ("entretiens", "instructrice.972", "/entretiens"),
    ("formulaires", "administrateur", "/formulaires"),
    ("circuit", "administrateur", "/offre?vue=circuit"),
    ("courriels-textes", "administrateur", "/courriels?modele=corrections_demandees"),
)
# The heading that a picture begins with, where it is not that of the page.
SCROLLED = {
    "vie-convention": "La convention et ce qui l’a modifiée",
    "fin-convention": "Fin de la convention",
}


def main() -> None:
    """Load the demonstration into a temporary folder, serve it, take the pictures, stop."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    widths = [int(width) for width in sys.argv[2:]] or ([1440] if folder == IMAGES else [1440, 390])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        os.environ["PORTAIL_DATA"] = data
        portail = Portail(installation.demo_settings(PORT))
        installation.install(portail)
        demonstration.load_demonstration(portail, progress=print)
        served = subprocess.Popen([sys.executable, "cli.py", "demo", "--servir", "--port", str(PORT)])
        try:
            _wait()
            with sync_playwright() as playwright:
                path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
                browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
                pictures = [one for one in PICTURES if folder != IMAGES or one[0] in shown_pictures()]
                for width in widths:
                    _take(browser, portail, pictures, folder, width, suffix="" if len(widths) == 1 else f"-{width}")
        finally:
            served.terminate()
            served.wait(15)


def _wait() -> None:
    for _ in range(120):
        try:
            with urlopen(f"{ADDRESS}/healthz", timeout=2):
                return
        except (URLError, TimeoutError):
            time.sleep(0.5)
    raise SystemExit("the demonstration did not start")


def shown_pictures() -> set[str]:
    """Names of the pictures that the README or a page of docs/ shows."""
    root = IMAGES.parent.parent
    texts = [path.read_text() for path in (root / "README.md", *(root / "docs").rglob("*.md"))]
    return {name for text in texts for name in re.findall(r"images/([\w-]+)\.png", text)}


Picture = tuple[str, str | None, str]


def _take(
    browser: Browser, portail: Portail, pictures: Sequence[Picture], folder: Path, width: int, suffix: str
) -> None:
    for account in dict.fromkeys(account for _, account, _ in pictures):
        context = browser.new_context(
            locale="fr-FR", viewport={"width": width, "height": 900}, color_scheme="light", timezone_id="Europe/Paris"
        )
        page = context.new_page()
        if account:
            _log_in(page, f"{account}@example.org")
        for name, holder, address in pictures:
            if holder == account:
                page.goto(ADDRESS + _resolved(portail, address))
                _settle(page)
                if heading := SCROLLED.get(name):
                    page.get_by_role("heading", name=heading).first.evaluate("e => e.scrollIntoView({block: 'start'})")
                page.screenshot(path=folder / f"{name}{suffix}.png")
        context.close()


def _log_in(page: Page, courriel: str) -> None:
    page.goto(ADDRESS)
    page.get_by_label("Adresse électronique").fill(courriel)
    page.get_by_label("Mot de passe").first.fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    page.get_by_role("button", name="Se déconnecter").first.wait_for(state="attached")


def _settle(page: Page) -> None:
    page.get_by_test_id("stMainBlockContainer").wait_for()
    page.get_by_role("heading", level=1).first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(state="attached")
    page.wait_for_timeout(1500)


def _resolved(portail: Portail, address: str) -> str:
    start, _, rest = address.partition("{")
    if not rest:
        return address
    wanted, _, end = rest.partition("}")
    table = Dossier if wanted.startswith("dossier:") else Convention
    query = select(table.id).join(Collectivite, Collectivite.id == table.collectivite_id)
    if table is Dossier:
        query = query.where(Dossier.nature == "adhesion")
    with portail.db.read() as session:
        found = session.scalars(query.where(Collectivite.nom == wanted.partition(":")[2])).one()
    return f"{start}{found}{end}"


if __name__ == "__main__":
    main()
