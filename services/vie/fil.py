"""The life of a convention on one page: the chain convention → avenants → requests, and its text on any day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.forms.answers import Answers
from domain.forms.evaluation import evaluate, kept_answers
from domain.forms.fields import display_value
from domain.forms.formset import FormSet
from domain.offer import ADHESION, Offer
from domain.workflow.tables import ENREGISTRE
from models import Acte, Avenant, Convention, Dossier
from services.adhesion.dossier_state import last_depot, load_state
from services.adhesion.intitules import name_dossier
from services.centre.offres import get_offer
from services.convention.convention_views import displayed_state
from services.convention.registre import state_label
from services.core import clock
from services.core.access import Acteur, get_convention, get_dossier, only_assists
from services.core.portail import Portail
from services.vie.controles import list_changes
from services.vie.demandes import DemandePossible, list_possible, renewal_of
from services.vie.presents import tell_replaced
from services.vie.texte import ACTE_AUTORISANT, Couche, effect_day, list_layers, overlay

POUR_INTERVENIR = ("referent.", "locaux.", "horaires.")
"""Forms that an assistant needs to come: whom they see there, where, and when. Of the others, the dates and the quantity."""


@dataclass(frozen=True)
class Modification:
    """One point that changes, in words."""

    groupe: str
    libelle: str
    avant: str
    apres: str


@dataclass(frozen=True)
class Maillon:
    """One link of the chain: an act, or a request. `le`: its first day, None while it has none; `applique`: it is part of the
    text of the day shown; `page` and `ident`: where it opens; `points`: what it changes."""

    titre: str
    etat: str
    etat_libelle: str
    le: date | None
    applique: bool
    page: str
    ident: UUID
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reponse:
    """One answer of the text: in words, and the number or the name of the change it comes from (empty: the convention's own)."""

    libelle: str
    valeur: str
    source: str


@dataclass(frozen=True)
class VieView:
    """What the page of a convention shows of its life, on the day `jour` (`aujourdhui` unless another was asked for)."""

    jour: date
    aujourdhui: date
    premier: date
    dernier: date
    maillons: tuple[Maillon, ...]
    possibles: tuple[DemandePossible, ...]
    suite: DemandePossible | None
    texte: tuple[tuple[str, tuple[Reponse, ...]], ...]


def open_life(portail: Portail, acteur: Acteur, convention_id: UUID, jour: date | None = None) -> VieView:
    """The chain of a convention and its text on `jour` (today, or its nearest day in force); for an assistant, its acts and what
    they need to come. Introuvable, journalled, when the person may not see it."""
    with portail.view(acteur, "convention.ouvrir", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        today = clock.today(convention.centre.fuseau)
        asked = jour or today
        shown = min(max(asked, convention.date_effet), convention.dernier_jour)
        layers = list_layers(session, convention)
        offer = get_offer(session, convention.dossier.offre_version_id)
        only = _needed_to_come(offer) if only_assists(acteur, convention) else None
        return VieView(
            jour=shown,
            aujourdhui=today,
            premier=convention.date_effet,
            dernier=convention.dernier_jour,
            maillons=_chain(session, acteur, convention, layers, shown, today),
            possibles=list_possible(session, acteur, convention),
            suite=renewal_of(session, acteur, convention),
            texte=_tell_text(offer, layers, shown, today, only),
        )


def _chain(
    session: Session, acteur: Acteur, convention: Convention, layers: Sequence[Couche], jour: date, today: date
) -> tuple[Maillon, ...]:
    """Oldest first: the convention that this one follows, itself, what changes it, the convention that follows."""
    held = {layer.dossier_id: layer for layer in layers}
    fields = get_offer(session, convention.dossier.offre_version_id).formset.fields
    found = [_act_link(session, acteur, one, held, jour, today) for one in _acts(session, convention)]
    requests = select(Dossier).where(Dossier.convention_id == convention.id).order_by(Dossier.cree_le)
    with_act = {one.dossier_id for one in session.scalars(select(Acte).where(Acte.parent_id == convention.id))}
    known = with_act | set(
        session.scalars(select(Convention.dossier_id).where(Convention.remplace_id == convention.id))
    )
    replaced = {one.dossier_id: tell_replaced(layers, one, fields) for one in layers[1:] if one.numero is None}
    drafts = [
        _request_link(session, acteur, convention, one, held, jour, replaced.get(one.id, ()))
        for one in session.scalars(requests)
        if one.id not in known and one.etat != "retire" and not only_assists(acteur, convention)
    ]
    first = [one for one in found if one.ident == convention.remplace_id or one.ident == convention.id]
    rest = [one for one in [*found, *drafts] if one not in first]
    return tuple(first + sorted(rest, key=lambda one: (one.le is None, one.le or date.max)))


def _acts(session: Session, convention: Convention) -> Sequence[Acte]:
    near = [Acte.id == convention.id, Acte.parent_id == convention.id, Acte.remplace_id == convention.id]
    if convention.remplace_id is not None:
        near.append(Acte.id == convention.remplace_id)
    return session.scalars(select(Acte).where(or_(*near)).order_by(Acte.date_effet, Acte.rang)).all()


def _act_link(
    session: Session, acteur: Acteur, acte: Acte, held: Mapping[UUID, Couche], jour: date, today: date
) -> Maillon:
    layer = held.get(acte.dossier_id)
    return Maillon(
        titre=f"{acte.nature.capitalize()} {acte.numero}",
        etat=displayed_state(acte.etat, acte.date_effet, today, acte.dernier_jour),
        etat_libelle=state_label(session, acteur, acte, today),
        le=acte.date_effet,
        applique=layer is not None and layer.le <= jour,
        page="convention",
        ident=acte.id,
        points=() if only_assists(acteur, acte) else _points(acte),
    )


def _points(acte: Acte) -> tuple[str, ...]:
    changes = acte.manifeste.get("modifications", ()) if isinstance(acte, Avenant) else ()
    return tuple(
        f"{one['libelle']} : {one['avant']} → {one['apres']}" for one in changes if "\n" not in one["apres"]
    ) or (tuple(dict.fromkeys(one["groupe"] for one in changes)))


def _request_link(
    session: Session,
    acteur: Acteur,
    convention: Convention,
    dossier: Dossier,
    held: Mapping[UUID, Couche],
    jour: date,
    points: tuple[str, ...],
) -> Maillon:
    offer, mine = get_offer(session, dossier.offre_version_id), convention.centre_id in acteur.par_centre
    layer = held.get(dossier.id)
    le = layer.le if layer else None
    if le is None and dossier.nature != ADHESION and (depot := last_depot(session, dossier)) is not None:
        le = effect_day(offer, dossier, depot.reponses)
    return Maillon(
        titre=name_dossier(session, dossier, convention.numero),
        etat=dossier.etat,
        etat_libelle=offer.variant(dossier.nature).workflow_dossier.label(dossier.etat, collectivite=not mine),
        le=le,
        applique=layer is not None and layer.le <= jour and dossier.etat == ENREGISTRE,
        page="instruction" if mine else "dossier",
        ident=dossier.id,
        points=points,
    )


def _tell_text(
    offer: Offer, layers: Sequence[Couche], jour: date, today: date, only: frozenset[str] | None
) -> tuple[tuple[str, tuple[Reponse, ...]], ...]:
    """The answers of the day by form, each with the change that it comes from; those of the fields `only`, where it is given."""
    text = overlay(list(layers), jour)
    sources = _sources(layers, jour)
    evaluation = evaluate(offer.formset, text, today)
    found = []
    for form in offer.formset.forms:
        rows = tuple(
            Reponse(field.label, display_value(field, text[field.id]), sources.get(field.id, ""))
            for _, field in form.iter_fields()
            if text.get(field.id) is not None
            and (only is None or field.id in only)
            and evaluation.fields[field.id].visible
            and field.type not in ("file", "collectivite")
            and not field.id.startswith(ACTE_AUTORISANT)
        )
        if rows:
            found.append((form.short_title or form.title, rows))
    return tuple(found)


def _needed_to_come(offer: Offer) -> frozenset[str]:
    """Fields that an assistant reads: who, where, when, how much."""
    fixed = {offer.duree.champ_effet, offer.duree.champ_debut, offer.facturation.champ}
    return frozenset(one for one in offer.formset.fields if one in fixed or one.startswith(POUR_INTERVENIR))


def _sources(layers: Sequence[Couche], jour: date) -> dict[str, str]:
    found: dict[str, str] = {}
    text: Answers = dict(layers[0].reponses) if layers else {}
    for layer in layers[1:]:
        if layer.le <= jour:
            name = f"Avenant {layer.numero}" if layer.numero else layer.titre
            found |= {champ: name for champ, valeur in layer.reponses.items() if text.get(champ) != valeur}
            text |= layer.reponses
    return found


# What a request changes -----------------------------------------------------------------------------------------------------


def open_changes(portail: Portail, acteur: Acteur, dossier_id: UUID) -> tuple[Modification, ...]:
    """What a request about a convention would change, from its answers as they are; nothing for an adhesion."""
    with portail.view(acteur, "dossier.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        if dossier.nature == ADHESION or dossier.convention_id is None:
            return ()
        state = load_state(session, dossier)
        convention = session.get_one(Convention, dossier.convention_id)
        layers = [one for one in list_layers(session, convention) if one.dossier_id != dossier.id]
        given = kept_answers(state.evaluation)
        champ = get_offer(session, dossier.offre_version_id).demande(dossier.nature).champ_effet
        day = date.fromisoformat(given[champ]) if champ and given.get(champ) else date.max
        change = list_changes(session, state, overlay(layers, day))
        return tuple(describe_changes(state.forms, change))


def describe_changes(forms: FormSet, change: Mapping[str, tuple[Any, Any]]) -> list[Modification]:
    """Changes by field, as (before, after), in words and in the order of the forms."""
    titles = {form.id: form.title for form in forms.forms}

    def told(champ: str, valeur: Any) -> str:
        return "Non renseigné" if valeur is None else display_value(forms.fields[champ], valeur)

    return [
        Modification(titles[forms.place_of[champ][0]], forms.fields[champ].label, told(champ, old), told(champ, new))
        for champ, (old, new) in change.items()
    ]
