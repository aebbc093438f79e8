"""Files of dossiers: stored as soon as they arrive, served by row id with the permission checked, purged when orphaned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from documents.uploads import EXTENSIONS, UploadKind, check_upload
from domain.archives import READERS
from domain.errors import Introuvable, Invalide
from domain.forms.fields import Field
from domain.text import clean_text
from models import (
    Centre,
    Convention,
    CourrierTarif,
    Depot,
    Fichier,
    OffreVersion,
    Piece,
    utc_now,
)
from services.adhesion.answers import AnswerWriter
from services.adhesion.dossier_state import DossierState, load_state
from services.adhesion.dossier_views import SaveResult
from services.adhesion.edition import find_edition, get_answerable
from services.core.access import (
    Acteur,
    follows_for_centre,
    get_acte,
    get_dossier,
    only_assists,
    visible_centres,
)
from services.core.files import check_owner, claim_row, store
from services.core.locks import WHOLE, locked
from services.core.portail import Portail, once, record
from services.facturation.visibles import get_decompte
from services.vie.fin import unsent_letters

GRACE = timedelta(days=1)
"""Age under which nothing is purged: somebody may be working with it."""


@dataclass(frozen=True)
class PieceContent:
    """A file to send: its bytes are checked against `sha256`."""

    nom: str
    type_mime: str
    data: bytes
    sha256: str


def open_piece(portail: Portail, acteur: Acteur, piece_id: UUID) -> PieceContent:
    """A file that the person may see; the read is journalled. Introuvable, journalled too, when they may not."""
    with portail.action(acteur, "piece.lire", objet="piece", objet_id=piece_id) as session:
        piece = session.get(Piece, piece_id)
        if piece is None:
            raise Introuvable()
        centre_id = _owner_centre(session, acteur, piece)
        try:
            data = portail.files.read(piece.sha256)
        except FileNotFoundError:
            raise Invalide("Ce fichier n’est plus disponible : prévenez l’administrateur du centre.") from None
        record(
            session, acteur, "piece.lire", centre_id=centre_id, objet="piece", objet_id=piece.id, sha256=piece.sha256
        )
        return PieceContent(piece.nom, piece.type_mime, data, piece.sha256)


def _owner_centre(session: Session, acteur: Acteur, piece: Piece) -> UUID:
    """The centre of the thing that owns the piece; Introuvable when the person may not see this thing."""
    if piece.dossier_id:
        return get_dossier(session, acteur, piece.dossier_id).centre_id
    if piece.usage == "decompte":  # an assistant sees the convention, not what it costs
        return get_decompte(session, acteur, UUID(piece.champ)).centre_id
    if piece.usage == "courrier":
        _require_letter(session, acteur, piece)
    if piece.usage in ("mise_en_demeure", "denonciation") and piece.convention_id:
        _require_end_letter(session, acteur, piece, session.get_one(Convention, piece.convention_id))
    if piece.convention_id:
        acte = get_acte(session, acteur, piece.convention_id)
        if piece.usage != "bilan" and only_assists(acteur, acte):
            raise Introuvable()  # they need where and when they come, not what it costs nor who signed
        return acte.centre_id
    if piece.usage == "certificat_elimination" and piece.centre_id not in acteur.centres_with(*READERS):
        raise Introuvable()  # it names the conventions of everybody
    visible = visible_centres(acteur).where(Centre.id == piece.centre_id)
    centre = session.scalars(visible).one_or_none()
    if centre is None:
        raise Introuvable()
    return centre.id


def _require_end_letter(session: Session, acteur: Acteur, piece: Piece, convention: Convention) -> None:
    """Introuvable for an assistant, who reads no letter about the end of a convention; and, at the collectivité, for a formal
    notice that is not sent: until then it is the centre's own business."""
    if only_assists(acteur, convention):
        raise Introuvable()
    if not follows_for_centre(acteur, convention) and piece.champ in unsent_letters(session, [convention.id]):
        raise Introuvable()


def _require_letter(session: Session, acteur: Acteur, piece: Piece) -> None:
    """Introuvable unless the person reads letters about tariffs: a collectivité once they have left, the centre always, an
    assistant never, for they see the convention, not what it costs."""
    convention = session.get_one(Convention, piece.convention_id)
    if follows_for_centre(acteur, convention):
        return
    sent = select(CourrierTarif.id).where(CourrierTarif.piece_id == piece.id, CourrierTarif.envoye_le.is_not(None))
    if convention.collectivite_id not in acteur.collectivite_ids or session.scalar(sent.limit(1)) is None:
        raise Introuvable()


