"""Who is told by mail of what happens to a dossier. The mail is queued in the transaction of the event, sent after it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from domain.offer import ADHESION
from domain.roles import ROLES_CENTRE, ROLES_COLLECTIVITE, Role
from domain.workflow.mails import mails_of
from domain.workflow.reading import steps_forward
from models import Acte, Avenant, Centre, Convention, Dossier, RoleAttribue, Utilisateur
from services.adhesion.intitules import name_dossier
from services.centre.offres import get_workflow
from services.core import clock
from services.courriels import mails

CONVENTION_TO_COLLECTIVITE = {
    "emettre": ("convention_emise", (Role.GESTIONNAIRE, Role.SIGNATAIRE)),
    "rejeter_signature": ("signature_rejetee", (Role.GESTIONNAIRE, Role.SIGNATAIRE)),
    "signer_centre": ("convention_signee", (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION)),
    "annuler": ("convention_annulee", (Role.GESTIONNAIRE, Role.SIGNATAIRE)),
    "publier_bilan": ("bilan_publie", (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION)),
}
"""Model of the mail that each action on a convention sends to the collectivité, and to whom."""


def notify_action(session: Session, dossier: Dossier, action: str) -> None:
    """Queue the mails that an action on the dossier calls for, if any (see domain.workflow.mails); one at most each."""
    request = dossier.nature != ADHESION
    more: dict[str, str] = {}
    told: set[UUID] = set()
    for modele, cote in mails_of(action, dossier.etat, demande=request):
        if request and not more:
            numero = session.scalar(select(Acte.numero).where(Acte.id == dossier.convention_id))
            more["intitule"] = name_dossier(session, dossier, numero)
        if cote == "centre":
            people = _centre_side(session, dossier)
        elif cote == "suite":
            people = _awaited(session, dossier)
        else:
            people = _collectivite_side(session, dossier, *_readers(action, request))
        people = [one for one in people if one.id not in told]
        told |= {one.id for one in people}
        _queue(session, dossier, modele, people, **more)


def _readers(action: str, request: bool) -> tuple[Role, ...]:
    """Who is told at the collectivité: whoever sent a request may be any of them; only an acceptance concerns the one who signs."""
    if request:
        return (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION)
    return (
        (Role.GESTIONNAIRE,) if action in ("demander_corrections", "refuser") else (Role.GESTIONNAIRE, Role.SIGNATAIRE)
    )


def _awaited(session: Session, dossier: Dossier) -> list[Utilisateur]:
    """Those who have something to do in the state that a dossier came to."""
    table = get_workflow(session, dossier.offre_version_id, dossier.nature)
    roles = {role for line in steps_forward(table, dossier.etat, Role) for role in line.roles}
    people = {one.id: one for one in _collectivite_side(session, dossier, *sorted(roles & ROLES_COLLECTIVITE))}
    if Role.INSTRUCTEUR in roles:
        people |= {one.id: one for one in _centre_side(session, dossier)}
    others = tuple(sorted((roles & ROLES_CENTRE) - {Role.INSTRUCTEUR}))
    at_centre = _holders(session, dossier, RoleAttribue.centre_id == dossier.centre_id, others)
    people |= {one.id: one for one in at_centre}
    return list(people.values())


AVENANT_MODELES = {
    "signature_deposee": "avenant_signature_deposee",
    "convention_emise": "avenant_emis",
    "signature_rejetee": "avenant_signature_rejetee",
    "convention_signee": "avenant_signe",
    "convention_annulee": "avenant_annule",
}
"""The mail about an avenant in place of that about a convention."""


def notify_convention(session: Session, convention: Acte, action: str) -> None:
    """Queue the mails that an action on the convention, or on the avenant, calls for."""
    dossier = convention.dossier
    found = {"convention": str(convention.id), "numero": convention.numero}
    models = AVENANT_MODELES if isinstance(convention, Avenant) else {}
    if action == "deposer_signature":
        scope = RoleAttribue.centre_id == dossier.centre_id
        people = {one.id: one for one in _centre_side(session, dossier)}
        people |= {one.id: one for one in _holders(session, dossier, scope, (Role.SIGNATAIRE_CENTRE,))}
        modele = "signature_deposee"
        _queue(session, dossier, models.get(modele, modele), list(people.values()), **found)
    elif action in CONVENTION_TO_COLLECTIVITE:
        modele, roles = CONVENTION_TO_COLLECTIVITE[action]
        _queue(session, dossier, models.get(modele, modele), _collectivite_side(session, dossier, *roles), **found)


DEGRADE = {
    "demander": ("degrade_demande", True),
    "retirer": ("degrade_retire", True),
    "accepter": ("degrade_accepte", False),
    "refuser": ("degrade_refuse", False),
    "clore": ("degrade_clos", False),
}
"""Model of the mail about the service dégradé that each action sends, and whether it goes to the centre."""


def notify_degrade(session: Session, convention: Convention, action: str) -> None:
    """Queue the mails that tell the other side of what happens to a request for the service dégradé."""
    dossier = convention.dossier
    modele, to_centre = DEGRADE[action]
    if to_centre:
        scope = RoleAttribue.centre_id == dossier.centre_id
        people = _holders(session, dossier, scope, (Role.RESPONSABLE, Role.INSTRUCTEUR))
    else:
        people = _collectivite_side(session, dossier, Role.GESTIONNAIRE, Role.DIRECTION, Role.SIGNATAIRE)
    _queue(session, dossier, modele, people, convention=str(convention.id), numero=convention.numero)


LIFE = {
    "denonciation_enregistree": True,
    "denonciation_recue": False,
    "denonciation_centre": False,
    "denonciation_confirmee": False,
    "denonciation_sans_suite": False,
    "denonciation_levee": False,
    "demeure_envoyee": False,
    "demeure_repondue": True,
    "demeure_close": False,
    "convention_resiliee": False,
}
"""Models of mail about the end of a convention, and whether they go to the centre (else to the collectivité)."""


def notify_life(
    session: Session, convention: Convention, modele: str, *, to_centre: bool | None = None, **more: str
) -> None:
    """Queue the mails that tell a side of what happens to the end of a convention: the responsables and instructeurs of the
    centre, or everybody of the collectivité who may act on it or follows it."""
    dossier = convention.dossier
    if LIFE.get(modele, False) if to_centre is None else to_centre:
        scope = RoleAttribue.centre_id == dossier.centre_id
        people = _holders(session, dossier, scope, (Role.RESPONSABLE, Role.INSTRUCTEUR))
    else:
        people = _collectivite_side(session, dossier, Role.GESTIONNAIRE, Role.DIRECTION, Role.SIGNATAIRE)
    _queue(session, dossier, modele, people, convention=str(convention.id), numero=convention.numero, **more)


def notify_tarif(session: Session, convention: Convention, annee: int) -> int:
    """Queue the mails that tell a collectivité of the tariffs of a year: to everybody who may act for it or follows it; how
    many people, 0 when nobody there can open the letter: it is then to be printed."""
    people = [
        one
        for one in _collectivite_side(session, convention.dossier, Role.GESTIONNAIRE, Role.DIRECTION, Role.SIGNATAIRE)
        if one.password_hash is not None
    ]
    found = {"convention": str(convention.id), "numero": convention.numero, "annee": str(annee)}
    _queue(session, convention.dossier, "courrier_tarif", people, **found)
    return len(people)


def notify_message(session: Session, dossier: Dossier, *, du_centre: bool) -> None:
    """Queue the mails that say that the other side wrote a message."""
    if du_centre:
        _queue(session, dossier, "message_recu", _collectivite_side(session, dossier, Role.GESTIONNAIRE))
    else:
        _queue(session, dossier, "message_recu", _centre_side(session, dossier))


def _centre_side(session: Session, dossier: Dossier) -> list[Utilisateur]:
    """The instructeur in charge; all of the centre's when nobody is."""
    holders = _holders(session, dossier, RoleAttribue.centre_id == dossier.centre_id, (Role.INSTRUCTEUR,))
    return [one for one in holders if one.id == dossier.instructeur_id] or holders


