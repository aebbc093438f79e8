"""The end of a convention in a browser: a notice recorded by the collectivité and confirmed by the centre, a late one on a
telephone, a formal notice answered and followed by the termination."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from domain.formatting import date_courte, date_longue
from domain.roles import Role
from services.core import clock
from tests.conventions import make_convention, read_convention, word_text
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, button, dismiss, download, go, heading, see, settle, unfold
from tests.e2e.serveur import Serveur
from tests.factories import Monde

SIREN = "219400025"


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité that only these tests know."""
    return serveur.make_monde("Alfortville", SIREN)


def mail_of(role: Role) -> str:
    return f"{role}.{SIREN}@example.org"


def open_end(page: Page, convention_id: UUID) -> None:
    go(page, f"/convention?id={convention_id}")
    heading(page, "Fin de la convention")
    settle(page)


def type_day(page: Page, label: str, day: date) -> None:
    box = page.get_by_role("textbox", name=label).first
    box.fill(date_courte(day))
    box.press("Tab")
    settle(page)


def test_a_notice_by_the_collectivite_is_confirmed_by_the_centre(
    serveur: Serveur, monde: Monde, open_page: OpenPage
) -> None:
    today = clock.today(serveur.centre.fuseau)
    convention_id = make_convention(serveur.portail, monde, "en_vigueur", date_effet=date(today.year - 1, 1, 1))
    sent, end = min(today, date(today.year, 9, 20)), date(today.year, 12, 31)
    clerk = open_page(mail_of(Role.GESTIONNAIRE))
    open_end(clerk, convention_id)
    unfold(clerk, "Enregistrer une dénonciation")
    type_day(clerk, "Date d’envoi", sent)
    see(clerk, f"Recevable : la convention prend fin le {date_longue(end)}.")
    button(clerk, "Enregistrer la dénonciation").click()
    see(clerk, "Dénonciation enregistrée : le centre la confirme après vérification.")

    boss = open_page(mail_of(Role.RESPONSABLE))
    go(boss, "/")
    see(boss, "Recevable : vérifiez ses dates, puis confirmez-la.")
    boss.get_by_role("link", name=re.compile("Alfortville")).first.click()
    heading(boss, "Fin de la convention")
    button(boss, "Confirmer la dénonciation").click()
    button(boss, f"Confirmer : fin le {date_longue(end)}").click()
    see(boss, f"Dénoncée, prend fin le {date_longue(end)}")
    letter = word_text(download(boss, re.compile("Lettre du centre"))).replace("\u00a0", " ")
    assert f"La convention prendra fin le {date_longue(end)}" in letter.replace("\u202f", " ")

    clerk.reload()
    see(clerk, f"La convention est dénoncée : elle s’applique jusqu’au {date_longue(end)} compris.")
    go(clerk, "/conventions?c_etat=D%C3%A9nonc%C3%A9e")
    see(clerk, f"Dénoncée, prend fin le {date_courte(end)}")
    assert str(convention_id) in serveur.link_sent_to(mail_of(Role.DIRECTION), "convention")
    assert read_convention(serveur.portail, convention_id).fin == end


def test_a_late_notice_on_a_telephone_takes_a_tick(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    today = clock.today(serveur.centre.fuseau)
    convention_id = make_convention(serveur.portail, monde, "en_vigueur", date_effet=date(today.year - 2, 1, 1))
    end = date(today.year, 12, 31)
    boss = open_page(mail_of(Role.RESPONSABLE), width=390)
    open_end(boss, convention_id)
    unfold(boss, "Enregistrer une dénonciation")
    type_day(boss, "Date d’envoi", date(today.year - 1, 9, 30))
    see(boss, "Tardive")
    button(boss, "Enregistrer la dénonciation").click()
    see(boss, "Vérifiez-la, puis confirmez-la ou classez-la sans suite.")
    dismiss(boss)
    button(boss, "Confirmer la dénonciation").click()
    button(boss, f"Confirmer : fin le {date_longue(end)}").click()
    see(boss, "Cette lettre est tardive : cochez la case")
    boss.get_by_text("Je confirme que cette lettre tardive").click()
    settle(boss)
    button(boss, f"Confirmer : fin le {date_longue(end)}").click()
    see(boss, f"Dénoncée, prend fin le {date_longue(end)}")


def test_a_formal_notice_is_answered_then_followed_by_the_termination(
    serveur: Serveur, monde: Monde, open_page: OpenPage
) -> None:
    today = clock.today(serveur.centre.fuseau)
    convention_id = make_convention(serveur.portail, monde, "en_vigueur", date_effet=date(today.year - 1, 1, 1))
    presented = today - timedelta(days=8)
    last = presented + timedelta(days=5)
    boss, mayor = open_page(mail_of(Role.RESPONSABLE)), open_page(mail_of(Role.SIGNATAIRE))
    open_end(boss, convention_id)
    unfold(boss, "Préparer une mise en demeure")
    boss.get_by_role("textbox", name="Ce qui doit être rétabli").fill("Le bureau n’est pas individuel.")
    boss.get_by_role("textbox", name="Délai, en jours calendaires").fill("5")
    button(boss, "Préparer la lettre").click()
    see(boss, "Lettre préparée")
    assert "délai de 5 jours calendaires" in word_text(download(boss, re.compile(r"mise-en-demeure.*docx")))
    open_end(mayor, convention_id)
    expect(mayor.get_by_text("Mise en demeure", exact=True)).to_have_count(0)

    unfold(boss, "Enregistrer l’envoi")
    type_day(boss, "Date d’envoi", presented - timedelta(days=2))
    type_day(boss, "Première présentation", presented)
    see(boss, f"Dernier jour du délai : le {date_longue(last)}.")
    button(boss, "Enregistrer l’envoi").last.click()
    see(boss, "Envoi enregistré.")

    go(mayor, "/")
    see(mayor, re.compile("Le centre vous met en demeure"))
    open_end(mayor, convention_id)
    mayor.get_by_role("textbox", name="Réponse", exact=True).fill("Un bureau sera attribué.")
    button(mayor, "Envoyer la réponse").click()
    see(mayor, "Réponse envoyée")

    open_end(boss, convention_id)
    see(boss, "Un bureau sera attribué.")
    button(boss, "Constater la résiliation").click()
    dialog = boss.get_by_role("dialog")
    dialog.get_by_label("Motif").fill("Aucun bureau n’est attribué.")
    button(dialog, "Constater la résiliation").click()
    see(boss, f"Résiliée, a pris fin le {date_longue(last)}")
    assert "résiliée de plein droit" in word_text(download(boss, re.compile(r"resiliation.*docx")))
    found = read_convention(serveur.portail, convention_id)
    assert (found.etat, found.fin) == ("resiliee", last)
    expect(button(boss, "Enregistrer une dénonciation")).to_have_count(0, timeout=PATIENCE)
