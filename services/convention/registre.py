"""The register of conventions: searched, filtered, sorted and paged by the database; files of a selection as one ZIP."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import IO, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from domain.errors import Introuvable, Invalide
from domain.roles import Role
from models import Acte, Centre, Collectivite, Convention, Exercice, Piece
from services.adhesion.dossier_lists import search_condition
from services.convention.convention_views import (
    A_VENIR,
    A_VENIR_LIBELLE,
    ENDING_STATES,
    FINIE,
    FINIE_LIBELLE,
    ConventionFilter,
    ConventionRow,
    displayed_state,
    file_name,
    tell_end,
)
from services.convention.convention_warnings import acte_table
from services.convention.quantites import minutes_on, share_on
from services.core import clock
from services.core.access import Acteur, only_assists, visible_conventions
from services.core.paging import Page, paginate
from services.core.paquets import add_member, new_zip
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail, record

MAX_ZIP = 200
WITH_LISTS = ("decompte", "bilan", "courrier", "denonciation", "mise_en_demeure")
"""Usages of files that have lists, and readers, of their own."""
BEFORE_FORCE = ("a_signer", "signee_collectivite", "annulee")
"""States of a convention that the centre has not signed."""
NUMBERED = 100
"""Characters kept of a file's name that needs a number to differ from another one."""

_SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "numero": (Convention.annee.expression, Convention.rang.expression),
    "collectivite": (Collectivite.nom.expression,),
    "etat": (Convention.etat.expression,),
    "date_effet": (Convention.date_effet.expression,),
    "dernier_jour": (func.coalesce(Convention.fin, Convention.terme),),
    "montant_annuel": (Convention.montant_annuel.expression,),
    "montant_annee": (Exercice.montant_du.expression,),
    "emise_le": (Convention.emise_le.expression,),
}
AMOUNTS = ("montant_annuel", "montant_annee")
"""Sorts by what a convention costs."""
VOLUME = "volume"
"""Sort by what a convention promises today."""
TRIS = (*_SORTS, VOLUME)
"""Codes that `ConventionFilter.tri` may hold; another one means `emise_le`."""


def list_conventions(portail: Portail, acteur: Acteur, filtre: ConventionFilter) -> Page[ConventionRow]:
    """One page of the conventions that the person may see."""
    with portail.db.read() as session:
        days = _days(session)
        hidden = filtre.tri in AMOUNTS and not reads_acts(acteur)  # an order by amount would tell them
        today = _own_day(days)
        sorts = _SORTS | {VOLUME: (share_on(today), minutes_on(today))}
        columns = sorts["emise_le" if hidden else filtre.tri if filtre.tri in sorts else "emise_le"]
        order = [column.desc() if filtre.descendant else column.asc() for column in columns]
        found = paginate(
            session,
            _filtered(acteur, filtre, days),
            page=filtre.page,
            taille=filtre.taille,
            order=(*(one.nulls_last() for one in order), Convention.id.asc()),
            build=lambda row: row,
        )
        pieces = pieces_of(session, acteur, [row.Convention for row in found.rows])
        rows = tuple(_row(session, acteur, row, days, pieces[row.Convention.id]) for row in found.rows)
        return Page(rows, found.total, found.page, found.taille)


def list_years(portail: Portail, acteur: Acteur) -> list[int]:
    """Years of issue of the conventions that the person may see, newest first: choices of the filter."""
    with portail.db.read() as session:
        query = visible_conventions(acteur).with_only_columns(Convention.annee).distinct()
        return sorted(session.scalars(query), reverse=True)


def reads_acts(acteur: Acteur) -> bool:
    """Whether the person reads the files and the amounts of some convention: everybody but who is only an assistant."""
    return bool(acteur.collectivite_ids) or any(roles - {Role.ASSISTANT} for roles in acteur.par_centre.values())


def _days(session: Session) -> dict[UUID, date]:
    """Today, in each centre's time zone."""
    zones = session.execute(select(Centre.id, Centre.fuseau))
    return {centre_id: clock.today(fuseau) for centre_id, fuseau in zones}


