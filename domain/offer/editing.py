"""Changing the terms of an offer and its rows, as data: what the web editor does to a draft (see `domain.forms.editing`).

What may be set is in `domain.offer.settings`. An operation gives a new content and never touches the one it was given; what is
refused says why, beside the thing typed when there is one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.errors import Invalide, raise_faults
from domain.forms.editing import (
    Contenu,
    change,
    find_form,
    free_id,
    insert,
    iter_fields,
    slug,
)
from domain.forms.field_editing import check_expression, clean_label
from domain.forms.formset import Form
from domain.offer.journey import Annexe, Document, Part, Party
from domain.offer.reading import (
    choices_of,
    find_row,
    list_rows,
    own_forms,
    read_setting,
    template_names,
    why_kept,
)
from domain.offer.request_editing import check_effect
from domain.offer.requests import TypeDemande
from domain.offer.settings import LISTES, REGLAGES, Reglage
from domain.offer.terms import Denonciation, Duree, Facturation, SectionBilan
from domain.text import clean_text

TEMPLATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,70}\.docx")
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TERMS: dict[str, type[BaseModel]] = {"facturation": Facturation, "duree": Duree, "denonciation": Denonciation}
_ROWS: dict[str, type[BaseModel]] = {
    "documents": Document, "annexes": Annexe, "parties": Party, "bilan": SectionBilan, "demandes": TypeDemande,
}  # fmt: skip


# -- terms ------------------------------------------------------------------------------------------------------------


def update_settings(contenu: Contenu, valeurs: Mapping[str, Any]) -> Contenu:
    """The terms of the offer, those that `valeurs` holds by `chemin`. What is wrong is told beside each."""
    known = {one.chemin: one for group in REGLAGES.values() for one in group}
    given = _clean(contenu, [known[chemin] for chemin in valeurs if chemin in known], valeurs)

    def put(new: Contenu) -> None:
        for chemin, value in given.items():
            _put(new, chemin, value)
        for root, model in _TERMS.items():
            new[root] = _validated(model, new[root], f"{root}.")

    _probe(contenu, put)
    return change(contenu, put)


def read_term(contenu: Contenu, chemin: str) -> Any:
    """The value of a setting; what it is by default in an offer that was kept before there was such a setting."""
    root, _, name = chemin.partition(".")
    known = _TERMS[root].model_fields.get(name) if root in _TERMS else None
    if known is not None and name not in contenu.get(root, {}):
        return known.get_default()
    return read_setting(contenu, chemin)


def _put(contenu: Contenu, chemin: str, value: Any) -> None:
    *way, last = chemin.split(".")
    here: Any = contenu
    for index, key in enumerate(way):
        if here.get(key) is None:
            if value is None:
                return
            here[key] = {}
        if value is None and index == len(way) - 1 and set(here[key]) == {last}:
            here[key] = None  # an object that holds nothing else is not there without it
            return
        here = here[key]
    here[last] = value


def _probe(contenu: Contenu, operation: Callable[[Contenu], None]) -> None:
    """Let an operation raise what it has to say of one field, before the offer is looked at whole."""
    operation(copy.deepcopy(contenu))


def update_words(contenu: Contenu, table: str, cle: str, valeur: object) -> Contenu:
    """One entry of `options` or `vocabulaire`, new or not. An option keeps its kind: yes or no, whole number, text."""
    key = clean_text(str(cle or ""))
    if table not in ("options", "vocabulaire") or not KEY.fullmatch(key):
        raise Invalide(
            "Un nom a des minuscules sans accent, des chiffres et « _ », par exemple « nombre_seances ».", "cle"
        )
    kept: object = valeur
    if isinstance(valeur, str):
        kept = clean_label(valeur, "valeur", "une valeur", 200)
    elif table == "vocabulaire" or not isinstance(valeur, bool | int):
        raise Invalide("Indiquez une valeur.", "valeur")
    former = contenu[table].get(key)
    if former is not None and type(former) is not type(kept):
        raise Invalide("Ce réglage garde son genre de valeur : supprimez-le pour en changer.", "valeur")
    return change(contenu, lambda new: new[table].__setitem__(key, kept))


def delete_words(contenu: Contenu, table: str, cle: str) -> Contenu:
    """Takes an entry away; refused while a condition reads it."""
    if cle not in contenu.get(table, {}):
        raise Invalide("Ce réglage n’existe plus dans le brouillon : rechargez la page.")
    return change(contenu, lambda new: new[table].pop(cle) and None)


# -- rows -------------------------------------------------------------------------------------------------------------


def add_row(
    contenu: Contenu, liste: str, valeurs: Mapping[str, Any], *, taken: Collection[str] = ()
) -> tuple[Contenu, str]:
    """A new row at the end of a list, and its id, taken from its name. `taken`: ids that published versions gave."""
    about = LISTES[liste]
    given = _clean(contenu, [*about.champs, *about.nouveau], valeurs)
    known = {row[about.cle] for row in list_rows(contenu, liste)} | set(taken)
    ident = free_id(slug(str(given[about.nom.chemin]))[:26].rstrip("_"), known)
    row, extra = _new_row(contenu, liste, ident, given)
    row = _validated(_ROWS[liste], row, "")

    def add(new: Contenu) -> None:
        extra(new)
        _rows(new, liste).append(row)

    return change(contenu, add), ident


def _new_row(
    contenu: Contenu, liste: str, ident: str, given: dict[str, Any]
) -> tuple[Contenu, Callable[[Contenu], None]]:
    """A row as it begins, and what goes with it in the rest of the offer."""
    row: Contenu = {LISTES[liste].cle: ident, **given}
    if liste == "documents":
        row["parts"] = [{"template": _template(contenu, row.pop("template", ""), ident)}]
        _refuse_second(contenu, given.get("contexte", "adhesion"))
    elif liste == "annexes":
        row["template"] = _template(contenu, given.get("template", ""), f"annexe-{ident}")
    elif liste == "demandes":
        return _new_request(contenu, ident, row)
    return row, lambda new: None


def _refuse_second(contenu: Contenu, contexte: str) -> None:
    for document in contenu["documents"]:
        if contexte != "adhesion" and document["contexte"] == contexte:
            raise Invalide(
                f"« {document['titre']} » est déjà le document de ce genre : le portail n’en emploie qu’un.", "contexte"
            )


def _template(contenu: Contenu, asked: object, ident: str) -> str:
    """A free name of Word file, the one asked for or one made from `ident`."""
    taken = template_names(contenu)
    name = clean_text(str(asked or ""))
    if not name:
        return free_id(ident.replace("_", "-"), {one.removesuffix(".docx") for one in taken}) + ".docx"
    name = name if name.endswith(".docx") else f"{name}.docx"
    if not TEMPLATE.fullmatch(name):
        raise Invalide("Un nom de fichier a des lettres sans accent, des chiffres, « - » et « _ ».", "template")
    if name in taken:
        raise Invalide("Un autre document emploie déjà un fichier de ce nom.", "template")
    return name


def _new_request(contenu: Contenu, ident: str, row: Contenu) -> tuple[Contenu, Callable[[Contenu], None]]:
    """A request begins with a form of its own, which asks for a date when the request has a document to sign."""
    form_id = free_id(ident, {str(form["id"]) for form in contenu["forms"]})
    known = {str(field["id"]) for _, _, field in iter_fields(contenu)}
    field = {"id": free_id(f"{form_id}.date_effet", known), "type": "date", "label": "Date d’effet souhaitée"}
    asked = {**field, "required": True} if row["circuit"] == "signature" else field
    section = {"id": "demande", "title": row["titre"], "fields": [asked]}
    form = {"id": form_id, "title": row["titre"], "sections": [section]}
    row["steps"] = [{"form": form_id}, {"kind": "recapitulatif", "title": "Récapitulatif et envoi"}]
    row["champ_effet"] = row.get("champ_effet") or field["id"]
    if row["circuit"] == "signature":
        document = next((one for one in contenu["documents"] if one["contexte"] == "avenant"), None)
        if document is None:
            raise Invalide(
                "Cette offre n’a pas de document d’avenant : ajoutez-le d’abord dans « Documents ».",
                "circuit",
            )
        row["document"] = document["id"]
    whole = Form.model_validate(form).model_dump(mode="json")
    return row, lambda new: new["forms"].append(whole)


def update_row(contenu: Contenu, liste: str, ident: str, valeurs: Mapping[str, Any]) -> Contenu:
    """A row said otherwise. Its id never changes."""
    about, current = LISTES[liste], find_row(contenu, liste, ident)
    given = _clean(contenu, [one for one in about.champs if one.chemin in valeurs], valeurs)
    if liste == "demandes" and current["circuit"] == "signature" and not {**current, **given}["document"]:
        raise Invalide("Choisissez le document qui est signé.", "document")
    row = _validated(_ROWS[liste], {**current, **given}, "")

    def replace(new: Contenu) -> None:
        rows = _rows(new, liste)
        rows[rows.index(find_row(new, liste, ident))] = row

    changed = change(contenu, replace)
    if liste == "demandes" and row["champ_effet"] != current["champ_effet"]:
        check_effect(changed, ident, "champ_effet")
    return changed


def move_row(contenu: Contenu, liste: str, ident: str, position: int) -> Contenu:
    """The row at another place of its list: annexes are numbered in their order."""
    find_row(contenu, liste, ident)

    def move(new: Contenu) -> None:
        rows, row = _rows(new, liste), find_row(new, liste, ident)
        rows.remove(row)
        insert(rows, row, position)

    return change(contenu, move)


def delete_row(contenu: Contenu, liste: str, ident: str, *, published: Collection[str] = ()) -> Contenu:
    """Takes a row away. Refused, with the reason, while something depends on it. `published`: ids of fields that published
    versions asked, which must stay in a form."""
    row = find_row(contenu, liste, ident)
    reason = why_kept(contenu, liste, ident, published)
    if reason:
        raise Invalide(f"« {row[LISTES[liste].nom.chemin]} » ne se supprime pas : {reason}.")

    def remove(new: Contenu) -> None:
        _rows(new, liste).remove(find_row(new, liste, ident))
        if liste == "demandes":
            for form_id in own_forms(contenu, row):
                new["forms"].remove(find_form(new, form_id))

    return change(contenu, remove)


# -- parts of a document ----------------------------------------------------------------------------------------------


def set_parts(contenu: Contenu, ident: str, parts: Collection[Mapping[str, Any]]) -> Contenu:
    """What a document is made of, in order: `{"template": file}` or `{"annexe": id}`."""
    find_row(contenu, "documents", ident)
    if not parts:
        raise Invalide("Un document a au moins une partie.", "parts")
    kept: list[Contenu] = []
    for part in parts:
        one = _validated(Part, {key: part.get(key) for key in ("template", "annexe")}, "")
        if one in kept:
            raise Invalide("Une partie est là deux fois.", "parts")
        kept.append(one)
    return change(contenu, lambda new: find_row(new, "documents", ident).update(parts=kept))


def add_part(contenu: Contenu, ident: str, *, annexe: str | None = None, template: str = "") -> Contenu:
    """One more part at the end of a document: an annex of the offer, or a new Word file."""
    parts = find_row(contenu, "documents", ident)["parts"]
    if annexe is not None:
        if annexe not in {row["id"] for row in contenu["annexes"]}:
            raise Invalide("Choisissez une annexe.", "annexe")
        return set_parts(contenu, ident, [*parts, {"annexe": annexe}])
    return set_parts(contenu, ident, [*parts, {"template": _template(contenu, template, f"{ident}-partie")}])


# -- what is typed ----------------------------------------------------------------------------------------------------


def _rows(contenu: Contenu, liste: str) -> list[Contenu]:
    """The list itself, to change it."""
    *way, last = LISTES[liste].chemin.split(".")
    here: Any = contenu
    for key in way:
        here = here[key]
    rows: list[Contenu] = here[last]
    return rows


def _clean(contenu: Contenu, about: Collection[Reglage], valeurs: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed for each of these, cleaned; the errors of all at once."""
    given: dict[str, Any] = {}
    faults: list[Invalide] = []
    for one in about:
        try:
            given[one.chemin] = _cleaned(contenu, one, valeurs.get(one.chemin))
        except Invalide as error:
            faults.append(error)
    raise_faults(faults)
    return given


