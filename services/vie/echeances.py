"""Deadlines of the conventions that a person may see (domaine.md 2.5): the page *Échéances*, the calendar feed, the reminders.

They are computed when they are asked for, from the conventions and the rules of the version of the offer that each was made
from: nothing is stored that could become wrong. What is already done is told apart: a tariff recorded, a report published, a
statement issued.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from domain.calendar import EcheanceDate, list_echeances, rules_of
from domain.offer import CENTRE_SEUL, ECHEANCES, Echeance
from domain.roles import ROLES_COLLECTIVITE, Role
from domain.text import fold
from models import Bilan, Centre, Convention, Decompte, Denonciation, MiseEnDemeure, Reconduction, Tarif
from services.activite.regles import RECORDING_STATES
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur, roles_on, visible_conventions
from services.core.paging import Page
from services.core.portail import Portail
from services.facturation.exercices import COMMITTED_STATES

GENRES = ECHEANCES
ASSISTANT: frozenset[Echeance] = frozenset({"debut", "reconduction", "terme", "fin", "bilan"})
"""What somebody who is only an assistant needs: when they come, when they stop, what they write."""
YEARS_AHEAD = 1
"""How far the list goes by itself: the same day of the year after."""
ENDS: tuple[Echeance, ...] = ("terme", "fin")
ISSUED = ("emis", "paye")
LIVING = ("recue", "confirmee")
"""States of a notice that was not withdrawn nor left without effect."""


@dataclass(frozen=True)
class EcheanceRow:
    """One deadline of one convention. `fait`: what it asks for is done. `suite`: number of the signed convention that takes over
    from the end that this deadline is. `cote_centre`: seen by the centre's people."""

    le: date
    kind: Echeance
    titre: str
    centre_id: UUID
    convention_id: UUID
    numero: str
    collectivite: str
    offre: str
    fait: bool = False
    cote_centre: bool = False
    suite: str = ""


@dataclass(frozen=True)
class Groupe:
    """The same deadline of one or several conventions: they are alike from one convention to the next, so a centre reads
    one line for all of them."""

    le: date
    kind: Echeance
    titre: str
    rows: tuple[EcheanceRow, ...]

    @property
    def fait(self) -> bool:
        return all(one.fait for one in self.rows)

    @property
    def situation(self) -> str:
        """How a deadline that is settled is told; empty for one that is not."""
        return tell_done(self.rows)


def tell_done(rows: Sequence[EcheanceRow]) -> str:
    """« Fait », or « Suite signée » for an end that another convention follows; empty while something is left to do."""
    if not all(one.fait for one in rows):
        return ""
    return "Suite signée" if any(one.suite for one in rows) else "Fait"


@dataclass(frozen=True)
class EcheanceFilter:
    """What is shown: days from `du` to `au` (included), one kind, one convention, words of the collectivité's name or of the
    number; `groupe`: alike ones together."""

    du: date
    au: date
    genre: str | None = None
    convention: UUID | None = None
    texte: str = ""
    groupe: bool = True
    page: int = 1
    taille: int = 50


@dataclass(frozen=True)
class Cadre:
    """What the page is about for this person: today where they work, years that have deadlines, kinds that they see, and
    whether they see any convention at all."""

    aujourdhui: date
    annees: tuple[int, ...]
    genres: dict[Echeance, str]
    conventions: int


def open_cadre(portail: Portail, acteur: Acteur) -> Cadre:
    """What the filters of the page offer."""
    with portail.db.read() as session:
        found = session.execute(
            _conventions(acteur)
            .with_only_columns(Convention.date_effet, Convention.dernier_jour, Centre.fuseau)
            .join(Centre, Centre.id == Convention.centre_id)
        ).all()
    years = range(min(row[0].year for row in found), max(row[1].year for row in found) + 2) if found else ()
    return Cadre(
        aujourdhui=clock.today(found[0][2]) if found else clock.today(),
        annees=tuple(years),
        genres={code: label for code, label in GENRES.items() if code in _kinds_of(acteur)},
        conventions=len(found),
    )


def _kinds_of(acteur: Acteur) -> set[Echeance]:
    """Kinds that some role of the person shows."""
    held = [*acteur.par_centre.values(), *acteur.par_collectivite.values()]
    return {kind for roles in held for kind in shown_kinds(roles)}


