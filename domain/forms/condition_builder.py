"""Conditions without code: a list of comparisons joined by « et » or « ou », and the expression they stand for.

One language only: a rule made here is compiled to the expression that `domain.forms.conditions` evaluates, and an expression of
that shape is read back. Any other expression stays what it is, to be shown and changed as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from jinja2 import nodes
from jinja2.exceptions import TemplateError

from domain.errors import Invalide
from domain.forms.conditions import ConditionError, compile_condition, parse_expression, path_of
from domain.forms.fields import Field, FieldError, Json, display_value, parse_value
from domain.text import clean_text

Attente = Literal["rien", "valeur", "valeurs", "case", "nombre"]
Liaison = Literal["and", "or"]
MAX_COMPARAISONS = 20
AUJOURDHUI = "aujourdhui"
"""Value of a date that is not written: the day on which the condition is read."""


@dataclass(frozen=True)
class Operateur:
    """A way of comparing. `attend`: nothing more, a value of the field, several, one box, or a number of boxes or rows."""

    code: str
    libelle: str
    attend: Attente = "valeur"


REMPLI = Operateur("rempli", "est rempli", "rien")
VIDE = Operateur("vide", "est vide", "rien")
EGAL = Operateur("egal", "est")
DIFFERENT = Operateur("different", "n’est pas")
_ORDERED = (
    Operateur("au_moins", "est au moins"),
    Operateur("plus_que", "est plus grand que"),
    Operateur("au_plus", "est au plus"),
    Operateur("moins_que", "est plus petit que"),
)
_DATES = (
    Operateur("au_moins", "est à partir du"),
    Operateur("plus_que", "est après le"),
    Operateur("au_plus", "est jusqu’au"),
    Operateur("moins_que", "est avant le"),
)
_COUNTED = (
    Operateur("nombre_au_moins", "compte au moins", "nombre"),
    Operateur("nombre_moins_que", "compte moins de", "nombre"),
)
_LIST = (
    EGAL,
    DIFFERENT,
    Operateur("parmi", "est l’un de", "valeurs"),
    Operateur("hors", "n’est aucun de", "valeurs"),
)
_SEVERAL = (Operateur("contient", "comprend"), Operateur("sans", "ne comprend pas"))
_BOXES = (Operateur("cochee", "a la case cochée", "case"), Operateur("non_cochee", "n’a pas la case cochée", "case"))
_NUMBERS = (EGAL, DIFFERENT, *_ORDERED)

_BY_TYPE: dict[str, tuple[Operateur, ...]] = {
    "yes_no": (Operateur("oui", "est « oui »", "rien"), Operateur("non", "est « non »", "rien")),
    "choice": _LIST,
    "choices": (*_SEVERAL, *_COUNTED),
    "checklist": (*_BOXES, *_COUNTED),
    "rows": _COUNTED,
    "time_slots": _COUNTED,
    "date": (EGAL, DIFFERENT, *_DATES),
    **dict.fromkeys(("integer", "decimal", "money", "percentage", "duration"), _NUMBERS),
    **dict.fromkeys(("text", "email", "telephone", "siren", "siret", "postal_code", "insee_code"), (EGAL, DIFFERENT)),
}

_SIGNS = {
    "egal": "==", "different": "!=", "au_moins": ">=", "plus_que": ">", "au_plus": "<=", "moins_que": "<",
    "nombre_au_moins": ">=", "nombre_moins_que": "<",
}  # fmt: skip
_JINJA = {
    "egal": "eq", "different": "ne", "au_moins": "gteq", "plus_que": "gt", "au_plus": "lteq", "moins_que": "lt",
}  # fmt: skip
_READ = {sign: code for code, sign in _JINJA.items()}


@dataclass(frozen=True)
class Comparaison:
    """One field compared: `valeur` is JSON of the field's own kind, a list of them, the id of a box, or a number."""

    champ: str
    operateur: str
    valeur: Json = None