def _own_day(days: dict[UUID, date]) -> date | ColumnElement[date]:
    """Today at the centre of the convention: one day nearly always, whatever the centres' time zones."""
    several = set(days.values())
    return case(days, value=Convention.centre_id) if len(several) > 1 else next(iter(several), clock.today())


def _filtered(acteur: Acteur, filtre: ConventionFilter, days: dict[UUID, date]) -> Select[Any]:
    today = _own_day(days)
    query = (
        visible_conventions(acteur)
        .join(Collectivite, Collectivite.id == Convention.collectivite_id)
        .outerjoin(Exercice, and_(Exercice.convention_id == Convention.id, _this_year(days)))
        .with_only_columns(
            Convention,
            Collectivite.nom.label("collectivite"),
            Exercice.montant_du,
            share_on(today).label("quotite"),
            minutes_on(today).label("minutes_prevues"),
        )
    )
    if filtre.etats:
        later = or_(*(and_(Convention.centre_id == key, Convention.date_effet > day) for key, day in days.items()))
        in_force = Convention.etat == "en_vigueur"
        over = or_(
            *(and_(Convention.centre_id == key, Convention.dernier_jour < day) for key, day in days.items()),
        )
        wanted: list[ColumnElement[bool]] = [Convention.etat.in_(set(filtre.etats) - {A_VENIR, FINIE, "en_vigueur"})]
        if FINIE in filtre.etats:
            wanted.append(and_(Convention.etat.in_(ENDING_STATES), over))
        if A_VENIR in filtre.etats:
            wanted.append(and_(in_force, later))
        if "en_vigueur" in filtre.etats:
            wanted.append(and_(in_force, ~later, ~over))
        query = query.where(or_(*wanted))
    if filtre.annee:
        query = query.where(Convention.annee == filtre.annee)
    words = search_condition(
        filtre.texte, Convention.numero.expression, Collectivite.nom.expression, Collectivite.siren.expression
    )
    return query.where(*words)


def _this_year(days: dict[UUID, date]) -> ColumnElement[bool]:
    """The years of the conventions that are today's, each at its centre."""
    years = {day.year for day in days.values()} or {clock.today().year}
    if len(years) == 1:
        return Exercice.annee == years.pop()
    return or_(*(and_(Exercice.centre_id == key, Exercice.annee == day.year) for key, day in days.items()))


def _row(
    session: Session, acteur: Acteur, row: Row[Any], days: dict[UUID, date], pieces: list[PieceRow]
) -> ConventionRow:
    convention: Convention = row.Convention
    today = days[convention.centre_id]
    priced = not only_assists(acteur, convention)
    return ConventionRow(
        id=convention.id,
        centre_id=convention.centre_id,
        numero=convention.numero,
        collectivite=row.collectivite,
        etat=convention.etat,
        etat_affiche=displayed_state(convention.etat, convention.date_effet, today, convention.dernier_jour),
        etat_libelle=state_label(session, acteur, convention, today, court=True),
        date_effet=convention.date_effet,
        dernier_jour=convention.dernier_jour,
        terme=convention.terme,
        quotite=row.quotite,
        minutes_prevues=row.minutes_prevues,
        montant_annuel=convention.montant_annuel if priced else None,
        montant_annee=row.montant_du if priced else None,
        emise_le=convention.emise_le,
        pieces=tuple(pieces),
    )


def state_label(session: Session, acteur: Acteur, convention: Acte, today: date, *, court: bool = False) -> str:
    """The state as this person's side reads it, with the day it ends when that is decided: « Dénoncée, prend fin le 31
    décembre 2026 ». `court`: that day in figures."""
    end = tell_end(convention.etat, convention.fin, convention.dernier_jour, today, court=court)
    if displayed_state(convention.etat, convention.date_effet, today) == A_VENIR:
        label = A_VENIR_LIBELLE
    elif convention.etat == "en_vigueur" and convention.dernier_jour < today:
        label = FINIE_LIBELLE
    else:
        table = acte_table(session, convention)
        label = table.label(convention.etat, collectivite=convention.centre_id not in acteur.par_centre)
    return f"{label}, {end}" if end else label


