"""Dossiers: beginning one, opening one with everything its page shows, and entrusting it to an instructeur."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from documents.contexts.montants import build_montants
from domain.errors import Introuvable, Refus
from domain.forms.fields import FieldError, parse_value
from domain.forms.formset import FormSet
from domain.offer import ADHESION
from domain.roles import ROLE_LABELS, Role
from domain.workflow.tables import CREER_DOSSIER
from models import (
    Acte,
    Centre,
    Collectivite,
    Depot,
    Dossier,
    OffreVersion,
    Piece,
    Reponse,
    SaisieEnAttente,
    Utilisateur,
    utc_now,
)
from services.adhesion.answers import apply_parked, list_parked
from services.adhesion.corrections import correction_row, list_corrections
from services.adhesion.dossier_lists import holders_today
from services.adhesion.dossier_state import DossierState, load_state
from services.adhesion.dossier_views import (
    Answer,
    CentreRow,
    CollectiviteRow,
    CorrectionRow,
    DepotRow,
    DossierView,
    MotifSaisie,
    SaisieRow,
    Sujet,
)
from services.adhesion.edition import Edition, find_edition
from services.adhesion.intitules import name_dossier
from services.adhesion.messages import acteur_is_centre, list_messages
from services.adhesion.warnings import list_warnings
from services.adhesion.workflow import list_actions
from services.centre.offres import get_offer, list_tarifs
from services.core import clock
from services.core.access import Acteur, get_dossier, require, roles_on
from services.core.numerotation import format_numero, next_rang
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail, once, record

logger = logging.getLogger("portail")

NOBODY = "Compte supprimé"


def create_dossier(
    portail: Portail, acteur: Acteur, *, collectivite_id: UUID, offre_version_id: UUID, operation_id: str
) -> UUID:
    """Begin a dossier of a collectivité with a published offer: its gestionnaire, or an instructeur of the centre.

    What is known of the collectivité is filled in. The same `operation_id` again gives the dossier already begun.
    """
    with portail.action(acteur, "dossier.creer", objet="collectivite", objet_id=collectivite_id) as session:
        version = session.get(OffreVersion, offre_version_id)
        collectivite = session.get(Collectivite, collectivite_id)
        if version is None or collectivite is None:
            raise Introuvable()
        roles = acteur.roles_for(centre_id=version.centre_id, collectivite_id=collectivite_id)
        allowed = " ou ".join(ROLE_LABELS[role].lower() for role in CREER_DOSSIER)
        require(roles, *CREER_DOSSIER, message=f"Commencer un dossier demande le rôle {allowed}.")
        if version.etat != "publiee":
            raise Refus("Cette offre n’est pas ouverte aux demandes.")
        if not once(session, operation_id):
            return _already_begun(session, acteur, collectivite_id, offre_version_id)
        dossier = _insert_dossier(session, acteur, version, collectivite)
        record(
            session, acteur, "dossier.creer", centre_id=version.centre_id, objet="dossier", objet_id=dossier.id,
            reference=dossier.reference,
        )  # fmt: skip
        return dossier.id


def _insert_dossier(session: Session, acteur: Acteur, version: OffreVersion, collectivite: Collectivite) -> Dossier:
    answers = known_answers(get_offer(session, version.id).formset, collectivite)
    return insert_dossier(session, acteur, version, collectivite.id, answers)


def insert_dossier(
    session: Session,
    acteur: Acteur,
    version: OffreVersion,
    collectivite_id: UUID,
    answers: Mapping[str, Any],
    *,
    nature: str = ADHESION,
    convention_id: UUID | None = None,
) -> Dossier:
    """A new draft with its number and these answers. `convention_id`: the convention that it is about, or that it follows."""
    annee = clock.today(session.get_one(Centre, version.centre_id).fuseau).year
    dossier = Dossier(
        reference=f"D-{format_numero(annee, next_rang(session, version.centre_id, 'dossier', annee))}",
        nature=nature,
        centre_id=version.centre_id,
        collectivite_id=collectivite_id,
        offre_version_id=version.id,
        convention_id=convention_id,
        cree_par=acteur.utilisateur_id,
    )
    session.add(dossier)
    session.flush()
    for champ, valeur in answers.items():
        session.add(
            Reponse(dossier_id=dossier.id, champ=champ, valeur=valeur, version=1, modifiee_par=acteur.utilisateur_id)
        )
    session.flush()
    return dossier


def _already_begun(session: Session, acteur: Acteur, collectivite_id: UUID, offre_version_id: UUID) -> UUID:
    """The dossier that the first of two clicks made."""
    query = select(Dossier.id).where(
        Dossier.collectivite_id == collectivite_id,
        Dossier.offre_version_id == offre_version_id,
        Dossier.convention_id.is_(None),
        Dossier.cree_par == acteur.utilisateur_id,
    )
    return session.scalars(query.order_by(Dossier.cree_le.desc()).limit(1)).one()


def known_answers(forms: FormSet, collectivite: Collectivite) -> dict[str, Any]:
    """Answers that a new dossier starts with: the form's defaults, the collectivité, and what these choices fill in."""
    answers = forms.defaults()
    known = {
        "collectivite.type": collectivite.type,
        "collectivite.nom": collectivite.nom,
        "collectivite.siren": collectivite.siren,
        "collectivite.code_insee": collectivite.code_insee,
    }
    for champ, raw in known.items():
        put_answer(forms, answers, champ, raw)
    for champ in known:
        field = forms.fields.get(champ)
        chosen = next((one for one in field.options if one.id == answers.get(champ)), None) if field else None
        if field is not None and chosen is not None:
            for target, attribute in field.fills.items():
                put_answer(forms, answers, target, chosen.values.get(attribute))
    return answers


