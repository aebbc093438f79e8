"""Moving a dossier that is being filled in to the version of its offer that is in force: what it would lose and what it would
have to answer is shown first, and agreed to.

No answer is deleted: one whose field the new version hides, or refuses, stays recorded with the dossier. A dossier that was
deposited keeps its version: what the centre examines does not change under its eyes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from domain.errors import Conflit, Refus
from domain.forms.evaluation import Evaluation, evaluate
from domain.forms.fields import display_value
from domain.offer import ADHESION, Offer
from models import OffreVersion
from services.adhesion.dossier_state import DossierState, load_state
from services.adhesion.edition import find_edition
from services.centre.offres import current_version, get_offer
from services.centre.tarif_views import tarif_label
from services.core.access import Acteur, get_dossier
from services.core.portail import Portail, record
from services.offres.diff import describe_changes

TERMES = ("facturation", "duree", "denonciation")

RAISONS = {
    "absent": "cette question n’existe plus",
    "retire": "cette question n’est plus posée",
    "masque": "cette question ne se pose plus avec vos autres réponses",
    "refuse": "cette réponse n’est plus acceptée",
}


@dataclass(frozen=True)
class Perte:
    """An answer that would no longer count: the question, the answer as a person reads it, and why."""

    champ: str
    libelle: str
    valeur: str
    raison: str


@dataclass(frozen=True)
class Bascule:
    """What moving the dossier would do. `ajouts`: questions that the new version asks and that must be answered; `termes`: what
    changes in how the convention is billed and how long it runs: name, before, after. `accord` goes
    back with the consent: it is worth for exactly this."""

    de: int
    vers: int
    vers_id: UUID
    pertes: tuple[Perte, ...]
    ajouts: tuple[str, ...]
    accord: str
    termes: tuple[tuple[str, str, str], ...] = ()


def newer_version(portail: Portail, version_id: UUID) -> int | None:
    """Number of the version in force of the same offer; None when `version_id` is the one in force."""
    with portail.db.read() as session:
        mine = session.get_one(OffreVersion, version_id)
        target = current_version(session, mine.centre_id, mine.code)
        return None if target.id == mine.id else target.numero


def preview_bascule(portail: Portail, acteur: Acteur, dossier_id: UUID) -> Bascule | None:
    """What moving this dossier to the version in force would do; None when it has it already. Refus for who may not fill it in,
    or when it is no longer being filled in."""
    with portail.view(acteur, "dossier.basculer", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id)
        state = load_state(session, dossier)
        _require_open(session, acteur, state)
        return _compute(session, state)


def move_dossier(portail: Portail, acteur: Acteur, dossier_id: UUID, accord: str) -> None:
    """Move the dossier, `accord` being that of the `Bascule` that was shown and agreed to. Conflit when it would no longer be
    the same: an answer or the offer changed in between, nothing is done. Refus as `preview_bascule`."""
    with portail.action(acteur, "dossier.basculer", objet="dossier", objet_id=dossier_id) as session:
        dossier = get_dossier(session, acteur, dossier_id, lock=True)
        state = load_state(session, dossier)
        _require_open(session, acteur, state)
        found = _compute(session, state)
        if found is None or found.accord != accord:
            raise Conflit("Le dossier ou l’offre a changé entre-temps : relisez ce que le passage changerait.")
        dossier.offre_version_id = found.vers_id
        session.flush()
        record(
            session, acteur, "dossier.basculer", centre_id=dossier.centre_id, objet="dossier", objet_id=dossier.id,
            de=found.de, vers=found.vers, pertes=[one.champ for one in found.pertes],
        )  # fmt: skip


def _require_open(session: Session, acteur: Acteur, state: DossierState) -> None:
    edition = find_edition(session, acteur, state)
    if not edition.ouverte:
        raise Refus(edition.raison)
    if edition.champs is not None:
        raise Refus("Un dossier déjà déposé garde la version de l’offre avec laquelle il a été commencé.")


def _compute(session: Session, state: DossierState) -> Bascule | None:
    mine = session.get_one(OffreVersion, state.dossier.offre_version_id)
    target = current_version(session, mine.centre_id, mine.code)
    if target.id == mine.id:
        return None
    whole, nature = get_offer(session, target.id), state.dossier.nature
    if nature != ADHESION and nature not in whole.variants:
        return None  # the newer version no longer knows this kind of request: the dossier ends with the one it has
    offer = whole.variant(nature)
    values = {champ: reponse.valeur for champ, reponse in state.reponses.items()}
    after = evaluate(offer.formset, values, state.today)
    pertes = tuple(_pertes(state, offer, after))
    before = {one.field_id for one in state.evaluation.missing}
    ajouts = tuple(one.label for one in after.missing if one.reason == "manquant" and one.field_id not in before)
    accord = _seal(target.id, pertes, ajouts, {champ: reponse.version for champ, reponse in state.reponses.items()})
    # A request follows the terms of its convention: those of its own version change nothing.
    termes = tuple(_termes(get_offer(session, mine.id), whole)) if nature == ADHESION else ()
    return Bascule(mine.numero, target.numero, target.id, pertes, ajouts, accord, termes)


def _termes(before: Offer, after: Offer) -> Iterator[tuple[str, str, str]]:
    """Terms that differ, as the screen of settings words them; which question holds a value is no matter for a clerk."""
    for change in describe_changes(before, after):
        keys = change.path.split("/")
        if keys[0] in TERMES and not keys[-1].startswith("champ"):
            told = tarif_label if keys[-1] == "tarif" else str
            yield change.titre.partition(" › ")[2], told(change.avant), told(change.apres)


def _pertes(state: DossierState, offer: Offer, after: Evaluation) -> list[Perte]:
    """Answers that count now and would not any more, in the order of the forms of the present version."""
    found = []
    for champ, now in state.evaluation.fields.items():
        if now.value is None:
            continue
        field, then = offer.formset.fields.get(champ), after.fields.get(champ)
        if field is None or then is None:
            why = "absent"
        elif then.value is not None:
            continue
        else:
            why = "retire" if field.retired else "refuse" if then.error else "masque"
        found.append(Perte(champ, now.field.label, display_value(now.field, now.value), RAISONS[why]))
    return found


def _seal(version_id: UUID, pertes: tuple[Perte, ...], ajouts: tuple[str, ...], versions: dict[str, Any]) -> str:
    whole = [str(version_id), [asdict(one) for one in pertes], list(ajouts), sorted(versions.items())]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False).encode()).hexdigest()
