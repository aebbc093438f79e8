"""A new tariff in a browser: letters prepared and sent by the centre, read by the collectivité with the price of the new year."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from domain.roles import Role
from models import Tarif
from services.core import clock
from services.facturation.exercices import refresh_centre
from tests.conventions import make_convention, word_text
from tests.decomptes import set_convention
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import button, download, go, heading, see, settle
from tests.e2e.regles import list_violations
from tests.e2e.serveur import Serveur, serve
from tests.factories import Monde

SIREN = "219400389"
NOM = "L’Haÿ-les-Roses"


@pytest.fixture(scope="module")
def serveur(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serveur]:
    """An installation of its own: the tariff voted here would price the dossiers of the other modules."""
    with serve(tmp_path_factory.mktemp("tarifs")) as served:
        yield served


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité that is not affiliated: the tariff of these tests is for those alone."""
    return serveur.make_monde(NOM, SIREN)


def mail_of(role: Role) -> str:
    return f"{role}.{SIREN}@example.org"


def test_letters_leave_and_are_read(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    """G9: from 32 426,46 € to 33 075,18 €."""
    portail, year = serveur.portail, clock.today(serveur.centre.fuseau).year
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(year, 1, 1))
    set_convention(portail, convention_id, affiliee=False)
    with portail.db.write() as session:
        session.add(
            Tarif(
                centre_id=monde.centre_id,
                code="temps_complet",
                annee=year + 1,
                public="non_affilie",
                montant=Decimal("69340.00"),
            )
        )
        refresh_centre(session, monde.centre_id)

    boss = open_page(mail_of(Role.RESPONSABLE))
    go(boss, "/")
    boss.get_by_role("link", name=f"Tarifs {year + 1} : 1 lettre à envoyer").click()
    heading(boss, f"Tarifs {year + 1}")
    settle(boss)
    assert list_violations(boss) == []
    button(boss, "Préparer une lettre").click()
    see(boss, "Lettres : 1 prête à envoyer.")
    letters = zipfile.ZipFile(io.BytesIO(download(boss, re.compile("lettres à imprimer"))))
    (name,) = letters.namelist()
    said = re.sub(r"\s", " ", word_text(letters.read(name)))
    assert "est de 33 075,18 €, au lieu de 32 426,46 €" in said and "Objet : tarifs" in said

    clerk = open_page(mail_of(Role.GESTIONNAIRE), width=390)
    go(clerk, f"/convention?id={convention_id}")
    heading(clerk, "Années et reconductions")
    settle(clerk)
    see(clerk, re.compile(r"33\s075,18\s€"))
    expect(clerk.get_by_role("link", name=re.compile("Lettre"))).to_have_count(0)

    button(boss, "Prévenir une collectivité par courriel").click()
    button(boss.get_by_role("dialog"), "Envoyer").click()
    see(boss, "Lettres : 1 envoyée.")
    clerk.reload()
    heading(clerk, "Années et reconductions")
    settle(clerk)
    said = re.sub(r"\s", " ", word_text(download(clerk, re.compile("Lettre"))))
    assert "est de 33 075,18 €" in said
    see(boss, "Aucune lettre dans cet état")  # the home page led to those that have to leave
