"""The break-even curve of a simulation, for the screens: what hours cost, against the flat price of a share."""

from __future__ import annotations

from decimal import Decimal

from documents.charts import Chart, line_chart, untitled
from domain.formatting import duree, euros
from services.pilotage.simulations import Simulation


def tell_seuil(simulation: Simulation) -> str:
    """What the curve shows, in one sentence; empty without a break-even point."""
    part, seuil = simulation.formule("part"), simulation.seuil
    if part is None or seuil is None:
        return ""
    return f"La part de {part.quantite} devient moins chère que l’heure dès {duree(seuil.minutes_des)} par an"


def draw_seuil(simulation: Simulation) -> Chart | None:
    """The chart, for a page that writes `tell_seuil` above it; None when the share and the hours are not both priced."""
    part, heures, seuil = simulation.formule("part"), simulation.formule("heures"), simulation.seuil
    if part is None or heures is None or seuil is None:
        return None
    chart = line_chart(
        tell_seuil(simulation),
        {
            f"À l’heure ({euros(heures.tarif)})": [(_hours(one.minutes), one.heures) for one in simulation.courbe],
            f"Part d’un temps plein ({part.quantite})": [(_hours(one.minutes), one.part) for one in simulation.courbe],
        },
        x_titre="Heures par an",
        y_titre="Coût d’une année entière, en euros",
        repere=(_hours(seuil.minutes_des), part.annuel, duree(seuil.minutes_des)),
        unite="€",
    )
    return untitled(chart)


def _hours(minutes: int) -> Decimal:
    return round(Decimal(minutes) / 60, 2)
