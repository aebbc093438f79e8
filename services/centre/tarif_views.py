"""The tariffs of a centre as its page shows them: those in force, and those that a correction replaced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from domain.definitions import DefinitionError
from domain.errors import Introuvable
from domain.formatting import euros
from domain.offer import read_offer
from domain.roles import Role
from models import Centre, OffreVersion, Piece, Tarif, Utilisateur
from services.adhesion.warnings import tarif_codes
from services.centre.offres import get_offer, published_offers
from services.core.access import Acteur
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail

MANAGERS = (Role.RESPONSABLE, Role.ADMINISTRATEUR)
LABELS = {
    "temps_complet": "Adhésion à temps complet, par an",
    "heure": "Service à l’heure, par heure",
    "demi_journee": "Demi-journée d’intervention",
    "forfait": "Forfait",
    "par_agent": "Par agent et par an",
}
"""French names of the codes that offers use; another code is shown as it is."""


@dataclass(frozen=True)
class TarifRow:
    """One version of a tariff: euros for one unit of `code` in `annee`, for whom, the délibération that voted it, who
    recorded it and when; `remplace_le` once a correction took its place."""

    id: UUID
    code: str
    libelle: str
    annee: int
    public: str
    effectif_min: int
    montant: Decimal
    numero: str | None
    date: date | None
    organe: str | None
    piece: PieceRow | None
    enregistre_le: datetime
    enregistre_par: str | None
    remplace_le: datetime | None


@dataclass(frozen=True)
class TarifsView:
    """The tariffs of a centre, those in force then those replaced (newest first), and the kinds that its offers need."""

    centre_id: UUID
    fuseau: str
    codes: dict[str, str]
    en_vigueur: tuple[TarifRow, ...]
    historique: tuple[TarifRow, ...]
    modifiable: bool


def tarif_label(code: str) -> str:
    """French name of a kind of tariff."""
    return LABELS.get(code, code)


def list_tarif_centres(portail: Portail, acteur: Acteur) -> list[tuple[UUID, str]]:
    """The centres whose tariffs the person manages, by name."""
    with portail.db.read() as session:
        query = select(Centre.id, Centre.nom).where(Centre.id.in_(acteur.centres_with(*MANAGERS)))
        return [(row.id, row.nom) for row in session.execute(query.order_by(Centre.nom))]


def open_tarifs(portail: Portail, acteur: Acteur, centre_id: UUID) -> TarifsView:
    """Everything that the page of tariffs shows; Introuvable, journalled, for another centre."""
    with portail.view(acteur, "tarif.consulter", objet="centre", objet_id=centre_id) as session:
        require_centre(acteur, centre_id)
        rows = _rows(session, centre_id)
        return TarifsView(
            centre_id,
            session.get_one(Centre, centre_id).fuseau,
            {code: tarif_label(code) for code in recordable_codes(session, centre_id)},
            tuple(row for row in rows if row.remplace_le is None),
            tuple(row for row in rows if row.remplace_le is not None),
            modifiable=bool(acteur.roles_for(centre_id=centre_id).intersection(MANAGERS)),
        )


def list_centre_tarifs(portail: Portail, acteur: Acteur, centre_id: UUID) -> list[TarifRow]:
    """The tariffs in force of the centre, the newest year first."""
    return list(open_tarifs(portail, acteur, centre_id).en_vigueur)


def list_codes(portail: Portail, acteur: Acteur, centre_id: UUID) -> dict[str, str]:
    """Kinds of tariffs that the centre's offers need: French name by code."""
    return open_tarifs(portail, acteur, centre_id).codes


def _rows(session: Session, centre_id: UUID) -> list[TarifRow]:
    person, piece = aliased(Utilisateur), aliased(Piece)
    query = (
        select(Tarif, person, piece)
        .outerjoin(person, person.id == Tarif.enregistre_par)
        .outerjoin(piece, piece.id == Tarif.deliberation_piece_id)
        .where(Tarif.centre_id == centre_id)
        .order_by(Tarif.annee.desc(), Tarif.code.desc(), Tarif.public, Tarif.effectif_min, Tarif.enregistre_le.desc())
    )
    return [_row(one, who, file) for one, who, file in session.execute(query)]


def _row(one: Tarif, who: Utilisateur | None, file: Piece | None) -> TarifRow:
    return TarifRow(
        id=one.id,
        code=one.code,
        libelle=tarif_label(one.code),
        annee=one.annee,
        public=one.public,
        effectif_min=one.effectif_min,
        montant=one.montant,
        numero=one.deliberation_numero,
        date=one.deliberation_date,
        organe=one.deliberation_organe,
        piece=piece_row(file) if file else None,
        enregistre_le=one.enregistre_le,
        enregistre_par=who.nom_complet if who else None,
        remplace_le=one.remplace_le,
    )


def offered_codes(session: Session, centre_id: UUID) -> list[str]:
    """Codes of the tariffs that the published offers of the centre need."""
    offers = [get_offer(session, version.id) for version in published_offers(session, centre_id)]
    return sorted({code for offer in offers for code in tarif_codes(offer)}, reverse=True)


def recordable_codes(session: Session, centre_id: UUID) -> list[str]:
    """Codes that a tariff may be recorded for: those of the published offers, then those of the drafts, which cannot be
    published before their tariff is known."""
    codes = offered_codes(session, centre_id)
    drafts = select(OffreVersion.contenu).where(OffreVersion.centre_id == centre_id, OffreVersion.etat == "brouillon")
    for contenu in session.scalars(drafts):
        try:
            codes += tarif_codes(read_offer(contenu))
        except DefinitionError:
            continue  # a faulty draft prices nothing yet: its own page says what to correct
    return list(dict.fromkeys(codes))


def require_centre(acteur: Acteur, centre_id: UUID) -> None:
    """Introuvable unless the person holds a role at this centre."""
    if centre_id not in acteur.centre_ids:
        raise Introuvable()


def list_choices(session: Session, centre_id: UUID) -> dict[str, str]:
    """The kinds of tariffs that an offer of the centre may name, French name by code, with what they cost: those voted first,
    then the usual ones and those that its offers name already, which nobody recorded yet."""
    query = select(Tarif.code, Tarif.annee, Tarif.montant).where(
        Tarif.centre_id == centre_id, Tarif.remplace_le.is_(None)
    )
    found: dict[str, list[tuple[int, Decimal]]] = {}
    for code, annee, montant in session.execute(query):
        found.setdefault(code, []).append((annee, montant))
    told = {code: f"{tarif_label(code)} ({_tell_price(rows)})" for code, rows in sorted(found.items())}
    others = [code for code in (*LABELS, *offered_codes(session, centre_id)) if code not in told]
    return told | {code: f"{tarif_label(code)} (aucun tarif enregistré)" for code in others}


def _tell_price(rows: list[tuple[int, Decimal]]) -> str:
    """The price of the newest year: « 57,00 € en 2026 »."""
    year = max(annee for annee, _ in rows)
    prices = sorted({montant for annee, montant in rows if annee == year})
    return f"{' ou '.join(euros(one) for one in prices)} en {year}"
