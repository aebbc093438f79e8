"""Assignments: an assistant on a convention, from a day to a day, for a share of a full-time post."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import zip_longest
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from domain.equipe import TEMPS_PLEIN, PartDatee, cut_tranches, overlaps
from domain.errors import Introuvable, Invalide, raise_faults, split_faults
from domain.formatting import date_longue, pourcentage
from domain.forms.fields import is_blank
from domain.grammar import de
from models import Affectation, Centre, Convention, Deplacement, Intervention, Utilisateur
from services.activite.champs import check_order, check_version, date_field, period, read_values, share_field
from services.activite.equipe import (
    Enregistre,
    assistants_of,
    describe_over,
    lock_centre,
    parts_of,
    postes_of,
)
from services.activite.regles import RUNNING_STATES, first_day, last_day
from services.core import clock
from services.core.access import Acteur
from services.core.locks import lock_row
from services.core.portail import Portail, once, record
from services.facturation.annee_due import load_avenants
from services.facturation.annee_due import parts_of as parts_promised

FIELDS = {
    "quotite": share_field("Part d’un temps plein", required=False),
    "du": date_field("du", "Premier jour"),
    "au": date_field("au", "Dernier jour", required=False),
}
SHARE_WANTED = "Indiquez la part d’un temps plein : cette convention est facturée à la part d’un poste."


def save_affectation(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    valeurs: Mapping[str, object],
    *,
    convention_id: UUID | None = None,
    assistant_id: UUID | None = None,
    operation_id: str = "",
    malgre_depassement: bool = False,
    affectation_id: UUID | None = None,
    version_vue: int | None = None,
) -> Enregistre:
    """Assign an assistant to a convention (`operation_id` makes a double click count once), or change share and days of
    the assignment of `affectation_id` seen at `version_vue`: its person and its convention stay.

    Invalide with `champ`: outside the convention's life, the same person twice on the same days, hours recorded outside
    the new days, more than a full-time post, or than the posts that the person holds unless `malgre_depassement`. What
    the convention gets in all, compared with its share, is told.
    """
    action = "affectation.modifier" if affectation_id else "affectation.enregistrer"
    with portail.action(acteur, action, objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        centre = lock_centre(session, acteur, centre_id)
        given = _read_form(session, centre, valeurs, convention_id, assistant_id, nouvelle=affectation_id is None)
        if affectation_id is None and not once(session, operation_id):
            return Enregistre(None)
        one = _find(session, centre_id, affectation_id, version_vue) if affectation_id else None
        one = one or _new(centre, convention_id, assistant_id)
        convention = lock_row(session, Convention, one.convention_id)
        one.quotite, one.du, one.au = given["quotite"], given["du"], given["au"]
        _check_days(session, one, convention)
        if affectation_id:
            _check_recorded(session, one)
        session.add(one)
        session.flush()
        told = [*_check_posts(session, one, malgre_depassement), *_compare_convention(session, convention, one)]
        _record(session, acteur, action, one)
        return Enregistre(one.id, tuple(told))


def _record(session: Session, acteur: Acteur, action: str, one: Affectation) -> None:
    record(
        session,
        acteur,
        action,
        centre_id=one.centre_id,
        objet="affectation",
        objet_id=one.id,
        convention=one.convention_id,
        assistant=one.assistant_id,
        quotite=one.quotite,
        du=one.du,
        au=one.au,
    )


def remove_affectation(
    portail: Portail, acteur: Acteur, centre_id: UUID, affectation_id: UUID, *, version_vue: int
) -> None:
    """Take away an assignment that was recorded by mistake. Invalide when hours or journeys were recorded in it: it is
    ended instead."""
    with portail.action(
        acteur, "affectation.retirer", objet="centre", objet_id=centre_id, centre_id=centre_id
    ) as session:
        lock_centre(session, acteur, centre_id)
        one = _find(session, centre_id, affectation_id, version_vue)
        if _count_recorded(session, one, inside=True):
            raise Invalide(
                "Des heures ou des déplacements ont été enregistrés pendant cette affectation : indiquez son dernier jour "
                "au lieu de la retirer."
            )
        session.delete(one)
        session.flush()
        record(
            session,
            acteur,
            "affectation.retirer",
            centre_id=centre_id,
            objet="affectation",
            objet_id=affectation_id,
            convention=one.convention_id,
            assistant=one.assistant_id,
        )


def _find(session: Session, centre_id: UUID, affectation_id: UUID, version_vue: int | None) -> Affectation:
    one = session.get(Affectation, affectation_id, options=[joinedload(Affectation.assistant)])
    if one is None or one.centre_id != centre_id:
        raise Introuvable()
    check_version(one.version, version_vue)
    return one


def _read_form(
    session: Session,
    centre: Centre,
    valeurs: Mapping[str, object],
    convention_id: UUID | None,
    assistant_id: UUID | None,
    *,
    nouvelle: bool,
) -> dict[str, Any]:
    """What was typed; Invalide with every field that is wrong or missing, the person and the convention of a new
    assignment included."""
    faults: list[Invalide] = []
    convention = None
    if nouvelle:
        convention = session.get(Convention, convention_id) if convention_id else None
        if convention is None or convention.centre_id != centre.id:
            faults.append(Invalide("Choisissez une convention du centre.", champ="convention_id"))
            convention = None
        if assistant_id not in assistants_of(session, centre.id, clock.today(centre.fuseau)):
            faults.append(Invalide("Choisissez un assistant du centre.", champ="assistant_id"))
    given: dict[str, Any] = {}
    try:
        given = read_values(FIELDS, valeurs)
    except Invalide as error:
        faults += split_faults(error)
    if convention and convention.quotite is not None and is_blank(valeurs.get("quotite")):
        faults.append(Invalide(SHARE_WANTED, champ="quotite"))
    raise_faults(faults)
    return given


def _new(centre: Centre, convention_id: UUID | None, assistant_id: UUID | None) -> Affectation:
    """A new assignment; `_read_form` has checked whose it is."""
    return Affectation(centre_id=centre.id, convention_id=convention_id, assistant_id=assistant_id)


def _check_days(session: Session, one: Affectation, convention: Convention) -> None:
    """Invalide when the convention takes no hours, wants a share, or when the days are not its own or are taken."""
    if convention.etat not in RUNNING_STATES:
        raise Invalide(
            "Cette convention n’est pas en vigueur : personne ne peut y être affecté.", champ="convention_id"
        )
    if one.quotite is None and convention.quotite is not None:
        raise Invalide(SHARE_WANTED, champ="quotite")
    check_order(one.du, one.au)
    life = f"la convention {convention.numero} va du {date_longue(first_day(convention))} au {date_longue(last_day(convention))}"
    if not first_day(convention) <= one.du <= last_day(convention):
        raise Invalide(f"Premier jour hors de la convention : {life}.", champ="du")
    if one.au is not None and one.au > last_day(convention):
        raise Invalide(
            f"Dernier jour hors de la convention : {life}. Laissez-le vide pour aller jusqu’au terme.", champ="au"
        )
    others = session.scalars(
        select(Affectation).where(
            Affectation.convention_id == one.convention_id, Affectation.assistant_id == one.assistant_id
        )
    )
    for other in others:
        if other is not one and overlaps(one.du, one.au, other.du, other.au):
            raise Invalide(
                f"Cette personne est déjà affectée à cette convention {period(other.du, other.au)} : modifiez cette "
                "affectation, ou choisissez d’autres dates.",
                champ="du",
            )


def _check_recorded(session: Session, one: Affectation) -> None:
    """Invalide when hours or journeys of this assignment would fall outside its new days. Those of another assignment of
    the same person on the same convention are that one's."""
    outside = _count_recorded(session, one, inside=False)
    if outside:
        raise Invalide(
            f"{outside} saisie{'s' if outside > 1 else ''} d’heures ou de déplacements de cette personne pour cette "
            "convention tomberai"
            f"{'ent' if outside > 1 else 't'} hors de ses affectations : faites-les d’abord corriger, ou choisissez d’autres "
            "dates.",
            champ="au" if one.au else "du",
        )


