"""Things to do for the people of a centre: requests, dossiers to review, conventions to sign, settings that are missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from domain.offer import ADHESION
from domain.roles import Role
from models import (
    Acte,
    Centre,
    Collectivite,
    Convention,
    Courriel,
    DemandeAdhesion,
    Depot,
    Dossier,
    Levee,
    Piece,
    RoleAttribue,
    Utilisateur,
    utc_now,
)
from services.accueil import taches_activite, taches_circuit, taches_fin, taches_vie
from services.accueil.tache_rows import LIMIT, Tache, unread_taches
from services.accueil.taches_collectivite import describe_progress
from services.accueil.taches_facturation import list_decomptes_taches
from services.adhesion.dossier_lists import holders_today
from services.adhesion.dossier_state import load_states
from services.adhesion.intitules import title_dossiers
from services.adhesion.releves import read_releves
from services.adhesion.warnings import find_doubles, find_warnings, price_request, tarif_codes
from services.centre.offres import get_offer, list_tarifs, published_offers
from services.convention.convention_warnings import examine_stored, pending
from services.core import clock
from services.core.access import Acteur
from services.courriels.envois import FILTRES
from services.courriels.mails import in_flight

SHOWN_FAILURES = timedelta(days=15)
"""How long a failed mail is shown."""


def list_all(session: Session, acteur: Acteur) -> list[Tache]:
    """Things to do for the person's centres."""
    instructs = bool(acteur.centres_with(Role.INSTRUCTEUR))  # else there is nothing to look for
    mine = _mine(session, acteur)
    return [
        *_conventions_to_sign(session, acteur),
        *_signed_with_warnings(session, acteur),
        *taches_fin.list_centre(session, acteur),
        *(_demandes(session, acteur) if instructs else ()),
        *(_dossiers(session, acteur, mine) if instructs else ()),
        *taches_circuit.list_centre(session, acteur, mine),
        *_releves(session, acteur),
        *(_unread(session, acteur, mine) if instructs else ()),
        *taches_activite.list_centre(session, acteur),
        *list_decomptes_taches(session, acteur),
        *taches_vie.list_centre(session, acteur),
        *_settings(session, acteur),
        *_failed_mails(session, acteur),
    ]


def _conventions_to_sign(session: Session, acteur: Acteur) -> list[Tache]:
    query = (
        select(Acte, Collectivite.nom)
        .join(Collectivite, Collectivite.id == Acte.collectivite_id)
        .where(
            Acte.etat == "signee_collectivite",
            Acte.centre_id.in_(acteur.centres_with(Role.SIGNATAIRE_CENTRE)),
        )
        .order_by(Acte.collectivite_signee_le, Acte.numero)
        .limit(LIMIT)
    )
    return [
        Tache(
            f"{convention.nature.capitalize()}s à signer par le centre",
            f"{convention.nature.capitalize()} {convention.numero}, {nom}",
            "La collectivité a signé : contresignez, puis déposez le PDF.",
            "convention",
            {"id": str(convention.id)},
            urgente=True,
        )
        for convention, nom in session.execute(query)
    ]


def _demandes(session: Session, acteur: Acteur) -> list[Tache]:
    query = (
        select(DemandeAdhesion)
        .where(
            DemandeAdhesion.etat == "recue",
            DemandeAdhesion.centre_id.in_(acteur.centres_with(Role.INSTRUCTEUR)),
        )
        .order_by(DemandeAdhesion.creee_le)
        .limit(LIMIT)
    )
    return [
        Tache(
            "Demandes d’adhésion",
            demande.collectivite_nom,
            f"Demande de {demande.prenom} {demande.nom}, à accepter ou à refuser.",
            "demandes",
            {"id": str(demande.id)},
            demande.confirmee_le or demande.creee_le,
        )
        for demande in session.scalars(query)
    ]


GROUPS = {
    "depose": "Dossiers déposés",
    "en_instruction": "Dossiers à instruire",
    "accepte": "Conventions à émettre",
    "brouillon": "Dossiers commencés pour une collectivité",
}


