"""Posts of assistant that a centre holds: recorded, changed and ended by the responsable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from domain.equipe import TEMPS_PLEIN, PartDatee, cut_tranches, total_on
from domain.errors import Introuvable, Invalide
from domain.formatting import pourcentage
from domain.forms.fields import Field
from models import Centre, Poste
from services.activite.champs import check_order, check_version, date_field, period, read_values, share_field
from services.activite.equipe import (
    Enregistre,
    assistants_of,
    describe_over,
    lock_centre,
    parts_of,
    postes_of,
    read_centre,
)
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail, once, record

FIELDS = {
    "libelle": Field(id="libelle", type="text", label="Intitulé du poste", required=True, max_length=120),
    "quotite": share_field("Part d’un temps plein"),
    "du": date_field("du", "Premier jour"),
    "au": date_field("au", "Dernier jour", required=False),
}


@dataclass(frozen=True)
class PosteRow:
    """A post. `affectee`: percents of a full-time post that its holder is assigned to today; `parti`: the holder is no longer
    an assistant of the centre; `situation`: en_cours, a_venir or termine."""

    id: UUID
    libelle: str
    quotite: Decimal
    du: date
    au: date | None
    assistant_id: UUID | None
    assistant: str
    parti: bool
    affectee: Decimal | None
    situation: str
    version: int


def list_postes(portail: Portail, acteur: Acteur, centre_id: UUID, *, tous: bool = False) -> list[PosteRow]:
    """Posts of the centre, by title; those that have ended only with `tous`."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        today = clock.today(read_centre(session, acteur, centre_id).fuseau)
        query = (
            select(Poste)
            .where(Poste.centre_id == centre_id)
            .options(joinedload(Poste.assistant))
            .order_by(Poste.libelle, Poste.du, Poste.id)
        )
        found = [one for one in session.scalars(query) if tous or one.au is None or one.au >= today]
        present = assistants_of(session, centre_id, today)
        parts = parts_of(session, centre_id, [one.assistant_id for one in found if one.assistant_id])
        return [_row(one, today, present, parts) for one in found]


def _row(poste: Poste, today: date, present: Mapping[UUID, str], parts: Mapping[UUID, list[PartDatee]]) -> PosteRow:
    holder = poste.assistant_id
    situation = "a_venir" if poste.du > today else "termine" if poste.au and poste.au < today else "en_cours"
    return PosteRow(
        id=poste.id,
        libelle=poste.libelle,
        quotite=poste.quotite,
        du=poste.du,
        au=poste.au,
        assistant_id=holder,
        assistant=poste.assistant.nom_complet if poste.assistant else "",
        parti=holder is not None and holder not in present,
        affectee=total_on(parts.get(holder, ()), today) if holder else None,
        situation=situation,
        version=poste.version,
    )


def save_poste(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    valeurs: Mapping[str, object],
    *,
    assistant_id: UUID | None = None,
    operation_id: str = "",
    poste_id: UUID | None = None,
    version_vue: int | None = None,
) -> Enregistre:
    """Record a post (`operation_id` makes a double click count once), or change the one of `poste_id` seen at
    `version_vue`. `valeurs` holds what was typed for each of `FIELDS`.

    Invalide with `champ`: a wrong value, a holder who would be over a full-time post; Conflit: changed by somebody else.
    What the holder is assigned to beyond the post is told, not refused.
    """
    action = "poste.modifier" if poste_id else "poste.enregistrer"
    with portail.action(acteur, action, objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = lock_centre(session, acteur, centre_id)
        if poste_id is None and not once(session, operation_id):
            return Enregistre(None)
        given = read_values(FIELDS, valeurs)
        check_order(given["du"], given["au"])
        poste = _find(session, centre_id, poste_id, version_vue) if poste_id else Poste(centre_id=centre_id)
        if assistant_id and assistant_id != poste.assistant_id:
            _check_assistant(session, centre, assistant_id)
        poste.libelle, poste.quotite = given["libelle"], given["quotite"]
        poste.du, poste.au, poste.assistant_id = given["du"], given["au"], assistant_id
        session.add(poste)
        session.flush()
        told = _check_holder(session, poste) if assistant_id else ()
        _record(session, acteur, action, poste)
        return Enregistre(poste.id, told)


def _check_assistant(session: Session, centre: Centre, assistant_id: UUID) -> None:
    if assistant_id not in assistants_of(session, centre.id, clock.today(centre.fuseau)):
        raise Invalide("Choisissez un assistant du centre.", champ="assistant_id")


def _record(session: Session, acteur: Acteur, action: str, poste: Poste) -> None:
    record(
        session,
        acteur,
        action,
        centre_id=poste.centre_id,
        objet="poste",
        objet_id=poste.id,
        quotite=poste.quotite,
        du=poste.du,
        au=poste.au,
        assistant=poste.assistant_id,
    )


def remove_poste(portail: Portail, acteur: Acteur, centre_id: UUID, poste_id: UUID, *, version_vue: int) -> None:
    """Take away a post that was recorded by mistake; one that existed is ended instead, with its last day."""
    with portail.action(acteur, "poste.retirer", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        lock_centre(session, acteur, centre_id)
        poste = _find(session, centre_id, poste_id, version_vue)
        if poste.assistant_id is not None:
            raise Invalide("Ce poste a un titulaire : retirez-le du poste, ou indiquez le dernier jour du poste.")
        session.delete(poste)
        session.flush()
        record(session, acteur, "poste.retirer", centre_id=centre_id, objet="poste", objet_id=poste_id)


def _find(session: Session, centre_id: UUID, poste_id: UUID | None, version_vue: int | None) -> Poste:
    poste = session.get(Poste, poste_id) if poste_id else None
    if poste is None or poste.centre_id != centre_id:
        raise Introuvable()
    check_version(poste.version, version_vue)
    return poste


def _check_holder(session: Session, poste: Poste) -> tuple[str, ...]:
    """Invalide when the holder would be over a full-time post; warnings for assignments beyond the posts held."""
    holder = poste.assistant_id
    if holder is None or poste.assistant is None:
        return ()
    held = postes_of(session, poste.centre_id, [holder])[holder]
    for one in cut_tranches(held, [PartDatee(TEMPS_PLEIN, date.min)], poste.du, poste.au):
        if one.excess:
            raise Invalide(
                f"{poste.assistant.nom_complet} occuperait {pourcentage(one.total)} d’un temps plein "
                f"{period(one.du, one.au)} : réduisez la part, ou changez les dates.",
                champ="quotite",
            )
    parts = parts_of(session, poste.centre_id, [holder])[holder]
    return tuple(
        describe_over(poste.assistant.nom_complet, one.total, one.limite, period(one.du, one.au))
        for one in cut_tranches(parts, held, poste.du, poste.au)
        if one.excess
    )
