"""What deserves an instructeur's eye in a signed document, until it is lifted with a reason.

A warning is about one file: its code holds the beginning of the file's hash, so that lifting it covers that file only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.formatting import date_longue
from domain.workflow.tables import Workflow, as_avenant
from models import Acte, Avenant, Convention, Levee, Piece, Utilisateur
from services.activite.regles import RUNNING_STATES
from services.adhesion.dossier_state import last_depot
from services.adhesion.dossier_views import Avertissement, LeveeRow
from services.centre.offres import get_offer
from services.core.portail import Portail


@dataclass(frozen=True)
class SignedFile:
    """A signed document, stored or about to be: what the checks look at. `date_signature`: as its depositor said."""

    sha256: str
    pages: int | None
    signatures: tuple[dict[str, Any], ...]
    date_signature: date | None


def cited_answers(session: Session, convention: Acte) -> Mapping[str, Any]:
    """The answers that the convention was issued from, by field id."""
    depot = last_depot(session, convention.dossier)
    return depot.reponses if depot else {}


def deliberation_date(answers: Mapping[str, Any]) -> date | None:
    """Date of the délibération that the convention cites."""
    value = answers.get("deliberation.date")
    return date.fromisoformat(value) if value else None


def cite_deliberation(answers: Mapping[str, Any]) -> str | None:
    """« n° 2026-118 du 12 octobre 2026, conseil municipal », as far as it is known."""
    day, numero, organe = (
        deliberation_date(answers),
        answers.get("deliberation.numero"),
        answers.get("deliberation.organe"),
    )
    said = " ".join(
        part for part in (f"n°\u00a0{numero}" if numero else "", f"du {date_longue(day)}" if day else "") if part
    )
    return ", ".join(part for part in (said, organe) if part) or None


def expected_signatory(answers: Mapping[str, Any], convention: Acte) -> str:
    """Who is expected to sign next, to be corrected by whoever deposits: the collectivité's representative, then the
    centre's president (their quality alone where the centre gives no name)."""
    if convention.etat == "a_signer":
        person = [answers.get(f"representant.{part}") for part in ("prenom", "nom")]
        quality = answers.get("representant.qualite")
    else:
        president = convention.centre.parametres.get("president") or {}
        person, quality = [president.get("nom")], president.get("qualite")
    return ", ".join(part for part in (" ".join(one for one in person if one), quality) if part)


def issued_pages(session: Session, convention: Acte) -> int | None:
    """Pages of the issued document; None while it has no PDF."""
    piece = current_piece(session, convention, issued_usage(convention, pdf=True))
    return piece.pages if piece else None


def issued_usage(acte: Acte, *, pdf: bool = False) -> str:
    """What the document that was issued, or its PDF, is kept as."""
    return f"{acte.nature}_pdf" if pdf else acte.nature


def nature_of(portail: Portail, acte_id: UUID) -> str:
    """`convention` or `avenant`: what the journal calls the act, before anybody's rights are looked at."""
    with portail.db.read() as session:
        return session.scalar(select(Acte.nature).where(Acte.id == acte_id)) or "convention"


def acte_table(session: Session, acte: Acte) -> Workflow:
    """The states and actions of this convention, or of this avenant, as its offer has them."""
    table = get_offer(session, acte.dossier.offre_version_id).workflow_convention
    return as_avenant(table) if isinstance(acte, Avenant) else table


DEPOSITS = ("deposer_signature", "signer_centre")
"""Actions that come with a signed PDF."""


def list_parent_blocages(session: Session, acte: Acte, action: str) -> list[str]:
    """Why an avenant cannot be signed any more: its convention has ended, or will have by the day of its effect."""
    if action not in DEPOSITS or not isinstance(acte, Avenant):
        return []
    convention = session.get_one(Convention, acte.parent_id)
    if convention.etat not in RUNNING_STATES:
        return [f"La convention {convention.numero} n’est plus en vigueur : annulez cet avenant."]
    if convention.dernier_jour < acte.date_effet:
        return [
            f"La convention {convention.numero} prend fin le {date_longue(convention.dernier_jour)}, avant la date d’effet de "
            "l’avenant : annulez-le."
        ]
    return []


