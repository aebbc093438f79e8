"""Periods without an assistant, imputable to the centre: they reduce what is due (article 8.3, B07, B08, formula F3).

Recorded with a reason by the responsable, never deduced from anything; statutory leave is part of the share and never
reduces it (article 4). What was invoiced already is settled by the next instalment, which is a difference of cumulative
sums; where no instalment is left, the person is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from domain.activite import ORDINAIRE
from domain.equipe import overlaps
from domain.errors import Introuvable, Invalide
from domain.formatting import date_longue, duree, euros
from domain.forms.fields import Field
from domain.grammar import de
from models import (
    Affectation,
    Collectivite,
    Convention,
    Exercice,
    Intervention,
    PeriodeSansAssistant,
    Utilisateur,
    utc_now,
)
from services.activite.champs import check_order, date_field, period, read_values
from services.activite.equipe import Enregistre, lock_centre, read_centre
from services.activite.regles import RECORDING_STATES, absences_of
from services.adhesion.dossier_lists import search_condition
from services.centre.offres import get_offer
from services.core.access import Acteur
from services.core.locks import find_row, lock_row
from services.core.paging import Page, paginate
from services.core.portail import Portail, once, record
from services.facturation.exercices import (
    BY_SHARE,
    AnneeDue,
    Contexte,
    compute_year,
    first_day,
    last_day,
    load_contexte,
    refresh_convention,
)

FIELDS = {
    "du": date_field("du", "Premier jour sans assistant"),
    "au": date_field("au", "Dernier jour sans assistant"),
    "motif": Field(id="motif", type="long_text", label="Motif", required=True, max_length=500),
}


@dataclass(frozen=True)
class Effet:
    """What a period changes for one year of a convention, in euros; `etapes` say how the new amount is found. `avertissement`:
    more than what is due is invoiced already."""

    annee: int
    avant: Decimal
    apres: Decimal
    etapes: tuple[str, ...]
    avertissement: str = ""

    @property
    def reduction(self) -> Decimal:
        return self.avant - self.apres


@dataclass(frozen=True)
class AbsenceRow:
    """A period, with what it takes off what is due (zero once it is taken back)."""

    id: UUID
    convention_id: UUID
    numero: str
    collectivite: str
    du: date
    au: date
    motif: str
    saisie_par: str
    saisie_le: datetime
    annulee_le: datetime | None
    reduction: Decimal

    @property
    def jours(self) -> int:
        return (self.au - self.du).days + 1


@dataclass(frozen=True)
class AbsenceFilter:
    """What the list shows: `annulees` adds those that were taken back."""

    texte: str = ""
    annulees: bool = False
    page: int = 1
    taille: int = 25


def list_absences(portail: Portail, acteur: Acteur, centre_id: UUID, filtre: AbsenceFilter) -> Page[AbsenceRow]:
    """One page of the periods of the centre, the latest first."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        read_centre(session, acteur, centre_id)
        query = (
            select(PeriodeSansAssistant, Utilisateur)
            .join(Convention, Convention.id == PeriodeSansAssistant.convention_id)
            .join(Collectivite, Collectivite.id == Convention.collectivite_id)
            .outerjoin(Utilisateur, Utilisateur.id == PeriodeSansAssistant.saisie_par)
            .options(
                joinedload(PeriodeSansAssistant.convention).options(
                    joinedload(Convention.dossier), joinedload(Convention.collectivite)
                )
            )
            .where(
                Convention.centre_id == centre_id,
                *search_condition(filtre.texte, Convention.numero.expression, Collectivite.nom.expression),
            )
        )
        if not filtre.annulees:
            query = query.where(PeriodeSansAssistant.annulee_le.is_(None))
        found = paginate(
            session,
            query,
            page=filtre.page,
            taille=filtre.taille,
            order=(PeriodeSansAssistant.du.desc(), PeriodeSansAssistant.id.asc()),
            build=lambda row: row,
        )
        conventions = list({row[0].convention_id: row[0].convention for row in found.rows}.values())
        contexte = load_contexte(session, centre_id, conventions)
        rows = tuple(_row(session, contexte, *row) for row in found.rows)
        return Page(rows, found.total, found.page, found.taille)


