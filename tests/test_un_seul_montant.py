"""One amount, followed from the simulator to the dashboard: 67 980,00 € × 47,70 % = 32 426,46 € (G1), through everything that
tells it. Each place reads or computes it by its own way; none may differ by a cent."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from uuid import UUID

import pytest

from documents.context import build_montants
from domain.roles import Role
from models import Convention, Exercice
from services import exports
from services.adhesion import dossiers, editique, workflow
from services.adhesion.dossier_state import load_state
from services.centre.offres import list_tarifs
from services.convention import conventions, signatures
from services.core.access import get_dossier
from services.core.portail import Portail
from services.facturation import consultation
from services.pilotage import cadres, couts, filtres, reprises, simulations, suivi
from services.pilotage.parametres import read_parametres
from tests.conventions import examine_here, pdf, signing, word_text
from tests.decomptes import add_tarifs, close_until, issue_quarter, stored
from tests.factories import CENTRE, OFFRE, Monde, make_dossier, make_monde
from tests.factories import prepare as prepare_action

MONTANT = Decimal("32426.46")
WRITTEN = "32 426,46 €"
TEXTS = {"centre": CENTRE, "offre": OFFRE, "mode": "quotite", "quotite": "47.70", "effet": "2023-01-01"}


@pytest.fixture
def monde(portail: Portail, monkeypatch: pytest.MonkeyPatch) -> Monde:
    """With the Word templates; LibreOffice and the examination of files have tests of their own."""
    monkeypatch.setattr("documents.signed_pdf.run_limited", examine_here)
    monkeypatch.setattr(conventions, "docx_to_pdf", lambda data: pdf(3, "émise"))
    return make_monde(portail, gabarits=True)


def plain(data: bytes) -> str:
    """The text of a Word file with ordinary spaces."""
    return word_text(data).replace("\u202f", " ").replace("\u00a0", " ")


def test_the_same_amount_everywhere(portail: Portail, monde: Monde) -> None:
    simulate(portail, monde)
    dossier_id = fill_in(portail, monde)
    convention_id = conclude(portail, monde, dossier_id)
    invoice(portail, monde, convention_id)
    read_costs(portail, monde, convention_id)


def simulate(portail: Portail, monde: Monde) -> None:
    """The simulator of the centre's manager."""
    cadre = cadres.open_cadre(portail, monde[Role.RESPONSABLE], CENTRE, OFFRE, None)
    found = simulations.simulate(cadre, read_parametres(TEXTS)).retenue
    assert found.annuel == found.premiere.du == MONTANT
    assert sum(one.montant for one in found.echeances) == MONTANT


def fill_in(portail: Portail, monde: Monde) -> UUID:
    """What is simulated goes into the dossier; its page and its model délibération tell the same."""
    clerk = monde.gestionnaire
    dossier_id = make_dossier(portail, monde, "brouillon")
    cadre = cadres.open_dossier_cadre(portail, clerk, dossier_id)
    parametres = read_parametres(TEXTS)
    assert simulations.simulate(cadre, parametres).retenue.annuel == MONTANT
    cible = next(one for one in reprises.list_cibles(portail, clerk, cadre) if one.id == dossier_id)
    reprises.reprendre(portail, clerk, dossier_id, parametres, cible.versions)
    view = dossiers.open_dossier(portail, clerk, dossier_id)
    assert view.montants is not None and view.montants["annuel"] == view.montants["premiere_annee"]["du"] == MONTANT
    assert WRITTEN in plain(editique.render_deliberation(portail, clerk, dossier_id).data)
    assert WRITTEN in plain(editique.render_projet(portail, clerk, dossier_id).data)
    with portail.db.read() as session:
        state = load_state(session, get_dossier(session, clerk, dossier_id))
        amounts, _ = build_montants(state.offer, state.evaluation.tree, list_tarifs(session, monde.centre_id))
        assert amounts["annuel"] == MONTANT
    return dossier_id


def conclude(portail: Portail, monde: Monde, dossier_id: UUID) -> UUID:
    """Accepted, issued, signed by both: the convention, its file, and the years that it commits."""
    for role, action in ((Role.GESTIONNAIRE, "deposer"), (Role.INSTRUCTEUR, "prendre_en_charge")):
        workflow.perform(portail, monde[role], dossier_id, action)
    prepare_action(portail, monde, dossier_id, "accepter")
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
    convention_id = conventions.issue_convention(portail, monde.instructeur, dossier_id)
    view = conventions.open_convention(portail, monde.direction, convention_id)
    assert (view.montant_annuel, view.montant_premiere_annee) == (MONTANT, MONTANT)
    with portail.db.read() as session:
        sha256 = session.get_one(Convention, convention_id).sha256
    assert WRITTEN in plain(portail.files.read(sha256))
    signatures.submit_signature(portail, monde.gestionnaire, convention_id, **signing())
    given = signing(pdf(3, "contresignée"), signataire="Bernard Modèle, président")
    assert signatures.countersign(portail, monde.signataire_centre, convention_id, **given) == "en_vigueur"
    with portail.db.read() as session:
        years = [session.get_one(Exercice, (convention_id, annee)) for annee in range(2023, 2028)]
    assert {year.montant_du for year in years} == {MONTANT}
    return convention_id


def invoice(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    """Four statements make the year; each one's file says how, and the accountant's lines add up to it."""
    add_tarifs(portail, monde.centre_id, 2023)
    close_until(portail, monde.centre_id, 2023, 12)
    issued = [issue_quarter(portail, monde, convention_id, 2023, quarter) for quarter in (1, 2, 3, 4)]
    assert sum((one.total for one in issued if one), Decimal(0)) == MONTANT
    for one in issued:
        assert one is not None
        assert WRITTEN in plain(stored(portail, one.id)[1])
        view = consultation.open_decompte(portail, monde.direction, one.id)
        assert view.row.total == one.total
    made = exports.produce(portail, monde[Role.RESPONSABLE], "titres.csv", {"exercice": "2023"})
    lines = csv.DictReader(io.StringIO(made.data.decode("utf-8-sig")), delimiter=";")
    assert sum(Decimal(one["Montant"].replace(",", ".")) for one in lines) == MONTANT


def read_costs(portail: Portail, monde: Monde, convention_id: UUID) -> None:
    """The rollup, the centre's dashboard, the collectivité's page."""
    with portail.db.read() as session:
        asked = filtres.read_filtres(session, monde[Role.RESPONSABLE], {"annee": "2023"}, propres=False)
        year = next(one for one in couts.costs_by_year(session, asked) if one.code == "2023")
        page, total = couts.costs_by_collectivite(session, asked, couts.Recherche())
    for montants in (year.montants, page.rows[0].montants, total):
        assert (montants.engage, montants.facture, montants.a_venir) == (MONTANT, MONTANT, Decimal(0))
    followed = suivi.open_suivi(portail, monde.direction, convention_id, 2023)
    assert (followed.engage, followed.facture, followed.a_venir) == (MONTANT, MONTANT, Decimal(0))
    assert sum(one.total for one in followed.decomptes) == MONTANT