def _cleaned(contenu: Contenu, one: Reglage, value: Any) -> Any:
    if one.genre == "oui_non":
        return bool(value)
    if one.genre == "condition":
        return check_expression(value, one.chemin)
    if one.genre == "entier":
        if not isinstance(value, int) or isinstance(value, bool):
            raise Invalide("Indiquez un nombre entier.", one.chemin)
        return value
    if one.genre == "mots":
        words = value if isinstance(value, list | tuple) else str(value or "").split(",")
        return [text for word in words if (text := clean_text(str(word))[:80])]
    if value in (None, "") and one.facultatif:
        return None if one.vide == "rien" else ""
    if one.genre == "tarif":
        code = clean_text(str(value or ""))
        if not KEY.fullmatch(code):
            raise Invalide(
                "Choisissez un tarif, ou écrivez un code : minuscules sans accent, chiffres et « _ ».", one.chemin
            )
        return code
    if one.genre in ("texte", "long"):
        text = clean_text(str(value or ""), multiline=one.genre == "long")
        if not text:
            raise Invalide("Ce réglage ne peut pas rester vide.", one.chemin)
        if len(text) > one.longueur:
            raise Invalide(f"{one.longueur} caractères au plus.", one.chemin)
        return text
    if str(value) not in choices_of(contenu, one):
        raise Invalide("Choisissez dans la liste.", one.chemin)
    return int(value) if str(value).isdigit() else value


def _validated(model: type[BaseModel], data: Any, prefix: str) -> Contenu:
    """`data` as the offer stores it; Invalide about the key that is wrong."""
    try:
        return model.model_validate(data).model_dump(mode="json")
    except ValidationError as error:
        faults = []
        for one in error.errors():
            key = str(one["loc"][0]) if one["loc"] else ""
            told = one.get("ctx", {}).get("error")
            message = f"{str(told)[:1].upper()}{str(told)[1:]}." if told else "Cette valeur n’est pas possible."
            faults.append(Invalide(message, f"{prefix}{key}" if key else _last(prefix)))
        raise_faults(faults)
        raise


def _last(prefix: str) -> str | None:
    """Where to tell what is wrong with a group of settings: beside its last one that can be wrong as a whole."""
    return "denonciation.dernier_jour" if prefix == "denonciation." else None
