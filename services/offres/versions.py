"""Versions of an offer: the draft that an administrator works on, and going back to an older version. Publishing is in
services.offres.publication.

A published version never changes. An offer has one draft at most, kept even when it is faulty. Publishing it takes the
version in force out of use: dossiers already begun keep theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from domain.definitions import DefinitionError, Fault
from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.roles import Role
from models import Centre, Dossier, Fichier, OffreVersion, Utilisateur, utc_now
from services.centre.offres import current_version
from services.core import journal
from services.core.access import Acteur
from services.core.locks import WHOLE, find_row, lock_row
from services.core.portail import Portail
from services.offres.verification import check_draft

MAX_CONTENT = 2_000_000
"""Characters of the JSON of a draft: the two shipped offers hold about 50,000."""


@dataclass(frozen=True)
class VersionLine:
    """One version in the history of an offer. `dossiers`: how many were begun with it. `issue_de`: number of the version
    it was made from."""

    id: UUID
    numero: int
    etat: str
    titre: str
    publiee_le: datetime | None
    publiee_par: str | None
    modifiee_le: datetime | None
    modifiee_par: str | None
    dossiers: int
    issue_de: int | None


@dataclass(frozen=True)
class DraftView:
    """The draft of an offer as the editors show it. `version` goes back with what is saved; `base_id` is the published
    version it was made from, None for an offer that was never published."""

    id: UUID
    version: int
    contenu: dict[str, Any] = field(repr=False)
    gabarits: dict[str, str]
    faults: tuple[Fault, ...]
    centre_id: UUID
    code: str
    numero: int
    base_id: UUID | None
    modifiee_le: datetime | None
    modifiee_par: str | None


def list_versions(portail: Portail, acteur: Acteur, centre_id: UUID, offre_code: str) -> list[VersionLine]:
    """Every version of an offer, the newest first, the draft included. Introuvable when the offer does not exist."""
    with portail.view(acteur, "offre.consulter", objet="offre", objet_id=offre_code, centre_id=centre_id) as session:
        require_admin(acteur, centre_id)
        base, author, editor = aliased(OffreVersion), aliased(Utilisateur), aliased(Utilisateur)
        begun = (
            select(func.count())
            .select_from(Dossier)
            .where(Dossier.offre_version_id == OffreVersion.id)
            .scalar_subquery()
        )
        query = (
            select(OffreVersion, base.numero, author, editor, begun)
            .outerjoin(base, base.id == OffreVersion.issue_de)
            .outerjoin(author, author.id == OffreVersion.publiee_par)
            .outerjoin(editor, editor.id == OffreVersion.modifiee_par)
            .where(OffreVersion.centre_id == centre_id, OffreVersion.code == offre_code)
            .order_by(OffreVersion.numero.desc())
        )
        lines = [
            VersionLine(
                row.id, row.numero, row.etat, row.titre, row.publiee_le, published.nom_complet if published else None,
                row.modifiee_le, edited.nom_complet if edited else None, dossiers, issue_de,
            )
            for row, issue_de, published, edited, dossiers in session.execute(query)
        ]  # fmt: skip
    if not lines:
        raise Introuvable("Cette offre n’existe pas.")
    return lines


def open_draft(portail: Portail, acteur: Acteur, centre_id: UUID, offre_code: str) -> DraftView:
    """The draft of an offer, made from the version in force when there is none. Introuvable without an offer."""
    with portail.view(
        acteur, "offre.ouvrir_brouillon", objet="offre", objet_id=offre_code, centre_id=centre_id
    ) as session:
        require_admin(acteur, centre_id)
        found = find_draft(session, centre_id, offre_code)
        if found is not None:
            return view_draft(session, found)
    with portail.action(
        acteur, "offre.ouvrir_brouillon", objet="offre", objet_id=offre_code, centre_id=centre_id
    ) as session:
        lock_row(session, Centre, centre_id)
        found = find_draft(session, centre_id, offre_code)
        if found is None:
            source = current_version(session, centre_id, offre_code)
            found = copy_as_draft(session, acteur, source)
            record_version(session, acteur, "offre.preparer", found, issue_de=source.numero)
        return view_draft(session, found)


def save_draft(
    portail: Portail,
    acteur: Acteur,
    draft_id: UUID,
    version: int,
    contenu: Mapping[str, Any],
    gabarits: Mapping[str, str] | None = None,
) -> DraftView:
    """Keep `contenu`, and `gabarits` (SHA-256 of stored files by template name) when given, as the draft. `version` is the one
    that was shown: Conflit when somebody saved in between. A faulty draft is kept, its faults in what is returned."""
    with portail.action(acteur, "offre.enregistrer", objet="offre_version", objet_id=draft_id) as session:
        draft = take_draft(session, acteur, draft_id, version)
        kept = _readable(contenu)
        if gabarits is not None:
            _check_stored(session, gabarits)
            draft.gabarits = dict(gabarits)
        centre = session.get_one(Centre, draft.centre_id)
        draft.contenu = {**kept, "centre": centre.code, "code": draft.code}
        touch(draft, acteur)
        session.flush()
        record_version(session, acteur, "offre.enregistrer", draft, version=draft.version)
        return view_draft(session, draft)


def require_no_faults(session: Session, draft: OffreVersion) -> None:
    """DefinitionError listing what keeps a draft from being published, when something does."""
    faults = check_draft(session, draft)
    if faults:
        raise DefinitionError(list(faults))


def discard_draft(portail: Portail, acteur: Acteur, draft_id: UUID, version: int) -> None:
    """Throw the draft away; what is in force does not change. Conflit when it changed since it was read."""
    with portail.action(acteur, "offre.abandonner", objet="offre_version", objet_id=draft_id) as session:
        draft = take_draft(session, acteur, draft_id, version)
        record_version(session, acteur, "offre.abandonner", draft)
        session.delete(draft)


def restore_version(portail: Portail, acteur: Acteur, version_id: UUID) -> DraftView:
    """A draft made from an older published version, to go back to it. Conflit when there is a draft already: it must be
    published or discarded first, nothing is thrown away unasked."""
    with portail.action(acteur, "offre.restaurer", objet="offre_version", objet_id=version_id) as session:
        source = session.get(OffreVersion, version_id)
        if source is None or source.etat == "brouillon":
            raise Introuvable()
        require_admin(acteur, source.centre_id)
        lock_row(session, Centre, source.centre_id)
        if find_draft(session, source.centre_id, source.code) is not None:
            raise Conflit("Cette offre a déjà un brouillon : publiez-le ou abandonnez-le d’abord.")
        draft = copy_as_draft(session, acteur, source)
        record_version(session, acteur, "offre.restaurer", draft, issue_de=source.numero)
        return view_draft(session, draft)


def require_admin(acteur: Acteur, centre_id: UUID) -> None:
    """Introuvable for who has nothing to do with this centre, Refus for another role than administrator."""
    if centre_id not in acteur.centre_ids:
        raise Introuvable()
    if centre_id not in acteur.centres_with(Role.ADMINISTRATEUR):
        raise Refus("Modifier une offre demande le rôle administrateur.")


def find_draft(session: Session, centre_id: UUID, offre_code: str) -> OffreVersion | None:
    """The draft of an offer, None when there is none."""
    query = select(OffreVersion).where(
        OffreVersion.centre_id == centre_id, OffreVersion.code == offre_code, OffreVersion.etat == "brouillon"
    )
    return session.scalars(query).one_or_none()


def last_published(session: Session, centre_id: UUID, offre_code: str) -> OffreVersion | None:
    """The version in force of an offer, None when it was never published."""
    query = select(OffreVersion).where(
        OffreVersion.centre_id == centre_id, OffreVersion.code == offre_code, OffreVersion.etat == "publiee"
    )
    return session.scalars(query.order_by(OffreVersion.numero.desc()).limit(1)).one_or_none()


def copy_as_draft(session: Session, acteur: Acteur | None, source: OffreVersion) -> OffreVersion:
    """A draft that begins as `source`. The caller holds the centre's row and knows there is none."""
    return add_draft(
        session, acteur, source.centre_id, source.code, source, source.contenu, source.gabarits, source.sources
    )


