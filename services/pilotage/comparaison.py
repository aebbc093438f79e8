"""What scenarios are compared on: the way of paying that each one speaks of, and what each one assumes.

Two scenarios may differ by what they assume (a yearly revision, votes to come, an amount typed, the year of the tariff) as
much as by the need: whoever reads that one costs less must read that first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from domain.formatting import euros, pourcentage
from services.pilotage.formules import Formule, tell_price
from services.pilotage.parametres import Mode
from services.pilotage.simulations import Simulation

NONE = "Aucune"
NO_VOTE = "Aucun"


def compared_formule(simulation: Simulation) -> Formule:
    """The way of paying that a scenario is compared by: hours when it was typed in hours and an hour has a price, else the
    offer's own."""
    hours = simulation.formule("heures") if simulation.parametres.mode is Mode.HEURES else None
    return hours or simulation.retenue


def tell_tarif(simulation: Simulation) -> str:
    """The tariff that the first year takes, and where it comes from."""
    kept = compared_formule(simulation)
    return tell_price(kept.premiere, simulation.grilles[kept.code])


def tell_votes(simulation: Simulation) -> str:
    """The votes that are assumed for what is compared."""
    grille = simulation.grilles[compared_formule(simulation).code]
    return ", ".join(f"{annee} : {euros(grille.montants[annee])}" for annee in sorted(grille.supposes)) or NO_VOTE


def _rate(taux: Decimal) -> str:
    return f"{pourcentage(taux)} par an" if taux else NONE


HYPOTHESES: tuple[tuple[str, Callable[[Simulation], str]], ...] = (
    ("Tarif de la première année", tell_tarif),
    ("Révision annuelle supposée", lambda one: _rate(one.parametres.hausse)),
    ("Votes supposés", tell_votes),
    ("Inflation supposée", lambda one: _rate(one.parametres.inflation)),
)
"""What each scenario assumes: French label, and what it says."""


def tell_differences(scenarios: Sequence[tuple[str, Simulation]]) -> list[str]:
    """The hypotheses that these scenarios (name, results) do not share, one sentence each, as « Révision annuelle supposée :
    aucune pour « A » ; 2,00 % par an pour « B » ». Tariffs of different ways of paying differ by nature: only where they come
    from is compared."""
    found = []
    for label, read in HYPOTHESES:
        said = [(nom, read(one)) for nom, one in scenarios]
        keys = {_source(one) for _, one in scenarios} if read is tell_tarif else {value for _, value in said}
        if len(keys) > 1:
            found.append(f"{label} : " + " ; ".join(f"{_within(value)} pour « {nom} »" for nom, value in said))
    return found


def _within(value: str) -> str:
    return value.lower() if value in (NONE, NO_VOTE) else value


def _source(simulation: Simulation) -> tuple[str, int | None]:
    """Where the first tariff comes from: typed, assumed, or voted and for which year."""
    kept = compared_formule(simulation)
    grille = simulation.grilles[kept.code]
    if grille.saisi:
        return "saisi", None
    return ("voté", grille.premier.annee) if grille.premier else ("supposé", None)
