"""What a queued mail says: the text in force for the offer it is about, and the values of its tags.

Everything is read when the mail leaves: the text published last, the names as they are now, a link minted at that moment.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.courriels import PAGE, Modele, Texte, catalogue
from domain.errors import Invalide
from domain.formatting import siren as format_siren
from domain.referentiel import load_referentiel
from models import Acte, Centre, Courriel, Decompte, DemandeAdhesion, Dossier, OffreVersion, RoleAttribue, Utilisateur
from services.comptes.links import Usage, mint_link
from services.comptes.sessions import home_centre
from services.core import clock
from services.core.portail import Portail

logger = logging.getLogger("portail")

LINK_MODELS: dict[str, Usage] = {
    "invitation": "invitation",
    "mot_de_passe": "mot_de_passe",
    "confirmation": "confirmation",
}
"""Models of mail that carry a single-use link, and the use of the link."""


@dataclass(frozen=True)
class Subject:
    """The thing that a mail is about, as its queued ids say."""

    values: dict[str, str]
    offre: OffreVersion | None = None


SINGLE_USE = "(lien à usage unique, connu du seul destinataire)"


def write_mail(
    portail: Portail, session: Session, mail: Courriel, user: Utilisateur | None, *, mint: bool = True
) -> Texte:
    """The text of a mail, in the transaction that claims it (a link is minted there; without `mint`, a few words stand for it).
    KeyError for a model that does not exist, Invalide when one of its tags has no value."""
    modele = catalogue().modele(mail.modele)
    subject = _subject(session, mail)
    queued = {key: str(value) for key, value in mail.parametres.items() if not key.startswith("_")}
    values = _people(session, mail, user) | subject.values | queued
    values["adresse"] = portail.settings.adresse_publique
    if modele.page:
        values[PAGE] = f"{portail.settings.adresse_publique}/{_page(session, mail, modele, user, queued)}"
    if mail.modele in LINK_MODELS and not mint:
        values["lien"] = SINGLE_USE
    elif mail.modele in LINK_MODELS:
        values["lien"] = mint_link(
            portail,
            session,
            LINK_MODELS[mail.modele],
            utilisateur_id=user.id if user else None,
            demande_id=mail.demande_id,
        )
    return _write(modele, subject.offre, values)


def _write(modele: Modele, offre: OffreVersion | None, values: Mapping[str, str]) -> Texte:
    """The offer's own text when it has one that holds; that of the model otherwise: a mail leaves rather than not."""
    own: Any = (offre.contenu.get("courriels") or {}).get(modele.id) if offre else None
    if own:
        try:
            return catalogue().write(modele.id, own["objet"], own["corps"], values)
        except Invalide:
            logger.exception("mail %s as the offer %s words it cannot be written", modele.id, offre and offre.code)
    return catalogue().write(modele.id, modele.objet, modele.corps, values)


def _page(session: Session, mail: Courriel, modele: Modele, user: Utilisateur | None, queued: Mapping[str, str]) -> str:
    """Relative address of the page that the mail is about, for the side that receives it."""
    address = modele.page or ""
    if modele.page_centre and _of_centre(session, mail, user):
        address = modele.page_centre
    for name, value in queued.items():
        address = address.replace(f"{{{name}}}", quote(value, safe=""))
    return address


def _people(session: Session, mail: Courriel, user: Utilisateur | None) -> dict[str, str]:
    """The centre, who receives the mail, and the request for adhesion that it is about."""
    demande = session.get(DemandeAdhesion, mail.demande_id) if mail.demande_id else None
    centre_id = mail.centre_id or (home_centre(session, user.id) if user else None)
    centre = session.get(Centre, centre_id) if centre_id else None
    named = user or (demande if demande and demande.confirmee_le else None)
    return {
        "centre": centre.nom if centre else "",
        "prenom": named.prenom if named else "",
        "nom": named.nom if named else "",
        "collectivite": _collectivite(demande) if demande else "",
        "demandeur": f"{demande.prenom} {demande.nom} ({demande.courriel})" if demande else "",
        "motif": (demande.motif or "") if demande else "",
    }


def _subject(session: Session, mail: Courriel) -> Subject:
    """The statement, the act or the dossier that the mail names, and the version in force of its offer."""
    found: dict[str, str] = {}
    decompte = _get(session, Decompte, mail.parametres.get("decompte"))
    acte = _get(session, Acte, decompte.convention_id if decompte else mail.parametres.get("convention"))
    dossier = acte.dossier if acte else _get(session, Dossier, mail.parametres.get("dossier"))
    if acte is not None:
        found["numero"] = acte.numero
    if dossier is None:
        code = mail.parametres.get("offre")
        offre = _in_force(session, mail.centre_id, str(code)) if code and mail.centre_id else None
        return Subject({"service": offre.titre} if offre else {}, offre)
    offre = _in_force(session, dossier.centre_id, dossier.offre_version.code) or dossier.offre_version
    found |= {
        "reference": dossier.reference, "collectivite": dossier.collectivite.nom, "service": offre.titre,
    }  # fmt: skip
    return Subject(found, offre)


def _get(session: Session, table: type[Any], ident: Any) -> Any:
    """The row with this queued id; None when it is no id, or the row is gone."""
    try:
        return session.get(table, ident if isinstance(ident, UUID) else UUID(str(ident)))
    except ValueError:
        return None


def _in_force(session: Session, centre_id: UUID, code: str) -> OffreVersion | None:
    query = select(OffreVersion).where(
        OffreVersion.centre_id == centre_id, OffreVersion.code == code, OffreVersion.etat == "publiee"
    )
    return session.scalars(query.order_by(OffreVersion.numero.desc()).limit(1)).one_or_none()


def _collectivite(demande: DemandeAdhesion) -> str:
    """Name for a mail. Until its author's address is confirmed, nothing typed on the public page is sent to it: the portal
    would carry anybody's words to anybody. The name is then that of the national list, or there is only the SIREN."""
    if demande.confirmee_le or load_referentiel().get(demande.siren) is not None:
        return demande.collectivite_nom
    return f"la collectivité dont le SIREN est {format_siren(demande.siren)}"


def _of_centre(session: Session, mail: Courriel, user: Utilisateur | None) -> bool:
    """Whether the mail goes to somebody who acts for its centre today (for any centre, when it has none)."""
    if user is None:
        return False
    centre = session.get(Centre, mail.centre_id) if mail.centre_id else None
    jour = clock.today(centre.fuseau) if centre else clock.today()
    query = select(RoleAttribue.id).where(
        RoleAttribue.utilisateur_id == user.id,
        RoleAttribue.centre_id == centre.id if centre else RoleAttribue.centre_id.is_not(None),
        RoleAttribue.du <= jour,
        or_(RoleAttribue.au.is_(None), RoleAttribue.au >= jour),
    )
    return session.scalar(query.limit(1)) is not None