@dataclass(frozen=True)
class Regle:
    """Comparisons of which all (`and`) or one at least (`or`) must hold."""

    comparaisons: tuple[Comparaison, ...]
    liaison: Liaison = "and"


def operators_of(field: Field) -> tuple[Operateur, ...]:
    """How an answer to `field` can be compared, the likeliest first."""
    return (*_BY_TYPE.get(field.type, ()), REMPLI, VIDE)


def find_operateur(field: Field, code: str) -> Operateur:
    """The way of comparing with this code; Invalide when `field` has none."""
    for one in operators_of(field):
        if one.code == code:
            return one
    raise Invalide(f"« {field.label} » ne se compare pas ainsi : choisissez une autre comparaison.")


def compile_regle(regle: Regle, fields: Mapping[str, Field]) -> str | None:
    """The expression of `regle`, None when it compares nothing; Invalide says what to correct, with the field's id."""
    if len(regle.comparaisons) > MAX_COMPARAISONS:
        raise Invalide(f"Une condition a {MAX_COMPARAISONS} comparaisons au plus.")
    parts = [_compile(one, fields) for one in regle.comparaisons]
    if not parts:
        return None
    source = f" {regle.liaison} ".join(parts)
    compile_condition(source)
    return source


def _compile(one: Comparaison, fields: Mapping[str, Field]) -> str:
    field = fields.get(one.champ)
    if field is None:
        raise Invalide("Choisissez la question à comparer.")
    wanted = find_operateur(field, one.operateur)
    path = field.id
    match wanted.code:
        case "oui":
            return path
        case "non":
            return f"{path} == false"
        case "rempli":
            return f"{path} is defined"
        case "vide":
            return f"{path} is not defined"
        case "parmi" | "hors":
            values = ", ".join(_literal(field, value) for value in _several(field, one.valeur))
            return f"{path} {'in' if wanted.code == 'parmi' else 'not in'} [{values}]"
        case "contient" | "sans":
            return f"{_literal(field, one.valeur)} {'in' if wanted.code == 'contient' else 'not in'} {path}"
        case "cochee" | "non_cochee":
            if one.valeur not in {item.id for item in field.items}:
                raise Invalide(f"Choisissez la case de « {field.label} ».", one.champ)
            return f"{'' if wanted.code == 'cochee' else 'not '}{path}.{one.valeur}"
        case "nombre_au_moins" | "nombre_moins_que":
            return f"{path}|length {_SIGNS[wanted.code]} {_count(field, one.valeur)}"
        case _:
            return f"{path} {_SIGNS[wanted.code]} {_literal(field, one.valeur)}"


def _several(field: Field, value: Json) -> Sequence[Json]:
    if not isinstance(value, list | tuple) or not value:
        raise Invalide(f"Choisissez au moins une réponse de « {field.label} ».", field.id)
    return value