def current_piece(session: Session, convention: Acte, usage: str) -> Piece | None:
    """The newest file of this usage that was not taken away."""
    query = (
        select(Piece)
        .where(Piece.convention_id == convention.id, Piece.usage == usage, Piece.retiree_le.is_(None))
        .order_by(Piece.deposee_le.desc(), Piece.id)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def examine(session: Session, convention: Acte, file: SignedFile, pages: Iterable[int | None]) -> dict[str, str]:
    """Warnings about a signed file, text by code. `pages`: the page counts that are as expected (None: unknown)."""
    found: dict[str, str] = {}
    mark = file.sha256[:16]
    known = [count for count in pages if count is not None]
    if known and file.pages is not None and file.pages not in known:
        issued = "la convention émise" if isinstance(convention, Convention) else "l’avenant émis"
        found[f"pages:{mark}"] = (
            f"Le document signé compte {_pages(file.pages)}, {issued} {_pages(known[0])}. Vérifiez qu’il est complet."
        )
    voted = deliberation_date(cited_answers(session, convention))
    if voted and file.date_signature and file.date_signature < voted:
        found[f"anterieure:{mark}:{file.date_signature.isoformat()}"] = (
            f"La signature, datée du {date_longue(file.date_signature)}, précède la délibération du {date_longue(voted)} qui"
            " l’autorise."
        )
    changed = [one["signataire"] for one in file.signatures if not one["intact"]]
    if changed:
        found[f"modifie:{mark}"] = (
            f"Le document a été modifié après la signature électronique de {', '.join(changed)} : elle ne le garantit plus."
        )
    return found


def _pages(count: int) -> str:
    return f"{count} page{'s' if count > 1 else ''}"


def examine_stored(session: Session, convention: Acte) -> dict[str, str]:
    """Warnings about the signed files that the convention holds now."""
    found: dict[str, str] = {}
    issued = issued_pages(session, convention)
    theirs = current_piece(session, convention, "signee_collectivite")
    if theirs is not None:
        found |= examine(session, convention, signed_file(theirs), [issued])
    ours = current_piece(session, convention, "signee_centre")
    if ours is not None:
        found |= examine(session, convention, signed_file(ours), [issued, theirs.pages if theirs else None])
    return found


def signed_file(piece: Piece) -> SignedFile:
    """A stored file as the checks look at it."""
    said = piece.analyse.get("date_signature")
    signatures = tuple(piece.analyse.get("signatures", ()))
    return SignedFile(piece.sha256, piece.pages, signatures, date.fromisoformat(said) if said else None)


def list_convention_warnings(session: Session, convention: Acte) -> list[Avertissement]:
    """The warnings that hold now, those already lifted included."""
    found = examine_stored(session, convention)
    if not found:
        return []
    query = (
        select(Levee, Utilisateur)
        .outerjoin(Utilisateur, Utilisateur.id == Levee.par)
        .where(Levee.dossier_id == convention.dossier_id, Levee.code.in_(found))
    )
    lifted = {
        levee.code: LeveeRow(levee.motif, person.nom_complet if person else "Compte supprimé", levee.le)
        for levee, person in session.execute(query)
    }
    return [Avertissement(code, texte, lifted.get(code)) for code, texte in found.items()]


def pending(session: Session, convention: Acte, found: dict[str, str]) -> list[str]:
    """Texts of those of the warnings `found` that nobody has lifted."""
    query = select(Levee.code).where(Levee.dossier_id == convention.dossier_id, Levee.code.in_(found))
    lifted = set(session.scalars(query))
    return [texte for code, texte in found.items() if code not in lifted]
