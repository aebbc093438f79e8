"""What goes wrong at the keyboard, in the browser and in other people's addresses: a clear message beside the field, nothing
lost, nothing given away."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pikepdf
import pytest
from docx import Document
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from documents.pdf.sample import make_pdf
from domain.roles import Role
from models import AuditEvent, Dossier, SessionUtilisateur, Utilisateur, utc_now
from services.adhesion import dossiers, workflow
from tests.conventions import make_convention
from tests.e2e.conftest import OpenPage
from tests.e2e.gestes import PATIENCE, Formulaire, button, choose_file, go, heading, log_in, see, settle
from tests.e2e.serveur import Serveur
from tests.factories import Monde, make_dossier

MARKUP = "Éva 😀 {{ 7*7 }} <b>&amp; *gras* $x$"
"""What would show if anything that is typed were run, formatted or read as HTML."""


@pytest.fixture(scope="module")
def monde(serveur: Serveur) -> Monde:
    """A collectivité with its people; each test has its own dossier."""
    return serveur.make_monde("Bourg-Modèle", "219100013")


@pytest.fixture(scope="module")
def voisins(serveur: Serveur) -> Monde:
    """Another collectivité of the same centre."""
    return serveur.make_monde("Ville-Voisine", "219100021")


def clerk(monde: Monde) -> str:
    """Login of the collectivité's gestionnaire."""
    return address(monde, Role.GESTIONNAIRE)


def address(monde: Monde, role: Role) -> str:
    with monde.portail.db.read() as session:
        return session.get_one(Utilisateur, monde[role].utilisateur_id).courriel


def open_form(page: Page, dossier_id: UUID, etape: str) -> Formulaire:
    form = Formulaire(page, dossier_id)
    form.open(etape)
    return form


def refused(form: Formulaire, champ: str, message: str | re.Pattern[str], part: str | None = None) -> None:
    """The message is on the page, right under its field, and tied to it for who does not see the page."""
    told = form.page.get_by_role("alert").filter(has_text=message).first
    expect(told).to_be_visible(timeout=PATIENCE)
    field = form.input(champ, part)
    expect(field).to_have_attribute("aria-invalid", "true", timeout=PATIENCE)
    expect(field).to_have_accessible_description(message, timeout=PATIENCE)
    settle(form.page)
    box, below = form.widget(champ, part).bounding_box(), told.bounding_box()
    assert box and below
    assert 0 <= below["y"] - box["y"] < 400, f"{message} is far from {champ}"


REFUSED = {
    "fiche": (
        ("collectivite.siren", "219400224", "Ce numéro SIREN n’existe pas", None),
        ("collectivite.nom", "x" * 100_000, "pour 150 au plus", None),
        ("collectivite.effectif", "beaucoup", "Saisissez un nombre", None),
        ("collectivite.adresse", "9460", "Un code postal compte cinq chiffres", "code_postal"),
    ),
    "referent": (
        ("referent.telephone", "12 😀", "numéro de téléphone", None),
        ("referent.courriel", "personne@", "Cette adresse électronique n’est pas valable", None),
    ),
    "besoin": (
        ("besoin.quotite", "quarante", "Saisissez un nombre", None),
        ("besoin.date_effet", "31/02/2027", "Cette date n’existe pas", None),
    ),
}


def test_what_cannot_be_an_answer_is_explained_beside_its_field_and_kept(
    serveur: Serveur, monde: Monde, open_page: OpenPage
) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    page = open_page(clerk(monde))
    for etape, values in REFUSED.items():
        form = open_form(page, dossier_id, etape)
        for champ, value, _, part in values:
            form.type(champ, value, part)
        for champ, _, message, part in values:
            refused(form, champ, re.compile(message), part)
        page.reload()
        heading(page, re.compile("^Étape"))
        for champ, value, message, part in values:
            expect(form.input(champ, part)).to_have_value(value, timeout=PATIENCE)
            refused(form, champ, re.compile(message), part)
    form.open("recapitulatif")
    see(page, "8 points sont à compléter avant le dépôt.")


