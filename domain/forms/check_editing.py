"""Checks between the answers of a form, changed in a draft as `domain.forms.editing` changes fields; and what an offer is set to, as
conditions read it. A check has no id: it is known by its place in its form, in the draft that was shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import Invalide
from domain.forms.editing import Contenu, change, field_ids, find_form
from domain.forms.field_editing import check_expression, clean_label
from domain.forms.fields import Field

SEVERITES = {"erreur": "Empêche le dépôt", "alerte": "Prévient, sans empêcher"}
SENS = {"if_": "La condition est vraie", "unless": "La condition est fausse"}
"""When the message is shown, by key of the check that holds the condition."""
OPTIONS = "offre.options."

_TYPES: dict[type, str] = {bool: "yes_no", int: "integer", str: "text"}


def find_check(contenu: Contenu, form_id: str, number: int) -> Contenu:
    """The check at this place, from 0; Invalide when there is none."""
    checks = find_form(contenu, form_id).get("checks", [])
    if not 0 <= number < len(checks):
        raise Invalide("Ce contrôle n’existe plus dans le brouillon : rechargez la page.")
    found: Contenu = checks[number]
    return found


def build_check(contenu: Contenu, valeurs: Mapping[str, Any]) -> Contenu:
    """A check as it is stored: `message`, `severity`, `sens` (if_ or unless), `condition`, `fields`; Invalide beside its key."""
    source = check_expression(valeurs.get("condition"), "condition")
    if source is None:
        raise Invalide("Dites quand ce message s’affiche.", "condition")
    message = clean_label(valeurs.get("message"), "message", "le message", 400)
    if valeurs.get("severity") not in SEVERITES:
        raise Invalide("Choisissez ce que fait ce contrôle.", "severity")
    if valeurs.get("sens") not in SENS:
        raise Invalide("Choisissez quand le message s’affiche.", "sens")
    fields = list(dict.fromkeys(str(one) for one in valeurs.get("fields") or ()))
    if not fields or not field_ids(contenu).issuperset(fields):
        raise Invalide("Choisissez au moins une question à côté de laquelle le message s’affiche.", "fields")
    both: dict[str, str | None] = {"if_": None, "unless": None, str(valeurs["sens"]): source}
    return {**both, "message": message, "fields": fields, "severity": valeurs["severity"]}


def save_check(contenu: Contenu, form_id: str, number: int | None, valeurs: Mapping[str, Any]) -> Contenu:
    """A new check at the end of a form (`number` None), or another content for the one at this place."""
    row = build_check(contenu, valeurs)
    if number is not None:
        find_check(contenu, form_id, number)

    def put(new: Contenu) -> None:
        checks = find_form(new, form_id).setdefault("checks", [])
        checks[len(checks) if number is None else number : len(checks) if number is None else number + 1] = [row]

    return change(contenu, put)


def delete_check(contenu: Contenu, form_id: str, number: int) -> Contenu:
    """The form without this check."""
    find_check(contenu, form_id, number)

    def remove(new: Contenu) -> None:
        del find_form(new, form_id)["checks"][number]

    return change(contenu, remove)


def setting_fields(contenu: Contenu) -> dict[str, Field]:
    """What the offer is set to, as fields that a condition may read: `offre.options.<name>`, by id."""
    found = {}
    for name, value in contenu.get("options", {}).items():
        kind = _TYPES.get(type(value))
        if kind is not None:
            ident = f"{OPTIONS}{name}"
            found[ident] = Field(id=ident, type=kind, label=f"Réglage de l’offre : {name.replace('_', ' ')}")
    return found
