"""What changed between two versions of an offer, in sentences that somebody who reads no YAML understands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domain.forms.fields import FIELD_TYPES
from domain.offer import Offer
from domain.offer.settings import REGLAGES
from domain.roles import ROLE_LABELS, Role
from services.offres.diff_circuits import name_states
from services.offres.diff_labels import IDENTITIES, KINDS, LABELS, VALUES
from services.offres.diff_mails import fill_mails, mail_label
from services.offres.diff_moves import Move, take_moves

Content = Offer | Mapping[str, Any]

SETTINGS = {one.chemin: one for group in REGLAGES.values() for one in group}
"""What the screen of settings calls each of them, and its values."""


@dataclass(frozen=True)
class Change:
    """One difference. `path`: where it is in the content (`forms/besoin/sections/dates`); `titre`: the same in French, with what
    happened; `avant`, `apres`: both values as a person reads them, empty when there is none."""

    path: str
    titre: str
    avant: str = ""
    apres: str = ""


def describe_changes(before: Content, after: Content) -> list[Change]:
    """Every difference from `before` to `after`, in the order of `after`. Either may be a faulty draft."""
    old, new, moves = take_moves(*fill_mails(*name_states(_plain(before), _plain(after))))
    names = _names_of(old) | _names_of(new)
    found = [*_compare(old, new, (), ()), *(change for move in moves for change in _tell_move(move))]
    return [_tell_step(change, names) if "steps" in change.path.split("/") else change for change in found]


def _names_of(content: Content) -> dict[str, str]:
    """What people call the forms and the fields that steps name by their id."""
    found: dict[str, str] = {}
    for form in _objects(_plain(content), "forms"):
        found[str(form.get("id"))] = _name(form, str(form.get("id")))
        for section in _objects(form, "sections"):
            fields = _objects(section, "fields")
            found |= {str(field.get("id")): _name(field, str(field.get("id"))) for field in fields}
    return found


def _objects(row: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects of a list; what else a faulty draft holds there is left out."""
    rows = row.get(key)
    return [one for one in rows if isinstance(one, Mapping)] if isinstance(rows, list | tuple) else []


def _tell_step(change: Change, names: Mapping[str, str]) -> Change:
    """A change of a step, the ids in it replaced by the names of what they name."""
    titre = re.sub(r"étape « ([^» ]+)((?: \(répété\))*) »", lambda one: _quoted(one, names), change.titre)
    if not change.path.endswith(("/champs", "steps")):
        return replace(change, titre=titre)
    avant, apres = (
        ", ".join(names.get(one, one) for one in value.split(", ")) for value in (change.avant, change.apres)
    )
    return replace(change, titre=titre, avant=avant, apres=apres)


def _quoted(found: re.Match[str], names: Mapping[str, str]) -> str:
    return f"étape « {names.get(found[1], found[1])}{found[2]} »"


def _tell_move(move: Move) -> Iterator[Change]:
    """Where a field went, then what else changed in it."""
    form, section = move.to
    named = f"champ « {_name(move.after, str(move.after.get('id')))} »"
    place = (f"formulaire « {form} »", f"section « {section} »", named)
    yield Change("/".join(move.path), _sentence((*place, "déplacé")), " › ".join(move.from_), " › ".join(move.to))
    yield from _compare(move.before, move.after, move.path, place)


