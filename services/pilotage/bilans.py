"""Annual reports (*bilans*, A25, M24): one for a convention and a year, written by the assistants assigned to it, read over
and published by the responsable.

The figures are those frozen when the year closed (`publication`); the report adds texts to them. Published, it never
changes: a correction is another publication, with the same figures, and both files stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.offer import Offer, SectionBilan
from domain.roles import Role
from domain.secret import find_small_numbers
from domain.text import clean_text
from models import Affectation, Bilan, Centre, Convention, Piece, Utilisateur, utc_now
from services.centre.offres import get_offer
from services.core import clock
from services.core.access import Acteur, get_convention, visible_conventions
from services.core.locks import WHOLE, lock_row
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail, record
from services.facturation.exercices import COMMITTED_STATES
from services.pilotage.bilan_views import BilanRow, BilanView, SectionRow
from services.pilotage.publication import add_bilan, freeze_closed, months_of, published_tables

READERS = (Role.ASSISTANT, Role.RESPONSABLE, Role.INSTRUCTEUR)
PUBLISHED_ALREADY = "Ce bilan est publié : il ne change plus. Le responsable peut en préparer une version corrigée."


# Reading ----------------------------------------------------------------------------------------------------------------


def list_years(portail: Portail, acteur: Acteur) -> list[int]:
    """Years for which a convention that the person sees calls for a report, newest first; the current one included."""
    with portail.db.read() as session:
        found = _conventions(session, acteur)
        years = (range(one.date_effet.year, clock.today(one.centre.fuseau).year + 1) for one in found)
        return sorted({year for span in years for year in span}, reverse=True)


def list_bilans(portail: Portail, acteur: Acteur, annee: int) -> list[BilanRow]:
    """The reports of a year, begun or not, for the conventions of the person's centre (an assistant: those they are or were
    assigned to), by collectivité."""
    with portail.db.read() as session:
        conventions = [one for one in _conventions(session, acteur) if months_of(one, annee)]
        query = select(Bilan).where(
            Bilan.annee == annee, Bilan.convention_id.in_(select(_scope(acteur).subquery().c.id))
        )
        kept = {bilan.convention_id: bilan for bilan in session.scalars(query)}
        pieces = _newest_pieces(session, list(kept.values()))
        rows = [
            _row(session, convention, annee, kept.get(convention.id), pieces.get(convention.id))
            for convention in conventions
        ]
        return sorted(rows, key=lambda row: (row.collectivite, row.numero))


def open_bilan(portail: Portail, acteur: Acteur, bilan_id: UUID) -> BilanView:
    """One report, with what this person may do; Introuvable when it is not theirs to read, and journalled."""
    with portail.view(acteur, "bilan.ouvrir", objet="bilan", objet_id=bilan_id) as session:
        bilan, convention = get_bilan(session, acteur, bilan_id)
        return _view(session, acteur, bilan, convention)


def get_bilan(session: Session, acteur: Acteur, bilan_id: UUID, *, lock: bool = False) -> tuple[Bilan, Convention]:
    """The report and its convention, for the people of the centre; Introuvable otherwise. A collectivité reads the published
    file, not the draft. `lock` takes the convention's row, then the report's."""
    found = session.get(Bilan, bilan_id)
    if found is None or not acteur.roles_for(centre_id=found.centre_id).intersection(READERS):
        raise Introuvable()
    convention = get_convention(session, acteur, found.convention_id, lock=lock)
    if lock:
        found = lock_row(session, Bilan, bilan_id, WHOLE)
    return found, convention


def _scope(acteur: Acteur) -> Select[Convention]:
    """Conventions of the person's centres that call for a report: never those seen from a collectivité."""
    return visible_conventions(acteur).where(
        Convention.centre_id.in_(acteur.centres_with(*READERS)), Convention.etat.in_(COMMITTED_STATES)
    )


def _conventions(session: Session, acteur: Acteur) -> list[Convention]:
    query = _scope(acteur).options(joinedload(Convention.collectivite), joinedload(Convention.dossier))
    return list(session.scalars(query))


def _row(session: Session, convention: Convention, annee: int, bilan: Bilan | None, piece: Piece | None) -> BilanRow:
    sections = offer_of(session, convention).bilan.sections
    required = [one for one in sections if not one.facultative]
    written = bilan.sections if bilan else {}
    return BilanRow(
        bilan_id=bilan.id if bilan else None,
        convention_id=convention.id,
        annee=annee,
        numero=convention.numero,
        collectivite=convention.collectivite.nom,
        etat=state_of(bilan, sections),
        redigees=sum(1 for one in required if text_of(written, one.id)),
        attendues=len(required),
        publie_le=bilan.publie_le if bilan else None,
        piece_id=piece.id if piece else None,
    )


