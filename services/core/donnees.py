"""Documents from a data file, without database: the offers, tariffs and templates are those of the files.

A data file is the JSON tree of answers (`collectivite`, `besoin`…) with `centre` and `offre`, their codes, and
possibly `numero`. What it says wrongly is refused with the path of the field; what it leaves out is told as a warning, unless
another of its answers gives it, as in the portal (the assembly of a kind of collectivité).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from domain.errors import Invalide
from domain.forms.answers import flatten_tree, put_path
from domain.forms.evaluation import evaluate
from domain.forms.fields import is_blank
from domain.forms.fills import compute_fills
from domain.offer import (
    Centre,
    Offer,
    list_centre_folders,
    list_offer_folders,
    load_centre,
    load_offer,
)
from domain.tarifs import Tarif, load_tarifs
from domain.text import clean_text, suggestion
from services.adhesion.editique import Ingredients, Rendered, render_document
from services.core.settings import ROOT

RESERVED = ("centre", "offre", "numero")
NUMERO_LENGTH = 20
SANS_NUMERO = "PROJET"
"""What stands for the number of a convention whose data give none."""


@cache
def read_offer(root: Path, centre: str, offre: str) -> Offer:
    """An offer of the files."""
    return load_offer(root / "forms" / centre / offre)


def find_centre(code: object, root: Path = ROOT) -> tuple[Centre, tuple[Tarif, ...]]:
    """A centre of the files and its tariffs; Invalide, naming those that exist, when there is no such one."""
    known = {folder.name: folder for folder in list_centre_folders(root / "forms")}
    if not isinstance(code, str) or code not in known:
        raise Invalide(_unknown("centre", code, list(known)), champ="centre")
    tarifs = known[code] / "tarifs.yaml"
    return load_centre(known[code]), tuple(load_tarifs(tarifs)) if tarifs.exists() else ()


def find_offer(centre: str, code: object, root: Path = ROOT) -> Offer:
    """An offer of a centre of the files; without `code`, the only one that the centre has."""
    known = [folder.name for folder in list_offer_folders(root / "forms" / centre)]
    if code is None and len(known) == 1:
        code = known[0]
    if not isinstance(code, str) or code not in known:
        raise Invalide(_unknown("offre", code, known), champ="offre")
    return read_offer(root, centre, code)


def list_offers(centre: str, root: Path = ROOT) -> list[Offer]:
    """Every offer of a centre of the files, by code."""
    return [read_offer(root, centre, folder.name) for folder in list_offer_folders(root / "forms" / centre)]


def _unknown(what: str, code: object, known: list[str]) -> str:
    listed = ", ".join(f"« {one} »" for one in known) or "aucun"
    if code is None:
        return f"{what} : indiquez l’un de ces codes : {listed}."
    near = suggestion(code, known) if isinstance(code, str) else ""
    return f"{what} : « {str(code)[:80]} » n’existe pas{near}. Codes connus : {listed}."


def load_ingredients(centre: Centre, tarifs: tuple[Tarif, ...], offer: Offer, root: Path = ROOT) -> Ingredients:
    """What the documents of an offer of the files are made from."""
    folder = root / "doc_templates" / offer.centre / offer.code
    try:
        files = {name: (folder / name).read_bytes() for name in offer.templates()}
    except OSError as error:
        raise Invalide(f"Le gabarit {error.filename} ne peut pas être lu.") from error
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    by_hash = {hashes[name]: data for name, data in files.items()}
    return Ingredients(offer, centre, tarifs, hashes, by_hash.__getitem__)


def render_from_data(data: Mapping[str, Any], document: str, *, today: date, root: Path = ROOT) -> Rendered:
    """Render the convention (`document` "convention") or another document of the offer that `data` names.

    Without `numero` the convention is a *projet*: watermarked, unnumbered. Raises Invalide listing everything that is
    wrong in the data, one line per field path.
    """
    centre, tarifs = find_centre(data.get("centre"), root)
    offer = find_offer(centre.code, data.get("offre"), root)
    numero = _read_numero(data.get("numero"))
    answers = complete_answers(offer, {name: value for name, value in data.items() if name not in RESERVED})
    missing = check_answers(offer, answers, today, document)
    document_id = offer.convention.id if document == "convention" else document
    rendered = render_document(
        load_ingredients(centre, tarifs, offer, root),
        document_id,
        answers,
        today=today,
        numero=numero,
        projet=document == "convention" and numero is None,
        strict=True,
    )
    return replace(rendered, avertissements=(*rendered.avertissements, *missing))


def _read_numero(given: object) -> str | None:
    """The convention's number; None for a projet."""
    if given is None or given == SANS_NUMERO:
        return None
    cleaned = clean_text(given) if isinstance(given, str) else ""
    if not cleaned or len(cleaned) > NUMERO_LENGTH:
        raise Invalide(f"numero : un texte de {NUMERO_LENGTH} caractères au plus est attendu.", champ="numero")
    return cleaned


def complete_answers(offer: Offer, tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """`tree` with what its choices fill in fields that it leaves blank; itself when a part of it is not understood."""
    answers, unknown = flatten_tree(offer.formset.fields.values(), tree)
    if unknown:
        return tree
    completed = deepcopy(dict(tree))
    for field_id, value in answers.items():
        for target, filled in compute_fills(offer.formset, field_id, value).items():
            if is_blank(answers.get(target)):
                put_path(completed, target, filled)
    return completed


def check_answers(offer: Offer, tree: Mapping[str, Any], today: date, document: str) -> list[str]:
    """Raise Invalide when `tree` holds something that no field reads or that a field refuses. Gives one sentence per
    required answer that is missing (for a délibération, its own number and date are not needed)."""
    fields = offer.formset.fields
    answers, unknown = flatten_tree(fields.values(), tree)
    faults = [_unknown_path(path, fields) for path in unknown]
    evaluation = evaluate(offer.formset, answers, today)
    missing = []
    for one in evaluation.missing:
        if one.reason == "manquant":
            if fields[one.field_id].type != "file" and not (document != "convention" and _cites_itself(one.field_id)):
                missing.append(f"{one.field_id} : réponse manquante, laissée en blanc dans le document.")
            continue
        part = evaluation.fields[one.field_id].error_part
        path = f"{one.field_id}.{part}" if part else one.field_id
        faults.append(f"{path} : {one.message}")
    if faults:
        raise Invalide("Les données ne peuvent pas être utilisées :\n" + "\n".join(f"- {fault}" for fault in faults))
    return missing


def _cites_itself(field_id: str) -> bool:
    return field_id.startswith("deliberation.")


def _unknown_path(path: str, fields: Iterable[str]) -> str:
    shown = clean_text(path)[:200] or "?"
    if any(one.startswith(f"{path}.") for one in fields):
        return f"{shown} : un objet JSON est attendu, avec ses champs entre accolades."
    return f"{shown} : ce champ n’existe pas{suggestion(path, fields)}."