GROUPS_DEMANDES = {
    "depose": "Demandes sur une convention",
    "en_instruction": "Demandes sur une convention à instruire",
    "accepte": "Avenants à émettre",
    "brouillon": GROUPS["brouillon"],
}
"""The same for requests about a convention."""
ORDER = (*GROUPS.values(), *GROUPS_DEMANDES.values())


def _dossiers(session: Session, acteur: Acteur, mine: ColumnElement[bool]) -> list[Tache]:
    """Dossiers that wait for the instructeur: those of everybody when deposited, then `mine`, their own and nobody's (those
    of somebody who is no longer an instructeur are nobody's)."""
    query = (
        select(Dossier, Collectivite)
        .join(Collectivite, Collectivite.id == Dossier.collectivite_id)
        .where(
            Dossier.centre_id.in_(acteur.centres_with(Role.INSTRUCTEUR)),
            or_(
                Dossier.etat == "depose",
                Dossier.etat.in_(("en_instruction", "accepte")) & mine,
                (Dossier.etat == "brouillon") & or_(Dossier.cree_par == acteur.utilisateur_id, _left(session, acteur)),
            ),
        )
        .order_by(Dossier.modifie_le)
        .limit(4 * LIMIT)
    )
    found = session.execute(query).all()
    if not found:
        return []
    deposits = _count_deposits(session, [dossier.id for dossier, _ in found])
    warnings = _open_warnings(session, found)
    before = _names(session, acteur, found)
    titles = title_dossiers(session, [dossier for dossier, _ in found])
    taches = [
        _dossier_tache(
            dossier,
            f"{titles[dossier.id]}, {collectivite.nom}",
            deposits.get(dossier.id, 0),
            warnings.get(dossier.id, 0),
            before.get(dossier.instructeur_id),
        )
        for dossier, collectivite in found
        if dossier.etat != "brouillon"
    ]
    drafts = _drafts(session, found, titles, before)
    return sorted(taches, key=lambda one: ORDER.index(one.groupe)) + drafts


def _drafts(
    session: Session,
    found: Iterable[tuple[Dossier, Collectivite]],
    titles: dict[UUID, str],
    before: dict[UUID | None, str],
) -> list[Tache]:
    """Those begun for a collectivité, with what is left to answer."""
    names = {dossier.id: collectivite.nom for dossier, collectivite in found}
    return [
        Tache(
            GROUPS["brouillon"],
            f"{titles[state.dossier.id]}, {names[state.dossier.id]}",
            _until_now(before.get(state.dossier.cree_par))
            + (
                describe_progress(state.evaluation)
                if not state.evaluation.complete_for("deposer")
                else "Tout y est : la collectivité peut déposer."
            ),
            "dossier",
            {"id": str(state.dossier.id)},
            state.dossier.modifie_le,
        )
        for state in load_states(session, [dossier for dossier, _ in found if dossier.etat == "brouillon"])
    ]


def _releves(session: Session, acteur: Acteur) -> list[Tache]:
    """Information sessions, états des lieux… held with a collectivité, that the centre has yet to record."""
    return [
        Tache(
            "Séances et entretiens à relever",
            f"Dossier {row.reference}, {row.collectivite}",
            f"À relever : {', '.join(row.a_relever)}.",
            "entretiens",
            {"id": str(row.dossier_id)},
            row.modifie_le,
        )
        for row in read_releves(session, acteur, limit=LIMIT)
        if row.a_relever
    ]


def _mine(session: Session, acteur: Acteur) -> ColumnElement[bool]:
    """Dossiers in the charge of the person, or of nobody who is an instructeur of their centre today."""
    others = [
        and_(Dossier.centre_id == centre_id, Dossier.instructeur_id.in_(people - {acteur.utilisateur_id}))
        for centre_id, people in holders_today(session, acteur.centres_with(Role.INSTRUCTEUR)).items()
    ]
    return or_(Dossier.instructeur_id.is_(None), ~or_(false(), *others))


