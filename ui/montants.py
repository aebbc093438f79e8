"""Amounts of an adhesion as lines to read, whatever the offer is billed by: a share of a post, hours, or pieces."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from markupsafe import Markup

from domain.formatting import date_longue, duree, euros, nombre, pourcentage
from domain.tarification.unites import UNITES

Line = tuple[str, str | Markup | None]
"""A label and what stands beside it; nothing is shown for None."""


def tell_quantity(quotite: Decimal | None, minutes: int | None) -> str:
    """What a convention promises in a year, in short: « 47,70 % » or « 40 h »; nothing for what is billed by the piece."""
    if quotite is not None:
        return pourcentage(quotite)
    return duree(minutes) if minutes is not None else ""


def term_lines(quotite: Decimal | None, minutes: int | None) -> tuple[Line, ...]:
    """What an act gave when it was issued, each with its name: an avenant may have changed it since."""
    return (
        ("Part d’un temps plein à l’émission", pourcentage(quotite) if quotite is not None else None),
        ("Heures prévues par an, à l’émission", duree(minutes) if minutes is not None else None),
    )


def is_budget(amounts: dict[str, Any]) -> bool:
    """Whether the amounts are a forecast: hours are paid as they are done, a share is due whole."""
    return amounts["horaire"] is not None


def amount_lines(amounts: dict[str, Any]) -> list[Line]:
    """Tariff, quantity, whole year, first year and time, of a tree that `documents.contexts.montants` builds."""
    whole = "Coût prévisionnel d’une année entière" if is_budget(amounts) else "Montant d’une année entière"
    lines = [*_quantity_lines(amounts), (whole, _strong(amounts["annuel"])), *_first_year(amounts)]
    if amounts["quotite"] is not None and amounts["heures"]["minutes"] is not None:
        lines.append(("Temps de travail de l’assistant par an", duree(amounts["heures"]["minutes"])))
    return lines


def change_lines(amounts: dict[str, Any], *, previsionnel: bool = False) -> list[Line]:
    """What a year costs before and after an avenant, and what its year of effect comes to, of what
    `services.vie.avenants.open_amounts` gives. `previsionnel`: by the hour, a forecast."""
    tariff, forecast = amounts["tarif"], ", en prévision" if previsionnel else ""
    return [
        (f"Une année entière, avant (tarif {tariff['annee']}){forecast}", euros(amounts["avant"])),
        (f"Une année entière, après (tarif {tariff['annee']}){forecast}", _strong(amounts["apres"])),
        (f"Année {amounts['annee']}, avec l’avenant{forecast}", _strong(amounts["du"])),
    ]


def _quantity_lines(amounts: dict[str, Any]) -> list[Line]:
    tariff = amounts["tarif"]
    price = euros(tariff["montant"]) if tariff["montant"] is not None else None
    if amounts["horaire"]:
        return [
            (f"Tarif {tariff['annee']} d’une heure", price),
            ("Heures prévues pour une année entière", duree(amounts["horaire"]["minutes_prevues"])),
        ]
    if amounts["unites"]:
        counted = amounts["unites"]
        singular, plural = UNITES[counted["mode"]]
        return [
            (f"Prix : {singular}", euros(counted["prix"]) if counted["prix"] is not None else None),
            (f"Nombre : {plural}", nombre(counted["quantite"])),
        ]
    share = pourcentage(amounts["quotite"]) if amounts["quotite"] is not None else None
    return [(f"Tarif {tariff['annee']} d’un temps plein", price), ("Part d’un temps plein", share)]


def _first_year(amounts: dict[str, Any]) -> list[Line]:
    first = amounts["premiere_annee"]
    if first["du"] is None or first["debut"] is None:
        return []
    part = f" ({first['jours']} {first['unite']} sur {first['base']})" if first["jours"] is not None else ""
    lines: list[Line] = []
    hours = (amounts["horaire"] or {}).get("minutes_premiere_annee")
    if hours is not None and first["jours"] != first["base"]:
        lines.append(("Heures prévues la première année", duree(hours)))
    return [*lines, (f"Première année, à partir du {date_longue(first['debut'])}{part}", _strong(first["du"]))]


def _strong(amount: Decimal) -> Markup:
    return Markup("<strong>{}</strong>").format(euros(amount))
