"""The simulation as files: real figures in the workbook, one page for the budget, nothing for a stranger."""

from __future__ import annotations

import io
from decimal import Decimal
from uuid import UUID

import pikepdf
import pytest
from openpyxl import load_workbook

from documents.pdf.conversion import docx_to_pdf
from domain.errors import Introuvable, Invalide
from domain.formatting import euros
from domain.offer import load_centre, load_offer
from domain.tarifs import load_tarifs
from services.adhesion.editique import Ingredients
from services.core.portail import Portail
from services.exports import produce
from services.facturation.gabarits import render_with
from services.pilotage import scenarios
from services.pilotage.export_simulation import build_note, open_simulation
from services.pilotage.parametres import read_parametres
from services.pilotage.simulations import Cadre, simulate
from tests.conventions import word_text
from tests.factories import (
    CENTRE,
    FORMS,
    OFFRE,
    TEMPLATES,
    Monde,
    journal_actions,
    make_dossier,
    make_monde,
    make_other_centre,
)

G2 = {"centre": CENTRE, "offre": OFFRE, "quotite": "47,70", "effet": "01/01/2023", "debut": "01/07/2023", "taux": "60"}
LONG = {
    **G2,
    "mode": "agents",
    "agents": "552",
    "ratio": "1200",
    "hausse": "2",
    "inflation": "1,5",
    "votes": "2024 : 69 340 ; 2026 : 70 500 ; 2027 : 70 600",
    "avenants": "50 au 01/09/2023; 55 au 01/01/2024; 60 au 01/09/2025; 65 au 01/12/2026; 70 au 01/03/2027",
    "absences": "15/09/2023 au 15/10/2023; 01/02/2024 au 16/03/2024; 01/07/2025 au 31/08/2025; 01/03/2026 au 31/03/2026",
}
"""Everything that a simulation can hold at once."""


@pytest.fixture
def monde(portail: Portail) -> Monde:
    """A centre with its templates, a collectivité with a dossier."""
    monde = make_monde(portail, gabarits=True)
    make_dossier(portail, monde, complet=False)
    return monde


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ").replace("\u2011", "-")


