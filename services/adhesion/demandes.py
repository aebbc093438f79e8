"""Requests for adhesion from the public page: deposited, confirmed by mail, accepted or refused by the centre."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from domain.errors import Conflit, Introuvable, Invalide, Refus
from domain.referentiel import load_referentiel
from domain.roles import Role
from domain.text import clean_text
from models import Centre, Collectivite, DemandeAdhesion, RoleAttribue, Utilisateur, utc_now
from services.adhesion.demande_saisie import TYPES, Saisie, read_demande
from services.comptes import rights
from services.comptes.invitations import check_identity, ensure_account, invite_account
from services.comptes.links import check_link, use_link
from services.comptes.rights import Grant
from services.core import clock, journal, limits
from services.core.access import Acteur, require
from services.core.locks import locked
from services.core.paging import Page, paginate
from services.core.portail import Portail, once, record
from services.courriels import mails

DEMANDE = "d"
"""Kind of attempt (services.core.limits): requests from the public page."""
BY_PERSON = 3
BY_ADDRESS = 5
ETATS = {
    "a_confirmer": "En attente de confirmation",
    "recue": "À traiter",
    "acceptee": "Acceptée",
    "refusee": "Refusée",
}


@dataclass(frozen=True)
class DemandeRow:
    """A request as the centre reads it. `confirmee` tells whether the address was confirmed by mail; `comptes` names the
    people who already act for this collectivité (then the request may well be a mistake), `gestionnaires` those among them
    who invite their colleagues: accepting forwards the request to them (`transmise`)."""

    id: UUID
    etat: str
    etat_libelle: str
    siren: str
    collectivite: str
    type_libelle: str
    au_referentiel: bool
    demandeur: str
    fonction: str | None
    courriel: str
    telephone: str | None
    message: str | None
    creee_le: datetime
    confirmee: bool
    traitee_le: datetime | None
    traitee_par: str | None
    motif: str | None
    comptes: tuple[str, ...]
    gestionnaires: tuple[str, ...]
    transmise: bool


def submit_demande(portail: Portail, saisie: Saisie, adresse: str, *, operation_id: str) -> bool:
    """Deposit a request. True when it must still be confirmed by mail; False when there is no mail server: it goes
    straight to the centre, marked as not confirmed. The same request twice is the same request."""
    demande = read_demande(portail, saisie)
    by_mail = bool(portail.settings.smtp_url)
    with portail.db.write() as session:
        attempt, minutes = limits.count(
            session, DEMANDE, demande.courriel, adresse, by_subject=BY_PERSON, by_address=BY_ADDRESS
        )
        if attempt and once(session, operation_id) and not _pending(session, demande):
            demande.etat = "a_confirmer" if by_mail else "recue"
            session.add(demande)
            session.flush()
            journal.record(
                session, "demande.deposer", centre_id=demande.centre_id, objet="demande", objet_id=demande.id
            )
            if by_mail:
                mails.queue(
                    session,
                    "confirmation",
                    demande.courriel,
                    demande_id=demande.id,
                    centre_id=demande.centre_id,
                )
    if attempt is None:
        raise Refus(f"Trop de demandes envoyées. {limits.wait_message(minutes)}.")
    return by_mail


def _pending(session: Session, demande: DemandeAdhesion) -> bool:
    """Whether the same person already asks for the same collectivité. Their earlier confirmation mail is sent again."""
    earlier = session.scalars(
        select(DemandeAdhesion).where(
            DemandeAdhesion.centre_id == demande.centre_id,
            DemandeAdhesion.siren == demande.siren,
            DemandeAdhesion.courriel == demande.courriel,
            DemandeAdhesion.etat.in_(("a_confirmer", "recue")),
        )
    ).first()
    if earlier is not None and earlier.etat == "a_confirmer":
        mails.queue(session, "confirmation", earlier.courriel, demande_id=earlier.id, centre_id=earlier.centre_id)
    return earlier is not None


def read_confirmation(portail: Portail, token: str) -> str:
    """Name of the collectivité whose request this link confirms, without confirming it. Raises Invalide."""
    with portail.db.read() as session:
        link = check_link(session, "confirmation", token)
        return session.get_one(DemandeAdhesion, link.demande_id).collectivite_nom


def confirm_demande(portail: Portail, token: str) -> str:
    """Confirm a request: it goes to the centre. Gives the collectivité's name."""
    with portail.db.write() as session:
        link = use_link(session, "confirmation", token)
        demande = session.get_one(DemandeAdhesion, link.demande_id)
        if demande.etat == "a_confirmer":
            demande.etat, demande.confirmee_le = "recue", utc_now()
            journal.record(
                session, "demande.confirmer", centre_id=demande.centre_id, objet="demande", objet_id=demande.id
            )
            _tell_centre(session, demande)
        return demande.collectivite_nom


