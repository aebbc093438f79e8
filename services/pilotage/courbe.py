"""The break-even curve of a simulation, for the page and for the note: what hours cost, against the flat price of a share."""

from __future__ import annotations

from decimal import Decimal

from documents.charts import Chart, line_chart, untitled
from domain.formatting import duree, euros
from services.pilotage.simulations import Simulation


def draw_seuil(simulation: Simulation, *, titre: bool = False) -> Chart | None:
    """The chart; None when the share and the hours are not both priced. `titre`: with its title, for a document."""
    part, heures, seuil = simulation.formule("part"), simulation.formule("heures"), simulation.seuil
    if part is None or heures is None or seuil is None:
        return None
    chart = line_chart(
        f"La part de {part.quantite} devient moins chère que l’heure dès {duree(seuil.minutes_des)} par an",
        {
            f"À l’heure ({euros(heures.tarif)})": [(_hours(one.minutes), one.heures) for one in simulation.courbe],
            f"Part d’un temps plein ({part.quantite})": [(_hours(one.minutes), one.part) for one in simulation.courbe],
        },
        x_titre="Heures par an",
        y_titre="Coût d’une année entière, en euros",
        repere=(_hours(seuil.minutes_des), part.annuel, duree(seuil.minutes_des)),
        unite="€",
    )
    return chart if titre else untitled(chart)


def _hours(minutes: int) -> Decimal:
    return round(Decimal(minutes) / 60, 2)