def pieces_of(session: Session, acteur: Acteur, conventions: Sequence[Acte]) -> defaultdict[UUID, list[PieceRow]]:
    """Files of these conventions that this person may read and that were not taken away, oldest first.

    A file signed by both parties that still waits for a warning to be lifted is the centre's own business. An assistant reads
    none: they need where and when they come, not what it costs nor who signed.
    """
    waiting = [one.id for one in conventions if one.etat in BEFORE_FORCE and one.centre_id not in acteur.par_centre]
    query = (
        select(Piece)
        .where(
            Piece.convention_id.in_([one.id for one in conventions if not only_assists(acteur, one)]),
            Piece.retiree_le.is_(None),
            Piece.usage.not_in(WITH_LISTS),
            or_(Piece.usage != "signee_centre", Piece.convention_id.not_in(waiting)),
        )
        .order_by(Piece.deposee_le, Piece.id)
    )
    found: defaultdict[UUID, list[PieceRow]] = defaultdict(list)
    for piece in session.scalars(query):
        if piece.convention_id:
            found[piece.convention_id].append(piece_row(piece))
    return found


def export_zip(portail: Portail, acteur: Acteur, convention_ids: Sequence[UUID]) -> tuple[str, IO[bytes]]:
    """File name and temporary file of a ZIP with every file of these conventions, one folder per convention. One that the person
    may not see refuses the whole export. Each convention exported is a line of the journal."""
    wanted = list(dict.fromkeys(convention_ids))
    if not wanted:
        raise Invalide("Sélectionnez au moins une convention.")
    if len(wanted) > MAX_ZIP:
        raise Invalide(f"Sélectionnez {MAX_ZIP} conventions au plus.")
    with portail.db.read() as session:
        visible = set(session.scalars(visible_conventions(acteur).with_only_columns(Convention.id)))
    first_hidden = next((one for one in wanted if one not in visible), wanted[0])
    with portail.view(acteur, "convention.exporter", objet="convention", objet_id=first_hidden) as session:
        conventions = session.scalars(visible_conventions(acteur).where(Convention.id.in_(wanted))).all()
        if len(conventions) != len(wanted) or any(only_assists(acteur, one) for one in conventions):
            raise Introuvable()
        flux = _zip(portail, session, acteur, conventions)
    with portail.db.write() as session:
        for convention in conventions:
            record(
                session,
                acteur,
                "convention.exporter",
                centre_id=convention.centre_id,
                objet="convention",
                objet_id=convention.id,
            )
    return file_name("conventions", clock.today().isoformat(), extension="zip"), flux


def _zip(portail: Portail, session: Session, acteur: Acteur, conventions: Sequence[Convention]) -> IO[bytes]:
    pieces = pieces_of(session, acteur, conventions)
    stored = select(Piece.id, Piece.sha256).where(Piece.convention_id.in_([one.id for one in conventions]))
    hashes = {row.id: row.sha256 for row in session.execute(stored)}
    several = len({one.centre_id for one in conventions}) > 1
    with new_zip() as (stream, archive):
        for convention in sorted(conventions, key=lambda one: (one.annee, one.rang)):
            # Two centres number their conventions alike.
            code = convention.centre.code if several else None
            folder = file_name(convention.numero, code, convention.collectivite.nom, extension="x").removesuffix(".x")
            used: set[str] = set()
            for piece in pieces[convention.id]:
                name = _free_name(piece.nom, used)
                add_member(archive, f"{folder}/{name}", portail.files.read(hashes[piece.id]))
    return stream


def _free_name(nom: str, used: set[str]) -> str:
    stem, _, extension = nom.rpartition(".")
    name = file_name(stem or nom, extension=extension.lower() or "bin")
    # The number comes after a cut of its own: what `file_name` cuts off a long name would be the number itself.
    kept, _, suffix = name.rpartition(".")
    number = 1
    while name in used:
        number += 1
        name = f"{kept[:NUMBERED].rstrip('-')}-{number}.{suffix}"
    used.add(name)
    return name