def _left(session: Session, acteur: Acteur) -> ColumnElement[bool]:
    """Dossiers begun by an instructeur of the person's centres who no longer is one there: everybody's."""
    gone = [
        and_(
            Dossier.centre_id == centre_id,
            Dossier.cree_par.in_(
                select(RoleAttribue.utilisateur_id).where(
                    RoleAttribue.centre_id == centre_id, RoleAttribue.role == Role.INSTRUCTEUR.value
                )
            ),
            Dossier.cree_par.not_in(people),
        )
        for centre_id, people in holders_today(session, acteur.centres_with(Role.INSTRUCTEUR)).items()
    ]
    return or_(false(), *gone)


def _names(session: Session, acteur: Acteur, found: Iterable[tuple[Dossier, Collectivite]]) -> dict[UUID | None, str]:
    """Names of the colleagues who were in charge of these dossiers, or had begun them, and have left."""
    people = {one for dossier, _ in found for one in (dossier.instructeur_id, dossier.cree_par) if one}
    still = {one for held in holders_today(session, acteur.centres_with(Role.INSTRUCTEUR)).values() for one in held}
    query = select(Utilisateur).where(Utilisateur.id.in_(people - still))
    return {one.id: one.nom_complet for one in session.scalars(query)}


def _until_now(name: str | None) -> str:
    return f"Suivi jusqu’ici par {name}, qui a quitté ce rôle. " if name else ""


def _dossier_tache(dossier: Dossier, titre: str, deposits: int, warnings: int, before: str | None = None) -> Tache:
    again = dossier.etat == "en_instruction" and deposits > 1
    adhesion = dossier.nature == ADHESION
    detail = {
        "depose": "À prendre en charge." if adhesion else "À examiner.",
        "en_instruction": "Corrections déposées : à examiner." if again else "À examiner.",
        "accepte": "Dossier accepté : émettez la convention." if adhesion else "Accepté : émettez l’avenant.",
    }[dossier.etat]
    detail = _until_now(before) + detail
    if warnings:
        detail += f" {warnings} avertissement{'s' if warnings > 1 else ''} à lever."
    return Tache(
        (GROUPS if adhesion else GROUPS_DEMANDES)[dossier.etat],
        titre,
        detail,
        "instruction",
        {"id": str(dossier.id)},
        dossier.modifie_le,
        urgente=again,
    )


def _count_deposits(session: Session, dossier_ids: list[UUID]) -> dict[UUID, int]:
    query = select(Depot.dossier_id, func.count()).where(Depot.dossier_id.in_(dossier_ids)).group_by(Depot.dossier_id)
    return dict(session.execute(query).all())


def _open_warnings(session: Session, found: Iterable[tuple[Dossier, Collectivite]]) -> dict[UUID, int]:
    """Number of warnings not lifted, by dossier under review: a fixed number of queries."""
    reviewed = {dossier.id: (dossier, one) for dossier, one in found if dossier.etat in ("en_instruction", "accepte")}
    if not reviewed:
        return {}
    tarifs = {centre_id: list_tarifs(session, centre_id) for centre_id in {d.centre_id for d, _ in reviewed.values()}}
    query = select(Levee.dossier_id, Levee.code).where(Levee.dossier_id.in_(reviewed))
    lifted = set(session.execute(query).all())
    doubles = find_doubles(session, reviewed)
    about = {dossier.convention_id for dossier, _ in reviewed.values() if dossier.nature != ADHESION}
    held = session.scalars(
        select(Convention).where(Convention.id.in_(about))
    ).all()  # by id, then, without a query each
    counts = {}
    for state in load_states(session, [dossier for dossier, _ in reviewed.values()]):
        dossier = state.dossier
        prix = price_request(session, state) if held else None
        codes = find_warnings(
            state, tarifs[dossier.centre_id], reviewed[dossier.id][1], doubles.get(dossier.id, ()), prix
        )
        counts[dossier.id] = sum(1 for code in codes if (dossier.id, code) not in lifted)
    return counts


