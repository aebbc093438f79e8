"""The second centre of the project, installed from its files beside the first, with its people and a commune of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from domain.forms.answers import flatten_tree
from domain.roles import Role
from models import Centre, Collectivite, DemandeAdhesion
from services.adhesion import answers, dossiers, workflow
from services.adhesion.dossier_views import DossierView
from services.centre.offres import current_version, get_offer
from services.core.access import Acteur
from services.core.portail import Portail
from tests.factories import Monde, attach_pdf, install_offres, lift_warnings, make_acteur

CENTRE, OFFRE = "cdg-martinique", "accompagnement-social"
EXAMPLE = Path(__file__).parent / "cases" / "adhesion-martinique.json"


def make_martinique(portail: Portail) -> Monde:
    """Every centre of the project as « portail init » loads them; the people are those of the CDG Martinique."""
    install_offres(portail)
    collectivite = Collectivite(
        nom="L’Ajoupa-Bouillon", siren="219722014", type="commune", code_insee="97201", departement="972"
    )
    with portail.db.write() as session:
        session.add(collectivite)
        centre = session.scalars(select(Centre).where(Centre.code == CENTRE)).one()
        version = current_version(session, centre.id, OFFRE)
        session.flush()
        session.add(
            DemandeAdhesion(
                centre_id=centre.id, etat="acceptee", collectivite_id=collectivite.id, siren=collectivite.siren,
                collectivite_nom=collectivite.nom, collectivite_type="commune", prenom="Camille", nom="Exemple",
                courriel="camille@example.org",
            )
        )  # fmt: skip
    gens = {
        role: make_acteur(portail, role, centre=centre.id, collectivite=collectivite.id, nom="Martinique")
        for role in Role
    }
    return Monde(portail, centre.id, version.id, collectivite.id, gens)


def example(**changes: object) -> dict[str, Any]:
    """The example's answers as a tree; `besoin__minutes_prevues=2400` changes `besoin.minutes_prevues`."""
    tree: dict[str, Any] = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    for path, value in changes.items():
        form, _, field = path.partition("__")
        tree[form][field] = value
    return tree


def fill(portail: Portail, monde: Monde, dossier_id: UUID, tree: dict[str, Any]) -> DossierView:
    """Answer everything as the clerk would, with the délibération's file, and as the centre after its meetings."""
    with portail.db.read() as session:
        forms = get_offer(session, monde.version_id).formset
    flat, _ = flatten_tree(forms.fields.values(), tree)
    answer(portail, monde.gestionnaire, dossier_id, {k: v for k, v in flat.items() if k not in forms.du_centre})
    answer(portail, monde.instructeur, dossier_id, {k: v for k, v in flat.items() if k in forms.du_centre})
    attach_pdf(portail, monde.gestionnaire, dossier_id, "deliberation.fichier")
    return dossiers.open_dossier(portail, monde.gestionnaire, dossier_id)


def answer(portail: Portail, person: Acteur, dossier_id: UUID, given: dict[str, Any]) -> None:
    """Give these answers, each of which is accepted."""
    shown = dossiers.open_dossier(portail, person, dossier_id).answers
    values = {champ: (value, shown[champ].version if champ in shown else 0) for champ, value in given.items()}
    results = answers.save_answers(portail, person, dossier_id, values)
    wrong = {champ: one for champ, one in results.items() if one.etat not in ("enregistre", "inchange")}
    assert not wrong, wrong


def begin(portail: Portail, monde: Monde) -> UUID:
    """A dossier just begun by the clerk."""
    return dossiers.create_dossier(
        portail,
        monde.gestionnaire,
        collectivite_id=monde.collectivite_id,
        offre_version_id=monde.version_id,
        operation_id=uuid4().hex,
    )


def accept(portail: Portail, monde: Monde, dossier_id: UUID) -> None:
    """Deposit it, then accept it, what deserved an eye being lifted."""
    workflow.perform(portail, monde.gestionnaire, dossier_id, "deposer")
    workflow.perform(portail, monde.instructeur, dossier_id, "prendre_en_charge")
    lift_warnings(portail, monde, dossier_id)
    workflow.perform(portail, monde.instructeur, dossier_id, "accepter")