def _collectivite_side(session: Session, dossier: Dossier, *roles: Role) -> list[Utilisateur]:
    return _holders(session, dossier, RoleAttribue.collectivite_id == dossier.collectivite_id, roles)


def _holders(
    session: Session, dossier: Dossier, scope: ColumnElement[bool], roles: Iterable[Role]
) -> list[Utilisateur]:
    """Active people who hold one of `roles` in `scope` today, each once."""
    today = clock.today(session.get_one(Centre, dossier.centre_id).fuseau)
    held = select(RoleAttribue.utilisateur_id).where(
        scope,
        RoleAttribue.role.in_([role.value for role in roles]),
        RoleAttribue.du <= today,
        or_(RoleAttribue.au.is_(None), RoleAttribue.au >= today),
    )
    query = select(Utilisateur).where(Utilisateur.id.in_(held), Utilisateur.actif).order_by(Utilisateur.courriel)
    return list(session.scalars(query))


def _queue(session: Session, dossier: Dossier, modele: str, people: list[Utilisateur], **more: str) -> None:
    said = {"dossier": str(dossier.id), "reference": dossier.reference, **more}
    mails.queue_all(
        session,
        [
            mails.prepare(
                modele, person.courriel, utilisateur_id=person.id, centre_id=dossier.centre_id, demande_id=None, **said
            )
            for person in people
        ],
    )
