"""Requests about a running convention: what may be asked, beginning one pre-filled from the text in force, and beginning the
convention that follows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Conflit, Refus
from domain.forms.answers import Answers
from domain.forms.formset import FormSet
from domain.offer import ADHESION, Offer, TypeDemande
from domain.roles import ROLE_LABELS, Role
from domain.workflow.tables import CREER_DOSSIER, Workflow, senders
from models import Avenant, Collectivite, Convention, Dossier, OffreVersion
from services.activite.regles import RUNNING_STATES
from services.adhesion.dossiers import insert_dossier, put_answer
from services.centre.offres import current_version, get_offer
from services.core import clock
from services.core.access import Acteur, get_convention, require, roles_on
from services.core.portail import Portail, once, record
from services.vie.texte import ACTE_AUTORISANT, latest_text

ENDED = ("retire", "refuse", "enregistre", "emis")
"""States that end a request, whatever came of it."""
RENEWABLE = (*RUNNING_STATES, "echue")
"""States of a convention that another may follow."""


@dataclass(frozen=True)
class DemandePossible:
    """Something that this person may ask for about a convention: `en_cours` is the dossier already begun (its id and
    reference), to go on with instead of beginning another; `attend`: why none can be begun now, empty when one can."""

    nature: str
    titre: str
    resume: str
    en_cours: tuple[UUID, str] | None
    attend: str = ""


def creators(table: Workflow) -> frozenset[Role]:
    """Roles that may begin a request of this circuit: those who may send it, and the centre's instructeurs."""
    return senders(table) | {Role.INSTRUCTEUR}


def list_possible(session: Session, acteur: Acteur, convention: Convention) -> tuple[DemandePossible, ...]:
    """What this person may ask for now, in the offer's order; nothing once the convention is over."""
    if convention.etat not in RUNNING_STATES or convention.dernier_jour < clock.today(convention.centre.fuseau):
        return ()
    version = _current(session, convention)
    roles = roles_on(acteur, convention)
    open_ones = {one.nature: (one.id, one.reference) for one in _open_requests(session, convention.id)}
    waiting = waiting_avenant(session, convention.id)
    held = f"L’avenant {waiting.numero} attend encore une signature." if waiting else ""
    return tuple(
        DemandePossible(
            one.nature, one.titre, one.resume, open_ones.get(one.nature), held if one.circuit == "signature" else ""
        )
        for one in get_offer(session, version.id).demandes
        if roles & creators(one.table) and not one.fermee
    )


def _current(session: Session, convention: Convention) -> OffreVersion:
    """The newest published version of the convention's offer: what may be asked today is what the offer says today."""
    return current_version(session, convention.centre_id, convention.dossier.offre_version.code)


def _open_requests(session: Session, convention_id: UUID) -> list[Dossier]:
    query = select(Dossier).where(Dossier.convention_id == convention_id, Dossier.etat.not_in(ENDED))
    return list(session.scalars(query.order_by(Dossier.cree_le)))


def create_request(portail: Portail, acteur: Acteur, convention_id: UUID, nature: str, operation_id: str) -> UUID:
    """Begin a request about a convention that runs; its dossier's id. What the offer says to pre-fill holds the text in
    force, signed changes to come included. The same `operation_id` again gives the dossier already begun.

    Refus when the role or the convention's state does not allow it, Conflit while another of the same nature is open.
    """
    with portail.action(acteur, "demande.commencer", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id, lock=True)
        version = _current(session, convention)
        offer = get_offer(session, version.id)
        try:
            demande = offer.demande(nature)
        except KeyError:
            raise Refus("L’offre ne prévoit pas cette demande : rechargez la page.") from None
        if demande.fermee:
            raise Refus("Le centre ne propose plus cette demande : rechargez la page.")
        _require(acteur, convention, creators(demande.table))
        _refuse_ended(convention)
        if not once(session, operation_id):
            return _already_begun(session, acteur, convention_id, nature)
        _refuse_second(session, convention_id, nature, demande.titre, demande.circuit)
        answers = prefill(session, convention, offer.variant(nature), demande)
        dossier = insert_dossier(
            session, acteur, version, convention.collectivite_id, answers, nature=nature, convention_id=convention.id
        )
        record(
            session, acteur, "demande.commencer", centre_id=convention.centre_id, objet="dossier", objet_id=dossier.id,
            reference=dossier.reference, nature=nature, convention=convention.id,
        )  # fmt: skip
        return dossier.id


def create_renewal(portail: Portail, acteur: Acteur, convention_id: UUID, operation_id: str) -> UUID:
    """Begin the adhesion that follows a convention, answered as its text stands, from the day after its last one. When the
    new convention is in force, this one is replaced. Once, like `create_request`."""
    with portail.action(acteur, "demande.renouveler", objet="convention", objet_id=convention_id) as session:
        convention = get_convention(session, acteur, convention_id, lock=True)
        _require(acteur, convention, frozenset(CREER_DOSSIER))
        if convention.etat not in RENEWABLE:
            raise Refus("Cette convention ne peut pas être suivie d’une autre dans son état actuel.")
        if not once(session, operation_id):
            return _already_begun(session, acteur, convention_id, ADHESION)
        following = find_following(session, convention_id)
        if following is not None:
            raise Conflit(f"La convention n° {following} prend déjà la suite de celle-ci. Rechargez la page.")
        _refuse_second(session, convention_id, ADHESION, "Renouvellement")
        version = _current(session, convention)
        answers = prefill_renewal(session, convention, get_offer(session, version.id))
        dossier = insert_dossier(
            session, acteur, version, convention.collectivite_id, answers, convention_id=convention.id
        )
        record(
            session, acteur, "demande.renouveler", centre_id=convention.centre_id, objet="dossier",
            objet_id=dossier.id, reference=dossier.reference, convention=convention.id,
        )  # fmt: skip
        return dossier.id