def _tell_centre(session: Session, demande: DemandeAdhesion) -> None:
    today = clock.today(session.get_one(Centre, demande.centre_id).fuseau)
    people = session.scalars(
        select(Utilisateur)
        .join(RoleAttribue, RoleAttribue.utilisateur_id == Utilisateur.id)
        .where(
            RoleAttribue.centre_id == demande.centre_id,
            RoleAttribue.role == Role.INSTRUCTEUR.value,
            RoleAttribue.du <= today,
            or_(RoleAttribue.au.is_(None), RoleAttribue.au >= today),
            Utilisateur.actif,
        )
        .distinct()
    )
    for person in people:
        mails.queue(
            session,
            "demande_recue",
            person.courriel,
            utilisateur_id=person.id,
            demande_id=demande.id,
            centre_id=demande.centre_id,
        )


def visible_demandes(acteur: Acteur) -> Select[DemandeAdhesion]:
    """Requests addressed to the centres where the person is instructeur or responsable."""
    return select(DemandeAdhesion).where(
        DemandeAdhesion.centre_id.in_(acteur.centres_with(Role.INSTRUCTEUR, Role.RESPONSABLE))
    )


def list_demandes(
    portail: Portail, acteur: Acteur, *, etats: tuple[str, ...] = ("recue",), page: int = 1, taille: int = 20
) -> Page[DemandeRow]:
    """Requests in these states; those to handle, the oldest first, then the latest handled."""
    query = visible_demandes(acteur).where(DemandeAdhesion.etat.in_(etats))
    order = (
        DemandeAdhesion.traitee_le.desc().nulls_first(),
        DemandeAdhesion.creee_le.asc(),
        DemandeAdhesion.id.asc(),
    )
    with portail.db.read() as session:
        return paginate(session, query, page=page, taille=taille, order=order, build=lambda row: _row(session, row[0]))


def _row(session: Session, demande: DemandeAdhesion) -> DemandeRow:
    handler = session.get(Utilisateur, demande.traitee_par) if demande.traitee_par else None
    people = session.scalars(
        select(Utilisateur)
        .join(RoleAttribue, RoleAttribue.utilisateur_id == Utilisateur.id)
        .join(Collectivite, Collectivite.id == RoleAttribue.collectivite_id)
        .where(Collectivite.siren == demande.siren, Utilisateur.actif)
        .distinct()
    )
    forwarded = demande.etat == "acceptee" and demande.collectivite_id is None
    return DemandeRow(
        id=demande.id,
        etat=demande.etat,
        etat_libelle="Transmise à la collectivité" if forwarded else ETATS[demande.etat],
        siren=demande.siren,
        collectivite=demande.collectivite_nom,
        type_libelle=TYPES.get(demande.collectivite_type, demande.collectivite_type),
        au_referentiel=load_referentiel().get(demande.siren) is not None,
        demandeur=f"{demande.prenom} {demande.nom}",
        fonction=demande.fonction,
        courriel=demande.courriel,
        telephone=demande.telephone,
        message=demande.message,
        creee_le=demande.creee_le,
        confirmee=demande.confirmee_le is not None,
        traitee_le=demande.traitee_le,
        traitee_par=handler.nom_complet if handler else None,
        motif=demande.motif,
        comptes=tuple(person.nom_complet for person in people),
        gestionnaires=tuple(person.nom_complet for person in _managers(session, demande)),
        transmise=forwarded,
    )


def accept_demande(portail: Portail, acteur: Acteur, demande_id: UUID, *, operation_id: str) -> UUID | None:
    """Accept: the collectivité is created when it is not known yet, and the person is invited as its gestionnaire. Gives
    the person's account id; None when the collectivité has people who invite their colleagues: nothing is opened then,
    the request is forwarded to them, since they alone know whether this person works there."""
    with portail.action(acteur, "demande.accepter", objet="demande", objet_id=demande_id) as session:
        demande = _to_handle(session, acteur, demande_id, already=not once(session, operation_id))
        if demande.etat == "acceptee" and demande.collectivite_id is None:
            return None
        limits.wait_turn(session)
        if demande.etat == "recue" and (managers := _managers(session, demande)):
            _forward(session, acteur, demande, managers)
            return None
        identity = check_identity(demande.courriel, demande.prenom, demande.nom, demande.telephone)
        user = ensure_account(session, identity)
        if demande.etat == "acceptee":
            return user.id
        collectivite = _ensure_collectivite(session, demande)
        demande.etat, demande.collectivite_id = "acceptee", collectivite.id
        demande.traitee_le, demande.traitee_par = utc_now(), acteur.utilisateur_id
        centre = session.get_one(Centre, demande.centre_id)
        grant = Grant(Role.GESTIONNAIRE, clock.today(centre.fuseau), collectivite_id=collectivite.id)
        told = {"objet": "demande", "objet_id": demande.id, "collectivite": collectivite.id}
        record(session, acteur, "demande.accepter", centre_id=centre.id, **told)
        invite_account(session, user, [grant], by=acteur, centre_id=centre.id)
        return user.id