def add_draft(
    session: Session,
    acteur: Acteur | None,
    centre_id: UUID,
    code: str,
    issue_de: OffreVersion | None,
    contenu: Mapping[str, Any],
    gabarits: Mapping[str, str],
    sources: Mapping[str, str],
) -> OffreVersion:
    """A new draft of an offer, made from the version `issue_de`. The caller holds the centre's row and knows there is none."""
    draft = OffreVersion(
        centre_id=centre_id,
        code=code,
        titre=code,
        numero=next_numero(session, centre_id, code),
        contenu=deepcopy(dict(contenu)),
        gabarits=dict(gabarits),
        sources=dict(sources),
        issue_de=issue_de.id if issue_de else None,
    )
    touch(draft, acteur)
    session.add(draft)
    session.flush()
    return draft


def next_numero(session: Session, centre_id: UUID, offre_code: str) -> int:
    """The number of the next version of an offer."""
    query = select(func.max(OffreVersion.numero)).where(
        OffreVersion.centre_id == centre_id, OffreVersion.code == offre_code
    )
    return (session.scalar(query) or 0) + 1


def view_draft(session: Session, draft: OffreVersion) -> DraftView:
    """A draft as the editors show it, its faults included. The caller checked the permission."""
    editor = session.get(Utilisateur, draft.modifiee_par) if draft.modifiee_par else None
    return DraftView(
        id=draft.id,
        version=draft.version,
        contenu=deepcopy(draft.contenu),
        gabarits=dict(draft.gabarits),
        faults=check_draft(session, draft),
        centre_id=draft.centre_id,
        code=draft.code,
        numero=draft.numero,
        base_id=draft.issue_de,
        modifiee_le=draft.modifiee_le,
        modifiee_par=editor.nom_complet if editor else None,
    )