def renewal_of(session: Session, acteur: Acteur, convention: Convention) -> DemandePossible | None:
    """The convention that may follow this one, for somebody who may begin its dossier; None otherwise."""
    if convention.etat not in RENEWABLE or not roles_on(acteur, convention).intersection(CREER_DOSSIER):
        return None
    if find_following(session, convention.id) is not None:
        return None
    begun = next((one for one in _open_requests(session, convention.id) if one.nature == ADHESION), None)
    return DemandePossible(
        ADHESION,
        "Convention suivante",
        "Une nouvelle adhésion, remplie avec le texte en vigueur, qui prend la suite de cette convention.",
        (begun.id, begun.reference) if begun else None,
    )


def find_following(session: Session, convention_id: UUID) -> str | None:
    """Number of the convention that follows this one, signed or to be; a second one would be due for the same days."""
    query = select(Convention.numero).where(Convention.remplace_id == convention_id, Convention.etat != "annulee")
    return session.scalar(query.limit(1))


def _require(acteur: Acteur, convention: Convention, allowed: Collection[Role]) -> None:
    names = " ou ".join(ROLE_LABELS[role].lower() for role in Role if role in allowed)
    require(
        roles_on(acteur, convention), *allowed, message=f"Commencer cette demande revient à un autre rôle ({names})."
    )


def _refuse_ended(convention: Convention) -> None:
    if convention.etat not in RUNNING_STATES:
        raise Refus("Cette convention n’est pas en vigueur : rien ne peut y être modifié.")
    if convention.dernier_jour < clock.today(convention.centre.fuseau):
        raise Refus("Cette convention a pris fin : rien ne peut plus y être modifié.")


def waiting_avenant(session: Session, convention_id: UUID) -> Avenant | None:
    """The avenant that was issued and that both parties have not signed yet: another would be made of a text that moves."""
    waiting = ("a_signer", "signee_collectivite")
    query = select(Avenant).where(Avenant.parent_id == convention_id, Avenant.etat.in_(waiting))
    return session.scalars(query.limit(1)).one_or_none()


def _refuse_second(session: Session, convention_id: UUID, nature: str, titre: str, circuit: str = "") -> None:
    waiting = waiting_avenant(session, convention_id) if circuit == "signature" else None
    if waiting is not None:
        raise Conflit(f"L’avenant {waiting.numero} attend encore une signature : terminez-le ou annulez-le d’abord.")
    for other in _open_requests(session, convention_id):
        if other.nature == nature:
            raise Conflit(
                f"« {titre} » : une demande est déjà en cours ({other.reference}). Terminez-la ou retirez-la d’abord."
            )


def _already_begun(session: Session, acteur: Acteur, convention_id: UUID, nature: str) -> UUID:
    """The dossier that the first of two clicks made."""
    query = select(Dossier.id).where(
        Dossier.convention_id == convention_id, Dossier.nature == nature, Dossier.cree_par == acteur.utilisateur_id
    )
    return session.scalars(query.order_by(Dossier.cree_le.desc()).limit(1)).one()


# What a new dossier starts from -------------------------------------------------------------------------------------------


def prefill(session: Session, convention: Convention, variant: Offer, demande: TypeDemande) -> Answers:
    """Answers that a new request starts with: the forms' defaults, and the text for the steps that say so."""
    forms = variant.formset
    wanted = {
        field.id
        for step in variant.steps
        if step.prerempli and step.form
        for _, field in forms.form(step.form).iter_fields()
    }
    text = latest_text(session, convention)
    answers = forms.defaults()
    for champ in wanted:
        put_known(forms, answers, champ, text.get(champ))
    if demande.circuit == "signature":
        party = variant.party(text.get("collectivite.type"))
        put_known(forms, answers, f"{ACTE_AUTORISANT}organe", party.organe if party else None)
    return answers


def prefill_renewal(session: Session, convention: Convention, offer: Offer) -> Answers:
    """Answers of the adhesion that follows: the text as it will stand, from the day after the last one; its own
    délibération is still to come."""
    forms = offer.formset
    answers = forms.defaults()
    for champ, valeur in latest_text(session, convention).items():
        if not champ.startswith(ACTE_AUTORISANT):
            put_known(forms, answers, champ, valeur)
    known = session.get_one(Collectivite, convention.collectivite_id)
    party = offer.party(answers.get("collectivite.type") or known.type)
    put_known(forms, answers, f"{ACTE_AUTORISANT}organe", party.organe if party else None)
    follows = next_start(convention)
    put_known(forms, answers, offer.duree.champ_effet, follows.isoformat())
    put_known(forms, answers, offer.duree.champ_debut, follows.isoformat())
    return answers


def next_start(convention: Convention) -> date:
    """First day of the convention that follows this one."""
    return convention.dernier_jour + timedelta(days=1)


def put_known(forms: FormSet, answers: dict[str, Any], champ: str, valeur: object) -> None:
    """Set an answer when the form has the field, and accepts the value. A file stays with the dossier that it was given to."""
    if champ in forms.fields and forms.fields[champ].type != "file" and valeur is not None:
        put_answer(forms, answers, champ, valeur)