def describe_gabarits(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """The Word templates that were added, replaced or taken away (SHA-256 by name)."""
    found = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            verb = "ajouté" if old is None else "retiré" if new is None else "remplacé"
            found.append(Change(f"gabarits/{name}", f"Gabarit « {name} » {verb}"))
    return found


def _plain(content: Content) -> dict[str, Any]:
    return content.model_dump(mode="json") if isinstance(content, Offer) else dict(content)


def _compare(
    before: Mapping[str, Any], after: Mapping[str, Any], path: tuple[str, ...], place: tuple[str, ...]
) -> Iterator[Change]:
    """Differences of two objects, key by key."""
    for key in dict.fromkeys([*after, *before]):
        old, new = before.get(key), after.get(key)
        if (_blank(old) and _blank(new)) or old == new:
            continue
        here = (*path, str(key))
        label = mail_label(key) if path == ("courriels",) else LABELS.get(key, str(key))
        if key in KINDS and _rows(key, old) and _rows(key, new):
            yield from _compare_rows(key, _index(key, old or ()), _index(key, new or ()), here, place)
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _compare(old, new, here, (*place, label))
        else:
            setting = SETTINGS.get(".".join(here))
            titre = _sentence((*place, setting.libelle if setting else label))
            words = setting.choix if setting else {}
            yield Change("/".join(here), titre, *(words.get(str(one)) or _show(key, one) for one in (old, new)))


def _blank(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {} or value == ()


def _rows(key: str, value: Any) -> bool:
    """Whether this is a list of objects that are known by their id (or nothing)."""
    if _blank(value):
        return True
    names = IDENTITIES[key]
    return isinstance(value, list | tuple) and all(
        isinstance(row, Mapping) and any(row.get(name) for name in names) for row in value
    )


def _index(key: str, rows: Sequence[Any]) -> dict[str, Mapping[str, Any]]:
    """The rows by what identifies them; a repeated id (a faulty draft) is told apart by its rank."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        name = next(str(row[one]) for one in IDENTITIES[key] if row.get(one))
        while name in found:
            name += " (répété)"
        found[name] = row
    return found


def _compare_rows(
    key: str,
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    path: tuple[str, ...],
    place: tuple[str, ...],
) -> Iterator[Change]:
    """Rows that came, left, moved or changed."""
    kind, feminine = KINDS[key]
    end = "e" if feminine else ""
    for name, row in after.items():
        here, named = "/".join((*path, name)), f"{kind} « {_name(row, name)} »"
        old = before.get(name)
        if old is None:
            yield Change(here, _sentence((*place, f"{named} ajouté{end}")), "", _summary(key, row))
        elif row.get("retired") and not old.get("retired"):
            yield Change(here, _sentence((*place, f"{named} retiré{end}, ses réponses sont conservées")))
            yield from _compare({**old, "retired": True}, row, (*path, name), (*place, named))
        else:
            yield from _compare(old, row, (*path, name), (*place, named))
    for name, row in before.items():
        if name not in after:
            removed = f"{kind} « {_name(row, name)} » supprimé{end}"
            yield Change("/".join((*path, name)), _sentence((*place, removed)), _summary(key, row), "")
    yield from _moves(key, before, after, path, place)


def _moves(
    key: str,
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    path: tuple[str, ...],
    place: tuple[str, ...],
) -> Iterator[Change]:
    """One line when what is in both lists is no longer in the same order."""
    old = [name for name in before if name in after]
    new = [name for name in after if name in before]
    if old != new:
        titre = _sentence((*place, f"Ordre ({LABELS.get(key, key).lower()})"))
        yield Change(
            "/".join(path),
            titre,
            ", ".join(_name(before[name], name) for name in old),
            ", ".join(_name(after[name], name) for name in new),
        )


def _name(row: Mapping[str, Any], name: str) -> str:
    """What people call this row: its label rather than its id."""
    if "echeance" in row:
        return VALUES.get(("echeance", str(row["echeance"])), name)
    for one in ("label", "title", "titre", "libelle", "message"):
        if isinstance(row.get(one), str) and row[one].strip():
            return str(row[one]).strip()
    return name


def _summary(key: str, row: Mapping[str, Any]) -> str:
    """What a row that came or left holds, in a few words."""
    if key in ("fields", "columns"):
        parts = [_show("type", row.get("type")), str(row.get("id", ""))]
        return ", ".join([*parts, "obligatoire"] if row.get("required") else parts)
    if key == "transitions":
        told = (("depuis", "de"), ("conduit à", "vers"), ("par", "roles"), ("si", "condition"))
        return ", ".join(f"{word} {shown}" for word, part in told if (shown := _show(part, row.get(part))))
    if key in ("forms", "sections"):
        inner = row.get("sections") if key == "forms" else row.get("fields")
        return ", ".join(_name(one, str(one.get("id"))) for one in inner or () if isinstance(one, Mapping))
    return ""


def _sentence(place: Sequence[str]) -> str:
    text = " › ".join(place)
    return text[:1].upper() + text[1:]


def _show(key: str, value: Any) -> str:
    """A value as a person reads it."""
    if _blank(value):
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if key == "type":
        kind = FIELD_TYPES.get(str(value))
        return kind.label if kind else str(value)
    if isinstance(value, str):
        return VALUES.get((key, value), ROLE_LABELS[Role(value)] if key == "roles" and value in _ROLES else value)
    if isinstance(value, list | tuple):
        return ", ".join(_show(key, one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(
            f"{LABELS.get(str(one), str(one)).lower()} : {shown}"
            for one, inner in value.items()
            if (shown := _show(str(one), inner))
        )
    return str(value)


_ROLES = {role.value for role in Role}
