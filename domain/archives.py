"""How long the archives of a convention are kept, who proposes and who approves their elimination (domaine.md, §5, Archives)."""

from __future__ import annotations

from datetime import date

from domain.calendar import add_mois
from domain.roles import Role

ENDED = ("denoncee", "resiliee", "echue", "remplacee")
"""States of a convention that ends, or has ended: its last day says which."""
CANCELLED = "annulee"
"""A convention that never was: kept from its issue on."""

READERS = (Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE, Role.ADMINISTRATEUR)
PROPOSERS = (Role.RESPONSABLE,)
APPROVERS = (Role.ADMINISTRATEUR, Role.SIGNATAIRE_CENTRE)
EXECUTORS = (Role.RESPONSABLE, Role.ADMINISTRATEUR)
EXPORTERS = (Role.INSTRUCTEUR, Role.RESPONSABLE, Role.ADMINISTRATEUR)
"""Who takes a whole dossier out of the portal: amounts, messages and journal included."""
PURGERS = (Role.ADMINISTRATEUR,)

ETATS = {
    "proposee": "À approuver",
    "approuvee": "Approuvée, à exécuter",
    "executee": "Exécutée",
    "refusee": "Refusée",
}
LIVING = ("proposee", "approuvee")


def kept_until(last: date, years: int) -> date:
    """Last day on which archives are kept, `years` after `last` (included). A 29 February leads to a 1 March: never a day less."""
    try:
        return last.replace(year=last.year + years)
    except ValueError:
        return date(last.year + years, 3, 1)


def months_before(day: date, months: int) -> date:
    """The same day of the month, `months` earlier, or the last one of a shorter month."""
    return add_mois(day, -months)


__all__ = [
    "APPROVERS",
    "CANCELLED",
    "ENDED",
    "ETATS",
    "EXECUTORS",
    "EXPORTERS",
    "LIVING",
    "PROPOSERS",
    "PURGERS",
    "READERS",
    "kept_until",
    "months_before",
]
