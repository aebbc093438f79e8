"""The whole journey in a browser, with its people: from the public page to the convention that a director downloads."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from docx import Document
from playwright.sync_api import Page, expect

from documents.pdf.sample import make_pdf, sign_pdf
from domain.formatting import date_longue
from domain.roles import Role
from services.centre.consultation_journal import verify_chain
from services.core import clock
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import (
    PATIENCE,
    Formulaire,
    button,
    choose_file,
    download,
    go,
    heading,
    id_in_address,
    log_in,
    see,
    settle,
)
from tests.e2e.serveur import MOT_DE_PASSE, Serveur

Result = TypeVar("Result")

CLERK, DIRECTOR = "camille.exemple@example.org", "diane.modele@example.org"
INSTRUCTOR, PRESIDENT = "ines.centre@example.org", "sylvie.centre@example.org"
ADMINISTRATOR = "alix.centre@example.org"
AMOUNT = "32 426,46 €"
"""47,70 % of 67 980 €, the tariff of 2022 (domaine.md §2.7)."""


@dataclass(frozen=True)
class Cas:
    """The collectivité of the story: how one finds it, how many steps its journey has, the telephone that is corrected."""

    nom: str
    cherche: str
    propose: str
    siren: str
    etapes: int
    corrige: str


CHOISY = Cas("Choisy-le-Roi", "choisy le r", "Choisy-le-Roi .commune, 94600", "219 400 223", 6, "01 23 45 67 81")


@dataclass(frozen=True)
class Jours:
    """Days of the story, from the day the test runs."""

    aujourdhui: date

    @property
    def effet(self) -> date:
        return date(self.aujourdhui.year + 1, 1, 1)

    @property
    def seance(self) -> date:
        return self.aujourdhui - timedelta(days=12)


def typed(day: date) -> str:
    """A day as a clerk types it."""
    return f"{day:%d/%m/%Y}"


def plain(text: str) -> str:
    """Text with ordinary spaces and hyphens, whatever the typography."""
    return re.sub(r"\s", " ", text.replace("\u2011", "-"))


def elsewhere(action: Callable[..., Result], *args: object) -> Result:
    """Run outside the thread of the browser, whose event loop some libraries do not bear."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(action, *args).result()


def test_from_the_public_page_to_the_signed_convention(serveur: Serveur, open_page: OpenPage) -> None:
    make_centre(serveur)
    jours = Jours(clock.today(serveur.centre.fuseau))
    ask_for_adhesion(serveur, open_page())
    instructor = open_page()
    accept_request(instructor)

    clerk = open_page()
    open_account(serveur, clerk)
    dossier = begin(clerk)
    fill_identity(clerk, dossier)
    fill_premises(dossier)
    fill_need(clerk, dossier, jours)
    add_deliberation(clerk, dossier, jours)
    deposit(clerk, dossier)

    ask_for_correction(instructor)
    answer_correction(clerk, dossier)
    number = accept_and_issue(instructor, dossier.dossier_id)

    issued = sign_for_collectivite(clerk, number, jours)
    countersign(open_page(PRESIDENT), number, issued.pdf, jours)
    invite_director(serveur, clerk)
    archived = read_as_director(serveur, open_page())

    assert archived == issued.word
    check_convention(archived, number, jours)
    assert verify_chain(serveur.portail, serveur.acteur(ADMINISTRATOR)).intacte


def make_centre(serveur: Serveur) -> None:
    """The centre's people; the collectivité is not known yet."""
    serveur.make_account(ADMINISTRATOR, "Alix", "Centre", Role.ADMINISTRATEUR)
    serveur.make_account(INSTRUCTOR, "Inès", "Centre", Role.INSTRUCTEUR)
    serveur.make_account(PRESIDENT, "Sylvie", "Centre", Role.SIGNATAIRE_CENTRE)


