"""The assignments of a centre as lists: filtered, sorted and paged by the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, not_, or_, select

from domain.errors import Introuvable
from domain.formatting import duree, pourcentage
from models import Affectation, Collectivite, Convention, Utilisateur
from services.activite.equipe import holds_assistant, read_centre
from services.activite.regles import RECORDING_STATES, RUNNING_STATES
from services.adhesion.dossier_lists import search_condition
from services.convention.quantites import minutes_on, share_on
from services.core import clock
from services.core.access import Acteur
from services.core.paging import AnySelect, Page, paginate
from services.core.portail import Portail

SITUATIONS = {
    "en_cours": "En cours",
    "a_venir": "À venir",
    "terminee": "Terminées",
    "parti": "Assistant parti",
}
"""Filter of the list: an assignment that still runs for somebody who is no longer an assistant is « parti »."""


@dataclass(frozen=True)
class AffectationRow:
    """An assignment. `terme` is the convention's last day; `parti`: the person is no longer an assistant of the centre."""

    id: UUID
    convention_id: UUID
    numero: str
    collectivite: str
    assistant_id: UUID
    assistant: str
    parti: bool
    quotite: Decimal | None
    du: date
    au: date | None
    terme: date
    situation: str
    version: int


@dataclass(frozen=True)
class AffectationFilter:
    """What the list shows. `tri`: collectivite, assistant or du."""

    texte: str = ""
    assistant_id: UUID | None = None
    situation: str | None = None
    tri: str = "collectivite"
    descendant: bool = False
    page: int = 1
    taille: int = 25


_SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "collectivite": (Collectivite.nom.expression, Convention.numero.expression),
    "assistant": (Utilisateur.nom.expression, Utilisateur.prenom.expression),
    "du": (Affectation.du.expression,),
}
TRIS = tuple(_SORTS)


def list_page(portail: Portail, acteur: Acteur, centre_id: UUID, filtre: AffectationFilter) -> Page[AffectationRow]:
    """One page of the assignments of the centre."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        query = filtered_affectations(centre_id, today, filtre)
        order = [
            one.desc() if filtre.descendant else one.asc() for one in _SORTS.get(filtre.tri, _SORTS["collectivite"])
        ]
        return paginate(
            session,
            query,
            page=filtre.page,
            taille=filtre.taille,
            order=(*order, Affectation.du.asc(), Affectation.id.asc()),
            build=lambda row: _row(row, today),
        )


def open_affectation(portail: Portail, acteur: Acteur, centre_id: UUID, affectation_id: UUID) -> AffectationRow:
    """One assignment, for its form."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        query = filtered_affectations(centre_id, today, AffectationFilter()).where(Affectation.id == affectation_id)
        row = session.execute(query).one_or_none()
        if row is None:
            raise Introuvable()
        return _row(row, today)


def filtered_affectations(centre_id: UUID, today: date, filtre: AffectationFilter) -> AnySelect:
    """The assignments of a centre that the filter keeps, with what a row shows."""
    query = (
        select(
            Affectation,
            Convention.numero,
            Convention.dernier_jour,
            Collectivite.nom.label("collectivite"),
            Utilisateur,
            holds_assistant(centre_id, today).label("present"),
        )
        .join(Convention, Convention.id == Affectation.convention_id)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .join(Utilisateur, Utilisateur.id == Affectation.assistant_id)
        .where(Affectation.centre_id == centre_id)
    )
    ended = or_(Affectation.au < today, Convention.dernier_jour < today)
    situations: Mapping[str, ColumnElement[bool]] = {
        "en_cours": and_(Affectation.du <= today, not_(func.coalesce(ended, False))),
        "a_venir": Affectation.du > today,
        "terminee": ended,
        "parti": and_(not_(holds_assistant(centre_id, today)), not_(func.coalesce(ended, False))),
    }
    if filtre.situation and filtre.situation in situations:
        query = query.where(situations[filtre.situation])
    if filtre.assistant_id:
        query = query.where(Affectation.assistant_id == filtre.assistant_id)
    return query.where(
        *search_condition(
            filtre.texte, Convention.numero.expression, Collectivite.nom.expression, Collectivite.siren.expression
        )
    )


def _row(row: Row[Any], today: date) -> AffectationRow:
    one: Affectation = row.Affectation
    end = min(one.au, row.dernier_jour) if one.au else row.dernier_jour
    return AffectationRow(
        id=one.id,
        convention_id=one.convention_id,
        numero=row.numero,
        collectivite=row.collectivite,
        assistant_id=one.assistant_id,
        assistant=row.Utilisateur.nom_complet,
        parti=not row.present,
        quotite=one.quotite,
        du=one.du,
        au=one.au,
        terme=row.dernier_jour,
        situation="a_venir" if one.du > today else "terminee" if end < today else "en_cours",
        version=one.version,
    )


def list_conventions(portail: Portail, acteur: Acteur, centre_id: UUID, *, finies: bool = False) -> dict[UUID, str]:
    """Conventions that somebody may be assigned to: « Choisy-le-Roi – 2026-0001 – 47,70 % », or « – 40 h », by id. `finies`:
    those that ended since 1 January of last year too, whose last statements may still change."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        query = (
            select(
                Convention.id,
                Convention.numero,
                share_on(today).label("quotite"),
                minutes_on(today).label("minutes_prevues"),
                Collectivite.nom,
            )
            .join(Collectivite, Collectivite.id == Convention.collectivite_id)
            .where(
                Convention.centre_id == centre_id,
                Convention.etat.in_(RECORDING_STATES if finies else RUNNING_STATES),
                Convention.dernier_jour >= (date(today.year - 1, 1, 1) if finies else today),
            )
            .order_by(Collectivite.nom, Convention.numero)
        )
        return {row.id: " – ".join([row.nom, row.numero, *_promised(row)]) for row in session.execute(query)}


def _promised(row: Any) -> list[str]:
    if row.quotite is not None:
        return [pourcentage(row.quotite)]
    return [duree(row.minutes_prevues)] if row.minutes_prevues is not None else []
