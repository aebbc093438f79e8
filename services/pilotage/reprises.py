"""What is simulated goes into a dossier: its share (or hours) and its dates, saved as answers like any others.

The answers are saved by services.adhesion.answers: the same rights, versions, corrections and journal as when they are
typed. What the person saw of the dossier is given back, so that a colleague's change in between is never overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.errors import Conflit, Invalide
from domain.forms.fields import display_value
from domain.offer import Offer
from models import Collectivite, Dossier, OffreVersion
from services.adhesion.answers import save_answers
from services.adhesion.dossier_state import DossierState, load_states
from services.adhesion.dossier_views import SaveResult
from services.adhesion.edition import find_edition
from services.core.access import Acteur, visible_dossiers
from services.core.portail import Portail
from services.pilotage.cadres import open_dossier_cadre
from services.pilotage.parametres import Parametres
from services.pilotage.simulations import Cadre, Simulation, simulate

EDITABLE = ("brouillon", "a_corriger")
MAX_DOSSIERS = 25
"""Dossiers offered at once, the last touched first."""


@dataclass(frozen=True)
class DossierCible:
    """A dossier that the person may fill in now. `versions` are those of the answers concerned; `actuel` says what these
    answers are, in words, by the label of their field."""

    id: UUID
    reference: str
    collectivite: str
    versions: dict[str, int]
    actuel: tuple[tuple[str, str], ...]


def fields_of(offer: Offer) -> tuple[str, str, str]:
    """Fields that a simulation answers: the quantity, the effect, the first services."""
    return offer.facturation.champ, offer.duree.champ_effet, offer.duree.champ_debut


def list_cibles(portail: Portail, acteur: Acteur, cadre: Cadre) -> list[DossierCible]:
    """Dossiers of this offer, and of this collectivité when there is one, that the person may fill in now."""
    with portail.db.read() as session:
        query = (
            visible_dossiers(acteur)
            .join(OffreVersion, OffreVersion.id == Dossier.offre_version_id)
            .where(
                Dossier.centre_id == cadre.centre_id,
                Dossier.etat.in_(EDITABLE),
                OffreVersion.code == cadre.offer.code,
            )
            .order_by(Dossier.modifie_le.desc())
            .limit(4 * MAX_DOSSIERS)
        )
        if cadre.collectivite_id:
            query = query.where(Dossier.collectivite_id == cadre.collectivite_id)
        states = load_states(session, list(session.scalars(query)))
        wanted = {state.dossier.collectivite_id for state in states}
        rows = session.execute(select(Collectivite.id, Collectivite.nom).where(Collectivite.id.in_(wanted)))
        names = {row.id: row.nom for row in rows}
        found = []
        for state in states:
            edition = find_edition(session, acteur, state)
            if all(edition.allows(champ) for champ in fields_of(state.offer)):
                found.append(_cible(state, names[state.dossier.collectivite_id]))
        return found[:MAX_DOSSIERS]


def _cible(state: DossierState, collectivite: str) -> DossierCible:
    versions, actuel = {}, []
    for champ in fields_of(state.offer):
        reponse, field = state.reponses.get(champ), state.forms.fields[champ]
        versions[champ] = reponse.version if reponse else 0
        shown = display_value(field, reponse.valeur) if reponse and reponse.valeur is not None else "sans réponse"
        actuel.append((field.label, shown))
    return DossierCible(state.dossier.id, state.dossier.reference, collectivite, versions, tuple(actuel))


def values_for(offer: Offer, simulation: Simulation) -> dict[str, Any]:
    """The answers that a simulation gives, by field; Invalide when the offer asks for what was not simulated."""
    p, mode = simulation.parametres, offer.facturation.mode
    quantite: object = {
        "quotite": simulation.quotite,
        "horaire": simulation.minutes,
        "par_agent": p.agents,
    }.get(mode)
    if quantite is None:
        raise Invalide("Cette simulation ne donne pas la quantité que l’offre demande : saisissez-la dans le dossier.")
    champ, effet, debut = fields_of(offer)
    raw = str(quantite) if mode == "quotite" else quantite
    return {champ: raw, effet: p.effet.isoformat(), debut: p.debut.isoformat()}


def reprendre(
    portail: Portail, acteur: Acteur, dossier_id: UUID, parametres: Parametres, versions: Mapping[str, int]
) -> None:
    """Answer the dossier with what is simulated, computed again here. Conflit when a colleague changed one of these answers
    since `versions` were read: both values are then kept beside the field, as always."""
    cadre = open_dossier_cadre(portail, acteur, dossier_id)
    values = values_for(cadre.offer, simulate(cadre, parametres))
    given = {champ: (raw, versions.get(champ, 0)) for champ, raw in values.items()}
    results = save_answers(portail, acteur, dossier_id, given)
    _tell(cadre.offer, results)


def _tell(offer: Offer, results: Mapping[str, SaveResult]) -> None:
    """Raise what could not be done, naming the field."""
    for champ, result in results.items():
        label = offer.formset.fields[champ].label
        if result.etat == "conflit":
            raise Conflit(f"« {label} » : {result.message} Le dossier montre les deux valeurs.", champ)
        if result.etat == "invalide":
            raise Invalide(f"« {label} » : {result.message}", champ)
