"""One amount, followed from the simulator to the dashboard through everything that tells it, for both offers. Each place
reads or computes it by its own way; none may differ by a cent.

G1: 67 980,00 € × 47,70 % = 32 426,46 € a year. G2: services from 15 September, 108 days of 365, 9 594,68 €. Then what makes
amounts part: a service dégradé on top, an absence, a tariff corrected after a statement, another one the year after."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from cli import main
from documents.contexts.adhesion import build_montants
from domain.formatting import euros
from domain.roles import Role
from models import Convention, Exercice, PeriodeSansAssistant
from services import exports
from services.adhesion import dossiers, editique, workflow
from services.adhesion.dossier_state import load_state
from services.centre.offres import list_tarifs
from services.centre.tarifs import save_tarif
from services.convention import conventions, signatures
from services.core.access import get_dossier
from services.core.portail import Portail
from services.facturation import consultation, exercices
from services.pilotage import cadres, couts, filtres, reprises, simulations, suivi
from services.pilotage.parametres import read_parametres
from tests import martinique
from tests.conventions import examine_here, make_convention, pdf, signing, word_text
from tests.decomptes import add_hours, add_tarif, add_tarifs, close_until, issue_quarter, set_convention, stored
from tests.factories import CENTRE, OFFRE, Monde, make_dossier, make_monde
from tests.factories import prepare as prepare_action
from tests.martinique import make_martinique

ANNUEL = Decimal("32426.46")
WRITTEN = "32 426,46 €"


@dataclass(frozen=True)
class Debut:
    """The first services, and what the first year and its quarters then cost."""

    jour: date
    du: Decimal
    trimestres: tuple[str, ...]

    @property
    def texts(self) -> dict[str, str]:
        """The same in the simulator."""
        return {
            "centre": CENTRE,
            "offre": OFFRE,
            "mode": "quotite",
            "quotite": "47.70",
            "effet": "2023-01-01",
            "debut": self.jour.isoformat(),
        }


G1 = Debut(date(2023, 1, 1), ANNUEL, ("8106.62", "8106.61", "8106.62", "8106.61"))
G2 = Debut(date(2023, 9, 15), Decimal("9594.68"), ("0.00", "0.00", "4797.34", "4797.34"))


@pytest.fixture
def monde(portail: Portail, monkeypatch: pytest.MonkeyPatch) -> Monde:
    """With the Word templates; LibreOffice and the examination of files have tests of their own."""
    monkeypatch.setattr("documents.pdf.signed.run_limited", examine_here)
    monkeypatch.setattr(conventions, "docx_to_pdf", lambda data: pdf(3, "émise"))
    return make_monde(portail, gabarits=True)


def plain(data: bytes) -> str:
    """The text of a Word file with ordinary spaces."""
    return plainly(word_text(data))


def plainly(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize("debut", [G1, G2], ids=["G1", "G2"])
def test_the_same_amount_everywhere(portail: Portail, monde: Monde, debut: Debut) -> None:
    simulate(portail, monde, debut)
    said = on_the_command_line("--quotite", "47.70", "--effet", "2023-01-01", "--debut", debut.jour, "--annee", 2023)
    assert (said["annuel"], said["du"], said["echeancier"]) == (str(ANNUEL), str(debut.du), list(debut.trimestres))
    dossier_id = fill_in(portail, monde, debut)
    convention_id = conclude(portail, monde, dossier_id, debut)
    invoice(portail, monde, convention_id, debut)
    read_costs(portail, monde, convention_id, 2023, du=debut.du)


def on_the_command_line(*options: object, centre: str = CENTRE) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["simuler", "--centre", centre, *map(str, options), "--json"])
    assert result.exit_code == 0, result.output
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def simulate(portail: Portail, monde: Monde, debut: Debut) -> None:
    """The simulator of the centre's manager."""
    cadre = cadres.open_cadre(portail, monde[Role.RESPONSABLE], CENTRE, OFFRE, None)
    found = simulations.simulate(cadre, read_parametres(debut.texts)).retenue
    assert (found.annuel, found.premiere.du) == (ANNUEL, debut.du)
    assert tuple(str(one.montant) for one in found.echeances) == debut.trimestres