def test_the_workbook_holds_real_numbers(monde: Monde) -> None:
    made = produce(monde.portail, monde.responsable, "simulation.xlsx", G2)
    assert made.nom == "simulation-service-social-travail-2023-01-01.xlsx"
    book = load_workbook(io.BytesIO(made.data))
    assert book.sheetnames == ["Comparaison", "Années", "Échéancier", "Point d’équilibre", "Calcul"]
    rows = [[cell.value for cell in row] for row in book["Comparaison"].iter_rows()]
    part = next(row for row in rows if row[0] == "Part d’un temps plein")
    assert part[2:6] == [67980, 32426.46, 16346.49, 146052.33]
    years = [[cell.value for cell in row] for row in book["Années"].iter_rows()]
    assert [row[2] for row in years if str(row[0]).isdigit()] == [16346.49, *[32426.46] * 4]
    assert next(row for row in years if row[0] == "Total")[2] == 146052.33
    words = plain(" ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row))
    assert "540 h 27" in words and "sans valeur contractuelle" in words
    assert "67 980,00 € × 47,70 % = 32 426,46 €" in words
    assert "Aucun tarif 2023" in words
    assert journal_actions(monde.portail)[-1] == "simulation.exporter"


def test_the_note_tells_amounts_hypotheses_steps_and_warnings(monde: Monde) -> None:
    asked = {**G2, "collectivite": str(monde.collectivite_id), "titre": "Budget 2027"}
    made = produce(monde.portail, monde.direction, "note-simulation.docx", asked)
    words = plain(word_text(made.data))
    for expected in (
        "Note de simulation",
        "Choisy-le-Roi – Budget 2027",
        "n’engage ni le centre ni la collectivité",
        "32 426,46 €",
        "16 346,49 €",
        "146 052,33 €",
        "45 992,00 €",
        "jours calendaires réels",
        "Le tarif 2023 n’est pas encore enregistré",
        "Point d’équilibre : 32 426,46 € / 60,00 € l’heure = 540,441 h",
    ):
        assert expected in words, expected


@pytest.mark.parametrize("asked", [G2, LONG], ids=["court", "long"])
def test_the_note_is_one_page(make_portail, asked: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    monde = make_monde(make_portail("sqlite"), gabarits=True)
    made = produce(monde.portail, monde.responsable, "note-simulation.docx", {**asked, "titre": "Un titre " * 12})
    with pikepdf.open(io.BytesIO(docx_to_pdf(made.data))) as document:
        assert len(document.pages) == 1


def test_a_long_term_is_gathered_and_nothing_is_lost(monde: Monde) -> None:
    simulation = open_simulation(monde.portail, monde.responsable, LONG)
    note = build_note(simulation)
    assert sum(one["montant"] for one in note["annees"]) == simulation.retenue.total  # type: ignore[attr-defined]
    assert any("autres lignes" in one for one in note["hypotheses"])  # type: ignore[attr-defined]
    assert Decimal(note["simulation"]["retenue"]["total"]) == simulation.retenue.total  # type: ignore[index]


def test_what_a_person_typed_stays_text(monde: Monde) -> None:
    nasty = {**G2, "titre": '=cmd|" /C calc"!A0 <w:p> {{ centre }}'}
    made = produce(monde.portail, monde.responsable, "note-simulation.docx", nasty)
    assert "{{ centre }}" in word_text(made.data)


@pytest.mark.parametrize("nom", ["simulation.xlsx", "note-simulation.docx"])
def test_nothing_for_a_stranger_and_a_clear_refusal_of_bad_values(monde: Monde, nom: str) -> None:
    other = make_other_centre(monde.portail)
    for who, asked in (
        (other, G2),
        (monde.direction, G2),
        (monde.responsable, {**G2, "collectivite": str(monde.collectivite_id)}),
        (monde["assistant"], G2),
        (monde.responsable, {**G2, "offre": "inconnue"}),
    ):
        with pytest.raises(Introuvable):
            produce(monde.portail, who, nom, asked)
    with pytest.raises(Invalide, match="n’existe pas"):
        produce(monde.portail, monde.responsable, nom, {**G2, "effet": "31/02/2023"})
    assert journal_actions(monde.portail).count("simulation.exporter") == 0


def test_scenarios_compared_as_a_workbook(monde: Monde) -> None:
    idents = []
    for nom, quotite in (("Bas", "20"), ("Haut", "47,70")):
        p = read_parametres({**G2, "quotite": quotite})
        idents.append(scenarios.save_scenario(monde.portail, monde.responsable, nom, p, nom))
    asked = {"comparer": ",".join(map(str, idents))}
    book = load_workbook(io.BytesIO(produce(monde.portail, monde.instructeur, "simulation.xlsx", asked).data))
    rows = [[cell.value for cell in row] for row in book["Scénarios"].iter_rows()]
    assert next(row for row in rows if row[0] == "Haut")[5:8] == [32426.46, 16346.49, 146052.33]
    assert any("Révision annuelle supposée" in row for row in rows) and "Aucune" in rows[-1]
    years = [[cell.value for cell in row] for row in book["Années"].iter_rows()]
    assert ["Année", "1. Bas", "2. Haut"] in years
    for bad in ("x", asked["comparer"].split(",")[0]):
        with pytest.raises((Introuvable, Invalide)):
            produce(monde.portail, monde.instructeur, "simulation.xlsx", {"comparer": bad})
    with pytest.raises(Introuvable):
        produce(monde.portail, monde.direction, "simulation.xlsx", asked)


@pytest.mark.parametrize(
    ("centre", "offre", "asked"),
    [
        (CENTRE, OFFRE, {"quotite": "47,70"}),
        ("cdg-martinique", "accompagnement-social", {"mode": "heures", "heures": "45 h 40", "tarif": "67 980"}),
        ("cdg-martinique", "accompagnement-social", {"mode": "heures", "heures": "45 h 40"}),
    ],
)
def test_each_offer_has_its_note(centre: str, offre: str, asked: dict[str, str]) -> None:
    """Rendered from the files of the offer, with a share to compare with or without."""
    folder = TEMPLATES / centre / offre
    offer, loaded = load_offer(FORMS / centre / offre), load_tarifs(FORMS / centre / "tarifs.yaml")
    cadre = Cadre(UUID(int=1), centre, "Centre", "Europe/Paris", offer, tuple(loaded))
    simulation = simulate(cadre, read_parametres({"effet": "01/01/2026", **asked}))
    made_of = Ingredients(
        offer=offer,
        centre=load_centre(FORMS / centre),
        tarifs=(),
        gabarits={name: name for name in offer.templates()},
        read=lambda name: (folder / name).read_bytes(),
    )
    words = plain(word_text(render_with(made_of, "simulation", build_note(simulation)).data))
    assert plain(euros(simulation.retenue.annuel)) in words
    assert simulation.retenue.titre in words
