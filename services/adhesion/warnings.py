"""Warnings on a dossier: what deserves a person's eye before anything is issued, until an instructeur lifts it.

A warning's code says what it is about as precisely as what would make it another warning, so that a warning lifted for
2027 does not cover 2028, nor one amount another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from documents.contexts.montants import CHAMP_AFFILIE, CHAMP_EFFECTIF
from domain.formatting import date_longue
from domain.offer import ADHESION, Offer
from domain.tarifs import Tarif, TarifAbsent, choose_tarif, tell_other_year, tell_unknown, warn_other_year, warn_unknown
from domain.workflow.reading import CLOS
from models import Collectivite, Convention, Dossier, Levee, OffreVersion, Utilisateur
from services.adhesion.dossier_state import DossierState
from services.adhesion.dossier_views import Avertissement, LeveeRow
from services.centre.offres import get_offer, list_tarifs

OVER = ("brouillon", *CLOS)
LIVE = ("a_signer", "signee_collectivite", "en_vigueur", "denoncee", "en_demeure")
"""States in which a dossier makes no second adhesion with the same offer doubtful, and those in which a convention does."""


@dataclass(frozen=True)
class Prix:
    """What the amounts that a document prints depend on: the year, the tariffs, and what they may differ by."""

    annee: int
    codes: list[str]
    affiliee: bool | None
    effectif: int | None


@dataclass(frozen=True)
class Double:
    """Another dossier of the same collectivité with the same offer: still open, or with a convention that runs until
    `terme`."""

    reference: str
    numero: str | None
    terme: date | None

    def tell(self, *, du_centre: bool) -> str:
        """One sentence for the centre, or for the collectivité."""
        who = "La collectivité" if du_centre else "Votre collectivité"
        if self.numero is None or self.terme is None:
            return f"{who} a déjà un dossier en cours pour cette offre : {self.reference}."
        return f"{who} a déjà la convention {self.numero} pour cette offre, jusqu’au {date_longue(self.terme)}."


def list_warnings(session: Session, state: DossierState, *, du_centre: bool = True) -> list[Avertissement]:
    """The warnings that hold now, those already lifted included. Without `du_centre` they are worded for the
    collectivité."""
    tarifs = list_tarifs(session, state.dossier.centre_id)
    known = session.get_one(Collectivite, state.dossier.collectivite_id)
    doubles = find_doubles(session, [state.dossier.id]).get(state.dossier.id, [])
    prix = price_request(session, state)
    found = find_warnings(state, tarifs, known, doubles, prix, du_centre=du_centre)
    if not found:
        return []
    query = (
        select(Levee, Utilisateur)
        .outerjoin(Utilisateur, Utilisateur.id == Levee.par)
        .where(Levee.dossier_id == state.dossier.id, Levee.code.in_(found))
    )
    lifted = {
        levee.code: LeveeRow(levee.motif, person.nom_complet if person else "Compte supprimé", levee.le)
        for levee, person in session.execute(query)
    }
    return [Avertissement(code, texte, lifted.get(code)) for code, texte in found.items()]


def find_warnings(
    state: DossierState,
    tarifs: list[Tarif],
    collectivite: Collectivite,
    doubles: Iterable[Double],
    demande: Prix | None = None,
    *,
    du_centre: bool = True,
) -> dict[str, str]:
    """Text by code of what deserves a person's eye, lifted or not. `doubles`: what `find_doubles` gives for the dossier;
    `demande`: what `price_request` gives for it. Of a request about a convention, only the price may be doubtful: its party and
    its convention are known."""
    if state.dossier.nature != ADHESION:
        return _tarif_warning(demande, tarifs, du_centre)
    return (
        _tarif_warning(_price_adhesion(state), tarifs, du_centre)
        | _unknown_warning(state, tarifs, du_centre)
        | _identity_warning(state, collectivite)
        | _double_warnings(state, doubles, du_centre)
    )


def find_doubles(session: Session, dossier_ids: Collection[UUID]) -> dict[UUID, list[Double]]:
    """What makes each of these dossiers a second adhesion (absent when nothing does): one query. A draft counts against a
    later draft only: somebody who begins a dossier by mistake must not hold the first one. Requests about a convention, and
    the convention that a dossier follows, are no doubles."""
    # Made anew each time: an alias that several threads are the first to read at once stays wrong until the program stops.
    mine, other = aliased(Dossier), aliased(Dossier)
    my_offer, its_offer = aliased(OffreVersion), aliased(OffreVersion)
    earlier_draft = and_(mine.etat == "brouillon", other.etat == "brouillon", other.cree_le < mine.cree_le)
    query = (
        select(mine.id, other.reference, Convention.numero, Convention.dernier_jour)
        .join(
            other,
            and_(
                other.collectivite_id == mine.collectivite_id,
                other.centre_id == mine.centre_id,
                other.id != mine.id,
            ),
        )
        .join(my_offer, my_offer.id == mine.offre_version_id)
        .join(its_offer, and_(its_offer.id == other.offre_version_id, its_offer.code == my_offer.code))
        .outerjoin(Convention, Convention.dossier_id == other.id)
        .where(mine.id.in_(dossier_ids), or_(other.etat.not_in(OVER), earlier_draft, Convention.etat.in_(LIVE)))
        .order_by(other.reference)
    )
    found: dict[UUID, list[Double]] = {}
    for dossier_id, reference, numero, terme in session.execute(query):
        found.setdefault(dossier_id, []).append(Double(reference, numero, terme))
    return found


def lock_reasons(session: Session, state: DossierState) -> list[str]:
    """What keeps the dossier from being accepted and that nobody can lift: no tariff at all."""
    tarifs = list_tarifs(session, state.dossier.centre_id)
    prix = _price_adhesion(state) if state.dossier.nature == ADHESION else price_request(session, state)
    return _chosen_tarifs(prix, tarifs)[1]


def priced_year(state: DossierState) -> int | None:
    """The year whose tariffs the convention prints: that of the first services, else of the effect date."""
    duree = state.offer.duree
    day = state.value(duree.champ_debut) or state.value(duree.champ_effet)
    return date.fromisoformat(day).year if day else None


def tarif_codes(offer: Offer) -> list[str]:
    """Codes of the tariffs that the documents of an offer print."""
    return offer.facturation.codes_tarifs


def _price_adhesion(state: DossierState) -> Prix | None:
    """What a convention's amounts depend on; None while its year is not given."""
    annee = priced_year(state)
    if annee is None:
        return None
    return Prix(annee, tarif_codes(state.offer), state.value(CHAMP_AFFILIE), state.value(CHAMP_EFFECTIF))