def attach_file(
    portail: Portail, acteur: Acteur, dossier_id: UUID, champ: str, *, nom: str, data: bytes, operation_id: str
) -> SaveResult:
    """Make a file the answer of a file field, in place of the one before. The file is checked first: `invalide` with the
    reason when it is refused, and then nothing changes."""
    # Looking into a file takes a process of its own and up to seconds: never while the database is held.
    with portail.view(acteur, "piece.deposer", objet="dossier", objet_id=dossier_id) as session:
        state = load_state(session, get_answerable(session, acteur, dossier_id))
        field = _file_field(state, champ)
        find_edition(session, acteur, state).require(champ)
    name = PurePath(clean_text(nom).replace("\\", "/")).name[-200:] or "fichier"
    try:
        limit = min(field.max_megabytes, portail.settings.taille_max_mo) * 1_000_000
        checked = check_upload(name, data, _kinds(field), limit)
    except Invalide as error:
        with portail.view(acteur, "piece.deposer", objet="dossier", objet_id=dossier_id) as session:
            return AnswerWriter(session, acteur, dossier_id).result("invalide", champ, error.message)
    return attach_checked(portail, acteur, dossier_id, champ, name, checked, data, operation_id)


def attach_checked(
    portail: Portail,
    acteur: Acteur,
    dossier_id: UUID,
    champ: str,
    nom: str,
    checked: UploadKind,
    data: bytes,
    operation_id: str,
) -> SaveResult:
    """As `attach_file`, for bytes that `documents.uploads.check_upload` has accepted as `checked`."""
    with portail.action(acteur, "piece.deposer", objet="dossier", objet_id=dossier_id) as session:
        writer = AnswerWriter(session, acteur, dossier_id)
        _file_field(writer.state, champ)
        writer.edition.require(champ)
        if not once(session, operation_id):
            return writer.result("inchange", champ)
        piece = _insert_piece(session, portail, acteur, dossier_id, champ, nom, checked, data)
        _retire_current(session, dossier_id, champ, keep=piece.id)
        record(
            session,
            acteur,
            "piece.deposer",
            centre_id=writer.dossier.centre_id,
            objet="piece",
            objet_id=piece.id,
            dossier=dossier_id,
            sha256=piece.sha256,
        )
        value = {
            "piece": str(piece.id),
            "nom": piece.nom,
            "sha256": piece.sha256,
            "taille": piece.taille,
            "type": piece.type_mime,
        }
        current = writer.state.reponses.get(champ)
        result = writer.write(champ, value, current.version if current else 0)
        writer.finish()
        return result


def _file_field(state: DossierState, champ: str) -> Field:
    field = state.forms.fields.get(champ)
    if field is None or field.retired or field.type != "file":
        raise Invalide("Ce champ n’attend pas de fichier : rechargez la page.")
    return field


def _kinds(field: Field) -> set[str]:
    """Kinds of file that the field accepts (`accept` holds extensions)."""
    return {EXTENSIONS[suffix] for one in field.accept if (suffix := f".{one.lstrip('.').lower()}") in EXTENSIONS}


def _insert_piece(
    session: Session,
    portail: Portail,
    acteur: Acteur,
    dossier_id: UUID,
    champ: str,
    nom: str,
    checked: UploadKind,
    data: bytes,
) -> Piece:
    stored = store(session, portail.files, data)
    report = checked.report
    piece = Piece(
        sha256=stored.sha256,
        usage="reponse",
        nom=nom,
        type_mime=checked.content_type,
        taille=stored.taille,
        pages=report.pages if report else None,
        analyse={"avertissements": list(report.avertissements)} if report else {},
        champ=champ,
        dossier_id=dossier_id,
        deposee_par=acteur.utilisateur_id,
    )
    session.add(piece)
    session.flush()
    return piece


def _retire_current(session: Session, dossier_id: UUID, champ: str, *, keep: UUID | None = None) -> None:
    query = select(Piece).where(
        Piece.dossier_id == dossier_id, Piece.usage == "reponse", Piece.champ == champ, Piece.retiree_le.is_(None)
    )
    for piece in session.scalars(query):
        if piece.id != keep:
            piece.retiree_le = utc_now()