def _row(session: Session, contexte: Contexte, one: PeriodeSansAssistant, author: Utilisateur | None) -> AbsenceRow:
    reduction = Decimal(0)
    if one.annulee_le is None:
        kept = [days for days in contexte.absences.get(one.convention_id, ()) if days != (one.du, one.au)]
        reduction = sum(
            (effet.reduction for effet in _effects(session, contexte, one.convention, kept, (one.du, one.au))),
            Decimal(0),
        )
    return AbsenceRow(
        id=one.id,
        convention_id=one.convention_id,
        numero=one.convention.numero,
        collectivite=one.convention.collectivite.nom,
        du=one.du,
        au=one.au,
        motif=one.motif,
        saisie_par=author.nom_complet if author else "",
        saisie_le=one.saisie_le,
        annulee_le=one.annulee_le,
        reduction=reduction,
    )


def preview_absence(
    portail: Portail, acteur: Acteur, centre_id: UUID, convention_id: UUID | None, valeurs: Mapping[str, object]
) -> list[Effet]:
    """What a period would change, year by year, before it is saved. Invalide as in `save_absence`; the reason is not
    asked for yet."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        read_centre(session, acteur, centre_id)
        convention = _find_convention(session, centre_id, convention_id)
        days = read_values({champ: FIELDS[champ] for champ in ("du", "au")}, valeurs)
        _check_days(session, convention, days["du"], days["au"])
        return _preview(session, convention, (days["du"], days["au"]))


def warn_absence(
    portail: Portail, acteur: Acteur, centre_id: UUID, convention_id: UUID | None, valeurs: Mapping[str, object]
) -> list[str]:
    """What contradicts a period before it is saved: somebody is assigned on its days, or hours are recorded on them.
    Invalide as in `preview_absence`."""
    with portail.view(acteur, "equipe.consulter", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        read_centre(session, acteur, centre_id)
        convention = _find_convention(session, centre_id, convention_id)
        days = read_values({champ: FIELDS[champ] for champ in ("du", "au")}, valeurs)
        return _tell_presence(session, convention, days["du"], days["au"])


def save_absence(
    portail: Portail,
    acteur: Acteur,
    centre_id: UUID,
    convention_id: UUID | None,
    valeurs: Mapping[str, object],
    *,
    operation_id: str,
) -> Enregistre:
    """Record a period without an assistant and bring what is due up to date.

    Invalide with `champ`: no convention in force by share, days outside what is billed, days of another period, no reason.
    Somebody assigned or hours recorded on those days, and a year that is invoiced for more than what is now due, are told.
    """
    with portail.action(
        acteur, "absence.enregistrer", objet="centre", objet_id=centre_id, centre_id=centre_id
    ) as session:
        lock_centre(session, acteur, centre_id)
        convention = _find_convention(session, centre_id, convention_id, lock=True)
        if not once(session, operation_id):
            return Enregistre(None)
        given = read_values(FIELDS, valeurs)
        _check_days(session, convention, given["du"], given["au"])
        effects = _preview(session, convention, (given["du"], given["au"]))
        one = PeriodeSansAssistant(
            convention_id=convention.id,
            du=given["du"],
            au=given["au"],
            motif=given["motif"],
            saisie_par=acteur.utilisateur_id,
        )
        session.add(one)
        session.flush()
        refresh_convention(session, convention.id)
        told = [effet.avertissement for effet in effects if effet.avertissement]
        told += _tell_presence(session, convention, one.du, one.au)
        _record(session, acteur, "absence.enregistrer", centre_id, one)
        return Enregistre(one.id, tuple(told))


def cancel_absence(portail: Portail, acteur: Acteur, centre_id: UUID, absence_id: UUID) -> None:
    """Take a period back: its row stays, what is due goes back to what it was."""
    with portail.action(acteur, "absence.annuler", objet="centre", objet_id=centre_id, centre_id=centre_id) as session:
        lock_centre(session, acteur, centre_id)
        one = session.get(PeriodeSansAssistant, absence_id)
        convention = session.get(Convention, one.convention_id) if one else None
        if one is None or convention is None or convention.centre_id != centre_id:
            raise Introuvable()
        lock_row(session, Convention, convention.id)
        session.refresh(one)
        if one.annulee_le is not None:
            return
        one.annulee_le = utc_now()
        session.flush()
        refresh_convention(session, convention.id)
        _record(session, acteur, "absence.annuler", centre_id, one)


def _record(session: Session, acteur: Acteur, action: str, centre_id: UUID, one: PeriodeSansAssistant) -> None:
    record(
        session,
        acteur,
        action,
        centre_id=centre_id,
        objet="absence",
        objet_id=one.id,
        convention=one.convention_id,
        du=one.du,
        au=one.au,
    )


# Rules -----------------------------------------------------------------------------------------------------------------


def _find_convention(
    session: Session, centre_id: UUID, convention_id: UUID | None, *, lock: bool = False
) -> Convention:
    find = find_row if lock else Session.get
    convention = find(session, Convention, convention_id) if convention_id else None
    if convention is None or convention.centre_id != centre_id:
        raise Invalide("Choisissez une convention du centre.", champ="convention_id")
    if convention.etat not in RECORDING_STATES:  # what a final statement takes off is known late
        raise Invalide("Cette convention n’est pas en vigueur.", champ="convention_id")
    if get_offer(session, convention.dossier.offre_version_id).facturation.mode != BY_SHARE:
        raise Invalide(
            "Cette convention ne facture que ce qui est fait : une période sans assistant n’y réduit rien.",
            champ="convention_id",
        )
    return convention


def _check_days(session: Session, convention: Convention, du: date, au: date) -> None:
    check_order(du, au)
    first, last = first_day(convention), last_day(convention)
    if du < first or au > last:
        raise Invalide(
            f"Ces jours sortent de ce qui est facturé : du {date_longue(first)} au {date_longue(last)} pour la convention "
            f"{convention.numero}.",
            champ="du" if du < first else "au",
        )
    for other in absences_of(session, convention.id):
        if overlaps(du, au, *other):
            raise Invalide(
                f"Une période sans assistant est déjà enregistrée {period(*other)} : annulez-la, ou choisissez d’autres jours.",
                champ="du",
            )


def _preview(session: Session, convention: Convention, days: tuple[date, date]) -> list[Effet]:
    contexte = load_contexte(session, convention.centre_id, [convention])
    kept = list(contexte.absences.get(convention.id, ()))
    effects = _effects(session, contexte, convention, kept, days)
    query = select(Exercice.annee, Exercice.montant_facture_du).where(Exercice.convention_id == convention.id)
    invoiced = {row.annee: row.montant_facture_du for row in session.execute(query)}
    return [replace(one, avertissement=_tell_invoiced(one, invoiced.get(one.annee, Decimal(0)))) for one in effects]


def _effects(
    session: Session,
    contexte: Contexte,
    convention: Convention,
    kept: Sequence[tuple[date, date]],
    days: tuple[date, date],
) -> list[Effet]:
    """What is due for each year that `days` touch, with the periods `kept`, then with these days too."""
    offer = get_offer(session, convention.dossier.offre_version_id)

    def price(absences: Sequence[tuple[date, date]], annee: int) -> AnneeDue:
        return compute_year(convention, offer, replace(contexte, absences={convention.id: absences}), annee)

    found = []
    for annee in range(days[0].year, days[1].year + 1):
        after = price(sorted([*kept, days]), annee)
        found.append(Effet(annee, price(kept, annee).du, after.du, after.etapes))
    return found


def _tell_invoiced(effet: Effet, facture: Decimal) -> str:
    if facture <= effet.apres:
        return ""
    return (
        f"{euros(facture)} sont déjà facturés pour {effet.annee}, et {euros(effet.apres)} seraient dus : "
        "le prochain décompte de l’année règle la différence ; s’il n’y en a plus, annulez le dernier et préparez-le "
        "de nouveau."
    )


def _tell_presence(session: Session, convention: Convention, du: date, au: date) -> list[str]:
    """Who is assigned on these days, then what is recorded on them: only days without anybody reduce what is due (B07)."""
    return [*_tell_assigned(session, convention, du, au), *_tell_hours(session, convention.id, du, au)]


def _tell_assigned(session: Session, convention: Convention, du: date, au: date) -> list[str]:
    query = (
        select(Affectation)
        .where(
            Affectation.convention_id == convention.id,
            Affectation.du <= au,
            or_(Affectation.au.is_(None), Affectation.au >= du),
        )
        .options(joinedload(Affectation.assistant))
        .order_by(Affectation.du)
    )
    return [
        f"Affectation {de(one.assistant.nom_complet)} {period(max(one.du, du), min(one.au or au, au))} : seuls les jours où le"
        " centre n’a affecté personne réduisent ce qui est dû. Changez les jours, ou mettez d’abord fin à l’affectation."
        for one in session.scalars(query)
    ]


def _tell_hours(session: Session, convention_id: UUID, du: date, au: date) -> list[str]:
    query = select(func.sum(Intervention.minutes)).where(
        Intervention.convention_id == convention_id,
        Intervention.nature == ORDINAIRE,
        Intervention.jour >= du,
        Intervention.jour <= au,
    )
    minutes = session.scalar(query) or 0
    if not minutes:
        return []
    return [f"{duree(minutes)} de service ordinaire sont enregistrées sur ces jours : vérifiez la période."]