def _count(field: Field, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 999:
        raise Invalide(f"« {field.label} » : donnez un nombre entier, de 0 à 999.", field.id)
    return value


def read_valeur(field: Field, raw: object) -> Json:
    """JSON value to compare `field` with, typed by a person; Invalide when it is none of its kind. The bounds of the field
    do not bind it: « plus de 100 » may be compared with a field that stops there."""
    if field.type == "date" and raw == AUJOURDHUI:
        return AUJOURDHUI
    loose = field.model_copy(update={"min": None, "max": None, "max_length": None})
    try:
        value = parse_value(loose, raw)
    except FieldError as error:
        raise Invalide(f"« {field.label} » : {error.message}", field.id) from None
    if isinstance(value, list):  # several choices: compared one by one
        value = value[0] if value else None
    if value is None:
        raise Invalide(f"« {field.label} » : donnez la valeur à comparer.", field.id)
    if field.type == "decimal" and field.decimals is None:  # as many decimals as typed: 1,50 and 1,5 are one value
        number = Decimal(value)
        return f"{number.normalize():f}" if number else "0"
    return value


def _literal(field: Field, raw: Json) -> str:
    value = read_valeur(field, raw)
    if value == AUJOURDHUI and field.type == "date":
        return AUJOURDHUI
    if field.type == "date":
        return f"date('{value}')"
    if isinstance(value, str) and field.type in ("decimal", "money", "percentage"):
        return _number(field, Decimal(value))
    if isinstance(value, int):
        return str(value)
    return quote(str(value))


def _number(field: Field, number: Decimal) -> str:
    """A decimal in the language of conditions, which reads it as a float and back: refused when that loses digits."""
    if Decimal(repr(float(number))) != number:
        raise Invalide(f"« {field.label} » : ce nombre a trop de chiffres.", field.id)
    return f"{number.normalize():f}" if number == number.to_integral_value() else f"{number:f}"


def quote(text: str) -> str:
    """`text` as a literal of the language."""
    return "'" + clean_text(text).replace("\\", "\\\\").replace("'", "\\'") + "'"


def read_regle(source: str | None, fields: Mapping[str, Field]) -> Regle | None:
    """The rule that `source` says, an empty one for no condition; None when it has another shape."""
    if source is None or not source.strip():
        return Regle(())
    try:
        compile_condition(source)
        tree = parse_expression(source)
    except (ConditionError, TemplateError):
        return None
    liaison: Liaison = "or" if isinstance(tree, nodes.Or) else "and"
    found = []
    for node in _joined(tree, nodes.Or if liaison == "or" else nodes.And):
        one = _read(node, fields)
        if one is None:
            return None
        found.append(one)
    return Regle(tuple(found), liaison)


def _joined(node: nodes.Node, kind: type[nodes.BinExpr]) -> Iterator[nodes.Node]:
    if isinstance(node, kind):
        yield from _joined(node.left, kind)
        yield from _joined(node.right, kind)
    else:
        yield node


def _read(node: nodes.Node, fields: Mapping[str, Field]) -> Comparaison | None:
    """One comparison; None when the node is none that the builder makes."""
    if isinstance(node, nodes.Not):
        return _read_not(node.node, fields)
    if isinstance(node, nodes.Test):
        champ = path_of(node.node)
        return Comparaison(champ, "rempli") if node.name == "defined" and champ and champ in fields else None
    if isinstance(node, nodes.Compare) and len(node.ops) == 1:
        return _read_compare(node.expr, node.ops[0].op, node.ops[0].expr, fields)
    return _read_truth(path_of(node), fields)


def _read_truth(path: str | None, fields: Mapping[str, Field]) -> Comparaison | None:
    """A path alone: yes, a box that is ticked, or anything filled where no answer counts as false."""
    if path is None:
        return None
    if path in fields:
        kind = fields[path].type
        if kind == "yes_no":
            return Comparaison(path, "oui")
        return (
            None if kind in ("integer", "decimal", "money", "percentage", "duration") else Comparaison(path, "rempli")
        )
    champ, _, item = path.rpartition(".")
    field = fields.get(champ)
    known = field is not None and field.type == "checklist" and item in {one.id for one in field.items}
    return Comparaison(champ, "cochee", item) if known else None


def _read_not(node: nodes.Node, fields: Mapping[str, Field]) -> Comparaison | None:
    inner = _read(node, fields)
    opposite = {"rempli": "vide", "cochee": "non_cochee"}
    if inner is None or inner.operateur not in opposite:
        return None
    return Comparaison(inner.champ, opposite[inner.operateur], inner.valeur)


def _read_compare(left: nodes.Node, sign: str, right: nodes.Node, fields: Mapping[str, Field]) -> Comparaison | None:
    if isinstance(left, nodes.Filter):
        return _read_count(left, sign, right, fields)
    if sign in ("in", "notin") and isinstance(left, nodes.Const):
        field = fields.get(path_of(right) or "")
        code = "contient" if sign == "in" else "sans"
        return _checked(field, code, left.value) if field and field.type == "choices" else None
    field = fields.get(path_of(left) or "")
    if field is None:
        return None
    if sign in ("in", "notin"):
        return _read_list(field, "parmi" if sign == "in" else "hors", right)
    if field.type == "yes_no" and sign == "eq" and isinstance(right, nodes.Const) and isinstance(right.value, bool):
        return Comparaison(field.id, "oui" if right.value else "non")
    value = _constant(field, right)
    return None if value is None or sign not in _READ else _checked(field, _READ[sign], value)


def _read_count(node: nodes.Filter, sign: str, right: nodes.Node, fields: Mapping[str, Field]) -> Comparaison | None:
    field = fields.get(path_of(node.node) or "") if node.node is not None else None
    code = {"gteq": "nombre_au_moins", "lt": "nombre_moins_que"}.get(sign)
    if node.name != "length" or not isinstance(right, nodes.Const) or type(right.value) is not int:
        return None
    if field is None or code is None or code not in {one.code for one in operators_of(field)}:
        return None
    return Comparaison(field.id, code, right.value)


def _read_list(field: Field, code: str, node: nodes.Node) -> Comparaison | None:
    if field.type != "choice" or not isinstance(node, nodes.List) or not node.items:
        return None
    values = [item.value if isinstance(item, nodes.Const) else None for item in node.items]
    known = {option.id for option in field.options}
    return Comparaison(field.id, code, values) if all(value in known for value in values) else None


def _constant(field: Field, node: nodes.Node) -> object:
    """What a literal says: a text, a number as digits, an ISO date; None for anything else."""
    if isinstance(node, nodes.Name) and node.name == AUJOURDHUI and field.type == "date":
        return AUJOURDHUI
    if isinstance(node, nodes.Call):
        return node.args[0].value if isinstance(node.args[0], nodes.Const) and field.type == "date" else None
    sign = ""
    if isinstance(node, nodes.Neg):
        sign, node = "-", node.node
    if not isinstance(node, nodes.Const) or isinstance(node.value, bool) or node.value is None:
        return None
    numeric = field.type in ("integer", "decimal", "money", "percentage", "duration")
    if isinstance(node.value, str):
        return None if numeric or sign or field.type == "date" else node.value
    if not numeric:
        return None
    return int(f"{sign}{node.value}") if isinstance(node.value, int) else f"{sign}{Decimal(repr(node.value)):f}"


def _checked(field: Field, code: str, value: object) -> Comparaison | None:
    """The comparison, when `field` can be compared so with this value and would be written back the same."""
    if code not in {one.code for one in operators_of(field)}:
        return None
    try:
        read = read_valeur(field, value)
    except Invalide:
        return None
    if isinstance(value, str) and isinstance(read, str) and field.type not in ("decimal", "money", "percentage"):
        return Comparaison(field.id, code, read) if read == value else None
    return Comparaison(field.id, code, read)


def describe_regle(regle: Regle, fields: Mapping[str, Field]) -> str:
    """The rule as a person reads it: « Type » est « Commune » et « Effectif » est au moins « 50 »."""
    word = " et " if regle.liaison == "and" else " ou "
    return word.join(_describe(one, fields) for one in regle.comparaisons)


def _describe(one: Comparaison, fields: Mapping[str, Field]) -> str:
    field = fields[one.champ]
    wanted = find_operateur(field, one.operateur)
    words = f"« {field.label} » {wanted.libelle}"
    if wanted.attend == "rien":
        return words
    if wanted.attend == "nombre":
        return f"{words} {one.valeur}"
    values = one.valeur if wanted.attend == "valeurs" else [one.valeur]
    return f"{words} {', '.join(f'« {_show(field, wanted, value)} »' for value in values)}"


def _show(field: Field, wanted: Operateur, value: Json) -> str:
    if wanted.attend == "case":
        return next((item.label for item in field.items if item.id == value), str(value))
    if value == AUJOURDHUI:
        return "aujourd’hui"
    if field.type == "choices":
        return next((option.label for option in field.options if option.id == value), str(value))
    return re.sub(r"\s+", " ", display_value(field, value))
