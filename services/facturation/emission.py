"""Issuing statements: numbered and sealed inside one transaction, paid, or cancelled by a counter-statement.

An issued statement is never edited. What it says is computed again in the transaction that issues it, while the months and
the tariffs are held: hours recorded at that very moment either were there when it was checked, or stop it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from domain.decompte import DECOMPTE
from domain.errors import Invalide, Refus
from models import Centre, Decompte, LigneDecompte, utc_now
from services.adhesion.workflow import check_motif, find_line
from services.core import clock
from services.core.access import Acteur
from services.core.portail import Portail
from services.facturation.decomptes import compute_now, record_decompte, record_decomptes, require_right, take
from services.facturation.lignes import Calcul
from services.facturation.scellement import seal_all


def issue(portail: Portail, acteur: Acteur, decompte_id: UUID) -> str:
    """Issue a checked statement: number, seal and keep its Word file; the number. Refus says what is missing (a warning to
    lift, a month that is open), Conflit that the figures changed since it was checked or that it was issued already."""
    with portail.action(acteur, "decompte.emettre", objet="decompte", objet_id=decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "emettre")
        require_issuable(decompte, compute_now(session, decompte))
        seal_all(portail, session, acteur, [decompte])
        record_decomptes(session, acteur, "decompte.emettre", [decompte])
        return str(decompte.numero)


def require_issuable(decompte: Decompte, calcul: Calcul) -> None:
    """Raise unless this checked statement may be issued as it is."""
    require_right(decompte, calcul)
    if calcul.vide:
        raise Refus("Rien n’est à facturer : supprimez ce brouillon.")
    if calcul.avertissement and not decompte.manifeste.get("levee"):
        raise Refus(f"Un avertissement est à lever d’abord : {calcul.avertissement[1]}")


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
        seal_all(portail, session, acteur, [counter])
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