def test_what_looks_like_code_is_text(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    page = open_page(clerk(monde))
    form = open_form(page, dossier_id, "referent")
    form.type("referent.nom", MARKUP)
    form.type("referent.fonction", "a\u0007b\u000bc\u200b")
    settle(page)
    page.reload()
    expect(form.input("referent.nom")).to_have_value(MARKUP, timeout=PATIENCE)
    expect(form.input("referent.fonction")).to_have_value(re.compile("^a ?b ?c"))
    form.open("recapitulatif")
    see(page, MARKUP)
    word = page.request.get(f"/dossiers/{dossier_id}/projet.docx")
    assert word.ok
    assert MARKUP in words(word.body())


def words(data: bytes) -> str:
    """All the text of a Word file."""
    body = Document(io.BytesIO(data)).element.body
    return "".join(part.text or "" for part in body.iter() if part.tag.endswith("}t"))


def encrypted() -> bytes:
    stream = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf("Secret"))) as document:
        document.save(stream, encryption=pikepdf.Encryption(owner="a", user="b"))
    return stream.getvalue()


FILES = (
    ("vide.pdf", b"", "Ce fichier est vide"),
    ("programme.pdf", b"MZ" + b"\0" * 4000, "Ce fichier est un programme"),
    ("chiffre.pdf", encrypted(), "protégé par un mot de passe"),
    ("tronque.pdf", make_pdf("Coupé")[:400], "endommagé ou incomplet"),
)


def test_files_that_are_no_plain_pdf_are_refused_and_the_one_there_stays(
    serveur: Serveur, monde: Monde, open_page: OpenPage, tmp_path: Path
) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    page = open_page(clerk(monde))
    form = open_form(page, dossier_id, "deliberation")
    for name, data, message in FILES:
        form.attach("deliberation.fichier", name, data)
        see(page, re.compile(message))
        expect(page.get_by_role("link", name="deliberation.pdf")).to_be_visible(timeout=PATIENCE)
    heavy = tmp_path / "lourd.pdf"
    heavy.write_bytes(b"%PDF-1.7\n" + bytes(30_000_000))
    form.upload("deliberation.fichier").set_input_files(heavy)
    see(page, "Ce fichier dépasse 10 Mo.")
    expect(page.get_by_role("link", name="deliberation.pdf")).to_be_visible()
    form.attach("deliberation.fichier", "bonne.pdf", make_pdf("Délibération"))
    expect(page.get_by_role("link", name="bonne.pdf")).to_be_visible(timeout=PATIENCE)
    page.reload()
    expect(page.get_by_role("link", name="bonne.pdf")).to_be_visible(timeout=PATIENCE)


def test_a_signed_document_that_is_refused_leaves_the_rest_of_the_form(
    serveur: Serveur, monde: Monde, open_page: OpenPage
) -> None:
    convention_id = make_convention(serveur.portail, monde)
    page = open_page(clerk(monde))
    go(page, f"/convention?id={convention_id}")
    choose_file(page, "signee.pdf", make_pdf("Coupé")[:400])
    page.get_by_label("Date de la signature").fill("30/02/2026")
    page.get_by_label("Prénom, nom et qualité du signataire").fill("Camille Exemple, maire")
    button(page, "Déposer la convention signée").click()
    see(page, re.compile("n’existe pas|pas une date|Saisissez une date"))
    expect(page.get_by_label("Prénom, nom et qualité du signataire")).to_have_value("Camille Exemple, maire")
    page.get_by_label("Date de la signature").fill("06/01/2023")
    button(page, "Déposer la convention signée").click()
    see(page, re.compile("endommagé ou incomplet"))
    expect(page.get_by_label("Date de la signature")).to_have_value("06/01/2023")