def ask_for_adhesion(serveur: Serveur, page: Page, cas: Cas = CHOISY) -> None:
    """Anyone may ask; the request is confirmed by a link sent to its author."""
    go(page, "/")
    page.get_by_role("link", name="Demander une adhésion").click()
    heading(page, "Demander une adhésion")
    page.get_by_label("Cherchez votre collectivité").press_sequentially(cas.cherche, delay=20)
    page.get_by_role("button", name=re.compile(cas.propose)).click()
    see(page, f"SIREN {cas.siren}")
    page.get_by_label("Prénom").fill("Camille")
    page.get_by_label("Nom", exact=True).fill("Exemple")
    page.get_by_label("Adresse électronique professionnelle").fill(CLERK)
    page.get_by_label("Téléphone").fill("01 23 45 67 89")
    button(page, "Envoyer la demande").click()
    see(page, "Il reste à la confirmer")
    page.goto(serveur.link_sent_to(CLERK, "demande"))
    button(page, "Confirmer ma demande").click()
    see(page, "Votre demande est transmise au centre de gestion.")


def accept_request(page: Page, cas: Cas = CHOISY) -> None:
    """The instructor finds the request in the list of things to do."""
    go(page, "/")
    log_in(page, INSTRUCTOR)
    page.get_by_role("link", name=re.compile(cas.nom)).click()
    heading(page, "Demandes d’adhésion")
    button(page, "Accepter et inviter").click()
    see(page, f"Camille Exemple est invité comme gestionnaire de {cas.nom}.")


def open_account(serveur: Serveur, page: Page) -> None:
    """The link of the invitation serves once."""
    link = serveur.link_sent_to(CLERK, "invitation")
    page.goto(link)
    choose_password(page)
    heading(page, "Bienvenue")
    page.goto(link)
    see(page, re.compile("Ce lien"))
    go(page, "/")


def choose_password(page: Page) -> None:
    """On the page that an invitation leads to."""
    heading(page, "Activer votre compte")
    page.get_by_role("textbox", name="Nouveau mot de passe").fill(MOT_DE_PASSE)
    page.get_by_role("textbox", name="Confirmez le mot de passe").fill(MOT_DE_PASSE)
    button(page, "Enregistrer et se connecter").click()
    heading(page, "Accueil")


def begin(page: Page, cas: Cas = CHOISY) -> Formulaire:
    """One button on the home page of a first visit."""
    button(page, "Commencer l’adhésion").click()
    heading(page, re.compile(f"^Étape 1 sur {cas.etapes}"))
    return Formulaire(page, id_in_address(page))


def fill_identity(page: Page, form: Formulaire) -> None:
    """The national list fills what it knows; a mistake is kept, explained, and still there after F5."""
    page.get_by_label("Retrouver ma collectivité").press_sequentially("219400223", delay=20)
    page.get_by_role("button", name=re.compile("^Choisy-le-Roi")).click()
    expect(form.input("collectivite.siren")).to_have_value("219 400 223", timeout=PATIENCE)
    expect(form.input("collectivite.nom")).to_have_value("Choisy-le-Roi")
    form.type("collectivite.siren", "219400224")
    see(page, "Ce numéro SIREN")
    form.type("collectivite.appellation", "la Ville")
    form.type("collectivite.effectif", "1450")
    expect(form.input("collectivite.effectif")).to_have_value("1 450", timeout=PATIENCE)
    page.reload()
    heading(page, re.compile("^Étape 1 sur 6"))
    expect(form.input("collectivite.siren")).to_have_value("219400224", timeout=PATIENCE)
    see(page, "Ce numéro SIREN")
    form.type("collectivite.siren", "219400223")
    expect(page.get_by_text("Ce numéro SIREN")).to_have_count(0, timeout=PATIENCE)
    expect(form.input("collectivite.effectif")).to_have_value("1 450")
    expect(form.input("collectivite.appellation")).to_have_value("la Ville")
    form.type("collectivite.adresse", "Place Gabriel-Péri", "voie")
    form.choose("representant.civilite", "Madame")
    form.type("representant.prenom", "Camille")
    form.type("representant.nom", "Exemple")
    expect(form.input("representant.qualite")).to_have_value("maire")
    see(page, re.compile("Enregistré à"))


