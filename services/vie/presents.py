"""Who and what the text of a convention names today, beside a request that names another; and what each recorded request
replaced, in a sentence (articles 7.3 and 10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from domain.formatting import date_longue
from domain.forms.answers import Answers
from domain.forms.fields import Field, display_value
from domain.forms.formset import Section
from domain.offer import ADHESION
from models import Convention
from services.adhesion.dossier_state import load_state
from services.centre.offres import get_offer
from services.core.access import Acteur, get_dossier
from services.core.portail import Portail
from services.vie.texte import ACTE_AUTORISANT, Couche, list_layers, overlay

NOMMER = ("civilite", "prenom", "nom")
"""Last part of the ids of the fields that name a person, in the order in which they are said."""


@dataclass(frozen=True)
class Present:
    """What is said today of one person, or on the other points of one section: its title, then each label and its value."""

    titre: str
    lignes: tuple[tuple[str, str], ...]


def open_present(portail: Portail, acteur: Acteur, dossier_id: UUID, form_id: str) -> tuple[Present, ...]:
    """What the text in force says today on the points that this form of a request asks anew, in its order. Empty for an
    adhesion, and for a form that starts from the text itself."""
    with portail.view(acteur, "dossier.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        if dossier.nature == ADHESION or dossier.convention_id is None:
            return ()
        state = load_state(session, dossier)
        if any(step.form == form_id and step.prerempli for step in state.offer.steps):
            return ()
        base = get_offer(session, dossier.offre_version_id).formset.fields
        asked = [
            (section, field)
            for section, field in state.forms.form(form_id).iter_fields()
            if field.id in base
            and not field.id.startswith(ACTE_AUTORISANT)
            and field.type not in ("file", "collectivite")
        ]
        convention = session.get_one(Convention, dossier.convention_id)
        layers = [one for one in list_layers(session, convention) if one.dossier_id != dossier.id]
        return tell_present(asked, overlay(layers, state.today))


def tell_present(asked: Sequence[tuple[Section, Field]], text: Answers) -> tuple[Present, ...]:
    """What `text` says on these fields: what goes with a person stays with them, and their name is one line."""
    people = _people(field.id for _, field in asked)
    titles: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for section, field in asked:
        group, _, part = field.id.rpartition(".")
        person = group if group in people else ""
        key = section.id, person
        titles[key] = section.title
        lines = found.setdefault(key, {})
        if person and part in NOMMER:
            lines["nom"] = "Nom", _name(group, text)
        elif text.get(field.id) is not None:
            lines[field.id] = field.label, display_value(field, text[field.id])
    told = [Present(titles[key], tuple(line for line in lines.values() if line[1])) for key, lines in found.items()]
    return tuple(one for one in told if one.lignes)


def _people(fields: Iterable[str]) -> set[str]:
    """Groups of fields that name somebody: they have a first name and a name."""
    known = set(fields)
    groups = {champ.rpartition(".")[0] for champ in known}
    return {group for group in groups if {f"{group}.prenom", f"{group}.nom"} <= known}


def _name(group: str, text: Mapping[str, Any]) -> str:
    return " ".join(str(text[champ]) for part in NOMMER if text.get(champ := f"{group}.{part}"))


def tell_replaced(layers: Sequence[Couche], layer: Couche, fields: Mapping[str, Field]) -> tuple[str, ...]:
    """What a request changed in the text that stood before it: « Mme A remplacée par M. B le 15 juin 2026 », and the other
    points as before and after. The details of somebody who is replaced are not compared with those of the next."""
    before = overlay(list(layers[: layers.index(layer)]), layer.le)
    after = before | layer.reponses
    changed = [champ for champ in layer.reponses if champ in fields and before.get(champ) != after.get(champ)]
    groups = {champ.rpartition(".")[0] for champ in changed} & _people(fields)
    replaced = sorted(group for group in groups if _name(group, before) and _name(group, before) != _name(group, after))
    told = [_sentence(group, before, after, layer.le) for group in replaced]
    for champ in changed:
        if champ.rpartition(".")[0] not in replaced:
            old, new = (_value(fields[champ], text.get(champ)) for text in (before, after))
            # What takes several lines (hours, equipment) is named; the request's own page compares it.
            told.append(fields[champ].label if "\n" in old + new else f"{fields[champ].label} : {old} → {new}")
    return tuple(told)


def _sentence(group: str, before: Mapping[str, Any], after: Mapping[str, Any], le: date) -> str:
    feminine = "e" if before.get(f"{group}.civilite") == "Mme" else ""
    return f"{_name(group, before)} remplacé{feminine} par {_name(group, after)} le {date_longue(le)}"


def _value(field: Field, value: Any) -> str:
    return "non renseigné" if value is None else display_value(field, value)