def test_a_double_click_deposits_once(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    page = open_page(clerk(monde))
    go(page, f"/dossier?id={dossier_id}&etape=recapitulatif")
    button(page, "Déposer le dossier").click()
    button(page.get_by_role("dialog"), "Déposer le dossier").dblclick()
    notice = page.get_by_test_id("stAlert").filter(has_text="Dossier déposé.")
    expect(notice).to_be_in_viewport(timeout=PATIENCE)
    settle(page)
    expect(page.get_by_role("alert").filter(has_text=re.compile("erreur|impossible"))).to_have_count(0)
    assert journal(serveur, dossier_id, "dossier.deposer") == 1


def test_a_double_click_begins_one_dossier(serveur: Serveur, voisins: Monde, open_page: OpenPage) -> None:
    page = open_page(clerk(voisins))
    go(page, "/")
    button(page, "Commencer l’adhésion").dblclick()
    heading(page, re.compile("^Étape 1"))
    with serveur.portail.db.read() as session:
        query = select(func.count()).select_from(Dossier).where(Dossier.collectivite_id == voisins.collectivite_id)
        assert session.scalar(query) == 1


def test_the_back_button_leads_back_with_everything_there(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    page = open_page(clerk(monde))
    form = open_form(page, dossier_id, "referent")
    form.input("referent.fonction").fill("adjointe à la directrice")  # the click leaves the field, and goes on at once
    page.get_by_role("link", name="Étape suivante").click()
    heading(page, re.compile("^Étape 4"))
    page.go_back()
    heading(page, re.compile("^Étape 3"))
    expect(form.input("referent.fonction")).to_have_value("adjointe à la directrice", timeout=PATIENCE)
    page.go_forward()
    heading(page, re.compile("^Étape 4"))


def test_a_stale_tab_says_that_the_dossier_has_moved_on(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    page = open_page(clerk(monde))
    form = open_form(page, dossier_id, "referent")
    summary = page.context.new_page()
    go(summary, f"/dossier?id={dossier_id}&etape=recapitulatif")
    expect(button(summary, "Déposer le dossier")).to_be_enabled(timeout=PATIENCE)
    workflow.perform(serveur.portail, monde.gestionnaire, dossier_id, "deposer")
    form.type("referent.fonction", "saisi trop tard")
    see(page, "Déposé, en attente du centre")
    told = page.get_by_role("alert").filter(has_text="saisi trop tard")
    expect(told).to_contain_text(re.compile("n’a pas été enregistrée?"), timeout=PATIENCE)
    button(summary, "Déposer le dossier").click()
    see(summary, "Déposé, en attente du centre")
    assert journal(serveur, dossier_id, "dossier.deposer") == 1


def end_sessions(serveur: Serveur, monde: Monde, **values: object) -> None:
    with serveur.portail.db.write() as session:
        holder = SessionUtilisateur.utilisateur_id == monde.gestionnaire.utilisateur_id
        session.execute(update(SessionUtilisateur).where(holder).values(**values))


def test_what_was_typed_when_the_session_expired_is_there_after_login(
    serveur: Serveur, monde: Monde, open_page: OpenPage
) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    page = open_page(clerk(monde))
    form = open_form(page, dossier_id, "referent")
    end_sessions(serveur, monde, expire_le=utc_now() - timedelta(minutes=1))
    form.type("referent.fonction", "saisi après l’heure")
    see(page, "Votre session a expiré.")
    log_in(page, clerk(monde))
    heading(page, re.compile("^Étape 3"))
    expect(form.input("referent.fonction")).to_have_value("saisi après l’heure", timeout=PATIENCE)


def test_a_session_closed_elsewhere_is_closed_at_once_in_this_tab(
    serveur: Serveur, monde: Monde, open_page: OpenPage
) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    page = open_page(clerk(monde))
    form = open_form(page, dossier_id, "referent")
    form.type("referent.prenom", "Dominique-Alix")
    settle(page)
    other = page.context.new_page()
    go(other, "/")
    button(other, "Se déconnecter").click()
    heading(other, "Connexion")
    form.type("referent.fonction", "saisi sans session")
    see(page, re.compile("Votre session est fermée.*saisi sans session"))
    log_in(page, clerk(monde))
    heading(page, re.compile("^Étape 3"))
    expect(form.input("referent.prenom")).to_have_value("Dominique-Alix", timeout=PATIENCE)


def test_two_clerks_in_the_same_field_see_both_values(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    colleague = f"{uuid4().hex}@example.org"
    serveur.make_account(colleague, "Alex", "Modèle", Role.GESTIONNAIRE, collectivite=monde.collectivite_id)
    first = open_form(open_page(clerk(monde)), dossier_id, "referent")
    second = open_form(open_page(colleague), dossier_id, "referent")
    first.type("referent.fonction", "directrice")
    see(first.page, "Enregistré à")
    settle(first.page)
    second.type("referent.fonction", "chargé de mission")
    choice = second.page.get_by_role("alert").filter(has_text="Choisissez la réponse à garder.")
    expect(choice).to_contain_text("directrice", timeout=PATIENCE)
    expect(choice).to_contain_text("chargé de mission")
    button(second.page, "Garder ma saisie").click()
    expect(choice).to_have_count(0, timeout=PATIENCE)
    first.page.reload()
    expect(first.input("referent.fonction")).to_have_value("chargé de mission", timeout=PATIENCE)


def test_what_belongs_to_another_collectivite_is_refused_and_journalled(
    serveur: Serveur, monde: Monde, voisins: Monde, open_page: OpenPage
) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    convention_id = make_convention(serveur.portail, monde)
    piece_id = dossiers.open_dossier(serveur.portail, monde.gestionnaire, dossier_id).pieces[0].id
    before = refusals(serveur, voisins)
    page = open_page(address(voisins, Role.DIRECTION))
    for path in (f"/dossier?id={dossier_id}", f"/convention?id={convention_id}"):
        go(page, path)
        see(page, re.compile("n’existe pas|introuvable"))
        expect(page.get_by_text("Bourg-Modèle")).to_have_count(0)
    files = (
        f"/fichiers/{piece_id}",
        f"/dossiers/{dossier_id}/projet.docx",
        f"/dossiers/{dossier_id}/deliberation.docx",
        f"/conventions.zip?ids={convention_id}",
    )
    for path in files:
        answer = page.request.get(path)
        assert answer.status == 404, path
        assert b"PK" not in answer.body()[:4]
    assert refusals(serveur, voisins) - before == 2 + len(files)


def test_without_a_session_no_file_is_given(serveur: Serveur, monde: Monde, open_page: OpenPage) -> None:
    dossier_id = make_dossier(serveur.portail, monde)
    piece_id = dossiers.open_dossier(serveur.portail, monde.gestionnaire, dossier_id).pieces[0].id
    request = open_page().request
    for path in (f"/fichiers/{piece_id}", f"/dossiers/{dossier_id}/projet.docx", "/conventions.zip", "/journal.csv"):
        answer = request.get(path, max_redirects=0)
        assert answer.status == 303
        assert answer.headers["location"].startswith("/connexion")
        assert not answer.body()


def test_the_public_page_says_what_is_wrong_beside_each_field(open_page: OpenPage) -> None:
    page = open_page()
    go(page, "/demande")
    page.get_by_text("Ma collectivité n’est pas dans la liste").click()
    page.get_by_label("Nom de la collectivité").wait_for()
    settle(page)
    page.get_by_label("Nom de la collectivité").fill(MARKUP)
    page.get_by_label("Numéro SIREN").fill("123")
    settle(page)
    page.get_by_label("Prénom").fill("Camille")
    button(page, "Envoyer la demande").click()
    see(page, re.compile("compte 9 chiffres|Choisissez le type"))
    expect(page.get_by_label("Nom de la collectivité")).to_have_value(MARKUP)
    expect(page.get_by_label("Prénom")).to_have_value("Camille")


def journal(serveur: Serveur, dossier_id: UUID, action: str) -> int:
    """How many times the journal has this action on this dossier."""
    query = select(func.count()).select_from(AuditEvent)
    with serveur.portail.db.read() as session:
        return session.scalar(query.where(AuditEvent.action == action, AuditEvent.objet_id == str(dossier_id))) or 0


def refusals(serveur: Serveur, monde: Monde) -> int:
    """Refused attempts of the collectivité's director."""
    query = select(func.count()).select_from(AuditEvent).where(AuditEvent.action == "refus")
    with serveur.portail.db.read() as session:
        return session.scalar(query.where(AuditEvent.acteur_id == monde.direction.utilisateur_id)) or 0