def put_answer(forms: FormSet, answers: dict[str, Any], champ: str, raw: object) -> None:
    """Set an answer when the form has the field and accepts the value: what does not fit is left to the clerk."""
    if champ not in forms.fields:
        return
    try:
        value = parse_value(forms.fields[champ], raw)
    except FieldError:
        return
    if value is not None:
        answers[champ] = value


def assign_instructeur(portail: Portail, acteur: Acteur, dossier_id: UUID, utilisateur_id: UUID | None) -> None:
    """Entrust the dossier to somebody who is an instructeur of its centre today, or to nobody (None)."""
    with portail.action(acteur, "dossier.attribuer", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id, lock=True)
        roles = roles_on(acteur, dossier)
        require(roles, Role.INSTRUCTEUR, Role.RESPONSABLE, message="Seul le centre attribue un dossier.")
        held = holders_today(session, [dossier.centre_id])[dossier.centre_id]
        if utilisateur_id is not None and utilisateur_id not in held:
            raise Refus("Cette personne n’est pas instructeur du centre aujourd’hui.")
        dossier.instructeur_id, dossier.modifie_le = utilisateur_id, utc_now()
        session.flush()
        record(
            session, acteur, "dossier.attribuer", centre_id=dossier.centre_id, objet="dossier", objet_id=dossier.id,
            instructeur=utilisateur_id,
        )  # fmt: skip


