"""Single-use links: the database holds the hash of their secret, when they expire and when they were used."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.errors import Invalide
from models import LienUsageUnique, utc_now
from services.core.portail import Portail
from services.core.tokens import new_token, token_hash

Usage = Literal["invitation", "mot_de_passe", "confirmation"]

LIVES: dict[str, timedelta] = {
    "invitation": timedelta(days=7),
    "mot_de_passe": timedelta(hours=1),
    "confirmation": timedelta(days=3),
}
PAGES = {"invitation": "invitation", "mot_de_passe": "mot_de_passe", "confirmation": "demande"}
NEXT_STEP = {
    "invitation": "Demandez une nouvelle invitation à la personne qui vous a invité, ou au centre.",
    "mot_de_passe": "Demandez un nouveau lien depuis « Mot de passe oublié ».",
    "confirmation": "Déposez une nouvelle demande.",
}


def mint_link(
    portail: Portail,
    session: Session,
    usage: str,
    *,
    utilisateur_id: UUID | None = None,
    demande_id: UUID | None = None,
) -> str:
    """A new link for this person or request; earlier ones for the same use stop working. Gives its whole address."""
    now = utc_now()
    session.execute(
        update(LienUsageUnique)
        .where(
            LienUsageUnique.usage == usage,
            LienUsageUnique.utilisateur_id == utilisateur_id
            if utilisateur_id
            else LienUsageUnique.demande_id == demande_id,
            LienUsageUnique.utilise_le.is_(None),
            LienUsageUnique.expire_le > now,
        )
        .values(expire_le=now)
    )
    token = new_token()
    session.add(
        LienUsageUnique(
            token_hash=token_hash(token),
            usage=usage,
            utilisateur_id=utilisateur_id,
            demande_id=demande_id,
            cree_le=now,
            expire_le=now + LIVES[usage],
        )
    )
    session.flush()
    return f"{portail.settings.adresse_publique}/{PAGES[usage]}?jeton={token}"


def check_link(session: Session, usage: Usage, token: str) -> LienUsageUnique:
    """The link behind this secret when it still works; Invalide, saying what to do, when it is unknown, used or expired."""
    link = session.scalars(
        select(LienUsageUnique).where(LienUsageUnique.token_hash == token_hash(token), LienUsageUnique.usage == usage)
    ).one_or_none()
    if link is None:
        raise Invalide(f"Ce lien n’est pas valable. Vérifiez que vous l’avez copié en entier. {NEXT_STEP[usage]}")
    if link.utilise_le is not None:
        raise Invalide(f"Ce lien a déjà servi. {_used_step(usage)}")
    if link.expire_le <= utc_now():
        raise Invalide(f"Ce lien a expiré. {NEXT_STEP[usage]}")
    return link


def _used_step(usage: str) -> str:
    if usage == "confirmation":
        return "Votre demande est bien confirmée : il n’y a plus rien à faire."
    return (
        "Si vous avez déjà choisi votre mot de passe, connectez-vous. Sinon : "
        + NEXT_STEP[usage][0].lower()
        + NEXT_STEP[usage][1:]
    )


def use_link(session: Session, usage: Usage, token: str) -> LienUsageUnique:
    """Consume the link in the current transaction: of two simultaneous uses one wins. Raises Invalide like `check_link`."""
    now = utc_now()
    used = session.scalar(
        update(LienUsageUnique)
        .where(
            LienUsageUnique.token_hash == token_hash(token),
            LienUsageUnique.usage == usage,
            LienUsageUnique.utilise_le.is_(None),
            LienUsageUnique.expire_le > now,
        )
        .values(utilise_le=now)
        .returning(LienUsageUnique.id)
    )
    if used is None:
        check_link(session, usage, token)
        raise Invalide(f"Ce lien vient de servir. {NEXT_STEP[usage]}")
    return session.get_one(LienUsageUnique, used)
