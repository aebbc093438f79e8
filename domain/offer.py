"""An offer as data: one bundle of forms, steps, workflow, documents and parameters, stored whole and never changed.

`Offer` is what `forms/<centre>/<offre>/` holds, and what an offer version keeps as JSON. `Centre` is what
`forms/<centre>/centre.yaml` holds. Nothing here knows a particular centre.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field as PydanticField
from pydantic import field_validator, model_validator

from domain.definitions import DefinitionError, Fault, Source, read_yaml_file, validate_content, validate_definition
from domain.field_types.base import Definition, Option
from domain.forms import Form, FormSet
from domain.grammar import de, strip_prefix, typographic
from domain.tarification import HEURES_ANNUELLES, Periodicite, Prorata
from domain.text import suggestion
from domain.workflow import CONVENTION, DOSSIER, Workflow

SETTINGS_FILE = "offre.yaml"
CODE = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class AdresseCentre(Definition):
    """The centre's seat."""

    voie: str
    complement: str | None = None
    code_postal: str
    ville: str


class PersonneCentre(Definition):
    """Who signs for the centre: a quality, its gender, and a name that may stay blank."""

    qualite: str
    feminin: bool = False
    nom: str | None = None


class DeliberationCentre(Definition):
    """A délibération of the centre, and what cites it: the model convention, the tariffs, or the annexes (B02)."""

    numero: str
    date: date
    objet: str
    usage: Literal["modele", "tarif", "annexes"]


class Centre(Definition):
    """A centre de gestion: identity, time zone, signatories, legal references and words. Every text is the centre's."""

    code: Annotated[str, PydanticField(pattern=CODE)]
    nom: str
    sigle: str
    adresse: AdresseCentre
    telephone: str | None = None
    telecopie: str | None = None
    site: str | None = None
    courriel: str | None = None
    fuseau: str = "Europe/Paris"
    president: PersonneCentre
    delegataire: PersonneCentre | None = None
    lieu_signature: str
    tribunal: str
    zone_incluse: str
    departements: tuple[str, ...] = ()
    vocabulaire: dict[str, str] = {}
    deliberations: tuple[DeliberationCentre, ...] = ()
    references: dict[str, str] = {}

    @field_validator("fuseau")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"le fuseau horaire « {value} » n’existe pas (par exemple Europe/Paris)") from None
        return value


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

    An information session, an état des lieux or a contact is traced by a form too: `kind` says what the step is for."""

    kind: Literal["formulaire", "recapitulatif", "contact", "seance_information", "etat_des_lieux"] = "formulaire"
    form: str | None = None
    title: str = ""
    panel: Literal["simulateur"] | None = None

    @model_validator(mode="after")
    def _check_form(self) -> Step:
        if (self.kind == "recapitulatif") != (self.form is None):
            raise ValueError("une étape a un formulaire (« form »), sauf le récapitulatif (« kind »)")
        return self


class Annexe(Definition):
    """An annex of the convention. `piece_centre`: the centre's own file; the template is then the page that stands for it."""

    id: str
    titre: str
    template: str
    source: Literal["gabarit", "piece_centre"] = "gabarit"
    facultative: bool = False


class Part(Definition):
    """One part of a document, in order: a template of its own, or an annex by its id."""

    template: str | None = None
    annexe: str | None = None

    @model_validator(mode="after")
    def _check_one(self) -> Part:
        if (self.template is None) == (self.annexe is None):
            raise ValueError("une partie est un gabarit (« template ») ou une annexe (« annexe »), l’un des deux")
        return self


Contexte = Literal["adhesion", "decompte", "bilan", "simulation"]


class Document(Definition):
    """A document that the offer produces. `convention` marks the one that is numbered, sealed and signed. `contexte`: which
    data its template sees, those of an adhesion, of a statement, of an annual report or of a simulation."""

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


class ServiceDegrade(Definition):
    """The optional service by the hour when the assistant is away (articles 8.4 and 8.5)."""

    tarif: str = "heure"


