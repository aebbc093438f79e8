"""Things to do for the people of a collectivité: drafts, corrections, conventions to sign or to download, messages."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.forms.evaluation import Evaluation
from domain.offer import ADHESION
from domain.roles import Role
from domain.workflow.reading import CLOS, SAISIE
from models import Acte, Avenant, Collectivite, DemandeCorrection, Dossier, utc_now
from services.accueil import taches_activite, taches_circuit, taches_fin
from services.accueil.tache_rows import LIMIT, Tache, unread_taches
from services.adhesion.dossier_state import DossierState, load_states
from services.adhesion.edition import awaited_fields
from services.adhesion.intitules import title_dossiers
from services.core.access import Acteur

NEWS_DAYS = 60
"""How long a director is told that a convention is in force."""


def list_all(session: Session, acteur: Acteur) -> list[Tache]:
    """Things to do for the person's collectivités."""
    return [
        *_corrections(session, acteur),
        *_awaited(session, acteur),
        *_conventions_to_sign(session, acteur),
        *taches_fin.list_collectivite(session, acteur),
        *_drafts(session, acteur),
        *taches_circuit.list_collectivite(session, acteur),
        *_unread(session, acteur),
        *taches_activite.list_collectivite(session, acteur),
        *_in_force(session, acteur),
    ]


def _drafts(session: Session, acteur: Acteur) -> list[Tache]:
    """Drafts to complete (gestionnaire), complete ones to deposit (gestionnaire and signataire)."""
    clerk = acteur.collectivites_with(Role.GESTIONNAIRE)
    both = acteur.collectivites_with(Role.GESTIONNAIRE, Role.SIGNATAIRE)
    mine = (Dossier.nature != ADHESION) & (Dossier.cree_par == acteur.utilisateur_id)
    query = (
        select(Dossier)
        .where(Dossier.etat == "brouillon", or_(Dossier.collectivite_id.in_(both), mine))
        .order_by(Dossier.modifie_le)
        .limit(LIMIT)
    )
    found = []
    drafts = session.scalars(query).all()
    titles = title_dossiers(session, drafts)
    for state in load_states(session, drafts):
        dossier, complete = state.dossier, state.evaluation.complete_for("deposer")
        titre = titles[dossier.id]
        if complete:
            found.append(_draft(state, titre, "Dossiers à déposer", "Tout y est : relisez, puis déposez."))
        elif dossier.collectivite_id in clerk or dossier.nature != ADHESION:
            found.append(_draft(state, titre, "Dossiers à compléter", describe_progress(state.evaluation)))
    return found


def _draft(state: DossierState, titre: str, groupe: str, detail: str) -> Tache:
    dossier = state.dossier
    if dossier.nature == ADHESION:
        titre = f"{titre} : {state.offer.titre}"
    else:
        groupe = "Demandes commencées sur une convention"
    return Tache(groupe, titre, detail, "dossier", {"id": str(dossier.id)}, dossier.modifie_le)


def describe_progress(evaluation: Evaluation) -> str:
    """« 60 % rempli. À compléter ou à corriger : Nombre d’agents, Téléphone et 4 autres réponses. »"""
    required = sum(one.required for one in evaluation.progress.values())
    answered = sum(one.answered for one in evaluation.progress.values())
    labels = list(dict.fromkeys(one.label for one in evaluation.blocking("deposer")))
    share = 100 * answered // required if required else 0
    shown = labels if len(labels) <= 3 else [*labels[:2], f"{len(labels) - 2} autres réponses"]
    listed = " et ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
    return f"{share}\u00a0% rempli. À compléter ou à corriger : {listed}."


