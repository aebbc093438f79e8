"""Requests about a convention in a browser: each is begun on the convention's page, sent, and seen there again."""

from __future__ import annotations

import re
from datetime import date
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from domain.formatting import date_longue
from domain.roles import Role
from services.core import clock
from tests.conventions import make_convention, read_convention, word_text
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, Formulaire, button, download, go, heading, id_in_address, see, settle, unfold
from tests.e2e.serveur import Serveur
from tests.factories import Monde, blank_pdf

SIREN = "219400033"


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité that only these tests know."""
    return serveur.make_monde("Arcueil", SIREN)


@pytest.fixture
def convention_id(serveur: Serveur, monde: Monde) -> UUID:
    year = clock.today(serveur.centre.fuseau).year
    return make_convention(serveur.portail, monde, "en_vigueur", date_effet=date(year - 1, 1, 1))


def mail_of(role: Role) -> str:
    return f"{role}.{SIREN}@example.org"


def typed(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def begin(page: Page, convention_id: UUID, name: str) -> Formulaire:
    """Begin a request by its button on the convention's page."""
    go(page, f"/convention?id={convention_id}")
    heading(page, "Demander une modification")
    settle(page)
    button(page, name).click()
    heading(page, re.compile(r"^Étape \d sur \d"))
    return Formulaire(page, id_in_address(page))


def send(form: Formulaire) -> None:
    """Read the summary again, then send."""
    form.open("recapitulatif")
    settle(form.page)
    button(form.page, "Envoyer la demande").click()
    button(form.page.get_by_role("dialog"), "Envoyer la demande").click()
    see(form.page, "Demande envoyée. Le centre en est prévenu.")


def fill_person(form: Formulaire, start: str, civility: str, names: dict[str, str]) -> None:
    form.choose(f"{start}.civilite", civility)
    for part, value in names.items():
        form.type(f"{start}.{part}", value)
    settle(form.page)


def test_a_new_referent_counts_at_once(
    serveur: Serveur, monde: Monde, open_page: OpenPage, convention_id: UUID
) -> None:
    today, numero = clock.today(serveur.centre.fuseau), read_convention(serveur.portail, convention_id).numero
    page = open_page(mail_of(Role.DIRECTION))
    form = begin(page, convention_id, "Nouveau référent")
    heading(page, f"Nouveau référent, convention {numero}")
    form.type("changement.date_effet", typed(today))
    form.open("referent")
    names = {
        "prenom": "Dominique",
        "nom": "Nouveau",
        "fonction": "directeur",
        "telephone": "01 23 45 67 89",
        "courriel": "dominique@example.org",
    }
    fill_person(form, "referent", "Monsieur", names)
    send(form)
    page.get_by_role("link", name=re.compile(rf"Convention {numero}")).first.click()
    heading(page, "La convention et ce qui l’a modifiée")
    see(page, f"Nouveau référent, convention {numero}")
    unfold(page, f"Texte en vigueur au {date_longue(today)}")
    see(page, "dominique@example.org")
    assert str(form.dossier_id) in serveur.link_sent_to(mail_of(Role.INSTRUCTEUR), "instruction")


def test_a_new_signatory_is_declared(serveur: Serveur, open_page: OpenPage, convention_id: UUID) -> None:
    page = open_page(mail_of(Role.GESTIONNAIRE), width=390)
    form = begin(page, convention_id, "Nouveau signataire")
    form.type("changement.date_effet", typed(clock.today(serveur.centre.fuseau)))
    form.open("fiche")
    fill_person(form, "representant", "Madame", {"prenom": "Alix", "nom": "Élue", "qualite": "maire"})
    send(form)
    see(page, "Enregistrée")


def test_hours_of_presence_wait_for_the_centre(serveur: Serveur, open_page: OpenPage, convention_id: UUID) -> None:
    today = clock.today(serveur.centre.fuseau)
    page = open_page(mail_of(Role.GESTIONNAIRE))
    form = begin(page, convention_id, "Horaires de présence")
    form.type("horaires.date_effet", typed(today))
    settle(page)
    form.open("recapitulatif")
    see(page, "Rien ne change")
    expect(button(page, "Envoyer la demande")).to_be_disabled(timeout=PATIENCE)
    form.open("locaux")
    form.type("locaux.disponibilites", "8h15", "1.debut")
    expect(form.input("locaux.disponibilites", "1.debut")).to_have_value("8 h 15", timeout=PATIENCE)
    settle(page)
    send(form)
    centre = open_page(mail_of(Role.INSTRUCTEUR))
    go(centre, f"/instruction?id={form.dossier_id}")
    heading(centre, "Ce qui change")
    settle(centre)
    button(centre, "Accepter la demande").click()
    button(centre.get_by_role("dialog"), "Accepter la demande").click()
    see(centre, "Demande acceptée : elle fait partie du texte en vigueur à sa date.")


def test_an_avenant_from_its_request_to_its_document(
    serveur: Serveur, open_page: OpenPage, convention_id: UUID
) -> None:
    today, numero = clock.today(serveur.centre.fuseau), read_convention(serveur.portail, convention_id).numero
    page = open_page(mail_of(Role.GESTIONNAIRE))
    form = begin(page, convention_id, "Avenant")
    heading(page, f"Avenant à la convention {numero}")
    page.get_by_text("La part d’un temps plein", exact=True).click()
    settle(page)
    form.type("avenant.date_effet", typed(today))
    form.type("avenant.motif", "Un second site ouvre.")
    settle(page)
    form.open("besoin")
    expect(form.input("besoin.quotite")).to_have_value("47,70", timeout=PATIENCE)
    form.type("besoin.quotite", "60")
    settle(page)
    form.open("deliberation")
    form.type("deliberation.numero", "2026-210")
    form.type("deliberation.date", typed(today))
    form.attach("deliberation.fichier", "deliberation.pdf", blank_pdf())
    see(page, "deliberation.pdf")
    projet = word_text(download(page, re.compile("Projet d’avenant \\(Word\\)")))
    assert "Projet d’avenant" in projet and "60,00" in projet
    send(form)

    centre = open_page(mail_of(Role.INSTRUCTEUR))
    go(centre, "/")
    see(centre, f"Avenant à la convention {numero}")
    go(centre, f"/instruction?id={form.dossier_id}")
    for name, done in (
        ("Prendre en charge", "Demande prise en charge."),
        ("Accepter la demande", "Demande acceptée. L’avenant peut être émis."),
        ("Émettre l’avenant", "Avenant émis."),
    ):
        settle(centre)
        button(centre, name).first.click()
        dialog = centre.get_by_role("dialog")
        if name != "Prendre en charge":
            button(dialog, name).click()
        see(centre, done)
        if name == "Prendre en charge":  # the tariff is not the one of the year: a person says that it applies (B03)
            settle(centre)
            button(centre, "Lever cet avertissement").click()
            dialog = centre.get_by_role("dialog")
            dialog.get_by_label("Motif").fill("Le tarif de 2022 est le dernier voté.")
            button(dialog, "Lever l’avertissement").click()
            see(centre, "Avertissement levé.")
    heading(centre, f"Avenant {numero}-A1")
    see(centre, "Ce que l’avenant modifie")
    document = word_text(download(centre, re.compile("Avenant émis \\(Word\\)"))).replace("\u2011", "-")
    assert f"{numero}-A1" in document

    go(page, f"/convention?id={convention_id}")
    see(page, f"Avenant {numero}-A1")
    see(page, f"L’avenant {numero}-A1 attend encore une signature.")
    go(page, "/")
    see(page, "Avenants à signer")
