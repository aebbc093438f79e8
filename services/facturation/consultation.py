"""Reading statements: the list with its filters, and one statement with everything its page shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, extract, func, select
from sqlalchemy.orm import Session

from domain.decompte import CONTRE, DECOMPTE, DRAFTS, PREPARERS
from domain.errors import Invalide
from domain.formatting import nombre
from domain.roles import ROLES_CENTRE
from models import AuditEvent, Centre, Collectivite, Convention, Decompte, Piece, Utilisateur
from services.adhesion.dossier_lists import search_condition
from services.adhesion.dossier_views import ActionRow
from services.adhesion.dossiers import NOBODY
from services.convention.convention_views import EventRow
from services.core import clock
from services.core.access import Acteur
from services.core.journal_labels import action_label
from services.core.paging import Page, paginate
from services.core.portail import Portail
from services.facturation.decompte_views import (
    DecompteFilter,
    DecompteRow,
    DecompteView,
    LigneRow,
)
from services.facturation.decomptes import compute_now, same_lines
from services.facturation.lignes import tell_prix, tell_quantite
from services.facturation.visibles import get_decompte, visible_decomptes

_SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "numero": (Decompte.annee.expression, Decompte.rang.expression),
    "collectivite": (Collectivite.nom.expression, Decompte.du.expression),
    "periode": (Decompte.du.expression, Decompte.annee.expression, Decompte.rang.expression),
    "etat": (Decompte.etat.expression,),
    "total": (Decompte.total.expression,),
    "emis_le": (Decompte.emis_le.expression,),
}
_COLUMNS: tuple[Any, ...] = (
    Decompte,
    Collectivite.nom.label("collectivite"),
    Convention.numero.label("convention"),
    Centre.fuseau,
)
TRIS = tuple(_SORTS)
"""Codes that `DecompteFilter.tri` may hold; another one means `periode`."""
MOST_HANDLED = 2000
"""Most statements that a list gives to be handled at once."""
MOST_EXPORTED = 50_000
"""Most statements of a spreadsheet."""
HISTORY = ("creer", "recalculer", "verifier", "rouvrir", "lever", "emettre", "payer", "annuler")


def list_decomptes(portail: Portail, acteur: Acteur, filtre: DecompteFilter) -> Page[DecompteRow]:
    """One page of the statements that the person may see."""
    with portail.db.read() as session:
        columns = _SORTS.get(filtre.tri, _SORTS["periode"])
        order = [(column.desc() if filtre.descendant else column.asc()).nulls_last() for column in columns]
        return paginate(
            session,
            _filtered(acteur, filtre),
            page=filtre.page,
            taille=filtre.taille,
            order=(*order, Decompte.id.asc()),
            build=lambda row: _row(acteur, row),
        )


def list_all(
    portail: Portail, acteur: Acteur, filtre: DecompteFilter, *, au_plus: int = MOST_HANDLED
) -> list[DecompteRow]:
    """The same without pages, by collectivité: what is handled or exported at once. Invalide when there are more than
    `au_plus`: a list that stopped there without a word would be taken for the whole."""
    with portail.db.read() as session:
        query = _filtered(acteur, filtre)
        count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        if count > au_plus:
            raise Invalide(
                f"La liste compte {nombre(count)} décomptes, et {nombre(au_plus)} au plus sont traités à la fois. "
                "Choisissez un exercice, un trimestre ou un état."
            )
        order = (Collectivite.nom, Decompte.du, Decompte.rang, Decompte.id)
        return [_row(acteur, row) for row in session.execute(query.order_by(*order))]


def list_exercices(portail: Portail, acteur: Acteur) -> list[int]:
    """Years of the statements that the person may see, newest first."""
    with portail.db.read() as session:
        query = visible_decomptes(acteur).with_only_columns(Decompte.exercice).distinct()
        return sorted(session.scalars(query), reverse=True)


def list_centres(portail: Portail, acteur: Acteur) -> dict[UUID, tuple[str, str]]:
    """Centres whose statements the person prepares: name and time zone by id."""
    with portail.db.read() as session:
        query = select(Centre).where(Centre.id.in_(acteur.centres_with(*PREPARERS))).order_by(Centre.nom)
        return {one.id: (one.nom, one.fuseau) for one in session.scalars(query)}


def _filtered(acteur: Acteur, filtre: DecompteFilter) -> Select[Any]:
    query = (
        visible_decomptes(acteur)
        .join(Convention, Convention.id == Decompte.convention_id)
        .join(Collectivite, Collectivite.id == Decompte.collectivite_id)
        .join(Centre, Centre.id == Decompte.centre_id)
        .with_only_columns(*_COLUMNS)
    )
    if filtre.etats:
        query = query.where(Decompte.etat.in_(filtre.etats))
    if filtre.exercice:
        query = query.where(Decompte.exercice == filtre.exercice)
    if filtre.trimestre in (1, 2, 3, 4):
        last = 3 * filtre.trimestre
        query = query.where(extract("month", Decompte.au).between(last - 2, last))
    words = search_condition(
        filtre.texte,
        func.coalesce(Decompte.numero, ""),
        Convention.numero.expression,
        Collectivite.nom.expression,
        Collectivite.siren.expression,
    )
    return query.where(*words)


def period_of(decompte: Decompte) -> str:
    """The period of a statement, in words."""
    return str(decompte.manifeste.get("periode") or decompte.exercice)


def _row(acteur: Acteur, row: Row[Any]) -> DecompteRow:
    decompte: Decompte = row.Decompte
    ours = decompte.centre_id in acteur.centre_ids
    label = CONTRE if decompte.contre_id is not None else DECOMPTE.label(decompte.etat, collectivite=not ours)
    return DecompteRow(
        id=decompte.id,
        numero=decompte.numero,
        collectivite=row.collectivite,
        convention=row.convention,
        periode=period_of(decompte),
        exercice=decompte.exercice,
        du=decompte.du,
        au=decompte.au,
        etat=decompte.etat,
        etat_libelle=label,
        total=decompte.total,
        emis_le=clock.local_time(decompte.emis_le, row.fuseau).date() if decompte.emis_le else None,
        paye_le=decompte.paye_le,
        a_lever=decompte.etat in DRAFTS and _to_lift(decompte),
        contre=decompte.contre_id is not None,
    )


def _to_lift(decompte: Decompte) -> bool:
    return bool(decompte.manifeste.get("avertissement")) and not decompte.manifeste.get("levee")


# One --------------------------------------------------------------------------------------------------------------------


def open_decompte(portail: Portail, acteur: Acteur, decompte_id: UUID) -> DecompteView:
    """Everything the page of a statement shows to this person; Introuvable, journalled, when they may not see it."""
    with portail.view(acteur, "decompte.ouvrir", objet="decompte", objet_id=decompte_id) as session:
        decompte = get_decompte(session, acteur, decompte_id)
        roles = acteur.roles_for(centre_id=decompte.centre_id, collectivite_id=decompte.collectivite_id)
        ours = decompte.centre_id in acteur.centres_with(*PREPARERS)
        now = compute_now(session, decompte) if ours and decompte.etat in DRAFTS else None
        perime = now is not None and not same_lines(decompte, now)
        blocages = now.blocages if now else ()
        warning = decompte.manifeste.get("avertissement") if ours else None
        levee = decompte.manifeste.get("levee") if ours else None
        found = session.execute(_filtered(acteur, DecompteFilter()).where(Decompte.id == decompte.id)).one()
        return DecompteView(
            row=_row(acteur, found),
            centre_id=decompte.centre_id,
            fuseau=session.get_one(Centre, decompte.centre_id).fuseau,
            convention_id=decompte.convention_id,
            lignes=tuple(line_rows(decompte)),
            methode=str(decompte.manifeste.get("methode") or ""),
            avertissement=warning[1] if warning else None,
            levee=(levee["nom"], levee["motif"]) if levee else None,
            blocages=blocages,
            perime=perime,
            actions=_actions(decompte, roles, blocages, perime),
            piece_id=session.scalar(select(Piece.id).where(Piece.usage == "decompte", Piece.champ == str(decompte.id))),
            sha256=decompte.sha256,
            motif=decompte.motif,
            contre_de=_link(session, Decompte.id == decompte.contre_id) if decompte.contre_id else None,
            contre=_link(session, Decompte.contre_id == decompte.id),
            historique=_history(session, decompte) if ours else (),
            roles=roles,
            cote_centre=ours,
        )


def line_rows(decompte: Decompte) -> list[LigneRow]:
    """The lines, quantity and price in words."""
    return [
        LigneRow(
            nature=one.nature,
            libelle=one.libelle,
            quantite=tell_quantite(one.quantite, one.unite),
            prix=tell_prix(one.prix, one.unite),
            montant=one.montant,
            etapes=tuple(str(step) for step in one.etapes),
        )
        for one in decompte.lignes
    ]


def _actions(decompte: Decompte, roles: frozenset[Any], blocages: Sequence[str], perime: bool) -> tuple[ActionRow, ...]:
    """The actions of the table, with what each waits for."""
    if decompte.contre_id is not None:
        return ()
    reasons = {"verifier": list(blocages), "emettre": list(blocages)}
    if _to_lift(decompte):
        reasons["emettre"].append("L’avertissement est à lever.")
    return tuple(
        ActionRow(line.action, line.libelle, line.motif, tuple(reasons.get(line.action, ())))
        for line in DECOMPTE.actions(decompte.etat, roles & ROLES_CENTRE)
        if not (line.action == "lever" and not _to_lift(decompte))
        and not (perime and line.action in reasons)  # computed again first
    )


def _link(session: Session, condition: ColumnElement[bool]) -> tuple[UUID, str] | None:
    row = session.execute(select(Decompte.id, Decompte.numero).where(condition)).one_or_none()
    return (row.id, str(row.numero)) if row else None


def _history(session: Session, decompte: Decompte) -> tuple[EventRow, ...]:
    query = (
        select(AuditEvent, Utilisateur)
        .outerjoin(Utilisateur, Utilisateur.id == AuditEvent.acteur_id)
        .where(
            AuditEvent.objet_id == str(decompte.id), AuditEvent.action.in_([f"decompte.{action}" for action in HISTORY])
        )
        .order_by(AuditEvent.seq)
    )
    return tuple(
        EventRow(event.le, person.nom_complet if person else NOBODY, action_label(event.action))
        for event, person in session.execute(query)
    )


def totals(rows: Sequence[DecompteRow]) -> Decimal:
    """What these statements amount to, together."""
    return sum((row.total for row in rows), Decimal("0.00"))


def last_quarter_over(today: date) -> tuple[int, int]:
    """The quarter that ended last: what is prepared first."""
    quarter = (today.month - 1) // 3
    return (today.year, quarter) if quarter else (today.year - 1, 4)