def _count_recorded(session: Session, one: Affectation, *, inside: bool) -> int:
    """How many hours and journeys of this person on this convention are inside the assignment's days, or outside those of
    every assignment."""
    number = 0
    for table in (Intervention, Deplacement):
        query = select(func.count(table.id)).where(
            table.convention_id == one.convention_id, table.assistant_id == one.assistant_id
        )
        here = and_(table.jour >= one.du, table.jour <= (one.au or date.max))
        elsewhere = exists().where(
            Affectation.convention_id == one.convention_id,
            Affectation.assistant_id == one.assistant_id,
            Affectation.id != one.id,
            Affectation.du <= table.jour,
            or_(Affectation.au.is_(None), Affectation.au >= table.jour),
        )
        query = query.where(here) if inside else query.where(not_(here), not_(elsewhere))
        number += session.scalar(query) or 0
    return number


def _check_posts(session: Session, one: Affectation, malgre_depassement: bool) -> list[str]:
    """Invalide when the person is promised for more than a full-time post, or than the posts held; a warning when no post
    is recorded for them."""
    if one.quotite is None:
        return []
    name = session.get_one(Utilisateur, one.assistant_id).nom_complet
    parts = parts_of(session, one.centre_id, [one.assistant_id])[one.assistant_id]
    for tranche in cut_tranches(parts, [PartDatee(TEMPS_PLEIN, date.min)], one.du, one.au):
        if tranche.excess:
            raise Invalide(
                f"Les affectations {de(name)} feraient {pourcentage(tranche.total)} d’un temps plein "
                f"{period(tranche.du, tranche.au)} : réduisez la part, ou changez les dates.",
                champ="quotite",
            )
    held = postes_of(session, one.centre_id, [one.assistant_id])[one.assistant_id]
    over = [tranche for tranche in cut_tranches(parts, held, one.du, one.au) if tranche.excess]
    told = [describe_over(name, tranche.total, tranche.limite, period(tranche.du, tranche.au)) for tranche in over]
    if not malgre_depassement and any(tranche.limite for tranche in over):
        raise Invalide(
            f"{told[0]} Réduisez la part, complétez le poste, ou cochez « Enregistrer malgré un dépassement du poste ».",
            champ="quotite",
        )
    return told[:3]


def _compare_convention(session: Session, convention: Convention, one: Affectation) -> list[str]:
    """What the convention gets from everybody on the days of this assignment, when it is not its share."""
    if convention.quotite is None:
        return []
    query = select(Affectation).where(Affectation.convention_id == convention.id, Affectation.quotite.is_not(None))
    parts = [PartDatee(other.quotite, other.du, other.au) for other in session.scalars(query) if other.quotite]
    signed = load_avenants(session, [convention.id]).get(convention.id, [])
    shares = parts_promised(convention, signed)
    wanted = [PartDatee(convention.quotite, date.min, shares[0].du - timedelta(days=1))] + [
        PartDatee(part.quotite, part.du, after.du - timedelta(days=1) if after else None)
        for part, after in zip_longest(shares, shares[1:])
    ]
    return [
        f"La convention {convention.numero} prévoit {pourcentage(tranche.limite)} d’un temps plein : "
        f"{pourcentage(tranche.total)} y sont affectés {period(tranche.du, tranche.au)}."
        for tranche in cut_tranches(parts, wanted, one.du, one.au or last_day(convention))
        if tranche.total != tranche.limite
    ][:3]
