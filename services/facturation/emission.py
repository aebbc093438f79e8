"""Issuing statements: numbered and sealed inside one transaction, paid, or cancelled by a counter-statement.

An issued statement is never edited. What it says is computed again in the transaction that issues it, while the months and
the tariffs are held: hours recorded at that very moment either were there when it was checked, or stop it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from documents.context_decompte import Ligne, build_collectivite, build_decompte
from documents.uploads import DOCX_TYPE
from domain.decompte import DECOMPTE
from domain.errors import Invalide, Refus
from domain.offer import Offer
from models import Centre, Convention, Decompte, LigneDecompte, Piece, utc_now
from services.adhesion.dossier_state import last_depot
from services.adhesion.editique import Rendered
from services.adhesion.workflow import check_motif, find_line
from services.centre.offres import get_offer
from services.convention.convention_views import file_name
from services.core import clock
from services.core.access import Acteur
from services.core.files import store
from services.core.numerotation import format_numero, next_rang
from services.core.portail import Portail
from services.facturation.decomptes import compute_now, record_decompte, require_right, take
from services.facturation.exercices import refresh_convention
from services.facturation.gabarits import find_document, load_published, render_with
from services.facturation.lignes import tell_prix, tell_quantite


def issue(portail: Portail, acteur: Acteur, decompte_id: UUID) -> str:
    """Issue a checked statement: number, seal and keep its Word file; the number. Refus says what is missing (a warning to
    lift, a month that is open), Conflit that the figures changed since it was checked or that it was issued already."""
    with portail.action(acteur, "decompte.emettre", objet="decompte", objet_id=decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "emettre")
        calcul = compute_now(session, decompte)
        require_right(decompte, calcul)
        if calcul.vide:
            raise Refus("Rien n’est à facturer : supprimez ce brouillon.")
        if calcul.avertissement and not decompte.manifeste.get("levee"):
            raise Refus(f"Un avertissement est à lever d’abord : {calcul.avertissement[1]}")
        decompte.etat = "emis"
        _issue(portail, session, acteur, decompte)
        record_decompte(session, acteur, "decompte.emettre", decompte, numero=decompte.numero, sha256=decompte.sha256)
        return str(decompte.numero)


def _issue(portail: Portail, session: Session, acteur: Acteur, decompte: Decompte) -> None:
    """Number, render, seal and store; then the year of the convention knows what was invoiced."""
    convention = decompte.convention
    offer = get_offer(session, convention.dossier.offre_version_id)
    made_of = load_published(portail, session, decompte.centre_id, offer.code)
    find_document(made_of.offer, "decompte")
    today = clock.today(convention.centre.fuseau)
    rang = next_rang(session, decompte.centre_id, "decompte", today.year)
    decompte.annee, decompte.rang, decompte.numero = today.year, rang, format_numero(today.year, rang)
    decompte.emis_le, decompte.emis_par = utc_now(), acteur.utilisateur_id
    debiteur = find_debiteur(session, convention, offer)
    context = build_context(decompte, debiteur, today)
    nom = file_name("decompte", decompte.numero, convention.collectivite.nom, extension="docx")
    rendered = render_with(made_of, "decompte", context, nom=nom)
    decompte.sha256 = rendered.sha256
    decompte.manifeste = {**decompte.manifeste, "sceau": rendered.manifest, "debiteur": debiteur, "offre": offer.code}
    session.flush()
    _store(portail, session, acteur, decompte, rendered)
    refresh_convention(session, convention.id)


def _store(portail: Portail, session: Session, acteur: Acteur, decompte: Decompte, rendered: Rendered) -> None:
    stored = store(session, portail.files, rendered.data)
    session.add(
        Piece(
            sha256=stored.sha256,
            usage="decompte",
            nom=rendered.nom,
            type_mime=DOCX_TYPE,
            taille=stored.taille,
            champ=str(decompte.id),
            convention_id=decompte.convention_id,
            deposee_par=acteur.utilisateur_id,
        )
    )
    session.flush()


def find_debiteur(session: Session, convention: Convention, offer: Offer) -> dict[str, Any]:
    """Who owes the amount, as the collectivité described itself in its last deposit."""
    depot = last_depot(session, convention.dossier)
    answers: Mapping[str, Any] = depot.reponses if depot else {}
    known = convention.collectivite
    nom = str(answers.get("collectivite.nom") or known.nom)
    party = offer.party(answers.get("collectivite.type") or known.type)
    adresse = answers.get("collectivite.adresse") or {}
    lines = [
        adresse.get("voie"),
        adresse.get("complement"),
        " ".join(str(part) for part in (adresse.get("code_postal"), adresse.get("ville")) if part),
    ]
    return build_collectivite(
        nom,
        party.designate(nom) if party else nom,
        str(answers.get("collectivite.siren") or known.siren),
        [str(line) for line in lines if line],
        siret=answers.get("collectivite.siret"),
    )


def build_context(decompte: Decompte, debiteur: dict[str, Any], jour: date) -> dict[str, Any]:
    """The tree that the template of this statement sees."""
    convention = decompte.convention
    return build_decompte(
        numero=decompte.numero,
        exercice=decompte.exercice,
        periode=str(decompte.manifeste.get("periode") or decompte.exercice),
        du=decompte.du,
        au=decompte.au,
        emis_le=jour,
        total=decompte.total,
        lignes=[
            Ligne(
                libelle=one.libelle,
                quantite=tell_quantite(one.quantite, one.unite),
                prix=tell_prix(one.prix, one.unite),
                montant=one.montant,
                etapes=[str(step) for step in one.etapes],
            )
            for one in decompte.lignes
        ],
        methode=str(decompte.manifeste.get("methode") or ""),
        collectivite=debiteur,
        convention={
            "numero": convention.numero,
            "date_effet": convention.date_effet,
            "terme": convention.terme,
        },
        tarifs=[
            {
                "annee": one["annee"],
                "montant": Decimal(one["montant"]),
                "deliberation": _act(one["deliberation"]),
            }
            for one in decompte.manifeste.get("tarifs") or ()
        ],
        annule=_cancelled(decompte),
        motif=decompte.motif if decompte.contre_id else None,
    )


def _act(kept: dict[str, Any] | None) -> dict[str, Any] | None:
    return kept and {"numero": kept["numero"], "date": date.fromisoformat(kept["date"])}


def _cancelled(decompte: Decompte) -> dict[str, Any] | None:
    """Number and date of the statement that this one cancels."""
    return _act(decompte.manifeste.get("annule"))


# After ------------------------------------------------------------------------------------------------------------------


def record_payment(portail: Portail, acteur: Acteur, decompte_id: UUID, jour: date | None) -> None:
    """Record the day an issued statement was paid. Invalide when it is before the issue or to come."""
    with portail.action(acteur, "decompte.payer", objet="decompte", objet_id=decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "payer")
        fuseau = session.get_one(Centre, decompte.centre_id).fuseau
        if jour is None:
            raise Invalide("Indiquez la date du paiement.", champ="paye_le")
        if jour > clock.today(fuseau):
            raise Invalide("La date du paiement ne peut pas être dans le futur.", champ="paye_le")
        if decompte.emis_le and jour < clock.local_time(decompte.emis_le, fuseau).date():
            raise Invalide("Le paiement ne peut pas précéder l’émission du décompte.", champ="paye_le")
        decompte.etat, decompte.paye_le = "paye", jour
        record_decompte(session, acteur, "decompte.payer", decompte, paye_le=jour.isoformat())


def cancel(portail: Portail, acteur: Acteur, decompte_id: UUID, motif: str) -> UUID:
    """Cancel an issued statement by a counter-statement: the same lines, negative, with a number and a seal of its own; its
    id. Both say which the other is, and the period can be invoiced again."""
    with portail.action(acteur, "decompte.annuler", objet="decompte", objet_id=decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "annuler")
        reason = check_motif(find_line(DECOMPTE, "annuler"), motif)
        counter = _counter(session, decompte, acteur, str(reason))
        decompte.etat, decompte.motif = "annule", reason
        session.flush()
        _issue(portail, session, acteur, counter)
        record_decompte(
            session,
            acteur,
            "decompte.annuler",
            decompte,
            numero=decompte.numero,
            contre=counter.id,
            contre_numero=counter.numero,
            sha256=counter.sha256,
        )
        return counter.id


def _counter(session: Session, decompte: Decompte, acteur: Acteur, motif: str) -> Decompte:
    issued = clock.local_time(decompte.emis_le or utc_now(), session.get_one(Centre, decompte.centre_id).fuseau).date()
    step = f"Annulation du décompte n° {decompte.numero}"
    counter = Decompte(
        centre_id=decompte.centre_id,
        collectivite_id=decompte.collectivite_id,
        convention_id=decompte.convention_id,
        convention=decompte.convention,
        exercice=decompte.exercice,
        du=decompte.du,
        au=decompte.au,
        etat="emis",
        total=-decompte.total,
        contre_id=decompte.id,
        motif=motif,
        cree_par=acteur.utilisateur_id,
        manifeste={
            "periode": decompte.manifeste.get("periode"),
            "methode": decompte.manifeste.get("methode"),
            "tarifs": decompte.manifeste.get("tarifs"),
            "annule": {"numero": decompte.numero, "date": issued.isoformat()},
        },
        lignes=[
            LigneDecompte(
                ordre=one.ordre,
                nature=one.nature,
                libelle=one.libelle,
                quantite=-one.quantite,
                unite=one.unite,
                prix=one.prix,
                montant=_negative(one.montant),
                etapes=[f"{step}\u00a0: {one.libelle}"],
            )
            for one in decompte.lignes
        ],
    )
    session.add(counter)
    session.flush()
    return counter


def _negative(montant: Decimal) -> Decimal:
    """The opposite, without a negative zero."""
    return Decimal("0.00") if montant == 0 else -montant
