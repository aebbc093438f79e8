"""The signature circuit: signed by the collectivité, rejected or signed by the centre, cancelled (conception.md). A convention
and an avenant go through the same one: `convention` stands for either here.

A signed document is checked before anything is written: a plain PDF, its pages, its electronic signatures. What a person
must look at is a warning; the centre signs once an instructeur has lifted them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from documents.uploads import check_upload
from domain.errors import Conflit, Invalide, Refus
from domain.roles import Role
from domain.text import clean_text
from domain.workflow.tables import Transition
from models import Acte, Levee, Operation, Piece, utc_now
from services.adhesion.workflow import MOTIF_LENGTH, check_line, check_motif, find_line, summarize, unknown_condition
from services.convention.convention_views import file_name
from services.convention.convention_warnings import (
    DEPOSITS,
    acte_table,
    current_piece,
    examine,
    examine_stored,
    issued_pages,
    issued_usage,
    list_convention_warnings,
    list_parent_blocages,
    nature_of,
    pending,
)
from services.convention.signed_deposit import MEGABYTE, Deposit, examine_deposit
from services.core import clock
from services.core.access import Acteur, get_acte, require, roles_on
from services.core.files import store
from services.core.portail import Portail, once, record
from services.courriels.notifications import notify_convention
from services.vie.effets import apply_signature

PDF_SIGNE = "pdf_signe"
ATTACHERS = (Role.INSTRUCTEUR, Role.RESPONSABLE, Role.SIGNATAIRE_CENTRE)
"""Who may attach the receipt of transmission to the prefecture."""

ALREADY = {
    "deposer_signature": "Un document signé a déjà été déposé.",
    "rejeter_signature": "Le document signé a déjà été rejeté.",
    "signer_centre": "Le centre a déjà signé.",
    "annuler": "Ce document a déjà été annulé.",
}


def submit_signature(
    portail: Portail,
    acteur: Acteur,
    convention_id: UUID,
    *,
    nom: str,
    data: bytes,
    date_signature: date | None,
    signataire: str,
    operation_id: str,
) -> str:
    """Deposit the PDF signed by the collectivité; the new state. The same `operation_id` again changes nothing.

    Invalide with `champ` (fichier, date_signature, signataire) when something given is wrong; Refus, Conflit, Introuvable.
    """
    return _sign(portail, acteur, convention_id, _SUBMIT, nom, data, date_signature, signataire, operation_id)


def countersign(
    portail: Portail,
    acteur: Acteur,
    convention_id: UUID,
    *,
    nom: str,
    data: bytes,
    date_signature: date | None,
    signataire: str,
    operation_id: str,
) -> str:
    """Deposit the PDF signed by both parties: the act is in force. Every warning must have been lifted.

    A file that itself needs a warning lifted is kept, the state stays, and Refus says so: once it is lifted, the
    signataire deposits the same file again.
    """
    return _sign(portail, acteur, convention_id, _COUNTERSIGN, nom, data, date_signature, signataire, operation_id)


@dataclass(frozen=True)
class _Step:
    """One of the two deposits: what sets it apart. `apply` gives the warnings that keep the state from changing."""

    action: str
    usage: str
    suffix: str
    apply: Callable[[Session, Acte, Deposit], list[str]]


def _sign(
    portail: Portail,
    acteur: Acteur,
    convention_id: UUID,
    step: _Step,
    nom: str,
    data: bytes,
    date_signature: date | None,
    signataire: str,
    operation_id: str,
) -> str:
    nature = nature_of(portail, convention_id)
    action = f"{nature}.{step.action}"
    with portail.view(acteur, action, objet=nature, objet_id=convention_id) as session:
        convention = get_acte(session, acteur, convention_id)
        if session.get(Operation, operation_id) is not None:
            return convention.etat
        _check(session, acteur, convention, step.action)
        today = clock.today(convention.centre.fuseau)
    # The examination of the file takes a process of its own: never inside the transaction.
    deposit = examine_deposit(portail, nom, data, date_signature, signataire, today)
    with portail.action(acteur, action, objet=nature, objet_id=convention_id) as session:
        convention = get_acte(session, acteur, convention_id, lock=True)
        if not once(session, operation_id):
            return convention.etat
        line = _check(session, acteur, convention, step.action)
        waiting = step.apply(session, convention, deposit)
        piece = _store(session, portail, acteur, convention, step, deposit)
        if not waiting:
            convention.etat, convention.motif = line.vers, None
            session.flush()
            notify_convention(session, convention, step.action)
            apply_signature(session, convention, clock.today(convention.centre.fuseau))  # may journal: after the mails
        else:  # the same file, deposited again once this is lifted, is no echo of this deposit
            session.delete(session.get_one(Operation, operation_id))
        _record(
            session, acteur, action, convention, piece=piece.id, sha256=piece.sha256, en_attente=len(waiting) or None
        )
        etat = convention.etat
    if waiting:
        intro = "Le document est conservé, mais la convention n’est pas encore signée : un instructeur doit lever ceci."
        raise Refus(summarize(intro, [*waiting, "Déposez ensuite le même fichier."]))
    return etat


def _check(session: Session, acteur: Acteur, convention: Acte, action: str) -> Transition:
    """The line of the table, when this person may use it from this state."""
    workflow = acte_table(session, convention)
    line = find_line(workflow, action)
    check_line(workflow, line, convention.etat, roles_on(acteur, convention), ALREADY.get(action))
    blocages = list_line_blocages(line) + list_parent_blocages(session, convention, action)
    if blocages:
        raise Refus(summarize(f"« {line.libelle} » n’est pas encore possible.", blocages))
    return line


def list_line_blocages(line: Transition) -> list[str]:
    """What the condition of a line of the convention's table still wants. `pdf_signe` holds by itself for the two deposits,
    which begin with the examination of the file; nothing else knows how to check it."""
    if line.condition is None or (line.condition == PDF_SIGNE and line.action in DEPOSITS):
        return []
    return unknown_condition(line.condition)


AS_ISSUED = "Ce fichier est le document tel qu’il a été émis, sans signature. Déposez le document signé."
AS_SIGNED_BY_THEM = "Ce fichier est celui que la collectivité a signé : la signature du centre n’y est pas. Déposez le document contresigné."


def _refuse_unsigned(session: Session, convention: Acte, deposit: Deposit) -> None:
    """Invalide for a deposit that is, byte for byte, a file the portal already gave out to be signed."""
    for usage, message in (
        (issued_usage(convention, pdf=True), AS_ISSUED),
        ("signee_collectivite", AS_SIGNED_BY_THEM),
    ):
        given_out = current_piece(session, convention, usage)
        if given_out is not None and given_out.sha256 == deposit.report.sha256:
            raise Invalide(message, champ="fichier")


def _apply_submission(session: Session, convention: Acte, deposit: Deposit) -> list[str]:
    _refuse_unsigned(session, convention, deposit)
    convention.collectivite_signee_le, convention.collectivite_signataire = deposit.signee_le, deposit.signataire
    return []


def _apply_countersignature(session: Session, convention: Acte, deposit: Deposit) -> list[str]:
    """The centre signs once every warning about the collectivité's document is lifted; those about the file that it
    deposits now keep the state from changing."""
    _refuse_unsigned(session, convention, deposit)
    _retire(session, convention, "signee_centre")
    blocking = pending(session, convention, examine_stored(session, convention))
    if blocking:
        raise Refus(summarize("Un instructeur doit d’abord lever un avertissement.", blocking))
    theirs = current_piece(session, convention, "signee_collectivite")
    expected = [issued_pages(session, convention), theirs.pages if theirs else None]
    waiting = pending(session, convention, examine(session, convention, deposit.file, expected))
    if not waiting:
        convention.centre_signee_le, convention.centre_signataire = deposit.signee_le, deposit.signataire
    return waiting


_SUBMIT = _Step("deposer_signature", "signee_collectivite", "signee-collectivite", _apply_submission)
_COUNTERSIGN = _Step("signer_centre", "signee_centre", "signee-deux-parties", _apply_countersignature)


def _store(
    session: Session, portail: Portail, acteur: Acteur, convention: Acte, step: _Step, deposit: Deposit
) -> Piece:
    analyse = {
        "nom_depose": deposit.nom,
        "signatures": list(deposit.signatures),
        "avertissements": deposit.report.avertissements,
        "date_signature": deposit.signee_le.isoformat(),
    }
    nom = file_name(convention.nature, convention.numero, convention.collectivite.nom, step.suffix, extension="pdf")
    return _add_piece(
        session,
        portail,
        acteur,
        convention,
        step.usage,
        nom,
        "application/pdf",
        deposit.data,
        deposit.report.pages,
        analyse,
    )


def _add_piece(
    session: Session,
    portail: Portail,
    acteur: Acteur,
    convention: Acte,
    usage: str,
    nom: str,
    type_mime: str,
    data: bytes,
    pages: int | None = None,
    analyse: dict[str, Any] | None = None,
) -> Piece:
    piece = Piece(
        sha256=store(session, portail.files, data).sha256,
        usage=usage,
        nom=nom,
        type_mime=type_mime,
        taille=len(data),
        pages=pages,
        analyse=analyse or {},
        convention_id=convention.id,
        deposee_par=acteur.utilisateur_id,
    )
    session.add(piece)
    session.flush()
    return piece


def _retire(session: Session, convention: Acte, usage: str) -> None:
    query = select(Piece).where(Piece.convention_id == convention.id, Piece.usage == usage, Piece.retiree_le.is_(None))
    for piece in session.scalars(query):
        piece.retiree_le = utc_now()
    session.flush()


def _record(session: Session, acteur: Acteur, action: str, convention: Acte, **details: Any) -> None:
    session.flush()
    record(
        session,
        acteur,
        action,
        centre_id=convention.centre_id,
        objet=convention.nature,
        objet_id=convention.id,
        etat=convention.etat,
        **details,
    )


def reject_signature(portail: Portail, acteur: Acteur, convention_id: UUID, *, motif: str) -> str:
    """Send the signed document back to the collectivité, with the reason: it signs again. The rejected file is kept."""
    return _decide(portail, acteur, convention_id, "rejeter_signature", motif)


def cancel_convention(portail: Portail, acteur: Acteur, convention_id: UUID, *, motif: str) -> str:
    """Cancel a convention that is not in force yet, with the reason. Its number is never used again."""
    return _decide(portail, acteur, convention_id, "annuler", motif)


def _decide(portail: Portail, acteur: Acteur, convention_id: UUID, action: str, motif: str) -> str:
    nature = nature_of(portail, convention_id)
    with portail.action(acteur, f"{nature}.{action}", objet=nature, objet_id=convention_id) as session:
        convention = get_acte(session, acteur, convention_id, lock=True)
        line = _check(session, acteur, convention, action)
        reason = check_motif(line, motif)
        if action == "rejeter_signature":
            _retire(session, convention, "signee_collectivite")
            _retire(session, convention, "signee_centre")
            convention.collectivite_signee_le = convention.collectivite_signataire = None
        convention.etat, convention.motif = line.vers, reason
        session.flush()
        notify_convention(session, convention, action)
        _record(session, acteur, f"{nature}.{action}", convention)
        return convention.etat


def attach_accuse(
    portail: Portail, acteur: Acteur, convention_id: UUID, *, nom: str, data: bytes, operation_id: str
) -> None:
    """Attach the receipt of transmission to the prefecture (PDF or image), in place of the one before. Never required."""
    nature = nature_of(portail, convention_id)
    action = f"{nature}.joindre_accuse"
    with portail.view(acteur, action, objet=nature, objet_id=convention_id) as session:
        _check_attachable(acteur, get_acte(session, acteur, convention_id))
    try:
        kind = check_upload(nom, data, ("pdf", "png", "jpeg"), portail.settings.taille_max_mo * MEGABYTE)
    except Invalide as error:
        raise Invalide(error.message, champ="fichier") from error
    with portail.action(acteur, action, objet=nature, objet_id=convention_id) as session:
        convention = get_acte(session, acteur, convention_id, lock=True)
        _check_attachable(acteur, convention)
        if not once(session, operation_id):
            return
        _retire(session, convention, "accuse_prefecture")
        name = file_name("accuse-prefecture", convention.numero, convention.collectivite.nom, extension=kind.kind)
        piece = _add_piece(session, portail, acteur, convention, "accuse_prefecture", name, kind.content_type, data)
        _record(session, acteur, action, convention, piece=piece.id, sha256=piece.sha256)


def _check_attachable(acteur: Acteur, convention: Acte) -> None:
    require(roles_on(acteur, convention), *ATTACHERS, message="Seul le centre joint l’accusé de la préfecture.")
    if convention.etat == "annulee":
        raise Refus("Ce document est annulé : rien ne s’y ajoute.")


def lift_convention_warning(portail: Portail, acteur: Acteur, convention_id: UUID, code: str, motif: str) -> None:
    """Lift one warning about a signed document, with the reason. Instructeurs only, before the centre has signed."""
    nature = nature_of(portail, convention_id)
    action = f"{nature}.lever_avertissement"
    with portail.action(acteur, action, objet=nature, objet_id=convention_id) as session:
        convention = get_acte(session, acteur, convention_id, lock=True)
        require(roles_on(acteur, convention), Role.INSTRUCTEUR, message="Seul un instructeur lève un avertissement.")
        if convention.etat != "signee_collectivite":
            raise Refus("Un avertissement se lève entre la signature de la collectivité et celle du centre.")
        reason = clean_text(motif, multiline=True)
        if not reason or len(reason) > MOTIF_LENGTH:
            raise Invalide(
                f"Dites en {MOTIF_LENGTH} caractères au plus pourquoi vous levez cet avertissement.", "motif"
            )
        found = next((one for one in list_convention_warnings(session, convention) if one.code == code), None)
        if found is None:
            raise Conflit("Cet avertissement n’existe plus : rechargez la page.")
        if found.levee is not None:
            raise Conflit("Cet avertissement a déjà été levé.")
        session.add(Levee(dossier_id=convention.dossier_id, code=code, motif=reason, par=acteur.utilisateur_id))
        _record(session, acteur, action, convention, code=code)
