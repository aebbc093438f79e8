"""Conditions of a form: small expressions in the language of the documents (Jinja, sandboxed), over the typed answers.

Allowed: paths (`besoin.quotite`), literals, comparisons, `in`, `and`/`or`/`not`, `+ - * /` on numbers, a few filters and
tests, `date('2026-01-01')`, `aujourdhui` and what the offer is set to (`offre.options.saisine`). Refused when the form is
loaded: everything else, in particular calls, loops, powers and private attributes, so that no expression can be slow or
reach outside the answers.

What is not answered is *missing*: it is false, compares false with everything, and can be read into without an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation
from functools import lru_cache
from typing import Any

from jinja2 import Undefined, nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import TemplateError
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.errors import Invalide

MAX_LENGTH = 1000
MAX_NODES = 200


class ConditionError(Invalide):
    """An expression that cannot be used, or that met values it cannot compare. French message with the reason."""


class Missing(Undefined):
    """An answer that is not there: false, equal to nothing but another absence, safe to compare and to read into."""

    __slots__ = ()

    def _absent(self, *_: object, **__: object) -> Missing:
        return self

    def _no(self, *_: object) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    # Jinja types these operators as never returning, since its own undefined values raise in them.
    __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = _absent  # type: ignore[assignment]
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = __pos__ = _absent  # type: ignore[assignment]
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _no  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return other is None or other == "" or isinstance(other, Missing)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(Missing)

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return ""


MISSING = Missing()

_ATTRIBUTES: dict[type, frozenset[str]] = {
    date: frozenset({"year", "month", "day"}),
    timedelta: frozenset({"days"}),
}


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox of conditions: dictionaries are read by key only, so that no method is ever reached."""

    intercepted_binops = frozenset({"+", "-", "*", "/"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping):
            found = obj.get(attribute)
            return MISSING if found is None else found
        if obj is None or isinstance(obj, Missing):
            return MISSING
        if attribute in _ATTRIBUTES.get(type(obj), ()):
            return getattr(obj, attribute)
        raise ConditionError(f"« {attribute} » ne peut pas être lu ici.")

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, list) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else MISSING
        return self.getattr(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, Missing) or isinstance(right, Missing):
            return MISSING
        if operator == "-" and isinstance(left, date) and isinstance(right, date):
            return left - right
        if not _is_number(left) or not _is_number(right):
            raise ConditionError(f"« {operator} » ne s’emploie qu’entre nombres (ou entre dates, pour « - »).")
        if operator == "/":
            return Decimal(left) / Decimal(right)
        return left + right if operator == "+" else left - right if operator == "-" else left * right


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _read_date(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ConditionError(f"« {value} » n’est pas une date AAAA-MM-JJ.") from None


def _count(value: Any) -> int:
    if isinstance(value, Mapping):  # boxes of a checklist: how many are ticked
        return sum(1 for item in value.values() if item is True)
    return len(value) if isinstance(value, str | list | Missing) else 1


_ENVIRONMENT = _Environment(undefined=Missing, autoescape=False)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = {
    "length": _count,
    "lower": lambda value: str(value).lower(),
    "date": _read_date,
    "decimal": lambda value: Decimal(str(value)),
}
_ENVIRONMENT.tests = {
    "defined": lambda value: not isinstance(value, Missing),
    "undefined": lambda value: isinstance(value, Missing),
    "none": lambda value: isinstance(value, Missing) or value is None,
}

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.Getattr, nodes.Getitem, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.Neg, nodes.CondExpr, nodes.Filter,
    nodes.Test,
)  # fmt: skip


class Condition:
    """A compiled expression. `paths` are the dotted paths it reads; calling it needs a tree of typed values."""

    __slots__ = ("_expression", "paths", "source")

    def __init__(self, source: str, expression: TemplateExpression, paths: frozenset[str]) -> None:
        self.source = source
        self.paths = paths
        self._expression = expression

    def __call__(self, tree: Mapping[str, Any]) -> bool:
        """Truth of the expression over `tree` (nested dicts of typed values, unanswered ones absent).

        ConditionError when values of kinds that do not compare meet; loading a form tries that beforehand.
        """
        try:
            return bool(self._expression(tree))
        except (DivisionByZero, InvalidOperation):
            return False
        except (TypeError, ValueError, TemplateError) as error:
            raise ConditionError(
                f"La condition « {self.source} » compare des valeurs de natures différentes."
            ) from error