def price_request(session: Session, state: DossierState) -> Prix | None:
    """What the amounts that an avenant prints depend on: the year of its effect, and the tariff of the convention itself. None
    for any other dossier, while its effect is not given, and where it changes nothing of what is due."""
    dossier, duree, billing = state.dossier, state.offer.duree, state.offer.facturation
    if billing.tarif not in billing.codes_tarifs:  # a quote, or covered by the contribution: no tariff prices it
        return None
    priced = (billing.champ, duree.champ_effet, duree.champ_debut)
    shown = [state.evaluation.fields[champ].visible for champ in priced if champ in state.evaluation.fields]
    if dossier.nature == ADHESION or not any(shown) or not any(one.convention for one in state.offer.documents):
        return None
    champ = get_offer(session, dossier.offre_version_id).demande(dossier.nature).champ_effet
    effet = state.value(champ) if champ else None
    convention = session.get(Convention, dossier.convention_id)
    if effet is None or convention is None:
        return None
    return Prix(date.fromisoformat(effet).year, [billing.tarif], convention.affiliee, convention.effectif)


def _chosen_tarifs(prix: Prix | None, tarifs: list[Tarif]) -> tuple[list[Tarif], list[str]]:
    """The tariffs that the document prints, and why some are missing."""
    chosen: list[Tarif] = []
    reasons: list[str] = []
    if prix is None:
        return chosen, reasons
    for code in prix.codes:
        try:
            chosen.append(choose_tarif(tarifs, code, prix.annee, affiliee=prix.affiliee, effectif=prix.effectif))
        except TarifAbsent as absent:
            reasons.append(absent.message)
    return chosen, reasons


def _tarif_warning(prix: Prix | None, tarifs: list[Tarif], du_centre: bool) -> dict[str, str]:
    """One warning for all tariffs of another year: they are voted together and judged together (B03)."""
    chosen, _ = _chosen_tarifs(prix, tarifs)
    texte = (warn_other_year if du_centre else tell_other_year)(prix.annee, chosen) if prix else None
    if prix is None or texte is None:
        return {}
    others = [tarif for tarif in chosen if tarif.annee != prix.annee]
    years = "-".join(sorted({str(tarif.annee) for tarif in others}))
    amounts = ",".join(sorted(f"{tarif.code}:{tarif.annee}:{tarif.montant:.2f}" for tarif in others))
    return {f"tarif_autre_annee:{years}:{prix.annee}:{hashlib.sha256(amounts.encode()).hexdigest()[:16]}": texte}


def _unknown_warning(state: DossierState, tarifs: list[Tarif], du_centre: bool) -> dict[str, str]:
    """An answer that is not given (affiliation, number of agents) and that the tariffs of the year depend on."""
    prix = _price_adhesion(state)
    if prix is None:
        return {}
    chosen, _ = _chosen_tarifs(prix, tarifs)
    tell = warn_unknown if du_centre else tell_unknown
    texte = tell(tarifs, chosen, prix.annee, affiliee=prix.affiliee, effectif=prix.effectif)
    if texte is None:
        return {}
    amounts = ",".join(sorted(f"{tarif.code}:{tarif.annee}:{tarif.montant:.2f}" for tarif in chosen))
    return {f"tarif_incertain:{prix.annee}:{hashlib.sha256(amounts.encode()).hexdigest()[:16]}": texte}


def _double_warnings(state: DossierState, doubles: Iterable[Double], du_centre: bool) -> dict[str, str]:
    """One warning per other dossier or convention. A convention that ends before this one takes effect is no double."""
    effet = state.value(state.offer.duree.champ_effet)
    starts = date.fromisoformat(effet) if effet else None
    advice = " Vérifiez qu’une seconde adhésion est voulue." if du_centre else ""
    return {
        f"double:{one.numero or one.reference}": one.tell(du_centre=du_centre) + advice
        for one in doubles
        if one.terme is None or starts is None or starts <= one.terme
    }


def _identity_warning(state: DossierState, known: Collectivite) -> dict[str, str]:
    siren = state.value("collectivite.siren")
    if siren is None or siren == known.siren:
        return {}
    texte = f"Le SIREN saisi ({siren}) n’est pas celui de la collectivité du dossier, {known.nom} ({known.siren})."
    return {f"siren_different:{siren}": texte}
