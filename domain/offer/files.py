"""Offers and centres read from their files, or from a stored content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from domain.definitions import DefinitionError, Fault, Source, read_yaml_file, validate_content, validate_definition
from domain.forms.formset import Form
from domain.offer.bundle import Offer, OfferSettings
from domain.offer.centre import Centre
from domain.offer.circuits import find_circuit_faults

SETTINGS_FILE = "offre.yaml"


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
    """The offer of these settings and forms, the forms in the order of the steps; DefinitionError listing the faults. Circuits
    are examined here, not where a published version is read back: what was published once stays readable."""
    faults = find_circuit_faults(settings)
    ordered = _in_order(settings, forms)
    values: dict[str, Any] = {name: getattr(settings, name) for name in OfferSettings.model_fields}
    try:
        offer = Offer(**values, forms=tuple(ordered))
    except DefinitionError as error:
        raise DefinitionError([*error.faults, *faults]) from None
    if faults:
        raise DefinitionError(faults)
    return offer


def _in_order(settings: OfferSettings, forms: Iterable[Form]) -> list[Form]:
    order = [step.form for step in settings.steps]
    return sorted(forms, key=lambda form: (order.index(form.id) if form.id in order else len(order), form.id))


def read_offer(contenu: Any) -> Offer:
    """The offer of a stored content that may be faulty (a draft), its forms in the order of the steps; DefinitionError. The
    last ones read are kept: an editor reads its draft several times at each touch."""
    try:
        text = json.dumps(contenu)
    except (TypeError, ValueError, RecursionError):
        return _read(contenu)
    return _read_text(text)


@lru_cache(maxsize=8)
def _read_text(text: str) -> Offer:
    return _read(json.loads(text))


def _read(contenu: Any) -> Offer:
    offer = validate_content(Offer, contenu)
    if _in_order(offer, offer.forms) != list(offer.forms):
        return build_offer(offer, offer.forms)
    faults = find_circuit_faults(offer)  # all the rest has just been checked
    if faults:
        raise DefinitionError(faults)
    return offer


def list_offer_folders(centre_folder: Path) -> list[Path]:
    """The folders of one centre that hold an offer, sorted by name."""
    return sorted(path.parent for path in centre_folder.glob("*/offre.yaml"))


def list_centre_folders(forms_folder: Path) -> list[Path]:
    """The folders of `forms/` that hold a centre, sorted by name."""
    return sorted(path.parent for path in forms_folder.glob("*/centre.yaml"))