def fill_premises(form: Formulaire) -> None:
    """Premises, then the person to talk to."""
    form.next("Locaux")
    form.type("locaux.adresse", "1 rue de l'Exemple", "voie")
    form.type("locaux.adresse", "94600", "code_postal")
    form.type("locaux.adresse", "Choisy-le-Roi", "ville")
    form.type("locaux.telephone", "0123456780")
    expect(form.input("locaux.telephone")).to_have_value("01 23 45 67 80", timeout=PATIENCE)
    form.type("locaux.descriptif", "Bureau de 14 m² au rez-de-chaussée, espace d’attente attenant")
    form.pick("locaux.disponibilites", "Lundi", "1.jour")
    form.type("locaux.disponibilites", "9h", "1.debut")
    form.type("locaux.disponibilites", "12h30", "1.fin")
    expect(form.input("locaux.disponibilites", "1.fin")).to_have_value("12 h 30", timeout=PATIENCE)
    button(form.page, "Tout cocher").click()
    see(form.page, "17 sur 17 cochées.")
    form.next("Référent")
    form.choose("referent.civilite", "Monsieur")
    form.type("referent.prenom", "Dominique")
    form.type("referent.nom", "Modèle")
    form.type("referent.fonction", "responsable des ressources humaines")
    form.type("referent.telephone", "01 23 45 67 89")
    form.type("referent.courriel", "referent@example.org")


def fill_need(page: Page, form: Formulaire, jours: Jours) -> None:
    """The cost is computed in the page, with the tariff that the centre has voted."""
    form.next("Votre besoin")
    form.type("besoin.quotite", "47,7")
    form.type("besoin.date_effet", typed(jours.effet))
    form.type("besoin.date_debut_prestations", typed(jours.effet))
    see(page, AMOUNT.replace(" ", "\u202f", 1).replace(" ", "\u00a0"))
    expect(form.input("besoin.quotite")).to_have_value("47,70")
    see(page, re.compile("tarif", re.IGNORECASE))


def add_deliberation(page: Page, form: Formulaire, jours: Jours) -> None:
    """The model goes to the council; what it voted comes back."""
    form.next("Délibération")
    model = Document(io.BytesIO(download(page, re.compile("Modèle de délibération .Word"))))
    assert "Choisy-le-Roi" in text_of(model)
    draft = Document(io.BytesIO(download(page, re.compile("Projet de convention .Word"))))
    assert AMOUNT in plain(text_of(draft))
    expect(form.input("deliberation.organe")).to_have_value("conseil municipal")
    form.type("deliberation.numero", f"{jours.aujourdhui.year}-118")
    form.type("deliberation.date", typed(jours.seance))
    form.attach("deliberation.fichier", "deliberation.pdf", make_pdf("Extrait du registre", "Délibération"))
    expect(page.get_by_role("link", name="deliberation.pdf")).to_be_visible(timeout=PATIENCE)


def deposit(page: Page, form: Formulaire) -> None:
    """Nothing is missing: the dossier goes to the centre."""
    form.next("Récapitulatif")
    see(page, "Tout ce qui est obligatoire pour le dépôt est rempli.")
    button(page, "Déposer le dossier").click()
    button(page.get_by_role("dialog"), "Déposer le dossier").click()
    see(page, "Dossier déposé.")


def ask_for_correction(page: Page, cas: Cas = CHOISY) -> None:
    """The instructor takes the dossier and asks for one field to be changed."""
    go(page, "/")
    page.get_by_role("link", name=re.compile(cas.nom)).first.click()
    heading(page, re.compile("^Dossier D-"))
    button(page, "Prendre en charge").click()
    see(page, "Dossier pris en charge.")
    page.locator("[id='champ-referent.telephone']").get_by_role(
        "link", name=re.compile("^Demander une correction")
    ).click()
    page.get_by_label("Explication pour la collectivité").fill("Ce numéro est celui du standard.")
    button(page, "Préparer la demande").click()
    see(page, "Correction préparée")
    button(page, "Demander les corrections").click()
    button(page.get_by_role("dialog"), "Demander les corrections").click()
    see(page, "Corrections envoyées à la collectivité.")


def answer_correction(page: Page, form: Formulaire, cas: Cas = CHOISY) -> None:
    """Only that field is open; changing it handles the request."""
    go(page, "/")
    page.get_by_role("link", name=re.compile("D-")).first.click()
    see(page, "Ce numéro est celui du standard.")
    form.type("referent.telephone", cas.corrige)
    see(page, "Correction traitée")
    button(page, "Déposer les corrections").click()
    button(page.get_by_role("dialog"), "Déposer les corrections").click()
    see(page, "Corrections déposées.")