def state_of(bilan: Bilan | None, sections: tuple[SectionBilan, ...]) -> str:
    """Where the report stands: a key of `bilan_views.ETATS`."""
    if bilan is None or not bilan.chiffres:
        return "attente"
    if bilan.etat == "publie":
        return "publie"
    missing = [one for one in sections if not one.facultative and not text_of(bilan.sections, one.id)]
    return "a_rediger" if missing else "a_publier"


def _view(session: Session, acteur: Acteur, bilan: Bilan, convention: Convention) -> BilanView:
    sections = offer_of(session, convention).bilan.sections
    boss = bilan.centre_id in acteur.centres_with(Role.RESPONSABLE)
    draft = bilan.etat == "brouillon"
    return BilanView(
        id=bilan.id,
        convention_id=convention.id,
        annee=bilan.annee,
        version=bilan.version,
        numero=convention.numero,
        collectivite=convention.collectivite.nom,
        etat=state_of(bilan, sections),
        publication=published_tables(session, convention, bilan.annee),
        sections=_section_rows(session, sections, bilan.sections),
        peut_rediger=draft and may_write(session, acteur, bilan),
        peut_publier=draft and boss,
        peut_rectifier=not draft and boss,
        blocages=tuple(list_blocages(bilan, sections)),
        pieces=tuple(pieces_of_bilans(session, convention.id, bilan.id)),
    )


def _section_rows(
    session: Session, sections: tuple[SectionBilan, ...], written: Mapping[str, Any]
) -> tuple[SectionRow, ...]:
    authors = {UUID(one["par"]) for one in written.values() if one.get("par")}
    names = {one.id: one.nom_complet for one in session.scalars(select(Utilisateur).where(Utilisateur.id.in_(authors)))}
    rows = []
    for section in sections:
        given = written.get(section.id, {})
        texte = given.get("texte", "")
        rows.append(
            SectionRow(
                **section.model_dump(),
                texte=texte,
                version=given.get("version", 0),
                par=names.get(UUID(given["par"])) if given.get("par") else None,
                le=datetime.fromisoformat(given["le"]) if given.get("le") else None,
                a_verifier=find_small_numbers(texte),
            )
        )
    return tuple(rows)


def offer_of(session: Session, convention: Convention) -> Offer:
    """The offer that the convention was made with."""
    return get_offer(session, convention.dossier.offre_version_id)


def text_of(written: Mapping[str, Any], section_id: str) -> str:
    """What was written in a section, empty when nothing was."""
    return str(written.get(section_id, {}).get("texte", ""))


def list_blocages(bilan: Bilan, sections: tuple[SectionBilan, ...]) -> list[str]:
    """Why the report cannot be published yet."""
    found = []
    if not bilan.chiffres:
        found.append(f"Tous les mois de {bilan.annee} doivent être clos : les chiffres sont arrêtés à ce moment-là.")
    missing = [one.titre for one in sections if not one.facultative and not text_of(bilan.sections, one.id)]
    if missing:
        found.append(f"À rédiger : {', '.join(missing)}.")
    return found


def pieces_of_bilans(session: Session, convention_id: UUID, bilan_id: UUID | None = None) -> list[PieceRow]:
    """Published files of one report (or of all those of a convention), newest first."""
    query = select(Piece).where(
        Piece.convention_id == convention_id, Piece.usage == "bilan", Piece.retiree_le.is_(None)
    )
    if bilan_id is not None:
        query = query.where(Piece.champ == str(bilan_id))
    return [piece_row(piece) for piece in session.scalars(query.order_by(Piece.deposee_le.desc(), Piece.id))]


def _newest_pieces(session: Session, bilans: list[Bilan]) -> dict[UUID, Piece]:
    """The newest published file, by convention."""
    query = (
        select(Piece)
        .where(
            Piece.usage == "bilan",
            Piece.champ.in_([str(bilan.id) for bilan in bilans]),
            Piece.retiree_le.is_(None),
        )
        .order_by(Piece.deposee_le)
    )
    return {piece.convention_id: piece for piece in session.scalars(query) if piece.convention_id}


# Writing ----------------------------------------------------------------------------------------------------------------


def may_write(session: Session, acteur: Acteur, bilan: Bilan) -> bool:
    """Whether the person writes this report: the responsable, or an assistant assigned to the convention since the year
    began (the one who did the work, or who took over from them)."""
    if bilan.centre_id in acteur.centres_with(Role.RESPONSABLE):
        return True
    if bilan.centre_id not in acteur.centres_with(Role.ASSISTANT):
        return False
    assigned = select(Affectation.id).where(
        Affectation.convention_id == bilan.convention_id,
        Affectation.assistant_id == acteur.utilisateur_id,
        Affectation.du <= clock.today(session.get_one(Centre, bilan.centre_id).fuseau),
        or_(Affectation.au.is_(None), Affectation.au >= date(bilan.annee, 1, 1)),
    )
    return session.scalar(assigned.limit(1)) is not None