def take_draft(
    session: Session, acteur: Acteur | None, draft_id: UUID, version: int, *, lock: bool = True
) -> OffreVersion:
    """The draft if this person may change it (None: the operator) and it is still as they saw it; Introuvable, Refus, Conflit.
    `lock` takes the centre's row, then the draft's, until the transaction ends."""
    centre_id = session.scalar(select(OffreVersion.centre_id).where(OffreVersion.id == draft_id))
    if centre_id is None:
        raise Introuvable("Ce brouillon n’existe plus : il a été abandonné.")
    if acteur is not None:
        require_admin(acteur, centre_id)
    if lock:
        lock_row(session, Centre, centre_id)
    draft = find_row(session, OffreVersion, draft_id, WHOLE) if lock else session.get(OffreVersion, draft_id)
    if draft is None:
        raise Introuvable("Ce brouillon n’existe plus : il a été abandonné.")
    if draft.etat != "brouillon":
        raise Conflit("Ce brouillon a été publié entre-temps : une version publiée ne change plus. Rechargez la page.")
    if draft.version != version:
        editor = session.get(Utilisateur, draft.modifiee_par) if draft.modifiee_par else None
        by = f" par {editor.nom_complet}" if editor else ""
        raise Conflit(
            f"Ce brouillon a été modifié entre-temps{by}. Rechargez la page pour repartir de ce qui est enregistré."
        )
    return draft


def touch(draft: OffreVersion, acteur: Acteur | None) -> None:
    """Say who changed the draft and when, and give it the title that its content has."""
    draft.modifiee_le, draft.modifiee_par = utc_now(), acteur.utilisateur_id if acteur else None
    titre = draft.contenu.get("titre")
    if isinstance(titre, str) and titre.strip():
        draft.titre = titre.strip()[:200]


def _readable(contenu: Mapping[str, Any]) -> dict[str, Any]:
    """`contenu` as plain JSON, a copy; Invalide when it is none, or is far too long."""
    try:
        text = json.dumps(contenu, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise Invalide("Ce brouillon contient une valeur qui ne peut pas être enregistrée.") from None
    if len(text) > MAX_CONTENT or "\\u0000" in text:
        raise Invalide("Ce brouillon est beaucoup trop long, ou contient un caractère interdit.")
    kept = json.loads(text, parse_float=str)  # decimals are texts, as everywhere
    if not isinstance(kept, dict):
        raise Invalide("Ce brouillon n’est pas une offre.")
    return kept


def _check_stored(session: Session, gabarits: Mapping[str, str]) -> None:
    """A template is named by its SHA-256: it must be a file that the portal holds."""
    known = set(session.scalars(select(Fichier.sha256).where(Fichier.sha256.in_(set(gabarits.values())))))
    for name, sha256 in gabarits.items():
        if sha256 not in known:
            raise Invalide(f"Le fichier du gabarit « {name} » n’est pas enregistré : déposez-le de nouveau.")


def record_version(session: Session, acteur: Acteur | None, action: str, draft: OffreVersion, **details: Any) -> None:
    """Journal what was done to a version; nobody for the operator at the command line."""
    journal.record(
        session, action, acteur_id=acteur.utilisateur_id if acteur else None, centre_id=draft.centre_id,
        objet="offre_version", objet_id=draft.id, offre=draft.code, numero=draft.numero, **details,
    )  # fmt: skip
