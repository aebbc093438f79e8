"""Warnings on a dossier: what deserves a person's eye before anything is issued, until an instructeur lifts it.

A warning's code says what it is about as precisely as what would make it another warning, so that a warning lifted for
2027 does not cover 2028.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.offer import Offer
from domain.tarifs import Tarif, TarifAbsent, choose_tarif
from models import Collectivite, Levee, Utilisateur
from services.dossier_state import DossierState
from services.dossier_views import Avertissement, LeveeRow
from services.offres import list_tarifs


def list_warnings(session: Session, state: DossierState) -> list[Avertissement]:
    """The warnings that hold now, those already lifted included."""
    tarifs = list_tarifs(session, state.dossier.centre_id)
    found = find_warnings(state, tarifs, session.get_one(Collectivite, state.dossier.collectivite_id))
    if not found:
        return []
    query = (
        select(Levee, Utilisateur)
        .outerjoin(Utilisateur, Utilisateur.id == Levee.par)
        .where(Levee.dossier_id == state.dossier.id, Levee.code.in_(found))
    )
    lifted = {
        levee.code: LeveeRow(levee.motif, person.nom_complet if person else "Compte supprimé", levee.le)
        for levee, person in session.execute(query)
    }
    return [Avertissement(code, texte, lifted.get(code)) for code, texte in found.items()]


def find_warnings(state: DossierState, tarifs: list[Tarif], collectivite: Collectivite) -> dict[str, str]:
    """Text by code of what deserves a person's eye, lifted or not."""
    return _tarif_warning(state, tarifs) | _identity_warning(state, collectivite)


def lock_reasons(session: Session, state: DossierState) -> list[str]:
    """What keeps the dossier from being accepted and that nobody can lift: no tariff at all."""
    tarifs = list_tarifs(session, state.dossier.centre_id)
    return [reason for _, _, reason in _chosen_tarifs(state, tarifs) if reason]


def priced_year(state: DossierState) -> int | None:
    """The year whose tariffs the convention prints: that of the first services, else of the effect date."""
    duree = state.offer.duree
    day = state.value(duree.champ_debut) or state.value(duree.champ_effet)
    return date.fromisoformat(day).year if day else None


def tarif_codes(offer: Offer) -> list[str]:
    """Codes of the tariffs that the documents of an offer print."""
    billing = offer.facturation
    return [billing.tarif, billing.service_degrade.tarif] if billing.service_degrade else [billing.tarif]


def _chosen_tarifs(state: DossierState, tarifs: list[Tarif]) -> list[tuple[int | None, str | None, str | None]]:
    """For each tariff that the offer prints: its year, the warning it deserves, and why there is none."""
    annee = priced_year(state)
    if annee is None:
        return []
    found: list[tuple[int | None, str | None, str | None]] = []
    for code in tarif_codes(state.offer):
        try:
            tarif, texte = choose_tarif(tarifs, code, annee)
            found.append((tarif.annee, texte, None))
        except TarifAbsent as absent:
            found.append((None, None, absent.message))
    return found


def _tarif_warning(state: DossierState, tarifs: list[Tarif]) -> dict[str, str]:
    """One warning for all tariffs of another year: they are voted together and judged together (B03)."""
    others = [(annee, texte) for annee, texte, _ in _chosen_tarifs(state, tarifs) if texte]
    if not others:
        return {}
    years = "-".join(sorted({str(annee) for annee, _ in others}))
    return {f"tarif_autre_annee:{years}:{priced_year(state)}": " ".join(texte for _, texte in others)}


def _identity_warning(state: DossierState, known: Collectivite) -> dict[str, str]:
    siren = state.value("collectivite.siren")
    if siren is None or siren == known.siren:
        return {}
    texte = f"Le SIREN saisi ({siren}) n’est pas celui de la collectivité du dossier, {known.nom} ({known.siren})."
    return {f"siren_different:{siren}": texte}