class Facturation(Definition):
    """How the service is billed. `champ` is the field that holds the quantity: a share of a post (percent), minutes a year,
    half-days, agents… according to `mode`. `cotisation` is included in the contribution: 0 €, traced; `devis` has its
    amount in `champ`.

    `periodicite`: how often a statement is made. `unite_minutes` and `minimum_minutes`: what an intervention is billed by
    (1 and 0: to the minute, B19); `etat_des_lieux_compris`: its hours are traced at 0 € (M25), those done before the
    convention too when a field, `champ_etat_des_lieux`, holds their minutes; `deplacements_factures`: journeys out of the
    included zone are claimed (8.6)."""

    mode: Literal["quotite", "horaire", "demi_journee", "forfait", "par_agent", "cotisation", "devis"] = "quotite"
    tarif: str = "temps_complet"
    champ: str = "besoin.quotite"
    prorata: Prorata = Prorata.JOURS
    periodicite: Periodicite = Periodicite.TRIMESTRE
    heures_annuelles: int = HEURES_ANNUELLES
    unite_minutes: Annotated[int, PydanticField(ge=1, le=480)] = 1
    minimum_minutes: Annotated[int, PydanticField(ge=0, le=480)] = 0
    etat_des_lieux_compris: bool = True
    champ_etat_des_lieux: str | None = None
    deplacements_factures: bool = False
    service_degrade: ServiceDegrade | None = None
    tva: Literal["hors_champ", "taux_normal"] = "hors_champ"

    @property
    def codes_tarifs(self) -> list[str]:
        """Codes of the tariffs that the offer needs: its own unless the amount comes from elsewhere (a quote, the
        contribution), then that of the service dégradé."""
        own = [] if self.mode in ("cotisation", "devis") else [self.tarif]
        return [*own, *([self.service_degrade.tarif] if self.service_degrade else [])]


class Duree(Definition):
    """How long a convention runs: to 31 December, then `reconductions` calendar years. The fields that hold its dates."""

    reconductions: Annotated[int, PydanticField(ge=0, le=20)] = 4
    mode: Literal["tacite", "expresse", "aucune"] = "tacite"
    champ_effet: str = "besoin.date_effet"
    champ_debut: str = "besoin.date_debut_prestations"


class Denonciation(Definition):
    """Notice: the last day that still counts, what dates the letter (B13), and the default delay of a formal notice (B16)."""

    dernier_mois: Annotated[int, PydanticField(ge=1, le=12)] = 9
    dernier_jour: Annotated[int, PydanticField(ge=1, le=31)] = 29
    reference: Literal["envoi", "presentation", "reception"] = "envoi"
    mise_en_demeure_jours: Annotated[int, PydanticField(ge=1, le=365)] = 30

    @model_validator(mode="after")
    def _check_day(self) -> Denonciation:
        try:
            date(2023, self.dernier_mois, self.dernier_jour)
        except ValueError:
            raise ValueError("le dernier jour de dénonciation n’existe pas chaque année") from None
        return self


class SectionBilan(Definition):
    """One part of the annual report that the assistant writes. `taille`: longest text, in characters."""

    id: Annotated[str, PydanticField(pattern=r"^[a-z][a-z0-9_]*$")]
    titre: str
    aide: str = ""
    facultative: bool = False
    taille: Annotated[int, PydanticField(ge=100, le=20_000)] = 4000


class BilanAnnuel(Definition):
    """The annual report (A25, M24): what is written in it, beside the figures."""

    sections: tuple[SectionBilan, ...] = ()

    @field_validator("sections")
    @classmethod
    def _check_ids(cls, value: tuple[SectionBilan, ...]) -> tuple[SectionBilan, ...]:
        ids = [section.id for section in value]
        if len(set(ids)) != len(ids):
            raise ValueError("deux sections du bilan ont le même « id »")
        return value


