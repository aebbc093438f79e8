"""Sealing statements: each gets its number, its Word file and the hash that seals it, several in one transaction.

Everything is read and written for all of them together: a thousand statements are issued in seconds, whether the caller
issues one or a whole quarter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from documents.contexts.decompte import Ligne, build_collectivite, build_decompte
from documents.uploads import DOCX_TYPE
from domain.offer import Offer
from models import Convention, Decompte, Depot, Piece, utc_now
from services.adhesion.editique import Ingredients, Rendered
from services.centre.offres import get_offer
from services.convention.convention_views import file_name
from services.core import clock
from services.core.access import Acteur
from services.core.files import store_all
from services.core.numerotation import format_numero, next_rangs
from services.core.portail import Portail
from services.facturation.exercices import add_invoiced
from services.facturation.gabarits import find_document, load_published, render_with
from services.facturation.lignes import tell_prix, tell_quantite


def seal_all(portail: Portail, session: Session, acteur: Acteur, decomptes: Sequence[Decompte]) -> None:
    """Number, render, seal and store statements of one centre, in the order given; then the years of their conventions know
    what was invoiced. They become issued. DocumentAbsent when the offer has no template for them."""
    today = clock.today(decomptes[0].convention.centre.fuseau)
    deposits = _last_deposits(session, [one.convention.dossier_id for one in decomptes])
    made_of: dict[str, Ingredients] = {}
    rangs = next_rangs(session, decomptes[0].centre_id, "decompte", today.year, len(decomptes))
    rendered = []
    for decompte, rang in zip(decomptes, rangs, strict=True):
        offer = get_offer(session, decompte.convention.dossier.offre_version_id)
        if offer.code not in made_of:
            made_of[offer.code] = load_published(portail, session, decompte.centre_id, offer.code)
            find_document(made_of[offer.code].offer, "decompte")
        decompte.annee, decompte.rang, decompte.numero = today.year, rang, format_numero(today.year, rang)
        decompte.etat, decompte.emis_le, decompte.emis_par = "emis", utc_now(), acteur.utilisateur_id
        debiteur = find_debiteur(decompte.convention, offer, deposits.get(decompte.convention.dossier_id, {}))
        rendered.append(_seal(decompte, offer, made_of[offer.code], debiteur, today))
    session.flush()
    hashes = store_all(session, portail.files, [one.data for one in rendered])
    session.add_all(
        _piece(acteur, decompte, one, sha256) for decompte, one, sha256 in zip(decomptes, rendered, hashes, strict=True)
    )
    session.flush()
    add_invoiced(session, decomptes)


def _last_deposits(session: Session, dossier_ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """What each collectivité answered in its last deposit, by dossier."""
    query = select(Depot.dossier_id, Depot.reponses).where(Depot.dossier_id.in_(dossier_ids)).order_by(Depot.numero)
    return {row.dossier_id: row.reponses for row in session.execute(query)}


def _seal(decompte: Decompte, offer: Offer, made_of: Ingredients, debiteur: dict[str, Any], jour: date) -> Rendered:
    nom = file_name("decompte", decompte.numero, decompte.convention.collectivite.nom, extension="docx")
    rendered = render_with(made_of, "decompte", build_context(decompte, debiteur, jour), nom=nom)
    decompte.sha256 = rendered.sha256
    decompte.manifeste = {**decompte.manifeste, "sceau": rendered.manifest, "debiteur": debiteur, "offre": offer.code}
    return rendered


def _piece(acteur: Acteur, decompte: Decompte, rendered: Rendered, sha256: str) -> Piece:
    return Piece(
        sha256=sha256,
        usage="decompte",
        nom=rendered.nom,
        type_mime=DOCX_TYPE,
        taille=len(rendered.data),
        champ=str(decompte.id),
        convention_id=decompte.convention_id,
        deposee_par=acteur.utilisateur_id,
    )


def find_debiteur(convention: Convention, offer: Offer, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Who owes the amount, as the collectivité described itself in the answers of its last deposit."""
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
            "terme": convention.dernier_jour,
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
