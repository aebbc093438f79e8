"""Changing the forms of an offer, as data: what the web editor does to a draft.

Everything here is pure: `contenu` is an offer as JSON (`Offer.model_dump(mode="json")`), an operation gives a new one and
never touches the one it was given. An operation that would make a mistake that was not there is refused with the reason
(DefinitionError, or Invalide with `champ` when it is about one thing typed), so a draft that is correct stays correct.

Ids are permanent: nothing renames one, and what a published version asked can be retired, not removed, so that answers keep
their question and an id never comes to mean something else.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from domain.definitions import DefinitionError, Fault
from domain.errors import Invalide
from domain.forms.conditions import ConditionError, compile_condition
from domain.forms.field_editing import build_field, clean_field
from domain.forms.fields import FIELD_TYPES, Field
from domain.forms.formset import RESERVED_ROOTS
from domain.forms.types.base import RESERVED_WORDS, check_id
from domain.offer import read_offer
from domain.offer.requests import ADHESION
from domain.text import fold

Contenu = dict[str, Any]
ID_LENGTH = 40
_SMALL_WORDS = frozenset(["a", "au", "aux", "avec", "ce", "ces", "cet", "cette", "d", "de", "des", "du", "en", "est", "et", "l", "la", "le", "les", "n", "ou", "par", "pour", "qu", "que", "qui", "sa", "se", "ses", "son", "sur", "un", "une", "votre", "vos"])  # fmt: skip

# -- reading ----------------------------------------------------------------------------------------------------------


def find_faults(contenu: Contenu) -> tuple[Fault, ...]:
    """Everything that keeps the offer from being published, in French; empty when it is correct."""
    try:
        read_offer(contenu)
    except DefinitionError as error:
        return error.faults
    return ()


def iter_fields(contenu: Contenu) -> Iterator[tuple[Contenu, Contenu, Contenu]]:
    """Every field with its form and its section, retired ones included."""
    for form in contenu["forms"]:
        for section in form["sections"]:
            for field in section["fields"]:
                yield form, section, field


def field_ids(contenu: Contenu) -> frozenset[str]:
    """Ids of every field, retired ones included."""
    return frozenset(str(field["id"]) for _, _, field in iter_fields(contenu))


def find_form(contenu: Contenu, form_id: str) -> Contenu:
    """The form with this id; Invalide when somebody took it away meanwhile."""
    found: Contenu | None = next((form for form in contenu["forms"] if form["id"] == form_id), None)
    if found is None:
        raise Invalide("Ce formulaire n’existe plus dans le brouillon : rechargez la page.")
    return found


def find_section(contenu: Contenu, form_id: str, section_id: str) -> Contenu:
    """The section of this form; Invalide when it is gone."""
    sections = find_form(contenu, form_id)["sections"]
    found: Contenu | None = next((section for section in sections if section["id"] == section_id), None)
    if found is None:
        raise Invalide("Cette partie n’existe plus dans le brouillon : rechargez la page.")
    return found


def find_field(contenu: Contenu, field_id: str) -> tuple[Contenu, Contenu, Contenu]:
    """The form, the section and the field; Invalide when it is gone."""
    for place in iter_fields(contenu):
        if place[2]["id"] == field_id:
            return place
    raise Invalide("Cette question n’existe plus dans le brouillon : rechargez la page.")


def readable_fields(contenu: Contenu, nature: str = ADHESION) -> dict[str, Field]:
    """Fields that a condition may read in the dossiers of this nature, by id: those still asked, with the options that the offer
    gives them. As many as can be read when the draft is faulty."""
    try:
        known = dict(read_offer(contenu).variant(nature).formset.fields)
    except (DefinitionError, KeyError):
        known = {}
        for _, _, data in iter_fields(contenu):
            with suppress(ValidationError):
                known[str(data["id"])] = Field.model_validate(data)
    return {key: field for key, field in known.items() if not field.retired and field.type in FIELD_TYPES}


def nature_of(contenu: Contenu, form_id: str) -> str:
    """The dossiers that show a form: those of adhesion, else the first request that has it as a step."""
    if not any(step["form"] == form_id for step in contenu["steps"]):
        for demande in contenu.get("demandes", ()):
            if any(step["form"] == form_id for step in demande["steps"]):
                return str(demande["nature"])
    return ADHESION


def readers_of(contenu: Contenu, field_id: str) -> list[str]:
    """What depends on a field, in French: conditions, checks, fields that fill it, billing and dates of the offer."""
    found: list[str] = []
    for form in contenu["forms"]:
        for section in form["sections"]:
            if _reads(section.get("visible_if"), field_id):
                found.append(f"la condition de la partie « {section['title']} »")
            for field in section["fields"]:
                conditions = (field.get("visible_if"), field.get("required_if"))
                if (
                    field["id"] != field_id
                    and not field.get("retired")
                    and any(_reads(c, field_id) for c in conditions)
                ):
                    found.append(f"la condition de « {field['label']} »")
        for check in form.get("checks", ()):
            if field_id in check["fields"] or _reads(check.get("if_") or check.get("unless"), field_id):
                found.append(f"le contrôle « {check['message'][:80]} »")
    for annexe in contenu.get("annexes", ()):
        if _reads(annexe.get("visible_if"), field_id):
            found.append(f"la condition de l’annexe « {annexe['titre']} »")
    for name, step in _iter_steps(contenu):
        if _reads(step.get("visible_if"), field_id):
            found.append(f"la condition d’une étape {name}")
    for demande in contenu.get("demandes", ()):
        if demande.get("champ_effet") == field_id:
            found.append(f"la date d’effet de la demande « {demande['titre']} »")
    billing, duree = contenu.get("facturation", {}), contenu.get("duree", {})
    if field_id in (billing.get("champ"), billing.get("champ_etat_des_lieux")):
        found.append("le calcul des montants de l’offre")
    if field_id in (duree.get("champ_effet"), duree.get("champ_debut")):
        found.append("les dates de la convention")
    return found


def _iter_steps(contenu: Contenu) -> Iterator[tuple[str, Contenu]]:
    """Every step, with what it is a step of: « du dossier », « de la demande « Avenant » »."""
    for step in contenu.get("steps", ()):
        yield "du dossier", step
    for demande in contenu.get("demandes", ()):
        for step in demande["steps"]:
            yield f"de la demande « {demande['titre']} »", step


def _reads(source: str | None, field_id: str) -> bool:
    if not source:
        return False
    try:
        paths = compile_condition(source).paths
    except ConditionError:
        return False
    return any(path == field_id or path.startswith(f"{field_id}.") or field_id.startswith(f"{path}.") for path in paths)


# -- ids --------------------------------------------------------------------------------------------------------------


def slug(label: str) -> str:
    """Words of a label as a segment of an id: « Nombre d’agents » gives `nombre_agents`; `question` when nothing is left."""
    words = [word for word in fold(label).split() if word not in _SMALL_WORDS] or fold(label).split()
    text = ""
    for word in words:
        longer = f"{text}_{word}" if text else word
        if text and len(longer) > ID_LENGTH:
            break
        text = longer[:ID_LENGTH]
    if not text or not text[0].isalpha():
        text = f"question_{text}".rstrip("_")
    return f"{text}_" if text in RESERVED_WORDS else text


def propose_id(contenu: Contenu, form_id: str, section_id: str, label: str, taken: Collection[str] = ()) -> str:
    """A free dotted id for a new field: after the first words of its neighbours' ids (`locaux.…`), from its label. `taken`:
    ids that other versions of the offer used, which stay theirs."""
    neighbours = [str(field["id"]).split(".")[0] for field in find_section(contenu, form_id, section_id)["fields"]]
    neighbours += [str(f["id"]).split(".")[0] for form, _, f in iter_fields(contenu) if form["id"] == form_id]
    known = field_ids(contenu) | set(taken)
    roots = [root for root in neighbours if root not in known] or [slug(form_id)]
    root = max(roots[:1] or roots, key=roots.count)
    base = f"{root if root not in RESERVED_ROOTS else f'{root}_'}.{slug(label)}"
    number, proposed = 1, base
    while _conflict(proposed, known):
        number += 1
        proposed = f"{base}_{number}"
    return proposed


def _conflict(field_id: str, known: Collection[str]) -> str | None:
    """Why an id cannot be a new one, in French."""
    if field_id in known:
        return f"L’identifiant « {field_id} » a déjà servi : un identifiant ne désigne jamais deux questions."
    for other in known:
        if other.startswith(f"{field_id}.") or field_id.startswith(f"{other}."):
            return f"L’identifiant « {field_id} » se confond avec « {other} » : choisissez-en un autre."
    return None


def check_new_id(contenu: Contenu, field_id: str, taken: Collection[str] = ()) -> str:
    """`field_id` when a new field can bear it; Invalide otherwise."""
    try:
        check_id(field_id, dotted=True)
    except ValueError as error:
        raise Invalide(f"{str(error)[:1].upper()}{str(error)[1:]}.", "id") from None
    if "." not in field_id:
        raise Invalide("Un identifiant a deux mots séparés par un point, par exemple « locaux.surface ».", "id")
    if field_id.split(".")[0] in RESERVED_ROOTS:
        raise Invalide(f"« {field_id.split('.')[0]} » est réservé aux documents : choisissez un autre début.", "id")
    conflict = _conflict(field_id, field_ids(contenu) | set(taken))
    if conflict:
        raise Invalide(conflict, "id")
    return field_id


def free_id(base: str, known: Collection[str]) -> str:
    number, proposed = 1, base
    while proposed in known:
        number += 1
        proposed = f"{base}_{number}"
    return proposed


def with_ids(rows: list[Mapping[str, Any]], taken: Collection[str] = ()) -> list[Contenu]:
    """Options or boxes, those without an id given one from their label. `taken`: ids that used to be theirs."""
    known = {str(row["id"]) for row in rows if row.get("id")} | set(taken)
    found = []
    for row in rows:
        ident = row.get("id") or free_id(slug(str(row["label"])), known)
        known.add(ident)
        found.append({**row, "id": ident})
    return found


# -- operations -------------------------------------------------------------------------------------------------------


def change(contenu: Contenu, operation: Callable[[Contenu], None]) -> Contenu:
    """A copy of `contenu` after `operation`; DefinitionError with the mistakes that were not there before."""
    changed = copy.deepcopy(contenu)
    operation(changed)
    before = set(find_faults(contenu))
    added = [fault for fault in find_faults(changed) if fault not in before]
    if added:
        raise DefinitionError(added)
    return changed


def insert(rows: list[Any], row: Any, position: int | None) -> None:
    rows.insert(len(rows) if position is None else max(0, min(position, len(rows))), row)


def add_field(
    contenu: Contenu,
    form_id: str,
    section_id: str,
    valeurs: Mapping[str, Any],
    *,
    position: int | None = None,
    taken: Collection[str] = (),
) -> Contenu:
    """A new field in a section, at the end or at `position`. Without `id` in `valeurs`, one is proposed from the label."""
    given = clean_field({"label": "", "type": "text", **valeurs})
    asked = str(valeurs.get("id") or "").strip()
    ident = asked or propose_id(contenu, form_id, section_id, given["label"], taken)
    field = build_field({**given, "id": check_new_id(contenu, ident, taken)})
    return change(contenu, lambda new: insert(find_section(new, form_id, section_id)["fields"], field, position))


def update_field(
    contenu: Contenu, field_id: str, valeurs: Mapping[str, Any], *, published: Collection[str] = ()
) -> Contenu:
    """A field asked differently. Its id never changes; nor does its type once published, for answers have its shape."""
    _, _, current = find_field(contenu, field_id)
    given = clean_field(valeurs)
    if given.get("type", current["type"]) != current["type"] and field_id in published:
        raise Invalide(
            "Le genre de réponse d’une question publiée ne change pas : retirez-la et ajoutez-en une autre.", "type"
        )
    if "options" in given:
        _check_removed_options(contenu, current, given["options"])
    field = build_field({**current, **given})

    def replace(new: Contenu) -> None:
        _, section, old = find_field(new, field_id)
        section["fields"][section["fields"].index(old)] = field

    return change(contenu, replace)


def _check_removed_options(contenu: Contenu, field: Contenu, options: object) -> None:
    """An option that a condition cites cannot go away silently."""
    kept = {str(option["id"]) for option in options} if isinstance(options, list | tuple) else set()
    for option in field["options"]:
        if option["id"] in kept:
            continue
        citing = option_readers(contenu, field["id"], option["id"])
        if citing:
            raise Invalide(f"La réponse « {option['label']} » sert à la condition « {citing[0]} ».", "options")


def option_readers(contenu: Contenu, field_id: str, option: str) -> list[str]:
    """Conditions that read a field and cite one of its options."""
    quoted = re.compile(rf"'{re.escape(option)}'|\"{re.escape(option)}\"")
    return [one for one in _conditions(contenu) if _reads(one, field_id) and quoted.search(one)]


def _conditions(contenu: Contenu) -> Iterator[str]:
    for form in contenu["forms"]:
        for section in form["sections"]:
            for row in (section, *section["fields"]):
                yield from filter(None, (row.get("visible_if"), row.get("required_if")))
        for check in form.get("checks", ()):
            yield from filter(None, (check.get("if_"), check.get("unless")))
    yield from filter(None, (annexe.get("visible_if") for annexe in contenu.get("annexes", ())))
    yield from filter(None, (step.get("visible_if") for _, step in _iter_steps(contenu)))


def retire_field(contenu: Contenu, field_id: str) -> Contenu:
    """The field is no longer asked; its id and its answers stay. Refused while something depends on it."""
    _, _, field = find_field(contenu, field_id)
    readers = readers_of(contenu, field_id)
    if readers:
        raise Invalide(f"« {field['label']} » sert encore : {', '.join(readers)}. Modifiez-le d’abord.")
    return change(contenu, lambda new: find_field(new, field_id)[2].update(retired=True))


def restore_field(contenu: Contenu, field_id: str) -> Contenu:
    """A retired field is asked again, with the answers that it kept."""
    return change(contenu, lambda new: find_field(new, field_id)[2].update(retired=False))


def delete_field(contenu: Contenu, field_id: str, *, published: Collection[str]) -> Contenu:
    """Takes away a field that no published version ever had."""
    _, _, field = find_field(contenu, field_id)
    if field_id in published:
        raise Invalide("Cette question a été publiée : elle peut être retirée, ses réponses restent.")
    readers = readers_of(contenu, field_id)
    if readers:
        raise Invalide(f"« {field['label']} » sert encore : {', '.join(readers)}. Modifiez-le d’abord.")

    def remove(new: Contenu) -> None:
        _, section, found = find_field(new, field_id)
        section["fields"].remove(found)

    return change(contenu, remove)


def move_field(contenu: Contenu, field_id: str, form_id: str, section_id: str, position: int | None = None) -> Contenu:
    """The field in another place, of the same form or of another one. Its id stays, whatever its first word."""
    find_section(contenu, form_id, section_id)

    def move(new: Contenu) -> None:
        _, section, field = find_field(new, field_id)
        section["fields"].remove(field)
        insert(find_section(new, form_id, section_id)["fields"], field, position)

    return change(contenu, move)
