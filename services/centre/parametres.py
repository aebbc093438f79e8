"""Settings of a centre: identity, signatories, legal references, logo and the files it supplies as annexes.

The settings are a form like any other (`forms/parametres.yaml`), whose field ids are paths of `centre.yaml`: adding one
needs no Python. Only an administrateur changes them; a change made meanwhile by somebody else is never overwritten.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import offer as definitions
from domain.errors import Conflit, Introuvable, Invalide
from domain.formatting import NBSP
from domain.forms.answers import get_path, put_path
from domain.forms.evaluation import evaluate
from domain.forms.fields import Json
from domain.forms.formset import FormSet, load_form
from domain.grammar import typographic
from domain.roles import Role
from models import Centre, Piece
from services.adhesion.dossier_views import CentreRow
from services.centre.centre_files import annexes_of, current_pieces
from services.centre.offres import get_offer, published_offers
from services.core import clock
from services.core.access import Acteur, require
from services.core.locks import lock_row
from services.core.piece_rows import PieceRow, piece_row
from services.core.portail import Portail, record
from services.core.settings import ROOT

READERS = (Role.ADMINISTRATEUR, Role.RESPONSABLE)
CHANGED = (
    "Les paramètres ont été modifiés entre-temps par une autre personne. Rechargez la page pour partir de leur version :"
    " ce que vous avez saisi n’a pas été enregistré."
)


class ParametresInvalides(Invalide):
    """Some fields cannot be used as they are: `erreurs` gives each one's message by field id."""

    def __init__(self, erreurs: dict[str, str]) -> None:
        count = len(erreurs)
        super().__init__(f"{count} champ{'s sont' if count > 1 else ' est'} à corriger avant d’enregistrer.")
        self.erreurs = erreurs


@dataclass(frozen=True)
class AnnexeCentre:
    """An annex that the centre supplies: what it is, and its current file."""

    id: str
    titre: str
    piece: PieceRow | None


@dataclass(frozen=True)
class ParametresView:
    """Settings of one centre. `valeurs` is by field id (JSON); `version` is to be given back when saving."""

    centre: CentreRow
    version: int
    valeurs: dict[str, Json]
    forms: FormSet
    logo: PieceRow | None
    annexes: tuple[AnnexeCentre, ...]
    modifiable: bool


@cache
def settings_form() -> FormSet:
    """The form of the settings, compiled."""
    return FormSet([load_form(ROOT / "forms" / "parametres.yaml")])


def list_configurable(portail: Portail, acteur: Acteur) -> list[tuple[UUID, str]]:
    """Centres whose settings the person may read, by name."""
    with portail.db.read() as session:
        query = select(Centre.id, Centre.nom).where(Centre.id.in_(acteur.centres_with(*READERS)))
        return [(row.id, row.nom) for row in session.execute(query.order_by(Centre.nom))]


def open_parametres(portail: Portail, acteur: Acteur, centre_id: UUID) -> ParametresView:
    """The settings of one centre; Introuvable when the person has nothing to do there."""
    with portail.view(acteur, "centre.consulter", objet="centre", objet_id=centre_id) as session:
        centre = _readable(session, acteur, centre_id)
        offers = [get_offer(session, version.id) for version in published_offers(session, centre.id)]
        pieces = current_pieces(session, centre.id)
        logo = pieces.get(("logo", ""))
        return ParametresView(
            centre=CentreRow(centre.id, centre.code, centre.nom, centre.fuseau, centre.parametres),
            version=centre.version,
            valeurs=_values(centre.parametres),
            forms=settings_form(),
            logo=piece_row(logo) if logo else None,
            annexes=tuple(_annexe(pieces, ident, titre) for ident, titre in annexes_of(offers).items()),
            modifiable=Role.ADMINISTRATEUR in acteur.roles_for(centre_id=centre.id),
        )


