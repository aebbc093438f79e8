"""The journey of the offer by the hour in a browser: the information session and the état des lieux that the centre records,
then the need in hours, up to the signed convention."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from docx import Document
from playwright.sync_api import Page, expect

from domain.formatting import date_longue
from domain.roles import Role
from services.core import clock
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, Formulaire, button, download, go, heading, see
from tests.e2e.serveur import Serveur, serve
from tests.e2e.test_parcours import (
    PRESIDENT,
    Cas,
    Jours,
    accept_and_issue,
    accept_request,
    answer_correction,
    ask_for_adhesion,
    ask_for_correction,
    begin,
    countersign,
    deposit,
    invite_director,
    make_centre,
    open_account,
    plain,
    read_as_director,
    sign_for_collectivite,
    text_of,
    typed,
)
from tests.factories import blank_pdf
from tests.martinique import CENTRE, OFFRE

ASSISTANT = "mireille.centre@example.org"
BOUILLON = Cas("L'Ajoupa-Bouillon", "ajoupa", "Ajoupa-Bouillon .commune, 97216", "219 722 014", 9, "05 96 12 34 58")
HOURS, AMOUNT, TRACED = "40 h", "2 400,00 €", "2 h 30"


@pytest.fixture(scope="module")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serveur]:
    """The second centre, alone."""
    with serve(tmp_path_factory.mktemp("martinique"), CENTRE, OFFRE) as served:
        yield served


def test_from_the_public_page_to_the_signed_convention(serveur: Serveur, open_page: OpenPage) -> None:
    make_centre(serveur)
    serveur.make_account(ASSISTANT, "Mireille", "Centre", Role.ASSISTANT)
    jours = Jours(clock.today(serveur.centre.fuseau))
    ask_for_adhesion(serveur, open_page(), BOUILLON)
    instructor = open_page()
    accept_request(instructor, BOUILLON)

    clerk = open_page()
    open_account(serveur, clerk)
    form = begin(clerk, BOUILLON)
    fill_identity(clerk, form)
    ask_for_the_session(clerk, form, jours)
    record_meetings(open_page(ASSISTANT), form, jours)
    read_meetings(clerk, form, jours)
    fill_need(clerk, form, jours)
    fill_premises(form)
    commit_to_the_instance(form)
    add_deliberation(clerk, form, jours)
    deposit(clerk, form)

    ask_for_correction(instructor, BOUILLON)
    answer_correction(clerk, form, BOUILLON)
    number = accept_and_issue(instructor, form.dossier_id, BOUILLON)

    issued = sign_for_collectivite(clerk, number, jours)
    countersign(open_page(PRESIDENT), number, issued.pdf, jours)
    invite_director(serveur, clerk)
    archived = read_as_director(serveur, open_page(), BOUILLON)

    assert archived == issued.word
    check_convention(archived, number, jours)


def fill_identity(page: Page, form: Formulaire) -> None:
    """The national list fills what it knows; only affiliated bodies may join."""
    page.get_by_label("Retrouver ma collectivité").press_sequentially("219722014", delay=20)
    page.get_by_role("button", name=re.compile("Ajoupa-Bouillon")).click()
    # The SIREN was known from the request: the town is what says that the list has filled the form.
    expect(form.input("collectivite.adresse", "ville")).to_have_value(re.compile("Ajoupa"), timeout=PATIENCE)
    expect(form.input("collectivite.siren")).to_have_value("219 722 014")
    form.type("collectivite.effectif", "62")
    form.type("collectivite.adresse", "Le Bourg", "voie")
    form.choose("collectivite.affilie", "Non")
    see(page, "Cette prestation est réservée aux collectivités et aux établissements affiliés au centre.")
    form.choose("collectivite.affilie", "Oui")
    expect(page.get_by_text("Cette prestation est réservée")).to_have_count(0, timeout=PATIENCE)
    form.choose("representant.civilite", "Madame")
    form.type("representant.prenom", "Camille")
    form.type("representant.nom", "Exemple")
    expect(form.input("representant.qualite")).to_have_value("maire")


def ask_for_the_session(page: Page, form: Formulaire, jours: Jours) -> None:
    """The clerk asks; what is the centre's is not theirs to fill in."""
    form.next("Séance d’information")
    form.type("seance_information.demandee_le", typed(jours.aujourdhui - timedelta(days=40)))
    form.choose("seance_information.modalite", "Dans vos locaux")
    see(page, "Le centre remplit cette partie ; vous la lisez ici.")
    expect(form.widget("seance_information.date")).to_have_count(0)