def fill_in(portail: Portail, monde: Monde, debut: Debut) -> UUID:
    """What is simulated goes into the dossier; its page and its model délibération tell the same."""
    clerk = monde.gestionnaire
    dossier_id = make_dossier(portail, monde, "brouillon")
    cadre = cadres.open_dossier_cadre(portail, clerk, dossier_id)
    parametres = read_parametres(debut.texts)
    assert simulations.simulate(cadre, parametres).retenue.premiere.du == debut.du
    cible = next(one for one in reprises.list_cibles(portail, clerk, cadre) if one.id == dossier_id)
    reprises.reprendre(portail, clerk, dossier_id, parametres, cible.versions)
    view = dossiers.open_dossier(portail, clerk, dossier_id)
    assert view.montants is not None
    assert (view.montants["annuel"], view.montants["premiere_annee"]["du"]) == (ANNUEL, debut.du)
    assert tuple(str(one["montant"]) for one in view.montants["echeancier"]) == debut.trimestres
    for made in (editique.render_deliberation, editique.render_projet):
        text = plain(made(portail, clerk, dossier_id).data)
        assert WRITTEN in text and plainly(euros(debut.du)) in text
    with portail.db.read() as session:
        state = load_state(session, get_dossier(session, clerk, dossier_id))
        amounts, _ = build_montants(state.offer, state.evaluation.tree, list_tarifs(session, monde.centre_id))
        assert amounts["annuel"] == ANNUEL
    return dossier_id


def conclude(portail: Portail, monde: Monde, dossier_id: UUID, debut: Debut) -> UUID:
    """Accepted, issued, signed by both: the convention, its file, and the years that it commits."""
    for role, action in ((Role.GESTIONNAIRE, "deposer"), (Role.INSTRUCTEUR, "prendre_en_charge")):
        workflow.perform(portail, monde[role], dossier_id, action)
    prepare_action(portail, monde, dossier_id, "accepter")
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    view = conventions.open_convention(portail, monde.direction, convention_id)
    assert (view.montant_annuel, view.montant_premiere_annee) == (ANNUEL, debut.du)
    with portail.db.read() as session:
        sha256 = session.get_one(Convention, convention_id).sha256
    assert plainly(euros(debut.du)) in plain(portail.files.read(sha256))
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing())
    given = signing(pdf(3, "contresignée"), signataire="Bernard Modèle, président")
    assert signatures.countersign(portail, monde.signataire_centre, convention_id, **given) == "en_vigueur"
    with portail.db.read() as session:
        years = [session.get_one(Exercice, (convention_id, annee)) for annee in range(2023, 2028)]
    assert [year.montant_du for year in years] == [debut.du, *[ANNUEL] * 4]
    return convention_id


def invoice(portail: Portail, monde: Monde, convention_id: UUID, debut: Debut) -> None:
    """Statements make the year; each one's file says how, and the accountant's lines add up to it."""
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    issued = [issue_quarter(portail, monde, convention_id, 2023, quarter) for quarter in (1, 2, 3, 4)]
    assert tuple(str(one.total) if one else "0.00" for one in issued) == debut.trimestres
    for one in issued:
        if one is not None:
            assert plainly(euros(debut.du)) in plain(stored(portail, one.id)[1])
            assert consultation.open_decompte(portail, monde.direction, one.id).row.total == one.total


def read_costs(
    portail: Portail, monde: Monde, convention_id: UUID, annee: int, *, du: Decimal, en_sus: Decimal = Decimal(0)
) -> None:
    """The year is wholly invoiced, in the rollup, the centre's dashboard, the collectivité's page and the accountant's lines."""
    with portail.db.read() as session:
        asked = filtres.read_filtres(session, monde[Role.RESPONSABLE], {"annee": str(annee)}, propres=False)
        year = next(one for one in couts.costs_by_year(session, asked) if one.code == str(annee))
        page, total = couts.costs_by_collectivite(session, asked, couts.Recherche())
        assert session.get_one(Exercice, (convention_id, annee)).montant_du == du
    for montants in (year.montants, page.rows[0].montants, total):
        assert (montants.engage, montants.facture, montants.hors_engagement) == (du, du + en_sus, en_sus)
        assert (montants.a_venir, montants.trop) == (0, 0)
    followed = suivi.open_suivi(portail, monde.direction, convention_id, annee)
    assert (followed.engage, followed.facture, followed.en_sus) == (du, du + en_sus, en_sus)
    assert (followed.a_venir, followed.trop) == (0, 0)
    assert sum(one.total for one in followed.decomptes if one.exercice == annee) == du + en_sus
    made = exports.produce(portail, monde[Role.RESPONSABLE], "titres.csv", {"exercice": str(annee)})
    lines = csv.DictReader(io.StringIO(made.data.decode("utf-8-sig")), delimiter=";")
    assert sum(Decimal(one["Montant"].replace(",", ".")) for one in lines) == du + en_sus