def _corrections(session: Session, acteur: Acteur) -> list[Tache]:
    query = (
        select(Dossier, DemandeCorrection)
        .join(DemandeCorrection, DemandeCorrection.dossier_id == Dossier.id)
        .where(
            Dossier.etat == "a_corriger",
            Dossier.collectivite_id.in_(acteur.collectivites_with(Role.GESTIONNAIRE, Role.SIGNATAIRE)),
            DemandeCorrection.envoyee_le.is_not(None),
            DemandeCorrection.close_le.is_(None),
        )
        .order_by(Dossier.modifie_le)
    )
    open_by_dossier: dict[Dossier, list[DemandeCorrection]] = {}
    for dossier, correction in session.execute(query):
        open_by_dossier.setdefault(dossier, []).append(correction)
    clerk = acteur.collectivites_with(Role.GESTIONNAIRE)
    titles = title_dossiers(session, open_by_dossier)
    found = []
    for dossier, asked in list(open_by_dossier.items())[:LIMIT]:
        left = sum(1 for one in asked if not one.traitee_le)
        if left and dossier.collectivite_id not in clerk:
            continue
        detail = f"{left} point{'s' if left > 1 else ''} à corriger." if left else "Tout est traité : redéposez."
        since = min(one.envoyee_le for one in asked if one.envoyee_le)
        titre = titles[dossier.id]
        found.append(
            Tache("Corrections demandées", titre, detail, "dossier", {"id": str(dossier.id)}, since, urgente=True)
        )
    return found


def _awaited(session: Session, acteur: Acteur) -> list[Tache]:
    """Dossiers before the centre that wait for the délibération: nobody else can give it."""
    query = (
        select(Dossier)
        .where(
            Dossier.etat.not_in((*CLOS, *SAISIE)),
            Dossier.collectivite_id.in_(acteur.collectivites_with(Role.GESTIONNAIRE)),
        )
        .order_by(Dossier.modifie_le)
        .limit(LIMIT)
    )
    found = []
    sent = session.scalars(query).all()
    titles = title_dossiers(session, sent)
    for state in load_states(session, sent):
        left = awaited_fields(session, state) & {one.field_id for one in state.evaluation.missing}
        if left:
            dossier = state.dossier
            detail = "Le centre ne peut pas décider sans elle : donnez-la dès qu’elle est votée."
            found.append(
                Tache(
                    "Délibérations à donner", titles[dossier.id], detail, "dossier", {"id": str(dossier.id)},
                    dossier.depose_le,
                )
            )  # fmt: skip
    return found


def _conventions_to_sign(session: Session, acteur: Acteur) -> list[Tache]:
    mine = acteur.collectivites_with(Role.GESTIONNAIRE, Role.SIGNATAIRE)
    query = (
        select(Acte, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Acte.collectivite_id)
        .where(Acte.etat == "a_signer", Acte.collectivite_id.in_(mine))
        .order_by(Acte.emise_le)
        .limit(LIMIT)
    )
    return [
        Tache(
            f"{convention.nature.capitalize()}s à signer",
            f"{convention.nature.capitalize()} {convention.numero}, {nom}",
            "Téléchargez le document, faites-le signer, puis déposez le PDF signé.",
            "convention",
            {"id": str(convention.id)},
            convention.emise_le,
            urgente=True,
        )
        for convention, nom in session.execute(query)
    ]


def _in_force(session: Session, acteur: Acteur) -> list[Tache]:
    """Conventions that the centre has just signed, for the directors who download them."""
    since = (utc_now() - timedelta(days=NEWS_DAYS)).date()
    query = (
        select(Acte, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Acte.collectivite_id)
        .where(
            Acte.etat == "en_vigueur",
            Acte.centre_signee_le >= since,
            Acte.collectivite_id.in_(acteur.collectivites_with(Role.DIRECTION)),
        )
        .order_by(Acte.emise_le)
        .limit(LIMIT)
    )
    return [
        Tache(
            f"{convention.nature.capitalize()}s signé{'s' if isinstance(convention, Avenant) else 'es'}",
            f"{convention.nature.capitalize()} {convention.numero}, {nom}",
            "Signé par les deux parties : le document peut être téléchargé.",
            "convention",
            {"id": str(convention.id)},
        )
        for convention, nom in session.execute(query)
    ]


def _unread(session: Session, acteur: Acteur) -> list[Tache]:
    roles = (Role.GESTIONNAIRE, Role.SIGNATAIRE, Role.DIRECTION)
    mine = Dossier.collectivite_id.in_(acteur.collectivites_with(*roles))
    return unread_taches(session, acteur, "dossier", mine, Dossier.centre_id.not_in(acteur.centre_ids))
