"""One amount from the simulator to the dashboard: services from 15 September 2023, 108 days of 365, 9 594,68 € (G2).

Whoever reads it, wherever, reads the same cents: simulator, command line, dossier, délibération, convention, year due,
statements, dashboard.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from click.testing import CliRunner

from cli import main
from domain.formatting import euros
from models import Exercice
from services.adhesion import answers, workflow
from services.adhesion.dossiers import open_dossier
from services.adhesion.editique import render_deliberation
from services.convention import signatures
from services.convention.conventions import issue_convention, open_convention
from services.core.portail import Portail
from services.pilotage.cadres import open_cadre
from services.pilotage.couts import costs_by_year
from services.pilotage.filtres import read_filtres
from services.pilotage.parametres import read_parametres
from services.pilotage.simulations import simulate
from tests.conventions import examine_here, pdf, read_convention, signing, word_text
from tests.decomptes import add_tarifs, close_until, issue_quarter, stored
from tests.factories import CENTRE, OFFRE, PATHS, Monde, make_dossier, make_monde, prepare

DEBUT = date(2023, 9, 15)
ANNUEL, DU = Decimal("32426.46"), Decimal("9594.68")
QUARTERS = [Decimal("0.00"), Decimal("0.00"), Decimal("4797.34"), Decimal("4797.34")]


@pytest.fixture(autouse=True)
def _examine_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.signed_pdf.run_limited", examine_here)


def test_one_amount_from_the_simulator_to_the_dashboard(portail: Portail) -> None:
    monde = make_monde(portail, gabarits=True)
    add_tarifs(portail, monde.centre_id, 2023)
    dossier_id = make_dossier(portail, monde)
    _simulated(portail, monde)
    _on_the_command_line()

    shown = open_dossier(portail, monde.gestionnaire, dossier_id).answers["besoin.date_debut_prestations"]
    late = {"besoin.date_debut_prestations": (DEBUT.isoformat(), shown.version)}
    assert answers.save_answers(portail, monde.gestionnaire, dossier_id, late)
    montants = open_dossier(portail, monde.gestionnaire, dossier_id).montants
    assert montants is not None
    assert (montants["annuel"], montants["premiere_annee"]["du"]) == (ANNUEL, DU)
    assert [one["montant"] for one in montants["echeancier"]] == QUARTERS
    assert euros(DU) in word_text(render_deliberation(portail, monde.gestionnaire, dossier_id).data)

    for role, action in PATHS["accepte"]:
        prepare(portail, monde, dossier_id, action)
        workflow.perform(portail, monde[role], dossier_id, action)
    convention_id = issue_convention(portail, monde.instructeur, dossier_id)
    convention = read_convention(portail, convention_id)
    assert (convention.montant_annuel, convention.montant_premiere_annee) == (ANNUEL, DU)
    issued = open_convention(portail, monde.direction, convention_id).piece("convention")
    assert issued is not None and euros(DU) in word_text(portail.files.read(convention.sha256))

    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing())
    for row in open_convention(portail, monde.instructeur, convention_id).avertissements:
        signatures.lift_convention_warning(portail, monde.instructeur, convention_id, row.code, "Essai.")
    signatures.countersign(portail, monde.signataire_centre, convention_id, **signing(pdf(3, "contresignée")))
    with portail.db.read() as session:
        year = session.get_one(Exercice, (convention_id, 2023))
        assert year.montant_du == DU

    close_until(portail, monde.centre_id, 2023, 12)
    statements = [issue_quarter(portail, monde, convention_id, 2023, quarter) for quarter in (1, 2, 3, 4)]
    assert [one.total if one else Decimal("0.00") for one in statements] == QUARTERS
    for one in statements[2:]:
        assert one is not None and euros(one.total) in word_text(stored(portail, one.id)[1])

    with portail.db.read() as session:
        filtres = read_filtres(session, monde.responsable, {"annee": "2023"})
        (first, *_) = costs_by_year(session, filtres)
    assert (first.code, first.montants.engage, first.montants.facture, first.montants.a_venir) == ("2023", DU, DU, 0)


def _simulated(portail: Portail, monde: Monde) -> None:
    texts = {"centre": CENTRE, "offre": OFFRE, "quotite": "47,70", "effet": "01/01/2023", "debut": "15/09/2023"}
    cadre = open_cadre(portail, monde.gestionnaire, CENTRE, OFFRE, monde.collectivite_id)
    retenue = simulate(cadre, read_parametres(texts)).retenue
    assert (retenue.annuel, retenue.annees[0].du) == (ANNUEL, DU)
    assert [one.montant for one in retenue.echeances] == QUARTERS


def _on_the_command_line() -> None:
    options = "--quotite 47.70 --effet 2023-01-01 --debut 2023-09-15 --annee 2023 --tarif 67980 --json"
    result = CliRunner().invoke(main, ["simuler", "--centre", CENTRE, *options.split()])
    said = json.loads(result.stdout)
    assert (Decimal(said["annuel"]), Decimal(said["du"])) == (ANNUEL, DU)
    assert [Decimal(one) for one in said["echeancier"]] == QUARTERS