def save_parametres(
    portail: Portail, acteur: Acteur, centre_id: UUID, valeurs: Mapping[str, Json], *, version_vue: int
) -> int:
    """Check and keep the settings (raw or JSON values by field id; those not given stay). Gives the new version.

    Raises ParametresInvalides with one message per field, Conflit when somebody changed them since `version_vue`.
    """
    with portail.action(acteur, "centre.modifier", objet="centre", objet_id=centre_id) as session:
        centre = _readable(session, acteur, centre_id)
        require(acteur.roles_for(centre_id=centre.id), Role.ADMINISTRATEUR)
        lock_row(session, Centre, centre.id)
        if centre.version != version_vue:
            raise Conflit(CHANGED)
        before = _values(centre.parametres)
        checked = _checked({**before, **valeurs}, centre.fuseau)
        after = {champ: _typographic(champ, checked[champ]) if champ in valeurs else before[champ] for champ in before}
        changed = sorted(champ for champ in after if after[champ] != before.get(champ))
        if changed:
            centre.parametres = _validated(centre.parametres, after)
            centre.nom, centre.fuseau = after["nom"], after["fuseau"]
            record(
                session,
                acteur,
                "centre.modifier",
                centre_id=centre.id,
                objet="centre",
                objet_id=centre.id,
                champs=changed,
            )
        session.flush()
        return centre.version


def _readable(session: Session, acteur: Acteur, centre_id: UUID) -> Centre:
    centre = session.get(Centre, centre_id)
    if centre is None or centre.id not in acteur.centres_with(*READERS):
        raise Introuvable()
    return centre


def _values(parametres: dict[str, Any]) -> dict[str, Json]:
    return {champ: get_path(parametres, champ) for champ in settings_form().fields}


def _checked(valeurs: Mapping[str, Json], fuseau: str) -> dict[str, Json]:
    """Parsed values of every field; ParametresInvalides when some are refused or missing."""
    forms = settings_form()
    unknown = [champ for champ in valeurs if champ not in forms.fields]
    if unknown:
        raise Invalide(f"Le paramètre « {unknown[0][:60]} » n’existe pas.")
    state = evaluate(forms, valeurs, clock.today(fuseau))
    erreurs: dict[str, str] = {}
    for manque in state.blocking():
        erreurs.setdefault(manque.field_id, manque.message)
    if erreurs:
        raise ParametresInvalides(erreurs)
    return {champ: state.fields[champ].value for champ in forms.fields}


def _typographic(champ: str, valeur: Json) -> Json:
    """A legal reference as documents print it: « L. 452-40 » and « n° 2001-654 » never break over two lines."""
    if not isinstance(valeur, str) or not champ.startswith(("references.", "vocabulaire.")):
        return valeur
    return re.sub(r"(?<=\b[LRDA]\.)\s+(?=\d)|(?<=n°)\s+", NBSP, typographic(valeur))


def _validated(parametres: dict[str, Any], valeurs: Mapping[str, Json]) -> dict[str, Any]:
    """`parametres` with these values, in the shape that documents read (domain.offer.Centre)."""
    tree = copy.deepcopy(parametres)
    if tree.get("delegataire") is None:
        tree["delegataire"] = {}
    for champ, valeur in valeurs.items():
        put_path(tree, champ, valeur)
    for words in ("references", "vocabulaire"):
        tree[words] = {key: valeur for key, valeur in tree[words].items() if valeur is not None}
    for personne in ("president", "delegataire"):
        tree[personne]["feminin"] = bool(tree[personne].get("feminin"))
    if not tree["delegataire"].get("qualite"):
        tree["delegataire"] = None
    tree["deliberations"] = tree.get("deliberations") or []
    try:
        return definitions.Centre.model_validate(tree).model_dump(mode="json")
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ParametresInvalides({place: "Cette valeur ne convient pas."}) from error


def _annexe(pieces: dict[tuple[str, str], Piece], ident: str, titre: str) -> AnnexeCentre:
    piece = pieces.get(("annexe_centre", ident))
    return AnnexeCentre(ident, titre, piece_row(piece) if piece else None)
