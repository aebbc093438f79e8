"""The offer whole: its settings, and its forms, checked together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field as PydanticField
from pydantic import model_validator

from domain.courriels import check_textes
from domain.definitions import DefinitionError, Fault
from domain.forms.conditions import compile_condition
from domain.forms.formset import Form, FormSet
from domain.forms.types.base import Definition, Option
from domain.offer.centre import CODE
from domain.offer.journey import Annexe, Contexte, Document, Party, Step
from domain.offer.requests import ADHESION, TypeDemande
from domain.offer.restriction import restrict_forms
from domain.offer.terms import BilanAnnuel, Denonciation, Duree, Facturation, RappelPrevu, TexteCourriel
from domain.text import suggestion
from domain.workflow.tables import CONVENTION, DOSSIER, Workflow


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
    demandes: tuple[TypeDemande, ...] = ()
    rappels: tuple[RappelPrevu, ...] = ()
    courriels: dict[str, TexteCourriel] = {}


class Offer(OfferSettings):
    """The whole bundle. Stored as JSON (`model_dump(mode="json")`) and read back with `Offer.model_validate`."""

    forms: tuple[Form, ...]

    @model_validator(mode="after")
    def _check_whole(self) -> Offer:
        faults = [Fault("offre.yaml", reason) for reason in self._reasons()]
        if faults:
            raise DefinitionError(faults)
        for one in (self, *self.variants.values()):
            _ = one.formset
        faults = [
            Fault(f"annexe « {annexe.titre} »", reason)
            for annexe in self.annexes
            if annexe.visible_if
            for reason in self.formset.find_faults(annexe.visible_if)
        ]
        if faults:
            raise DefinitionError(faults)
        return self

    def _reasons(self) -> list[str]:
        """Everything that does not hold together, in French."""
        form_ids = [form.id for form in self.forms]
        annexe_ids = {annexe.id for annexe in self.annexes}
        document_ids = {document.id for document in self.documents}
        steps = [*self.steps, *(step for demande in self.demandes for step in demande.steps)]
        found = [
            f"l’étape « {step.form} » n’a pas de formulaire{suggestion(step.form, form_ids)}"
            for step in steps
            if step.form is not None and step.form not in form_ids
        ]
        used = {step.form for step in steps}
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
            ("demandes", [demande.nature for demande in self.demandes]),
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
        found += self._faults_of_requests(document_ids, known)
        found += check_textes(self.courriels)
        for form in self.forms:
            for _, field in form.iter_fields():
                if field.template and field.template not in document_ids:
                    found.append(f"champ « {field.id} » : le document « {field.template} » n’existe pas")
        return found

    def _faults_of_requests(self, document_ids: set[str], known: set[str]) -> list[str]:
        """What the requests about a convention name and the offer does not have; ids of fields that two forms share."""
        found = []
        for demande in self.demandes:
            where = f"demande « {demande.nature} »"
            if demande.document and demande.document not in document_ids:
                found.append(f"{where} : le document « {demande.document} » n’existe pas")
            if demande.champ_effet and demande.champ_effet not in known:
                found.append(f"{where} : le champ « {demande.champ_effet} » n’existe pas")
            if sum(step.kind == "recapitulatif" for step in demande.steps) != 1:
                found.append(f"{where} : elle a une étape « recapitulatif », et une seule")
            for step in demande.steps:
                own = {field.id for form in self.forms if form.id == step.form for _, field in form.iter_fields()}
                found += [
                    f"{where} : le champ « {champ} » n’est pas dans le formulaire « {step.form} »{suggestion(champ, own)}"
                    for champ in step.champs
                    if champ not in own
                ]
        shown = {step.form for step in self.steps}  # their set of forms says where an id of theirs is repeated
        ids = [field.id for form in self.forms if form.id not in shown for _, field in form.iter_fields()]
        known_before = {field.id for form in self.forms if form.id in shown for _, field in form.iter_fields()}
        if self.demandes:
            twice = sorted({one for one in ids if ids.count(one) > 1 or one in known_before})
            found += [f"le champ « {one} » est défini dans deux formulaires" for one in twice]
        return found

    @cached_property
    def formset(self) -> FormSet:
        """The forms of the steps, checked and compiled, the kinds of collectivité in place."""
        return FormSet(self._forms_of_steps(), {"parties": self._party_options()}, self.options)

    def _forms_of_steps(self) -> list[Form]:
        """The forms that the steps show, in their order; the condition of a step is added to those of its sections."""
        forms = {form.id: form for form in self.forms}
        found = []
        for step in self.steps:
            if step.form is None or step.form not in forms:
                continue
            form = forms[step.form]
            if step.visible_if:
                sections = tuple(
                    section.model_copy(update={"visible_if": _both(step.visible_if, section.visible_if)})
                    for section in form.sections
                )
                form = form.model_copy(update={"sections": sections})
            found.append(form)
        return found

    @cached_property
    def variants(self) -> dict[str, Offer]:
        """The offer as the dossiers of each kind of request see it, by nature: its steps, their forms, its circuit, and the
        document that its circuit ends with."""
        return {demande.nature: self._variant(demande) for demande in self.demandes}

    def _variant(self, demande: TypeDemande) -> Offer:
        documents = (one.model_copy(update={"convention": one.id == demande.document}) for one in self.documents)
        steps, forms = restrict_forms(self.forms, demande.steps)
        changed = {
            "steps": steps,
            "forms": forms,
            "workflow_dossier": demande.table,
            "documents": tuple(documents),
            "demandes": (),
        }
        # Not a copy of what this offer has computed of itself already.
        settings: dict[str, Any] = {name: changed.get(name, getattr(self, name)) for name in type(self).model_fields}
        return self.model_construct(**settings)

    def variant(self, nature: str) -> Offer:
        """The offer as the dossiers of this nature see it; KeyError when the offer has no such request."""
        return self if nature == ADHESION else self.variants[nature]

    def demande(self, nature: str) -> TypeDemande:
        """The kind of request of this nature; KeyError when there is none."""
        for demande in self.demandes:
            if demande.nature == nature:
                return demande
        raise KeyError(nature)

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

    def left_out(self, tree: Mapping[str, Any]) -> frozenset[str]:
        """Ids of the optional annexes that these typed answers (`Evaluation.tree`) leave out."""
        return frozenset(
            annexe.id
            for annexe in self.annexes
            if annexe.visible_if is not None and not compile_condition(annexe.visible_if)(tree)
        )

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


def _both(first: str, second: str | None) -> str:
    """The condition that holds when both do."""
    return first if second is None else f"({first}) and ({second})"
