"""Who may join an offer, through which steps, and which documents come out."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from domain.forms.types.base import Definition
from domain.grammar import de, strip_prefix, typographic


class Party(Definition):
    """A kind of collectivité that may join, with the words that go with it.

    `designation` is used when the name begins with one of `prefixes` (« CC du Pays … »), `{nom_court}` being the rest;
    `designation_nom_seul` otherwise, `{de_nom}` being the name after « de » (P03, CCAS: board instead of council…).
    """

    code: str
    libelle: str
    prefixes: tuple[str, ...] = ()
    designation: str
    designation_nom_seul: str
    appellation: str
    organe: str
    qualite: str
    qualite_feminin: str = ""

    def designate(self, nom: str) -> str:
        """The whole designation with its article: « la commune d’Ivry-sur-Seine »."""
        court = strip_prefix(nom, self.prefixes)
        model = self.designation_nom_seul if court is None else self.designation
        return model.replace("{nom_court}", court or "").replace("{de_nom}", de(nom)).replace("{nom}", typographic(nom))


class Step(Definition):
    """One step of the collectivité's journey: a form, or a built-in screen. `panel` is what stands beside the form.

    An information session, an état des lieux or a contact is traced by a form too: `kind` says what the step is for. The step
    is there when `visible_if` is true. In a request about a convention, `prerempli` starts its form with the answers in force,
    and `champs` keeps these fields of the form only; its `title` and `help` then head the form."""

    kind: Literal["formulaire", "recapitulatif", "contact", "seance_information", "etat_des_lieux"] = "formulaire"
    form: str | None = None
    title: str = ""
    panel: Literal["simulateur"] | None = None
    visible_if: str | None = None
    prerempli: bool = False
    champs: tuple[str, ...] = ()
    help: str = ""

    @model_validator(mode="after")
    def _check_form(self) -> Step:
        if (self.kind == "recapitulatif") != (self.form is None):
            raise ValueError("une étape a un formulaire (« form »), sauf le récapitulatif (« kind »)")
        return self


class Annexe(Definition):
    """An annex of the convention. `piece_centre`: the centre's own file; the template is then the page that stands for it.
    An optional one (`facultative`) is part of the document when `visible_if` holds on the answers, always without it."""

    id: str
    titre: str
    template: str
    source: Literal["gabarit", "piece_centre"] = "gabarit"
    facultative: bool = False
    visible_if: str | None = None

    @model_validator(mode="after")
    def _check_optional(self) -> Annexe:
        if self.visible_if is not None and not self.facultative:
            raise ValueError("seule une annexe facultative (« facultative: true ») a une condition (« visible_if »)")
        return self


class Part(Definition):
    """One part of a document, in order: a template of its own, or an annex by its id."""

    template: str | None = None
    annexe: str | None = None

    @model_validator(mode="after")
    def _check_one(self) -> Part:
        if (self.template is None) == (self.annexe is None):
            raise ValueError("une partie est un gabarit (« template ») ou une annexe (« annexe »), l’un des deux")
        return self


Contexte = Literal[
    "adhesion",
    "decompte",
    "bilan",
    "simulation",
    "avenant",
    "courrier_tarif",
    "denonciation",
    "mise_en_demeure",
    "resiliation",
    "elimination",
]


class Document(Definition):
    """A document that the offer produces. `convention` marks the one that is numbered, sealed and signed. `contexte`: which
    data its template sees: those of an adhesion, of a statement, of an annual report, of a letter…"""

    id: str
    titre: str
    parts: tuple[Part, ...]
    convention: bool = False
    contexte: Contexte = "adhesion"

    @model_validator(mode="after")
    def _check_convention(self) -> Document:
        if self.convention and self.contexte != "adhesion":
            raise ValueError("le document qui porte « convention: true » a le contexte « adhesion »")
        return self