def open_dossier(portail: Portail, acteur: Acteur, dossier_id: UUID) -> DossierView:
    """Everything a page of the dossier shows to this person; Introuvable (journalled) when they may not see it.

    What the person typed in an expired session is saved on the way (services.adhesion.answers.apply_parked).
    """
    with portail.view(acteur, "dossier.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        get_dossier(session, acteur, dossier_id)
        parked = bool(list_parked(session, acteur, dossier_id))
    if parked:
        apply_parked(portail, acteur, dossier_id)
    with portail.view(acteur, "dossier.ouvrir", objet="dossier", objet_id=dossier_id) as session:
        return _build_view(session, acteur, get_dossier(session, acteur, dossier_id))


def _build_view(session: Session, acteur: Acteur, dossier: Dossier) -> DossierView:
    state = load_state(session, dossier)
    for anomaly in state.evaluation.anomalies:
        logger.warning("dossier %s: %s", dossier.id, anomaly)
    du_centre = acteur_is_centre(acteur, dossier)
    edition = find_edition(session, acteur, state)
    depots = session.scalars(select(Depot).where(Depot.dossier_id == dossier.id).order_by(Depot.numero)).all()
    # What a clerk has not settled yet is no business of the centre's.
    saisies = [one for one in _saisies(session, dossier) if edition.allows(one.champ) or not du_centre]
    saisies = [one for one in saisies if one.champ not in edition.autres]
    names = _load_names(
        session,
        [dossier.instructeur_id, *(one.utilisateur_id for one in saisies), *(one.par for one in depots)]
        + [one.modifiee_par for one in state.reponses.values()],
    )
    messages = list_messages(session, acteur, dossier)
    acte = session.execute(select(Acte.id, Acte.numero).where(Acte.dossier_id == dossier.id)).one_or_none()
    return DossierView(
        **_identity(session, state, du_centre, acte),
        answers=_answers(state, names),
        evaluation=state.evaluation,
        pieces=_pieces(session, dossier),
        corrections=_corrections(session, state, du_centre),
        messages=messages,
        non_lus=sum(one.nouveau for one in messages),
        saisies=tuple(_saisie_row(one, acteur, names) for one in saisies),
        actions=list_actions(session, acteur, state),
        # The collectivité reads what is still open, never why the centre lifted the rest.
        avertissements=tuple(
            one for one in list_warnings(session, state, du_centre=du_centre) if du_centre or one.levee is None
        ),
        editable=edition.ouverte,
        editables=edition.champs,
        autres=edition.autres,
        instructeur_nom=names.get(dossier.instructeur_id),
        roles=roles_on(acteur, dossier),
        montants=_montants(session, state),
        depots=tuple(DepotRow(one.id, one.numero, one.le, names.get(one.par)) for one in depots),
    )


def build_form_view(session: Session, acteur: Acteur, state: DossierState, edition: Edition) -> DossierView:
    """What filling in a draft's form needs, and nothing else: it is read again at each change. Messages, corrections,
    actions, warnings, deposits, amounts and the convention are left out (empty)."""
    dossier = state.dossier
    saisies = [one for one in _saisies(session, dossier) if one.champ not in edition.autres]
    people = {one.modifiee_par for one in state.reponses.values()} | {one.utilisateur_id for one in saisies}
    others = people - {None, acteur.utilisateur_id}
    names = _load_names(session, others) if others else {}
    names[acteur.utilisateur_id] = acteur.nom
    du_centre = acteur_is_centre(acteur, dossier)
    return DossierView(
        **_identity(session, state, du_centre, None),
        answers=_answers(state, names),
        evaluation=state.evaluation,
        pieces=_pieces(session, dossier) if _has_file(state) else (),
        corrections=(),
        messages=(),
        non_lus=0,
        saisies=tuple(_saisie_row(one, acteur, names) for one in saisies),
        actions=(),
        avertissements=(),
        editable=edition.ouverte,
        editables=edition.champs,
        autres=edition.autres,
        instructeur_nom=None,
        roles=roles_on(acteur, dossier),
        montants=None,
        depots=(),
    )


def _has_file(state: DossierState) -> bool:
    return any(isinstance(one.valeur, dict) and "piece" in one.valeur for one in state.reponses.values())


def _answers(state: DossierState, names: dict[UUID | None, str]) -> dict[str, Answer]:
    return {
        champ: Answer(one.valeur, one.version, one.modifiee_le, names.get(one.modifiee_par))
        for champ, one in state.reponses.items()
    }


def _identity(session: Session, state: DossierState, du_centre: bool, acte: Any) -> dict[str, Any]:
    """The fields of DossierView that say what the dossier is and where it stands."""
    dossier = state.dossier
    return {
        "id": dossier.id,
        "reference": dossier.reference,
        "etat": dossier.etat,
        "etat_libelle": state.offer.workflow_dossier.label(dossier.etat, collectivite=not du_centre),
        "nature": dossier.nature,
        "motif": dossier.motif,
        "centre": _centre_row(state.centre),
        "collectivite": _collectivite_row(session.get_one(Collectivite, dossier.collectivite_id)),
        "offer": state.offer,
        "offre_version_id": dossier.offre_version_id,
        "convention_id": acte.id if acte else None,
        "numero_convention": acte.numero if acte else None,
        "sujet": _sujet(session, dossier),
        "instructeur_id": dossier.instructeur_id,
        "cree_le": dossier.cree_le,
        "modifie_le": dossier.modifie_le,
        "depose_le": dossier.depose_le,
        "cote_centre": du_centre,
    }


def _sujet(session: Session, dossier: Dossier) -> Sujet | None:
    if dossier.convention_id is None:
        return None
    numero = session.scalars(select(Acte.numero).where(Acte.id == dossier.convention_id)).one()
    return Sujet(dossier.convention_id, numero, name_dossier(session, dossier, numero))


def _load_names(session: Session, ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """Names of these people by id, with one query."""
    wanted = {one for one in ids if one is not None}
    found: dict[UUID | None, str] = dict.fromkeys(wanted, NOBODY)
    for person in session.scalars(select(Utilisateur).where(Utilisateur.id.in_(wanted))):
        found[person.id] = person.nom_complet
    return found


def _saisie_row(saisie: SaisieEnAttente, acteur: Acteur, names: dict[UUID | None, str]) -> SaisieRow:
    return SaisieRow(
        id=saisie.id,
        champ=saisie.champ,
        motif=cast(MotifSaisie, saisie.motif),
        valeur=saisie.valeur,
        auteur=names.get(saisie.utilisateur_id, NOBODY),
        le=saisie.le,
        mienne=saisie.utilisateur_id == acteur.utilisateur_id,
    )


def _centre_row(centre: Centre) -> CentreRow:
    return CentreRow(centre.id, centre.code, centre.nom, centre.fuseau, dict(centre.parametres))


def _collectivite_row(one: Collectivite) -> CollectiviteRow:
    return CollectiviteRow(one.id, one.nom, one.siren, one.type)


def _saisies(session: Session, dossier: Dossier) -> list[SaisieEnAttente]:
    query = select(SaisieEnAttente).where(SaisieEnAttente.dossier_id == dossier.id)
    return list(session.scalars(query.order_by(SaisieEnAttente.le, SaisieEnAttente.id)))


def _corrections(session: Session, state: DossierState, du_centre: bool) -> tuple[CorrectionRow, ...]:
    """The collectivité sees a correction once it is sent."""
    rows = (one for one in list_corrections(session, state.dossier) if du_centre or one.envoyee_le)
    return tuple(correction_row(one, state.forms) for one in rows)


def _pieces(session: Session, dossier: Dossier) -> tuple[PieceRow, ...]:
    query = select(Piece).where(Piece.dossier_id == dossier.id, Piece.retiree_le.is_(None))
    return tuple(piece_row(one) for one in session.scalars(query.order_by(Piece.deposee_le, Piece.id)))


def _montants(session: Session, state: DossierState) -> dict[str, Any] | None:
    """What the documents will print, None while the quantity is not known. A request has none of its own: what an avenant costs
    depends on its convention (services.vie.avenants.open_amounts)."""
    if state.dossier.nature != ADHESION or state.value(state.offer.facturation.champ) is None:
        return None
    tarifs = list_tarifs(session, state.dossier.centre_id)
    return build_montants(state.offer, state.evaluation.tree, tarifs)[0]
