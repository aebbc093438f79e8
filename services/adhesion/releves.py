"""What the centre answers in a dossier: the information session, the état des lieux (points M07, M08, M25), whatever sections
an offer gives to it. The centre's instructeurs, responsables and assistants record them; the collectivité reads them.

An assistant reads no dossier: here they are shown the steps that hold such sections, and nothing else of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.errors import Introuvable
from domain.forms.formset import Form
from domain.offer import Offer
from models import Collectivite, Dossier, OffreVersion
from services.adhesion.dossier_state import DossierState, load_state, load_states
from services.adhesion.dossier_views import DossierView
from services.adhesion.dossiers import build_form_view
from services.adhesion.edition import RELEVEURS, before_decision, find_edition, get_answerable, releve_query
from services.centre.offres import get_offer, published_offers
from services.core.access import Acteur
from services.core.portail import Portail

LIMIT = 200
"""Most dossiers of the list, the newest first."""


@dataclass(frozen=True)
class ReleveRow:
    """A dossier whose sections are the centre's to answer. `a_relever`: titles of the steps that still miss something."""

    dossier_id: UUID
    reference: str
    collectivite: str
    offre: str
    etat_libelle: str
    a_relever: tuple[str, ...]
    modifie_le: datetime


def centre_forms(offer: Offer) -> list[Form]:
    """The forms of the journey in which the centre has a section, in their order."""
    return [form for form in offer.formset.forms if any(one.rempli_par == "centre" for one in form.sections)]


def has_releves(portail: Portail, acteur: Acteur) -> bool:
    """Whether an offer of the person's centres gives sections to the centre: its page would be empty otherwise."""
    with portail.db.read() as session:
        return any(
            get_offer(session, version.id).formset.du_centre
            for centre_id in acteur.centres_with(*RELEVEURS)
            for version in published_offers(session, centre_id)
        )


def list_releves(portail: Portail, acteur: Acteur) -> list[ReleveRow]:
    """Dossiers not accepted yet in which the centre has something to answer, those that wait for it first."""
    with portail.db.read() as session:
        return read_releves(session, acteur)


def read_releves(session: Session, acteur: Acteur, *, limit: int = LIMIT) -> list[ReleveRow]:
    """As `list_releves`, in the caller's transaction."""
    versions = _versions(session, acteur)
    query = releve_query(acteur).where(Dossier.offre_version_id.in_(versions))
    found = session.scalars(query.order_by(Dossier.modifie_le.desc(), Dossier.id).limit(limit)).all()
    states = [
        state
        for state in load_states(session, found)
        if state.forms.du_centre and before_decision(state.offer.workflow_dossier, state.dossier.etat)
    ]
    wanted = {state.dossier.collectivite_id for state in states}
    rows = session.execute(select(Collectivite.id, Collectivite.nom).where(Collectivite.id.in_(wanted)))
    names = {row.id: row.nom for row in rows}
    return sorted((_row(state, names) for state in states), key=lambda one: not one.a_relever)


def _versions(session: Session, acteur: Acteur) -> list[UUID]:
    """Versions of the centres' offers that give the centre something to answer."""
    query = select(OffreVersion.id).where(
        OffreVersion.centre_id.in_(acteur.centres_with(*RELEVEURS)),
        OffreVersion.id.in_(select(Dossier.offre_version_id).distinct()),
    )
    offers = {version_id: get_offer(session, version_id) for version_id in session.scalars(query)}
    return [key for key, offer in offers.items() if _gives_sections(offer)]


def _gives_sections(offer: Offer) -> bool:
    return bool(offer.formset.du_centre) or any(one.formset.du_centre for one in offer.variants.values())


def _row(state: DossierState, names: dict[UUID, str]) -> ReleveRow:
    dossier = state.dossier
    waiting = {one.form_id for one in state.evaluation.missing if one.field_id in state.forms.du_centre}
    waiting |= {one.form_id for one in state.evaluation.recommended if one.field_id in state.forms.du_centre}
    return ReleveRow(
        dossier_id=dossier.id,
        reference=dossier.reference,
        collectivite=names[dossier.collectivite_id],
        offre=state.offer.titre,
        etat_libelle=state.offer.workflow_dossier.label(dossier.etat),
        a_relever=tuple(one.short_title or one.title for one in centre_forms(state.offer) if one.id in waiting),
        modifie_le=dossier.modifie_le,
    )


def open_releve(portail: Portail, acteur: Acteur, dossier_id: UUID) -> DossierView:
    """The steps of a dossier in which the centre answers, with the answers of these steps only. Introuvable, journalled, for
    whoever does not answer for the centre, or when the offer gives it nothing to answer."""
    with portail.view(acteur, "dossier.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_answerable(session, acteur, dossier_id)
        state = load_state(session, dossier)
        if dossier.centre_id not in acteur.centres_with(*RELEVEURS) or not state.forms.du_centre:
            raise Introuvable()
        view = build_form_view(session, acteur, state, find_edition(session, acteur, state))
        shown = {field.id for form in centre_forms(state.offer) for _, field in form.iter_fields()}
        return replace(view, answers={champ: one for champ, one in view.answers.items() if champ in shown})