@lru_cache(maxsize=4096)
def compile_condition(source: str) -> Condition:
    """The condition written in `source`; ConditionError with the reason, in French, when it is refused."""
    try:
        expression = parse_expression(source)
        rewritten = _Rewriter().rewrite(expression)
        expression.set_environment(_ENVIRONMENT)
        body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), rewritten, lineno=1)]
        template = _ENVIRONMENT.from_string(nodes.Template(body, lineno=1))
    except TemplateError as error:
        raise ConditionError(f"La condition « {source} » ne se lit pas : {_reason(error)}") from None
    except RecursionError:
        raise ConditionError("Cette condition est trop profonde : simplifiez-la.") from None
    return Condition(source, TemplateExpression(template, False), frozenset(_paths(rewritten)))


def parse_expression(source: str) -> nodes.Expr:
    """The syntax tree of `source`, its nodes not checked yet; ConditionError or Jinja's TemplateError when it has none."""
    if len(source) > MAX_LENGTH:
        raise ConditionError(f"Cette condition est trop longue ({MAX_LENGTH} caractères au plus).")
    parser = Parser(_ENVIRONMENT, source, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        raise ConditionError(f"La condition « {source} » ne se lit pas après « {parser.stream.current.value} ».")
    return expression


def _reason(error: TemplateError) -> str:
    """Jinja's English reason is of no use to the author of a form: only what can be shown is."""
    message = error.message or ""
    if "No filter named" in message or "No test named" in message:
        return f"« {message.split(chr(39))[1]} » n’existe pas."
    return "vérifiez les parenthèses, les guillemets et les opérateurs."


class _Rewriter:
    """Checks that an expression holds allowed nodes only, and gives decimals and dates their exact types."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def rewrite(self, node: Any) -> Any:
        """`node`, checked, with `date('…')` and decimal literals turned into filters of this environment."""
        self._left -= 1
        if self._left < 0:
            raise ConditionError("Cette condition est trop complexe : simplifiez-la.")
        if isinstance(node, nodes.Call):
            return self._rewrite_call(node)
        if not isinstance(node, _ALLOWED):
            raise ConditionError(
                f"« {_NAMES.get(type(node).__name__, type(node).__name__)} » n’est pas permis dans une condition."
            )
        self._check_access(node)
        if isinstance(node, nodes.Const) and isinstance(node.value, float):
            text = nodes.Const(repr(node.value), lineno=node.lineno)
            return nodes.Filter(text, "decimal", [], [], None, None, lineno=node.lineno)
        for name, value in list(node.iter_fields()):
            if isinstance(value, nodes.Node):
                setattr(node, name, self.rewrite(value))
            elif isinstance(value, list):
                setattr(node, name, [self.rewrite(one) if isinstance(one, nodes.Node) else one for one in value])
        return node

    @staticmethod
    def _rewrite_call(node: nodes.Call) -> nodes.Filter:
        argument = node.args[0] if len(node.args) == 1 else None
        is_date = isinstance(node.node, nodes.Name) and node.node.name == "date"
        if not is_date or not isinstance(argument, nodes.Const) or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise ConditionError("Un appel n’est pas permis dans une condition, sauf date('AAAA-MM-JJ').")
        _read_date(argument.value)
        return nodes.Filter(argument, "date", [], [], None, None, lineno=node.lineno)

    @staticmethod
    def _check_access(node: nodes.Node) -> None:
        name = node.attr if isinstance(node, nodes.Getattr) else node.name if isinstance(node, nodes.Name) else ""
        if isinstance(node, nodes.Getitem):
            if not isinstance(node.arg, nodes.Const) or not isinstance(node.arg.value, str | int):
                raise ConditionError("Entre crochets, seuls un nom ou un numéro sont permis.")
            name = str(node.arg.value)
        if name.startswith("_"):
            raise ConditionError(f"« {name} » ne peut pas être lu dans une condition.")


_NAMES = {
    "Pow": "**", "Mod": "%", "FloorDiv": "//", "Concat": "~", "Slice": "[a:b]", "Dict": "{…}", "TemplateData": "texte",
}  # fmt: skip


def path_of(node: nodes.Node) -> str | None:
    """Dotted path that `node` reads, None when it is not a path."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        base = path_of(node.node)
        return base and f"{base}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        base = path_of(node.node)
        return base if isinstance(node.arg.value, int) else base and f"{base}.{node.arg.value}"
    return None


def _paths(node: nodes.Node) -> Iterator[str]:
    path = path_of(node)
    if path is not None:
        yield path
        return
    for child in node.iter_child_nodes():
        yield from _paths(child)