def test_a_share_with_a_service_degrade_an_absence_and_another_tariff(portail: Portail, monde: Monde) -> None:
    """6 h 30 of service dégradé at 57 € (370,50 €), then, after the first statement, 45 days without anybody and a tariff
    corrected; and the tariff of the year after."""
    convention_id = make_convention(portail, monde, "en_vigueur")
    add_tarifs(portail, monde.centre_id, 2023)
    add_hours(portail, monde, convention_id, [(date(2023, 2, 6), 390, "service_degrade")])
    close_until(portail, monde.centre_id, 2024, 12)
    issued = [issue_quarter(portail, monde, convention_id, 2023, 1)]
    with portail.db.write() as session:
        session.add(
            PeriodeSansAssistant(
                convention_id=convention_id, du=date(2023, 5, 1), au=date(2023, 6, 14), motif="Vacance"
            )
        )
    given = {"numero": "2022-60", "date": "1/12/2022"}
    for code, annee, montant in (
        ("temps_complet", 2023, "69 340,00"), ("temps_complet", 2024, "70 727,00"), ("heure", 2024, "58,00"),
    ):  # fmt: skip
        changed = {**given, "annee": str(annee), "montant": montant}
        save_tarif(portail, monde[Role.RESPONSABLE], monde.centre_id, code, changed)
    issued += [issue_quarter(portail, monde, convention_id, 2023, quarter) for quarter in (2, 3, 4)]
    year = ("--quotite", "47.70", "--effet", "2023-01-01", "--annee")
    said = on_the_command_line(*year, 2023, "--tarif", "69340", "--absence", "2023-05-01:2023-06-14")
    du = Decimal("28997.42")  # 69 340,00 € × 47,70 % × 320/365
    assert Decimal(said["du"]) == du
    assert sum(one.total for one in issued if one) == du + Decimal("370.50")
    read_costs(portail, monde, convention_id, 2023, du=du, en_sus=Decimal("370.50"))
    for quarter in (1, 2, 3, 4):
        issue_quarter(portail, monde, convention_id, 2024, quarter)
    following = Decimal(on_the_command_line(*year, 2024, "--tarif", "70727")["du"])
    assert following == Decimal("33736.78")
    read_costs(portail, monde, convention_id, 2024, du=following)


def test_hours_with_an_inventory_and_another_tariff(portail: Portail) -> None:
    """G5 at 60 €, then a year at 61 €; the inventory is told at 0 €."""
    monde = make_martinique(portail)
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2024, 1, 1))
    set_convention(portail, convention_id, quotite=None, minutes_prevues=2740)
    for annee, taux in ((2024, "60.00"), (2025, "61.00")):
        add_tarif(portail, monde.centre_id, "heure", annee, taux)
        done = [(2, 750), (5, 440), (10, 1000), (11, 550)]
        rows = [(date(annee, mois, 3), minutes, "ordinaire") for mois, minutes in done]
        add_hours(portail, monde, convention_id, [*rows, (date(annee, 1, 6), 120, "etat_des_lieux")])
    close_until(portail, monde.centre_id, 2025, 12)
    with portail.db.write() as session:
        exercices.refresh_convention(session, convention_id)
    for annee, taux, du in ((2024, "60", Decimal("2740.00")), (2025, "61", Decimal("2785.67"))):
        said = on_the_command_line("--minutes", "750,440,1000,550", "--tarif", taux, centre=martinique.CENTRE)
        totals = [issue_quarter(portail, monde, convention_id, annee, quarter) for quarter in (1, 2, 3, 4)]
        lines = [str(line.montant) for one in totals if one for line in one.lignes if line.nature == "heures"]
        assert lines == said["lignes"]  # a line for a month, rounded by itself
        assert Decimal(said["total"]) == du
        read_costs(portail, monde, convention_id, annee, du=du)