def _managers(session: Session, demande: DemandeAdhesion) -> list[Utilisateur]:
    known = session.scalar(select(Collectivite.id).where(Collectivite.siren == demande.siren))
    today = clock.today(session.get_one(Centre, demande.centre_id).fuseau)
    return rights.active_managers(session, known, today) if known else []


def _forward(session: Session, acteur: Acteur, demande: DemandeAdhesion, managers: list[Utilisateur]) -> None:
    """Hand the request over to those who invite for this collectivité. It keeps no collectivité: the centre does not come
    to know the collectivité, nor to manage its people, by a request that anybody may write."""
    demande.etat = "acceptee"
    demande.traitee_le, demande.traitee_par = utc_now(), acteur.utilisateur_id
    for person in managers:
        mails.queue(
            session,
            "demande_transmise",
            person.courriel,
            utilisateur_id=person.id,
            demande_id=demande.id,
            centre_id=demande.centre_id,
        )
    mails.queue(session, "demande_orientee", demande.courriel, demande_id=demande.id, centre_id=demande.centre_id)
    record(
        session,
        acteur,
        "demande.transmettre",
        centre_id=demande.centre_id,
        objet="demande",
        objet_id=demande.id,
        destinataires=[str(person.id) for person in managers],
    )


def refuse_demande(portail: Portail, acteur: Acteur, demande_id: UUID, motif: str) -> None:
    """Refuse, with a reason that the person is told by mail."""
    reason = clean_text(motif, multiline=True)
    if not reason:
        raise Invalide("Indiquez le motif du refus : il est communiqué au demandeur.", champ="motif")
    if len(reason) > 2000:
        raise Invalide("Le motif est limité à 2 000 caractères.", champ="motif")
    with portail.action(acteur, "demande.refuser", objet="demande", objet_id=demande_id) as session:
        demande = _to_handle(session, acteur, demande_id)
        demande.etat, demande.motif = "refusee", reason
        demande.traitee_le, demande.traitee_par = utc_now(), acteur.utilisateur_id
        record(session, acteur, "demande.refuser", centre_id=demande.centre_id, objet="demande", objet_id=demande.id)
        mails.queue(session, "demande_refusee", demande.courriel, demande_id=demande.id, centre_id=demande.centre_id)


def _to_handle(session: Session, acteur: Acteur, demande_id: UUID, *, already: bool = False) -> DemandeAdhesion:
    """The request, locked, still to handle. `already`: it may have been accepted by the first of two clicks."""
    query = visible_demandes(acteur).where(DemandeAdhesion.id == demande_id)
    demande = session.scalars(locked(query, of=DemandeAdhesion)).one_or_none()
    if demande is None:
        raise Introuvable()
    require(
        acteur.roles_for(centre_id=demande.centre_id),
        Role.INSTRUCTEUR,
        message="Seul un instructeur du centre traite les demandes d’adhésion.",
    )
    if demande.etat == "recue" or (already and demande.etat == "acceptee"):
        return demande
    if demande.etat == "a_confirmer":
        raise Conflit("Cette demande n’est pas encore confirmée par son auteur.")
    raise Conflit(f"Cette demande a déjà été traitée : {ETATS[demande.etat].lower()}.")


def _ensure_collectivite(session: Session, demande: DemandeAdhesion) -> Collectivite:
    known = session.scalars(select(Collectivite).where(Collectivite.siren == demande.siren)).one_or_none()
    if known is not None:
        return known
    listed = load_referentiel().get(demande.siren)
    created = Collectivite(
        siren=demande.siren,
        nom=listed.nom if listed else demande.collectivite_nom,
        type=listed.type if listed else demande.collectivite_type,
        code_insee=(listed.code_insee or None) if listed else None,
        departement=(listed.departement or None) if listed else None,
        code_postal=listed.codes_postaux[0] if listed and listed.codes_postaux else None,
        population=listed.population if listed else None,
    )
    session.add(created)
    session.flush()
    return created