def accept_and_issue(page: Page, dossier_id: UUID, cas: Cas = CHOISY) -> str:
    """The tariff is not the one of the year: a person says why it may be used. Then the convention is issued, under a
    number."""
    go(page, f"/instruction?id={dossier_id}")
    see(page, cas.corrige)
    see(page, "« Accepter le dossier » n’est pas encore possible")
    button(page, "Lever cet avertissement").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Motif").fill("Le tarif de 2022 est le dernier voté.")
    button(dialog, "Lever l’avertissement").click()
    see(page, "Avertissement levé.")
    for name in ("Accepter le dossier", "Émettre la convention"):
        button(page, name).click()
        button(page.get_by_role("dialog"), name).click()
        settle(page)
    title = page.get_by_role("heading", name=re.compile(r"^Convention \d{4}.\d{4}"))
    settle(page)
    return plain(title.inner_text()).removeprefix("Convention ")


@dataclass(frozen=True)
class Emise:
    """What was issued."""

    word: bytes
    pdf: bytes


def sign_for_collectivite(page: Page, number: str, jours: Jours) -> Emise:
    """The clerk downloads the convention, has it signed, and brings it back."""
    go(page, "/")
    page.get_by_role("link", name=re.compile(number.replace("-", "."))).first.click()
    heading(page, re.compile("^Convention"))
    word = download(page, re.compile("^Convention émise .Word"))
    pdf = download(page, "Télécharger le document à signer (PDF)")
    give_signed(page, elsewhere(sign_pdf, pdf, "Camille Exemple"), jours, "Camille Exemple, maire")
    button(page, "Déposer la convention signée").click()
    see(page, "Convention signée déposée.")
    see(page, "Signature électronique de")
    return Emise(word, pdf)


def give_signed(page: Page, data: bytes, jours: Jours, who: str) -> None:
    """The three answers of a deposit."""
    choose_file(page, "convention.pdf", data)
    page.get_by_label("Date de la signature").fill(typed(jours.aujourdhui))
    page.get_by_label("Prénom, nom et qualité du signataire").fill(who)


def countersign(page: Page, number: str, pdf: bytes, jours: Jours) -> None:
    """The centre's signatory finds it in the list of things to do."""
    go(page, "/")
    page.get_by_role("link", name=re.compile(number.replace("-", "."))).first.click()
    heading(page, re.compile("^Convention"))
    give_signed(page, elsewhere(sign_pdf, pdf, "Sylvie Centre"), jours, "Sylvie Centre, présidente")
    button(page, "Déposer la convention contresignée").click()
    see(page, "Tout est signé.")


def invite_director(serveur: Serveur, page: Page) -> None:
    """A clerk invites a colleague."""
    go(page, "/utilisateurs?vue=inviter")
    heading(page, "Inviter une personne")
    page.get_by_label("Prénom").fill("Diane")
    page.get_by_label("Nom", exact=True).fill("Modèle")
    page.get_by_role("textbox", name="Adresse électronique").fill(DIRECTOR)
    page.get_by_text("Direction", exact=True).click()
    button(page, "Envoyer l’invitation").click()
    see(page, "Diane Modèle est invité")


def read_as_director(serveur: Serveur, page: Page, cas: Cas = CHOISY) -> bytes:
    """The director finds the convention in the register, and downloads it."""
    page.goto(serveur.link_sent_to(DIRECTOR, "invitation"))
    choose_password(page)
    page.get_by_role("link", name="Conventions").first.click()
    heading(page, "Conventions")
    page.get_by_label("Rechercher").fill(cas.nom)
    page.get_by_label("Rechercher").press("Enter")
    settle(page)
    see(page, "À venir")
    return download(page, re.compile("^Word"))


def check_convention(data: bytes, number: str, jours: Jours) -> None:
    """The Word file says who, how much and from when, under its number."""
    assert re.fullmatch(rf"{jours.aujourdhui.year}-\d{{4}}", number)
    text = plain(text_of(Document(io.BytesIO(data))))
    for wanted in (
        number,
        "Choisy-le-Roi",
        "Mme Camille Exemple",
        AMOUNT,
        plain(date_longue(jours.effet)),
        "01 23 45 67 81",
    ):
        assert wanted in text, wanted


def text_of(document: object) -> str:
    """Every paragraph of a Word document, tables included."""
    body = document.element.body  # type: ignore[attr-defined]
    return "\n".join("".join(part.text or "" for part in block.iter(f"{W}t")) for block in body.iter(f"{W}p"))


W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
