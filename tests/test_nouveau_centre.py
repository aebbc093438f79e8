"""A third centre, made with the files of docs/nouveau-centre.md and nothing else, goes from the first form to its convention."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from docx import Document
from sqlalchemy import select

from documents.contexts.echantillons import sample_for
from documents.engine.check import check_template
from documents.engine.filters import FILTERS
from domain.calendar import classify_notice, rules_of
from domain.courriels import catalogue
from domain.offer import load_centre, load_offer
from domain.roles import Role
from domain.tarifs import load_tarifs
from models import Centre, Convention, DemandeAdhesion, OffreVersion, Piece
from services.adhesion import answers, dossiers, workflow
from services.centre import centres
from services.centre.offres import current_version, load_offres
from services.convention.conventions import issue_convention
from services.core import clock
from services.core.portail import Portail
from services.core.settings import ROOT
from services.courriels.textes import preview_texte
from services.offres import bundle
from services.offres.edition_formulaires import open_edition
from tests.factories import Monde, attach_pdf, lift_warnings, make_acteur, make_collectivite

pytestmark = pytest.mark.sqlite
"""An offer made of files alone goes through what other tests run on both databases."""

CENTRE, OFFRE = "cdg-des-deux-rives", "permanences"
BLOCK = re.compile(r"^```(yaml|docx) (\S+)\n(.*?)^```$", re.M | re.S)

ANSWERS: dict[str, Any] = {
    "collectivite.type": "commune",
    "collectivite.nom": "Rives-sur-Exemple",
    "collectivite.siren": "219400223",
    "collectivite.effectif": 120,
    "representant.civilite": "Mme",
    "representant.prenom": "Camille",
    "representant.nom": "Exemple",
    "representant.qualite": "maire",
    "partenaire.nom": "Association Écoute",
    "partenaire.nature": "association",
    "partenaire.agrement": "A-99-12",
    "partenaire.signataire": "sa présidente",
    "accueil.conditions": {"entree_discrete": True, "parking": True},
    "besoin.demi_journees": 24,
    "besoin.date_effet": "2026-01-01",
    "besoin.date_debut_prestations": "2026-01-01",
    "deliberation.organe": "conseil municipal",
    "deliberation.numero": "2025-44",
    "deliberation.date": "2025-12-02",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the guide, written where it says."""
    root = tmp_path_factory.mktemp("nouveau-centre")
    for kind, name, text in BLOCK.findall((ROOT / "docs" / "nouveau-centre.md").read_text(encoding="utf-8")):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "yaml":
            path.write_text(text, encoding="utf-8")
        else:
            document = Document()
            for line in text.splitlines():
                document.add_paragraph(line)
            document.save(str(path))
    return root


@pytest.fixture
def monde(portail: Portail, folder: Path) -> Monde:
    done = load_offres(portail, forms=folder / "forms", templates=folder / "doc_templates")
    assert len(done) == 3
    collectivite_id = make_collectivite(portail, "Rives-sur-Exemple")
    with portail.db.write() as session:
        centre_id = session.scalars(select(Centre.id).where(Centre.code == CENTRE)).one()
        version_id = current_version(session, centre_id, OFFRE).id
        session.add(
            DemandeAdhesion(
                centre_id=centre_id, etat="acceptee", collectivite_id=collectivite_id, siren="219400223",
                collectivite_nom="Rives-sur-Exemple", collectivite_type="commune", prenom="Camille", nom="Exemple",
                courriel="camille@example.org",
            )
        )  # fmt: skip
    gens = {role: make_acteur(portail, role, centre=centre_id, collectivite=collectivite_id) for role in Role}
    return Monde(portail, centre_id, version_id, collectivite_id, gens)


def test_the_templates_of_the_guide_are_right(folder: Path) -> None:
    offer = load_offer(folder / "forms" / CENTRE / OFFRE)
    centre = load_centre(folder / "forms" / CENTRE)
    sample = sample_for(offer, centre, "adhesion", load_tarifs(folder / "forms" / CENTRE / "tarifs.yaml"))
    for name in offer.templates():
        data = (folder / "doc_templates" / CENTRE / OFFRE / name).read_bytes()
        assert check_template(data, sample) == [], name


def test_the_guide_names_every_filter() -> None:
    guide = (ROOT / "docs" / "nouveau-centre.md").read_text(encoding="utf-8")
    assert [name for name in FILTERS if f"`{name}`" not in guide] == []