class OfferSettings(Definition):
    """What `offre.yaml` holds: everything but the forms."""

    code: Annotated[str, PydanticField(pattern=CODE)]
    centre: Annotated[str, PydanticField(pattern=CODE)]
    titre: str
    nature: str
    resume: str = ""
    steps: tuple[Step, ...]
    workflow_dossier: Workflow = DOSSIER
    workflow_convention: Workflow = CONVENTION
    documents: tuple[Document, ...]
    annexes: tuple[Annexe, ...] = ()
    facturation: Facturation = Facturation()
    duree: Duree = Duree()
    denonciation: Denonciation = Denonciation()
    bilan: BilanAnnuel = BilanAnnuel()
    parties: tuple[Party, ...]
    vocabulaire: dict[str, str] = {}
    options: dict[str, str | bool | int] = {}


class Offer(OfferSettings):
    """The whole bundle. Stored as JSON (`model_dump(mode="json")`) and read back with `Offer.model_validate`."""

    forms: tuple[Form, ...]

    @model_validator(mode="after")
    def _check_whole(self) -> Offer:
        faults = [Fault("offre.yaml", reason) for reason in self._reasons()]
        if faults:
            raise DefinitionError(faults)
        _ = self.formset
        return self

    def _reasons(self) -> list[str]:
        """Everything that does not hold together, in French."""
        form_ids = [form.id for form in self.forms]
        annexe_ids = {annexe.id for annexe in self.annexes}
        document_ids = {document.id for document in self.documents}
        found = [
            f"l’étape « {step.form} » n’a pas de formulaire{suggestion(step.form, form_ids)}"
            for step in self.steps
            if step.form is not None and step.form not in form_ids
        ]
        used = {step.form for step in self.steps}
        found += [f"le formulaire « {one} » n’est dans aucune étape" for one in form_ids if one not in used]
        for document in self.documents:
            wanted = [part.annexe for part in document.parts if part.annexe]
            found += [
                f"document « {document.id} » : l’annexe « {one} » n’existe pas"
                for one in wanted
                if one not in annexe_ids
            ]
        if sum(document.convention for document in self.documents) != 1:
            found.append("un document, et un seul, porte « convention: true »")
        if not self.parties:
            found.append("« parties » est vide : aucune collectivité ne pourrait adhérer")
        for name, ids in (
            ("documents", [document.id for document in self.documents]),
            ("annexes", [annexe.id for annexe in self.annexes]),
            ("parties", [party.code for party in self.parties]),
        ):
            found += [
                f"« {name} » : « {one} » est défini deux fois" for one in sorted({i for i in ids if ids.count(i) > 1})
            ]
        known = {field.id for form in self.forms for _, field in form.iter_fields()}
        billing = self.facturation
        named = (billing.champ, billing.champ_etat_des_lieux, self.duree.champ_effet, self.duree.champ_debut)
        for champ in filter(None, named):
            if champ not in known:
                found.append(f"le champ « {champ} » n’existe pas{suggestion(champ, known)}")
        for form in self.forms:
            for _, field in form.iter_fields():
                if field.template and field.template not in document_ids:
                    found.append(f"champ « {field.id} » : le document « {field.template} » n’existe pas")
        return found

    @cached_property
    def formset(self) -> FormSet:
        """The forms, checked and compiled, the kinds of collectivité in place."""
        return FormSet(self.forms, {"parties": self._party_options()}, self.options)

    def _party_options(self) -> list[Option]:
        return [
            Option(
                id=party.code,
                label=party.libelle[:1].upper() + party.libelle[1:],
                values={"appellation": party.appellation, "organe": party.organe, "qualite": party.qualite},
            )
            for party in self.parties
        ]

    def party(self, code: str | None) -> Party | None:
        """The kind of collectivité with this code, None when there is none."""
        return next((party for party in self.parties if party.code == code), None)

    def annexe(self, annexe_id: str) -> Annexe:
        """The annex with this id; KeyError when there is none."""
        for annexe in self.annexes:
            if annexe.id == annexe_id:
                return annexe
        raise KeyError(annexe_id)

    def document(self, document_id: str) -> Document:
        """The document with this id; KeyError when there is none."""
        for document in self.documents:
            if document.id == document_id:
                return document
        raise KeyError(document_id)

    def contexte_of(self, template: str) -> Contexte:
        """Which data a template file sees: those of the document that has it as a part, else of an adhesion."""
        for document in self.documents:
            if any(part.template == template for part in document.parts):
                return document.contexte
        return "adhesion"

    def document_for(self, contexte: Contexte) -> Document | None:
        """The first document of this context; None when the offer has none."""
        return next((document for document in self.documents if document.contexte == contexte), None)

    @property
    def convention(self) -> Document:
        """The document that is numbered and signed."""
        return next(document for document in self.documents if document.convention)

    def templates(self) -> list[str]:
        """File names of every template that the documents need, each once, in order."""
        names: dict[str, None] = {}
        for document in self.documents:
            for part in document.parts:
                names[part.template or self.annexe(str(part.annexe)).template] = None
        return list(names)


