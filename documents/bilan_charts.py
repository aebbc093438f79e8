"""The charts of what is published to a collectivité, for its page and its annual report: a title that says the finding, no
figure that the tables beside them do not give."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from babel.dates import get_month_names

from documents.charts import Chart, bar_chart
from domain.formatting import MONTHS, NBSP, duree

SHORT_MONTHS = get_month_names("abbreviated", locale="fr")

MonthRow = tuple[int, int]
"""(month from 1 to 12, minutes)."""
CountRow = tuple[str, str, int | None]
"""(label, short label, number of interventions; None when it is masked)."""


def month_chart(mois: Sequence[MonthRow]) -> Chart:
    """Hours by month."""
    rows = [(SHORT_MONTHS[number], "Heures", hours(minutes)) for number, minutes in mois]
    return bar_chart(month_finding(mois), rows, y_titre="Heures", unite="h")


def month_finding(mois: Sequence[MonthRow]) -> str:
    """What the months show, in a sentence."""
    total = sum(minutes for _, minutes in mois)
    if not total:
        return "Aucune heure n’a été enregistrée."
    most = max(minutes for _, minutes in mois)
    best = [MONTHS[number] for number, minutes in mois if minutes == most]
    if len(best) > 2:
        return f"{duree(total)} en {len(mois)} mois, sans mois nettement plus chargé."
    named, noun = " et ".join(best), "mois le plus chargé" if len(best) == 1 else "mois les plus chargés"
    return f"{duree(total)} sur la période ; {noun}{NBSP}: {named} ({duree(most)})."


def count_chart(titre: str, lignes: Sequence[CountRow], nombre: int | None) -> Chart:
    """Interventions by value of one dimension; a masked value has no bar, and says so."""
    rows = [(court, "Interventions", value) for _, court, value in lignes]
    return bar_chart(count_finding(titre, lignes, nombre), rows, y_titre="Interventions", unite="")


def count_finding(titre: str, lignes: Sequence[CountRow], nombre: int | None) -> str:
    """What a table shows, in a sentence: its largest visible figure. Without `titre`, for a text that stands under it."""
    lead = f"{titre}{NBSP}: " if titre else ""
    seen = [(value, libelle) for libelle, _, value in lignes if value is not None]
    if not seen or nombre is None:
        return _capital(f"{lead}effectifs trop faibles pour être publiés.")
    value, libelle = max(seen, key=lambda one: one[0])
    word = "interventions" if value > 1 else "intervention"
    return _capital(f"{lead}{libelle[:1].lower()}{libelle[1:]}, {value} {word} sur {nombre}.")


def _capital(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


def hours(minutes: int) -> Decimal:
    """Minutes as hours, to a tenth: what a chart can show."""
    return round(Decimal(minutes) / 60, 1)