def test_it_says_no_word_of_another_service(folder: Path, portail: Portail, monde: Monde) -> None:
    """« Médecine préventive »: in its files, above its pages, in its mails, in the samples of its templates."""
    offer, centre = load_offer(folder / "forms" / CENTRE / OFFRE), load_centre(folder / "forms" / CENTRE)
    assert "social" not in f"{offer.model_dump_json()} {centre.model_dump_json()}".lower()
    banner = centres.banner(portail, monde.gestionnaire)
    assert (banner.nom, banner.service) == (centre.nom, "Médecine préventive")
    tarifs = load_tarifs(folder / "forms" / CENTRE / "tarifs.yaml")
    assert "social" not in str(sample_for(offer, centre, "adhesion", tarifs)).lower()
    view = open_edition(portail, monde.administrateur, monde.centre_id, OFFRE)
    for modele in catalogue().modeles:
        told = preview_texte(portail, monde.administrateur, view, modele.id, modele.objet, modele.corps)
        assert "social" not in f"{told.objet} {told.corps}".lower(), modele.id


def test_its_convention_ends_on_any_day(folder: Path) -> None:
    rules = rules_of(load_offer(folder / "forms" / CENTRE / OFFRE))
    notice = classify_notice(date(2026, 11, 30), effet=date(2026, 1, 1), terme=date(2028, 12, 31), delai=rules.delai)
    assert (notice.recevabilite, notice.fin) == ("oui", date(2027, 2, 28))


def test_its_request_asks_a_part_of_a_form(folder: Path) -> None:
    offer = load_offer(folder / "forms" / CENTRE / OFFRE)
    asked = offer.variant("accueil")
    assert list(asked.formset.fields) == ["accueil.conditions"]
    assert [line.action for line in asked.workflow_dossier.transitions][:2] == ["deposer", "valider"]


def test_from_the_first_form_to_the_word_file(portail: Portail, monde: Monde, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "today", lambda zone="Europe/Paris": date(2025, 12, 10))
    dossier_id = dossiers.create_dossier(
        portail, monde.gestionnaire, collectivite_id=monde.collectivite_id, offre_version_id=monde.version_id,
        operation_id=uuid4().hex,
    )  # fmt: skip
    shown = dossiers.open_dossier(portail, monde.gestionnaire, dossier_id).answers
    values = {champ: (value, shown[champ].version if champ in shown else 0) for champ, value in ANSWERS.items()}
    results = answers.save_answers(portail, monde.gestionnaire, dossier_id, values)
    assert {one.etat for one in results.values()} <= {"enregistre", "inchange"}, results
    attach_pdf(portail, monde.gestionnaire, dossier_id, "deliberation.fichier")
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    visit = answers.save_answer(
        portail, monde[Role.ASSISTANT], dossier_id, "accueil.visite_le", "09/12/2025", version_vue=0
    )
    assert visit.etat == "enregistre", visit
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    convention_id = issue_convention(portail, monde.instructeur, dossier_id)
    with portail.db.read() as session:
        convention = session.get_one(Convention, convention_id)
        assert convention.date_effet == date(2026, 1, 1)
        piece = session.scalars(
            select(Piece).where(Piece.convention_id == convention_id, Piece.usage == "convention")
        ).one()
        data = portail.files.read(piece.sha256)
    told = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(data)).paragraphs).replace("\u202f", " ")
    told = told.replace("\xa0", " ")
    assert f"Convention tripartite n° {convention.numero}" in told
    assert "la commune de Rives-sur-Exemple, représentée par Mme Camille Exemple" in told
    assert "et Association Écoute, représenté par sa présidente, ensemble « les trois parties »" in told
    assert "24 demi-journées" in told and "5 160,00 €" in told, told
    assert "que par décision expresse des trois parties" in told and "31 décembre 2026" in told
    assert "Entrée discrète : oui. Visioconférence : non." in told
    assert "à tout moment par lettre recommandée, 3 mois à l’avance" in told
    assert "social" not in told.lower(), "its service is not"


def test_round_trip_of_its_files(portail: Portail, monde: Monde, folder: Path) -> None:
    with portail.db.read() as session:
        version = session.get_one(OffreVersion, monde.version_id)
        found = bundle.list_files(session, portail.files, version.id)
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.parent.name == OFFRE]
    assert found == {str(path.relative_to(folder)): path.read_bytes() for path in paths}
