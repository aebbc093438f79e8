"""What a request about a convention may not say: out of its life, over another avenant, or nothing at all (article 10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from domain.formatting import date_longue
from domain.forms.evaluation import kept_answers
from domain.forms.fields import Field, FieldError, parse_value
from domain.offer import ADHESION
from models import Convention
from services.activite.regles import RUNNING_STATES
from services.adhesion.dossier_state import DossierState
from services.centre.offres import get_offer
from services.vie.texte import ACTE_AUTORISANT, Couche, list_layers, overlay

SENDING = ("deposer", "redeposer", "valider", "accepter", "emettre")
"""Actions that carry a request forward, as its table names them."""


def list_request_faults(session: Session, state: DossierState) -> list[str]:
    """Why this request cannot go forward, in French; empty for an adhesion, and when nothing is wrong."""
    dossier = state.dossier
    if dossier.nature == ADHESION or dossier.convention_id is None:
        return []
    convention = session.get_one(Convention, dossier.convention_id)
    if convention.etat not in RUNNING_STATES or convention.dernier_jour < state.today:
        return [f"La convention {convention.numero} n’est plus en vigueur : rien ne peut plus y être modifié."]
    effet = _effect(session, state)
    if effet is None:
        return []  # the form itself says that the date is missing
    faults = _out_of_life(convention, effet)
    layers = list_layers(session, convention)
    changed = list_changes(session, state, overlay(layers, effet))
    if not changed:
        return [*faults, "Rien ne change : modifiez au moins une réponse, ou retirez la demande."]
    faults += _moved_dates(convention, state, changed, effet)
    return faults + _overlaps(layers, changed, effet)


def list_idle_steps(session: Session, state: DossierState) -> list[str]:
    """Steps that the request opens to change the text, and where nothing changes: what is ticked would be said and not done."""
    if state.dossier.nature == ADHESION or state.dossier.convention_id is None:
        return []
    effet = _effect(session, state)
    if effet is None:
        return []
    convention = session.get_one(Convention, state.dossier.convention_id)
    changed = list_changes(session, state, overlay(list_layers(session, convention), effet))
    faults = []
    for step in state.offer.steps:
        if not (step.form and step.prerempli and step.visible_if):
            continue
        form = state.forms.form(step.form)
        fields = [field.id for _, field in form.iter_fields()]
        if any(state.evaluation.fields[champ].visible for champ in fields) and not changed.keys() & set(fields):
            faults.append(
                f"Rien ne change dans « {step.title or form.short_title or form.title} » : modifiez-y une réponse, ou"
                " décochez ce choix à la première étape."
            )
    return faults if changed else []  # otherwise `list_request_faults` says it for all


def _effect(session: Session, state: DossierState) -> date | None:
    champ = get_offer(session, state.dossier.offre_version_id).demande(state.dossier.nature).champ_effet
    if champ is None:
        return state.today
    given = state.value(champ)
    return date.fromisoformat(given) if given else None


def list_changes(session: Session, state: DossierState, before: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What the request changes in the text `before`: (value before, value after) by field, in the order of its forms."""
    base = get_offer(session, state.dossier.offre_version_id).formset.fields
    now = kept_answers(state.evaluation)
    found = {}
    for champ, field in state.forms.fields.items():
        shown = state.evaluation.fields[champ].visible
        if champ not in base or champ.startswith(ACTE_AUTORISANT) or not shown or field.type == "collectivite":
            continue
        known = _as_stored(field, before.get(champ))
        if now.get(champ) != known:
            found[champ] = (known, now.get(champ))
    return found


def _as_stored(field: Field, valeur: Any) -> Any:
    """A value of the former text as the field stores it today: an older form may have written it otherwise."""
    try:
        return parse_value(field, valeur)
    except FieldError:
        return valeur


def _out_of_life(convention: Convention, effet: date) -> list[str]:
    if effet < convention.date_effet:
        return [f"La date d’effet précède celle de la convention, le {date_longue(convention.date_effet)}."]
    if effet > convention.dernier_jour:
        return [f"La date d’effet suit le dernier jour de la convention, le {date_longue(convention.dernier_jour)}."]
    return []


def _moved_dates(
    convention: Convention, state: DossierState, changed: Mapping[str, tuple[Any, Any]], effet: date
) -> list[str]:
    """Dates of the convention that the request moves: only those still to come when it takes effect, and never out of the
    convention's life. Its term does not move."""
    duree = state.offer.duree
    moves = {
        "La prise d’effet": (changed.get(duree.champ_effet), convention.date_effet),
        "Le début des prestations": (changed.get(duree.champ_debut), convention.date_debut_prestations),
    }
    faults = []
    for label, (change, known) in moves.items():
        if change is None or change[1] is None:
            continue
        wanted = date.fromisoformat(change[1])
        if known < effet:
            faults.append(f"{label} ne peut plus changer : c’était le {date_longue(known)}, avant la date d’effet.")
        elif wanted < max(effet, convention.date_effet):
            faults.append(f"{label} ne peut pas être avancé avant le {date_longue(max(effet, convention.date_effet))}.")
        elif wanted > convention.dernier_jour:
            faults.append(f"{label} dépasserait le dernier jour, le {date_longue(convention.dernier_jour)}.")
    return faults


def _overlaps(layers: list[Couche], changed: Mapping[str, tuple[Any, Any]], effet: date) -> list[str]:
    """Avenants already signed that change the same thing on the same day or later: the two texts would contradict each
    other."""
    return [
        f"L’avenant {layer.numero} modifie déjà ce point à compter du {date_longue(layer.le)} : choisissez une date d’effet "
        "postérieure."
        for layer in layers[1:]
        if layer.numero and layer.le >= effet and changed.keys() & layer.reponses.keys()
    ]