def record_meetings(page: Page, form: Formulaire, jours: Jours) -> None:
    """The assistant finds both meetings among the things to do; nothing else of the dossier is shown."""
    go(page, "/")
    page.get_by_role("link", name=re.compile("Ajoupa-Bouillon")).first.click()
    heading(page, re.compile("^Séances et entretiens"))
    see(page, "La collectivité remplit cette partie ; vous la lisez ici.")
    centre = Formulaire(page, form.dossier_id)
    centre.type("seance_information.date", typed(jours.aujourdhui - timedelta(days=30)))
    expect(centre.input("seance_information.nombre_presents")).to_be_visible(timeout=PATIENCE)
    centre.type("seance_information.nombre_presents", "8")
    centre.type("etat_des_lieux.date_entretien", typed(jours.aujourdhui - timedelta(days=20)))
    centre.type("etat_des_lieux.minutes", "2h30")
    expect(centre.input("etat_des_lieux.minutes")).to_have_value(re.compile(r"2\sh\s30"), timeout=PATIENCE)
    see(page, re.compile("Enregistré à"))
    expect(page.get_by_text("Numéro SIREN")).to_have_count(0)
    go(page, f"/instruction?id={form.dossier_id}")
    expect(page.get_by_role("heading", name=re.compile("Dossier D-"))).to_have_count(0)
    go(page, "/")
    expect(page.get_by_role("link", name=re.compile("Ajoupa-Bouillon"))).to_have_count(0)


def read_meetings(page: Page, form: Formulaire, jours: Jours) -> None:
    """The clerk reads what the centre recorded."""
    form.next("État des lieux des besoins")
    see(page, typed(jours.aujourdhui - timedelta(days=20)))
    see(page, plain_pattern(TRACED))


def plain_pattern(text: str) -> re.Pattern[str]:
    """This text, whatever its spaces."""
    return re.compile(r"\s".join(re.escape(word) for word in re.split(r"\s", text)))


def fill_need(page: Page, form: Formulaire, jours: Jours) -> None:
    """Hours, priced beside with the tariff voted."""
    form.next("Votre besoin et votre budget")
    form.type("besoin.minutes_prevues", "40")
    form.type("besoin.date_effet", typed(jours.effet))
    form.type("besoin.date_debut_prestations", typed(jours.effet))
    see(page, plain_pattern(AMOUNT))


def fill_premises(form: Formulaire) -> None:
    """Premises, then the person to talk to."""
    form.next("Local d’accueil")
    form.type("locaux.adresse", "Le Bourg", "voie")
    form.type("locaux.adresse", "97216", "code_postal")
    form.type("locaux.adresse", "L’Ajoupa-Bouillon", "ville")
    form.type("locaux.telephone", "0596123457")
    form.type("locaux.descriptif", "Bureau fermé à l’étage de la mairie")
    form.pick("locaux.disponibilites", "Mardi", "1.jour")
    form.type("locaux.disponibilites", "8h", "1.debut")
    form.type("locaux.disponibilites", "12h", "1.fin")
    button(form.page, "Tout cocher").click()
    see(form.page, "5 sur 5 cochées.")
    form.next("Référent")
    form.choose("referent.civilite", "Monsieur")
    form.type("referent.prenom", "Dominique")
    form.type("referent.nom", "Modèle")
    form.type("referent.fonction", "secrétaire général")
    form.type("referent.telephone", "05 96 12 34 56")
    form.type("referent.courriel", "referent@example.org")


def commit_to_the_instance(form: Formulaire) -> None:
    """The commitment that the service is conditional on."""
    form.next("Instance pluridisciplinaire interne")
    form.choose("instance_pluridisciplinaire.engagement", "Oui")
    see(form.page, "Qui en fera partie")


def add_deliberation(page: Page, form: Formulaire, jours: Jours) -> None:
    """The model goes to the council; what it voted comes back."""
    form.next("Délibération")
    model = plain(text_of(Document(io.BytesIO(download(page, re.compile("Modèle de délibération .Word"))))))
    assert "Ajoupa-Bouillon" in model and AMOUNT in model
    form.type("deliberation.numero", f"{jours.aujourdhui.year}-07")
    form.type("deliberation.date", typed(jours.seance))
    form.attach("deliberation.fichier", "deliberation.pdf", blank_pdf())
    expect(page.get_by_role("link", name="deliberation.pdf")).to_be_visible(timeout=PATIENCE)


def check_convention(data: bytes, number: str, jours: Jours) -> None:
    """The Word file says who, how many hours, how much, and traces the état des lieux at 0 €."""
    text = plain(text_of(Document(io.BytesIO(data))))
    wanted = (number, "Ajoupa-Bouillon", "Mme Camille Exemple", HOURS, AMOUNT, plain(date_longue(jours.effet)))
    for one in (*wanted, BOUILLON.corrige, TRACED, "0,00 €", "tribunal administratif de la Martinique"):
        assert one in text, one