def start_bilan(portail: Portail, acteur: Acteur, convention_id: UUID, annee: int) -> UUID:
    """Begin the report of a year before it is closed, or find the one that was begun; its id."""
    with portail.action(acteur, "bilan.commencer", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id)
        # The centre first: freezing and closing a month wait for one another.
        lock_row(session, Centre, convention.centre_id)
        convention = get_convention(session, acteur, convention_id, lock=True)
        if convention.centre_id not in acteur.centres_with(*READERS) or convention.etat not in COMMITTED_STATES:
            raise Introuvable()
        if annee > clock.today(convention.centre.fuseau).year or not months_of(convention, annee):
            raise Invalide(f"Aucun bilan n’est à rédiger pour {annee} : la convention n’a pas couru cette année-là.")
        query = select(Bilan).where(Bilan.convention_id == convention.id, Bilan.annee == annee)
        bilan = session.scalars(query).one_or_none()
        if bilan is not None:
            return bilan.id
        bilan = add_bilan(session, convention, annee)
        session.flush()
        if not may_write(session, acteur, bilan):
            raise Refus("Le bilan est rédigé par les assistants affectés à cette convention et par le responsable.")
        freeze_closed(session, convention.centre_id, annee)
        record(
            session, acteur, "bilan.commencer", centre_id=convention.centre_id, objet="bilan", objet_id=bilan.id,
            annee=annee,
        )  # fmt: skip
        return bilan.id


def save_section(
    portail: Portail, acteur: Acteur, bilan_id: UUID, section_id: str, texte: str, version: int
) -> SectionRow:
    """Keep what was typed in a section; the section as it now is. `version` is the one that was read: Conflit when somebody
    wrote in this section since. Invalide, next to the field, when the text is too long."""
    with portail.action(acteur, "bilan.rediger", objet="bilan", objet_id=bilan_id) as session:
        bilan, convention = get_bilan(session, acteur, bilan_id, lock=True)
        if not may_write(session, acteur, bilan):
            raise Refus("Ce bilan est rédigé par les assistants affectés à la convention et par le responsable.")
        if bilan.etat != "brouillon":
            raise Conflit(PUBLISHED_ALREADY)
        sections = offer_of(session, convention).bilan.sections
        section = next((one for one in sections if one.id == section_id), None)
        if section is None:
            raise Introuvable()
        kept = clean_text(texte, multiline=True)
        if len(kept) > section.taille:
            raise Invalide(
                f"« {section.titre} » : {len(kept)} signes pour {section.taille} au plus. Raccourcissez le texte.",
                champ=section_id,
            )
        given = bilan.sections.get(section_id, {})
        if kept != given.get("texte", ""):
            if given.get("version", 0) != version:
                raise Conflit(
                    f"« {section.titre} » a été modifiée entre-temps par une autre personne. Copiez votre texte, rechargez "
                    "la page, puis complétez la sienne.",
                    champ=section_id,
                )
            _write(session, acteur, bilan, section_id, kept)
        rows = _section_rows(session, sections, bilan.sections)
        return next(row for row in rows if row.id == section_id)


def _write(session: Session, acteur: Acteur, bilan: Bilan, section_id: str, texte: str) -> None:
    now = utc_now()
    version = bilan.sections.get(section_id, {}).get("version", 0) + 1
    given = {"texte": texte, "version": version, "par": str(acteur.utilisateur_id), "le": now.isoformat()}
    bilan.sections = {**bilan.sections, section_id: given}
    bilan.modifie_le = now
    session.flush()
    record(
        session, acteur, "bilan.rediger", centre_id=bilan.centre_id, objet="bilan", objet_id=bilan.id,
        section=section_id, signes=len(texte),
    )  # fmt: skip


def rectify_bilan(portail: Portail, acteur: Acteur, bilan_id: UUID) -> None:
    """Open a published report again, to publish a corrected text beside the first one. The figures stay as they are."""
    with portail.action(acteur, "bilan.rectifier", objet="bilan", objet_id=bilan_id) as session:
        bilan, _ = get_bilan(session, acteur, bilan_id, lock=True)
        if bilan.centre_id not in acteur.centres_with(Role.RESPONSABLE):
            raise Refus("Seul le responsable du service prépare une version corrigée d’un bilan publié.")
        if bilan.etat != "publie":
            raise Conflit("Ce bilan est déjà ouvert à la rédaction.")
        bilan.etat = "brouillon"
        bilan.modifie_le = utc_now()
        session.flush()
        record(session, acteur, "bilan.rectifier", centre_id=bilan.centre_id, objet="bilan", objet_id=bilan.id)