def shown_kinds(roles: Iterable[Role]) -> frozenset[Echeance]:
    """Kinds of deadlines that a holder of `roles` over a convention sees."""
    held = frozenset(roles)
    every = frozenset(GENRES)
    if held - ROLES_COLLECTIVITE - {Role.ASSISTANT}:
        return every
    side: frozenset[Echeance] = every - CENTRE_SEUL if held & ROLES_COLLECTIVITE else frozenset()
    return side | (ASSISTANT if Role.ASSISTANT in held else frozenset())


def list_groupes(portail: Portail, acteur: Acteur, filtre: EcheanceFilter) -> Page[Groupe]:
    """One page of the deadlines that the person sees, the nearest first."""
    with portail.db.read() as session:
        rows = visible_rows(session, acteur, filtre.du, filtre.au)
    groups = group_rows(_kept(rows, filtre), alike=filtre.groupe)
    size = max(1, filtre.taille)
    number = min(max(filtre.page, 1), max(1, -(-len(groups) // size)))
    return Page(tuple(groups[(number - 1) * size : number * size]), len(groups), number, size)


def _kept(rows: Iterable[EcheanceRow], filtre: EcheanceFilter) -> list[EcheanceRow]:
    words = fold(filtre.texte[:200]).split()
    return [
        one
        for one in rows
        if filtre.genre in (None, one.kind)
        and filtre.convention in (None, one.convention_id)
        and all(word in fold(f"{one.collectivite} {one.numero}") for word in words)
    ]


def group_rows(rows: Sequence[EcheanceRow], *, alike: bool = True) -> list[Groupe]:
    """The deadlines by day, alike ones together (or each alone), their conventions by name."""
    order = list(GENRES)
    found = sorted(rows, key=lambda one: (one.le, order.index(one.kind), one.titre, one.collectivite, one.numero))
    if not alike:
        return [Groupe(one.le, one.kind, one.titre, (one,)) for one in found]
    return [
        Groupe(le, kind, titre, tuple(same))
        for (le, kind, titre), same in groupby(found, key=lambda one: (one.le, one.kind, one.titre))
    ]


def visible_rows(session: Session, acteur: Acteur, du: date, au: date) -> list[EcheanceRow]:
    """Every deadline from `du` to `au` (included) of the conventions that the person may see, of the kinds that their roles
    over each convention show."""
    found: list[EcheanceRow] = []
    for convention, row in _rows_of(session, _conventions(acteur), du, au):
        roles = roles_on(acteur, convention)
        if row.kind in shown_kinds(roles):
            found.append(replace(row, cote_centre=bool(roles - ROLES_COLLECTIVITE)))
    return found


def centre_rows(session: Session, centre_id: UUID, du: date, au: date) -> list[tuple[Convention, EcheanceRow]]:
    """The same for every convention of a centre, whoever looks: for reminders."""
    query = select(Convention).where(Convention.centre_id == centre_id, Convention.etat.in_(RECORDING_STATES))
    return list(_rows_of(session, query, du, au))


def _conventions(acteur: Acteur) -> Select[Convention]:
    return visible_conventions(acteur).where(Convention.etat.in_(RECORDING_STATES))


def _load(session: Session, query: Select[Convention], du: date, au: date) -> list[Convention]:
    """The conventions of `query` that may have a deadline in those days: the report of the last year comes after the end."""
    query = query.where(
        or_(Convention.date_effet <= au, Convention.date_debut_prestations <= au),
        Convention.dernier_jour >= date(max(du.year - 1, date.min.year), 1, 1),
    )
    eager = (joinedload(Convention.collectivite), joinedload(Convention.dossier))
    return list(session.scalars(query.options(*eager).order_by(Convention.numero, Convention.id)))


def _compute(
    session: Session, conventions: Sequence[Convention], du: date, au: date
) -> Iterator[tuple[Convention, list[EcheanceDate]]]:
    """Each convention with its deadlines from `du` to `au`."""
    query = select(MiseEnDemeure.convention_id, MiseEnDemeure.echeance).where(
        MiseEnDemeure.etat == "envoyee", MiseEnDemeure.echeance.is_not(None)
    )
    notices: dict[UUID, date | None] = dict(session.execute(query).all())
    for convention in conventions:
        offer = get_offer(session, convention.dossier.offre_version_id)
        deadlines = list_echeances(
            effet=convention.date_effet,
            debut=convention.date_debut_prestations,
            terme=convention.terme,
            fin=convention.fin,
            regles=rules_of(offer),
            mise_en_demeure=notices.get(convention.id),
        )
        yield convention, [one for one in deadlines if du <= one.le <= au]


def _row(session: Session, convention: Convention, deadline: EcheanceDate) -> EcheanceRow:
    return EcheanceRow(
        le=deadline.le,
        kind=deadline.kind,
        titre=deadline.titre,
        centre_id=convention.centre_id,
        convention_id=convention.id,
        numero=convention.numero,
        collectivite=convention.collectivite.nom,
        offre=get_offer(session, convention.dossier.offre_version_id).code,
    )


@dataclass(frozen=True)
class Done:
    """What is done already: tariffs recorded (centre, code, year), reports published (convention, year), statements issued
    (first and last day of their period, by convention), notices given (convention, year), signed conventions that follow (their
    number, by the convention that they take over from), renewals (convention, year)."""

    tarifs: frozenset[tuple[UUID, str, int]]
    bilans: frozenset[tuple[UUID, int]]
    decomptes: Mapping[UUID, Sequence[tuple[date, date]]]
    denonciations: frozenset[tuple[UUID, int]]
    suites: Mapping[UUID | None, str]
    reconductions: frozenset[tuple[UUID, int]]

    def follows(self, row: EcheanceRow) -> str:
        """Number of the signed convention that follows, for the end of one; empty otherwise."""
        return self.suites.get(row.convention_id, "") if row.kind in ENDS else ""

    def tells(self, row: EcheanceRow, codes: Sequence[str]) -> bool:
        """Whether what this deadline asks for is done; `codes`: tariffs that the offer needs."""
        if row.kind in ENDS:
            return bool(self.follows(row))
        if row.kind == "vote_tarif":
            return all((row.centre_id, code, row.le.year + 1) in self.tarifs for code in codes)
        if row.kind == "reconduction":  # asked for until 31 December, or done on 1 January
            return (row.convention_id, row.le.year + (row.le.month == 12)) in self.reconductions
        if row.kind == "bilan":
            return (row.convention_id, row.le.year - 1) in self.bilans
        if row.kind == "denonciation":
            return (row.convention_id, row.le.year) in self.denonciations
        # The last day of a convention may be in the middle of its last period.
        return row.kind == "facturation" and any(
            du <= row.le <= au for du, au in self.decomptes.get(row.convention_id, ())
        )


def _read_done(session: Session, conventions: Sequence[Convention]) -> Done:
    centres = {one.centre_id for one in conventions}
    ids = [one.id for one in conventions]
    tarifs = select(Tarif.centre_id, Tarif.code, Tarif.annee).where(
        Tarif.centre_id.in_(centres), Tarif.remplace_le.is_(None)
    )
    bilans = select(Bilan.convention_id, Bilan.annee).where(Bilan.convention_id.in_(ids), Bilan.etat == "publie")
    decomptes = select(Decompte.convention_id, Decompte.du, Decompte.au).where(
        Decompte.convention_id.in_(ids), Decompte.etat.in_(ISSUED), Decompte.contre_id.is_(None)
    )
    notices = select(Denonciation.convention_id, Denonciation.date_reference).where(
        Denonciation.convention_id.in_(ids), Denonciation.etat.in_(LIVING)
    )
    following = select(Convention.remplace_id, Convention.numero).where(
        Convention.remplace_id.in_(ids), Convention.etat.in_(COMMITTED_STATES)
    )
    renewals = select(Reconduction.convention_id, Reconduction.annee).where(Reconduction.convention_id.in_(ids))
    issued: dict[UUID, list[tuple[date, date]]] = {}
    for one, du, au in session.execute(decomptes):
        issued.setdefault(one, []).append((du, au))
    return Done(
        frozenset(session.execute(tarifs).all()),
        frozenset(session.execute(bilans).all()),
        issued,
        frozenset((one, day.year) for one, day in session.execute(notices) if day is not None),
        dict(session.execute(following).all()),
        frozenset(session.execute(renewals).all()),
    )


def _rows_of(
    session: Session, query: Select[Convention], du: date, au: date
) -> Iterator[tuple[Convention, EcheanceRow]]:
    conventions = _load(session, query, du, au)
    done = _read_done(session, conventions)
    for convention, deadlines in _compute(session, conventions, du, au):
        codes = get_offer(session, convention.dossier.offre_version_id).facturation.codes_tarifs
        for deadline in deadlines:
            row = _row(session, convention, deadline)
            yield convention, replace(row, fait=done.tells(row, codes), suite=done.follows(row))
