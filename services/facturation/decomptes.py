"""Statements (*décomptes*) before they are issued: written, computed again, checked, deleted.

Order of locks, as everywhere: the centre's row (shared: months and tariffs cannot change meanwhile, and hours go on being
recorded for other months), the convention, the statement, the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from domain.decompte import DECOMPTE
from domain.errors import Conflit, Refus
from models import Centre, Convention, Decompte, LigneDecompte, utc_now
from services.adhesion.workflow import check_line, check_motif, find_line
from services.centre.offres import get_offer
from services.core import journal
from services.core.access import Acteur
from services.core.locks import SHARE, lock_row
from services.core.portail import Portail
from services.facturation.lignes import Calcul, compute_decompte
from services.facturation.releve import load_releve, period_of
from services.facturation.visibles import get_decompte

Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""

ALREADY = {
    "verifier": "Ce décompte a déjà été vérifié.",
    "emettre": "Ce décompte a déjà été émis.",
    "payer": "Le paiement de ce décompte est déjà enregistré.",
    "annuler": "Ce décompte a déjà été annulé.",
}


def write_calcul(decompte: Decompte, calcul: Calcul) -> None:
    """Put what was computed in a draft. What a person lifted stays lifted as long as the warning is the same."""
    decompte.lignes = [
        LigneDecompte(
            ordre=ordre,
            nature=one.nature,
            libelle=one.libelle,
            quantite=one.quantite,
            unite=one.unite,
            prix=one.prix,
            montant=one.montant,
            etapes=list(one.etapes),
        )
        for ordre, one in enumerate(calcul.lignes, start=1)
    ]
    decompte.total = calcul.total
    code = calcul.avertissement[0] if calcul.avertissement else None
    levee = (decompte.manifeste or {}).get("levee")
    decompte.manifeste = {
        "periode": calcul.periode.libelle,
        "methode": calcul.methode,
        "avertissement": list(calcul.avertissement) if calcul.avertissement else None,
        "levee": levee if levee and levee["code"] == code else None,
        "tarifs": [
            {
                "code": one.code,
                "annee": one.annee,
                "montant": str(one.montant),
                "deliberation": one.deliberation.model_dump(mode="json") if one.deliberation else None,
            }
            for one in calcul.tarifs
        ],
    }


def same_lines(decompte: Decompte, calcul: Calcul) -> bool:
    """Whether a draft says what would be computed now."""
    kept = [(one.nature, one.libelle, one.quantite, one.unite, one.prix, one.montant) for one in decompte.lignes]
    now = [(one.nature, one.libelle, one.quantite, one.unite, one.prix, one.montant) for one in calcul.lignes]
    warning = list(calcul.avertissement) if calcul.avertissement else None
    return kept == now and decompte.manifeste.get("avertissement") == warning


# One draft --------------------------------------------------------------------------------------------------------------


def take(session: Session, acteur: Acteur, decompte_id: UUID, action: str) -> Decompte:
    """The statement, its centre, convention and row held, once the table allows `action` to this person."""
    seen = get_decompte(session, acteur, decompte_id)
    lock_row(session, Centre, seen.centre_id, SHARE)
    lock_row(session, Convention, seen.convention_id)
    decompte = get_decompte(session, acteur, decompte_id, lock=True)
    roles = acteur.roles_for(centre_id=decompte.centre_id)
    if decompte.contre_id is not None:
        raise Refus("Un contre-décompte ne se modifie ni ne s’annule.")
    check_line(DECOMPTE, find_line(DECOMPTE, action), decompte.etat, roles, ALREADY.get(action))
    return decompte


def compute_now(session: Session, decompte: Decompte) -> Calcul:
    """What this statement would hold if it were computed now."""
    convention = decompte.convention
    offer = get_offer(session, convention.dossier.offre_version_id)
    periode = period_of(offer, decompte.du)
    releve = load_releve(session, decompte.centre_id, [convention], offer.facturation, periode.exercice)
    return compute_decompte(convention, offer, releve, periode, sauf=decompte.id)


def recompute(portail: Portail, acteur: Acteur, decompte_id: UUID) -> bool:
    """Compute a draft again, which sends it back to be checked. False when there is nothing left to invoice: it is deleted."""
    with _action(portail, acteur, "recalculer", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "recalculer")
        calcul = compute_now(session, decompte)
        if calcul.vide:
            record_decompte(session, acteur, "decompte.supprimer", decompte, vide=True)
            session.delete(decompte)
            return False
        write_calcul(decompte, calcul)
        _back_to_draft(decompte)
        record_decompte(session, acteur, "decompte.recalculer", decompte)
        return True


def check(portail: Portail, acteur: Acteur, decompte_id: UUID) -> None:
    """Mark a draft as checked: what it says is what is recorded now, and its months are closed. Refus says what is missing;
    Conflit that the figures have changed: it must be computed again and read again."""
    with _action(portail, acteur, "verifier", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "verifier")
        require_right(decompte, compute_now(session, decompte))
        decompte.etat, decompte.verifie_le, decompte.verifie_par = "verifie", utc_now(), acteur.utilisateur_id
        record_decompte(session, acteur, "decompte.verifier", decompte)


def require_right(decompte: Decompte, calcul: Calcul) -> None:
    """Raise unless the draft says what is computed now and nothing keeps it from being checked or issued."""
    if calcul.blocages:
        raise Refus(" ".join(calcul.blocages))
    if not same_lines(decompte, calcul):
        raise Conflit(
            "Les données de ce décompte ont changé depuis son calcul (heures, tarif, absence ou autre décompte). "
            "Recalculez-le et relisez-le."
        )


def reopen(portail: Portail, acteur: Acteur, decompte_id: UUID) -> None:
    """Send a checked statement back to draft."""
    with _action(portail, acteur, "rouvrir", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "rouvrir")
        _back_to_draft(decompte)
        record_decompte(session, acteur, "decompte.rouvrir", decompte)


def _back_to_draft(decompte: Decompte) -> None:
    decompte.etat, decompte.verifie_le, decompte.verifie_par = "brouillon", None, None


def lift_warning(portail: Portail, acteur: Acteur, decompte_id: UUID, motif: str) -> None:
    """Lift the warning of a draft (a tariff of another year, B03), with the reason, which the statement keeps. One that was
    checked goes back to draft, as the table says: whoever checked it had not read the reason."""
    with _action(portail, acteur, "lever", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "lever")
        reason = check_motif(find_line(DECOMPTE, "lever"), motif)
        warning = decompte.manifeste.get("avertissement")
        if warning is None:
            raise Conflit("Ce décompte n’a plus d’avertissement : rechargez la page.")
        if decompte.manifeste.get("levee"):
            raise Conflit("Cet avertissement a déjà été levé.")
        levee = {
            "code": warning[0],
            "motif": reason,
            "par": str(acteur.utilisateur_id),
            "nom": acteur.nom,
            "le": utc_now().isoformat(),
        }
        decompte.manifeste = {**decompte.manifeste, "levee": levee}
        _back_to_draft(decompte)
        record_decompte(session, acteur, "decompte.lever", decompte, code=warning[0])


def delete_draft(portail: Portail, acteur: Acteur, decompte_id: UUID) -> None:
    """Delete a draft: it has no number, nothing was sent."""
    with _action(portail, acteur, "supprimer", decompte_id) as session:
        decompte = take(session, acteur, decompte_id, "supprimer")
        record_decompte(session, acteur, "decompte.supprimer", decompte)
        session.delete(decompte)


def _action(portail: Portail, acteur: Acteur, action: str, decompte_id: UUID) -> Any:
    return portail.action(acteur, f"decompte.{action}", objet="decompte", objet_id=decompte_id)


def record_decompte(session: Session, acteur: Acteur, action: str, decompte: Decompte, **details: Any) -> None:
    """Journal what was just done to a statement."""
    session.flush()
    journal.record_lines(session, [_journal_line(acteur, action, decompte, details)])


def record_decomptes(session: Session, acteur: Acteur, action: str, decomptes: Sequence[Decompte]) -> None:
    """Journal what was just done to several, one line each, with the number and the seal of those that have one."""
    session.flush()
    lines = [
        _journal_line(acteur, action, one, {"numero": one.numero, "sha256": one.sha256} if one.numero else {})
        for one in decomptes
    ]
    journal.record_lines(session, lines)


def _journal_line(acteur: Acteur, action: str, decompte: Decompte, details: Mapping[str, Any]) -> journal.Ligne:
    return journal.Ligne(
        action,
        acteur_id=acteur.utilisateur_id,
        centre_id=decompte.centre_id,
        objet="decompte",
        objet_id=decompte.id,
        details={
            "convention": decompte.convention_id,
            "periode": f"{decompte.du.isoformat()}/{decompte.au.isoformat()}",
            "total": decompte.total,
            **details,
        },
    )