def remove_file(portail: Portail, acteur: Acteur, dossier_id: UUID, piece_id: UUID) -> SaveResult:
    """Take a file away from its field. A deposit that holds it keeps it."""
    with portail.action(acteur, "piece.retirer", objet="dossier", objet_id=dossier_id) as session:
        writer = AnswerWriter(session, acteur, dossier_id)
        piece = session.get(Piece, piece_id)
        if piece is None or piece.dossier_id != dossier_id or piece.usage != "reponse" or piece.champ is None:
            raise Introuvable()
        writer.edition.require(piece.champ)
        current = writer.state.reponses.get(piece.champ)
        if piece.retiree_le or current is None or (current.valeur or {}).get("piece") != str(piece_id):
            return writer.result("inchange", piece.champ)
        _retire_current(session, dossier_id, piece.champ)
        record(
            session,
            acteur,
            "piece.retirer",
            centre_id=writer.dossier.centre_id,
            objet="piece",
            objet_id=piece.id,
            dossier=dossier_id,
        )
        result = writer.write(piece.champ, None, current.version)
        writer.finish()
        return result


# Purge -----------------------------------------------------------------------------------------------------------------


def purge_files(portail: Portail, *, orphelins: bool = False) -> int:
    """Remove replaced files that no deposit holds, then the bytes of the rows that nothing refers to. Gives the number of
    files removed. Refus, and nothing is removed, when the file store belongs to another installation.

    A file is a row of dossier, convention or centre, or a template of an offer version; younger than a day, it is left.
    Bytes that no row knows are left too, unless an operator asks for `orphelins`: they may be what a restored database has
    forgotten.
    """
    limit = utc_now() - GRACE
    with portail.db.write() as session:
        check_owner(session, portail.files)
        _purge_replaced(session, limit)
        if orphelins:
            for sha256, written in _unknown(session, portail, limit):
                claim_row(session, sha256, 0, written)
            session.flush()
        kept = _template_hashes(session)
        query = select(Fichier).where(Fichier.cree_le < limit, ~exists().where(Piece.sha256 == Fichier.sha256))
        orphans = session.scalars(locked(query, WHOLE, skip_locked=True)).all()
        removed = [one for one in orphans if one.sha256 not in kept]
        for fichier in removed:
            session.delete(fichier)
        session.flush()
        # While these rows are held: nobody can take them again before the bytes are gone (services.core.files.store).
        for fichier in removed:
            portail.files.delete(fichier.sha256)
        return len(removed)


def _purge_replaced(session: Session, limit: datetime) -> None:
    """Delete the rows of files replaced in a draft before any deposit held them."""
    query = select(Piece).where(Piece.usage == "reponse", Piece.retiree_le < limit, Piece.dossier_id.is_not(None))
    retired = session.scalars(query).all()
    held: dict[UUID, set[str]] = {}
    for depot in session.scalars(select(Depot).where(Depot.dossier_id.in_({one.dossier_id for one in retired}))):
        pieces = {str(one["piece"]) for one in depot.reponses.values() if isinstance(one, dict) and one.get("piece")}
        held.setdefault(depot.dossier_id, set()).update(pieces)
    for piece in retired:
        if piece.dossier_id and str(piece.id) not in held.get(piece.dossier_id, set()):
            session.delete(piece)
    session.flush()


def list_orphelins(portail: Portail) -> list[str]:
    """Hashes of the stored bytes, older than a day, that no row of the database knows: what a rolled back deposit left, or
    what was deposited since the copy that the database was restored from."""
    with portail.db.read() as session:
        return [sha256 for sha256, _ in _unknown(session, portail, utc_now() - GRACE)]


def _unknown(session: Session, portail: Portail, limit: datetime) -> list[tuple[str, datetime]]:
    """Stored bytes without a row, written before `limit`, and when."""
    known = set(session.scalars(select(Fichier.sha256)))
    unknown = (sha256 for sha256 in portail.files.list_hashes() if sha256 not in known)
    dated = ((sha256, portail.files.modified(sha256)) for sha256 in unknown)
    return [(sha256, written) for sha256, written in dated if written < limit]


def _template_hashes(session: Session) -> set[str]:
    return {str(sha256) for gabarits in session.scalars(select(OffreVersion.gabarits)) for sha256 in gabarits.values()}