def _unread(session: Session, acteur: Acteur, mine: ColumnElement[bool]) -> list[Tache]:
    centres = Dossier.centre_id.in_(acteur.centres_with(Role.INSTRUCTEUR))
    return unread_taches(session, acteur, "instruction", centres, mine)


def _settings(session: Session, acteur: Acteur) -> list[Tache]:
    """What a centre still has to give: the year's tariffs, and the annexes that it supplies itself."""
    found = []
    mine = acteur.centres_with(Role.RESPONSABLE, Role.ADMINISTRATEUR)
    for centre in session.scalars(select(Centre).where(Centre.id.in_(mine)).order_by(Centre.nom)):
        offers = [get_offer(session, version.id) for version in published_offers(session, centre.id)]
        annee = clock.today(centre.fuseau).year
        known = {tarif.code for tarif in list_tarifs(session, centre.id) if tarif.annee == annee}
        missing = {code for offer in offers for code in tarif_codes(offer)} - known
        if missing:
            detail = f"Les tarifs {annee} ne sont pas enregistrés : ceux d’une autre année demandent une confirmation."
            found.append(Tache("Réglages du centre", f"Tarifs {annee}", detail, "tarifs", {"centre": str(centre.id)}))
        supplied = set(
            session.scalars(
                select(Piece.champ).where(
                    Piece.centre_id == centre.id, Piece.usage == "annexe_centre", Piece.retiree_le.is_(None)
                )
            )
        )
        wanted = {one.id: one.titre for offer in offers for one in offer.annexes if one.source == "piece_centre"}
        found += [
            Tache(
                "Réglages du centre",
                titre,
                "Ce document du centre n’est pas déposé : une page le dit à sa place dans les conventions.",
                "parametres",
                {"onglet": "annexes"},
            )
            for annexe, titre in wanted.items()
            if annexe not in supplied
        ]
    return found


def _failed_mails(session: Session, acteur: Acteur) -> list[Tache]:
    """Mails of these days that never left, unless the same one has been sent since."""
    again = aliased(Courriel)
    sent_since = exists().where(
        again.destinataire == Courriel.destinataire,
        again.modele == Courriel.modele,
        again.etat == "envoye",
        again.cree_le > Courriel.cree_le,
    )
    query = select(Courriel).where(
        Courriel.etat.in_(("echec", "incertain")),
        Courriel.cree_le > utc_now() - SHOWN_FAILURES,
        Courriel.centre_id.in_(acteur.centres_with(Role.ADMINISTRATEUR)),
        ~sent_since,
    )
    first: dict[str, datetime] = {}
    for mail in session.scalars(query.order_by(Courriel.cree_le).limit(LIMIT)):
        if not in_flight(mail):
            first.setdefault(mail.destinataire, mail.cree_le)
    return [
        Tache(
            "Courriels en échec",
            f"Courriel pour {destinataire}",
            "Il n’est pas parti, ou peut-être pas : voyez pourquoi, puis renvoyez-le ou classez-le.",
            "courriels",
            {"vue": "envois", "e_etat": FILTRES["a_traiter"][0], "e_texte": destinataire},
            since,
            urgente=True,
        )
        for destinataire, since in first.items()
    ]


def _signed_with_warnings(session: Session, acteur: Acteur) -> list[Tache]:
    """Signed documents with something that an instructeur must look at before the centre signs."""
    query = (
        select(Acte)
        .where(Acte.etat == "signee_collectivite", Acte.centre_id.in_(acteur.centres_with(Role.INSTRUCTEUR)))
        .order_by(Acte.numero)
        .limit(LIMIT)
    )
    found = []
    for convention in session.scalars(query):
        left = len(pending(session, convention, examine_stored(session, convention)))
        if left:
            found.append(
                Tache(
                    "Documents signés à vérifier",
                    f"{convention.nature.capitalize()} {convention.numero}, {convention.collectivite.nom}",
                    f"{left} avertissement{'s' if left > 1 else ''} à lever avant la signature du centre.",
                    "convention",
                    {"id": str(convention.id)},
                    urgente=True,
                )
            )
    return found