def load_centre(folder: Path) -> Centre:
    """The centre of `forms/<centre>/centre.yaml`; DefinitionError with the line and the reason."""
    centre = validate_definition(Centre, read_yaml_file(folder / "centre.yaml"))
    if centre.code != folder.name:
        raise DefinitionError([Fault("centre.yaml", f"« code » doit être le nom du dossier, « {folder.name} »")])
    return centre


def load_offer(folder: Path) -> Offer:
    """The offer of `forms/<centre>/<offre>/`: `offre.yaml` and one YAML file per form; DefinitionError listing the faults."""
    sources = [read_yaml_file(folder / SETTINGS_FILE)]
    faults: list[Fault] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            if path.name != SETTINGS_FILE:
                sources.append(read_yaml_file(path))
        except DefinitionError as error:
            faults.extend(error.faults)
    return parse_offer(sources, folder.parent.name, folder.name, faults)


def parse_offer(sources: Sequence[Source], centre: str, code: str, faults: Iterable[Fault] = ()) -> Offer:
    """The offer of these files, `offre.yaml` being the first; DefinitionError listing their faults after `faults`. `centre` and
    `code` are the names of the folders that hold them."""
    found = list(faults)
    settings = validate_definition(OfferSettings, sources[0])
    if (settings.centre, settings.code) != (centre, code):
        found.append(Fault(SETTINGS_FILE, "« centre » et « code » doivent être les noms des dossiers"))
    forms: dict[str, Form] = {}
    for source in sources[1:]:
        try:
            form = validate_definition(Form, source)
        except DefinitionError as error:
            found.extend(error.faults)
            continue
        if f"{form.id}.yaml" != source.name:
            found.append(Fault(source.name, f"« id » doit être le nom du fichier, « {source.name[:-5]} »"))
        forms[form.id] = form
    if found:
        raise DefinitionError(found)
    return build_offer(settings, forms.values())


def build_offer(settings: OfferSettings, forms: Iterable[Form]) -> Offer:
    """The offer of these settings and forms, the forms in the order of the steps; DefinitionError listing the faults."""
    order = [step.form for step in settings.steps]
    ordered = sorted(forms, key=lambda form: (order.index(form.id) if form.id in order else len(order), form.id))
    values: dict[str, Any] = {name: getattr(settings, name) for name in OfferSettings.model_fields}
    return Offer(**values, forms=tuple(ordered))


def read_offer(contenu: Any) -> Offer:
    """The offer of a stored content that may be faulty (a draft), its forms in the order of the steps; DefinitionError."""
    offer = validate_content(Offer, contenu)
    return build_offer(offer, offer.forms)


def list_offer_folders(centre_folder: Path) -> list[Path]:
    """The folders of one centre that hold an offer, sorted by name."""
    return sorted(path.parent for path in centre_folder.glob("*/offre.yaml"))


def list_centre_folders(forms_folder: Path) -> list[Path]:
    """The folders of `forms/` that hold a centre, sorted by name."""
    return sorted(path.parent for path in forms_folder.glob("*/centre.yaml"))
