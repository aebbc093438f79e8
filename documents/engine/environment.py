"""The one Jinja environment that documents are rendered with: sandboxed, strict, escaping everything.

Templates come from centres and data from anybody. So: no attribute of Python objects is reachable beyond plain data, an
unknown name is an error and never an empty string, and whatever a person typed can only ever become text of the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from documents.engine import filters
from domain import formatting

BLANK = "……………"
# Not allowed in XML 1.0, or allowed but changing the page (form feed is read as a page break): never printed. The two
# private-use characters are markers of `documents.engine.filters`, which data must not be able to forge.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
MARKERS = re.compile("[\ue0b0\ue0b1]")
LINE_END = re.compile("\r\n?|\x85|\u2028|\u2029")
SPECIAL = re.compile("[&<>\"'\n\t]")
BREAK = Markup('</w:t><w:br/><w:t xml:space="preserve">')
TAB = Markup('</w:t><w:tab/><w:t xml:space="preserve">')
MAX_PRODUCT = 100_000
# Of Jinja's own filters only what text and lists need: `safe` would let data through unescaped, `random` would make two
# renderings differ, others make HTML or grow without limit.
JINJA_FILTERS = (
    "abs batch capitalize count d default dictsort e escape first float groupby int items join last length list lower map"
    " max min reject rejectattr replace reverse round select selectattr slice sort string sum title trim truncate unique"
    " upper wordcount"
)
# The only methods of text and dictionaries a template may call. Formatting methods could fill the memory in one call.
METHODS = ("items", "keys", "values", "get", "startswith", "endswith", "upper", "lower", "strip", "split", "title")


def plain_text(value: object) -> str:
    """What is printed for a value that no filter formatted."""
    if value is None:
        return BLANK
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, Decimal | float):
        return formatting.nombre(filters.as_decimal(value))
    if isinstance(value, datetime | date):
        return formatting.date_longue(filters.as_date(value))
    if isinstance(value, time):
        return formatting.heure(value)
    return str(value)


def clean_text(value: object) -> str:
    """The printable text of a value, with "\\n" for every line end, without what XML or Word cannot hold."""
    text = value if type(value) is str else plain_text(value)
    if text.isprintable():  # by far the most frequent: no line end, control or private-use character
        return text
    text = LINE_END.sub("\n", text)
    return MARKERS.sub("", UNPRINTABLE.sub("", text))


def print_in_word(value: object) -> str:
    """What stands in a run for a value: escaped, with Word's own line ends and tabs."""
    if isinstance(value, Markup):  # made by our own filters or macros, perhaps joined with data
        return value if value.isprintable() else UNPRINTABLE.sub("", value)
    if isinstance(value, StrictUndefined):
        return str(value)  # raises
    text = clean_text(value)
    if SPECIAL.search(text):
        text = str(escape(text)).replace("\n", BREAK).replace("\t", TAB)
    return text


def print_in_attribute(value: object) -> str:
    """What stands outside runs (document properties, XML attributes): line ends and tabs become spaces."""
    if isinstance(value, StrictUndefined):
        return str(value)  # raises
    if isinstance(value, Markup):
        return MARKERS.sub("", UNPRINTABLE.sub("", value))
    return str(escape(re.sub(r"[\n\t]+", " ", clean_text(value))))


def in_attribute(value: object) -> Markup:
    """The filter that the compiler puts on expressions inside XML attributes."""
    return Markup(print_in_attribute(value))  # noqa: S704 - escaped just before


def printed_operand(value: object) -> object:
    """An operand of `~`: None would otherwise be printed as the word None."""
    if isinstance(value, str | StrictUndefined):
        return value
    return plain_text(value)


class ForbiddenOperation(SecurityError):
    """What a template may not do, said in French."""


class PrintingCodeGenerator(CodeGenerator):
    """Prints every expression with one call of `finalize`, which escapes, instead of Jinja's `escape(finalize(…))`."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("environment.finalize(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write(")")

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        value = node.as_const(frame.eval_ctx)
        finalize_text = self.environment.finalize
        if isinstance(node, nodes.TemplateData) or finalize_text is None:
            return str(value)
        return str(finalize_text(value))


class WordEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox for templates. Differences with Jinja's own: data wins over methods of the same name, `~` knows None."""

    code_generator_class = PrintingCodeGenerator
    intercepted_binops = frozenset({"*", "**", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`a.items` is the answer called items when there is one, not the method of the dictionary."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_callable(self, obj: Any) -> bool:
        """Macros, `range`, `namespace`, what `loop` offers and a few methods; nothing else can be called."""
        if isinstance(obj, Macro) or obj in self.globals.values():
            return True
        owner = getattr(obj, "__self__", None)
        if isinstance(owner, LoopContext):
            return True
        return isinstance(owner, str | dict) and getattr(obj, "__name__", "") in METHODS

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """'x' * 10**9 fills the memory in one instruction, so repetitions, formats and large powers are refused."""
        if operator == "%" and isinstance(left, str):
            raise ForbiddenOperation("le format « % » n’est pas permis, utilisez « ~ »")
        if operator == "**" and (abs(right) > 8 or abs(left) > MAX_PRODUCT):
            raise ForbiddenOperation("puissance trop grande")
        if operator == "*":
            for sequence, times in ((left, right), (right, left)):
                if isinstance(sequence, str | list | tuple) and len(sequence) * times > MAX_PRODUCT:
                    raise ForbiddenOperation("répétition trop longue")
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        for concat in template.find_all(nodes.Concat):
            concat.nodes = [nodes.Filter(node, "_operand", [], [], None, None) for node in concat.nodes]
        return template


def _build(finalize: Callable[[object], str]) -> WordEnvironment:
    environment = WordEnvironment(undefined=StrictUndefined, autoescape=True, finalize=finalize)
    kept = {name: function for name, function in environment.filters.items() if name in JINJA_FILTERS.split()}
    environment.filters = {**kept, **filters.FILTERS, "_operand": printed_operand, "_attribute": in_attribute}
    environment.globals = {name: environment.globals[name] for name in ("range", "namespace")}
    return environment


@lru_cache(maxsize=1)
def word_environment() -> WordEnvironment:
    """For the text of the document, its headers, footers and notes."""
    return _build(print_in_word)


@lru_cache(maxsize=1)
def property_environment() -> WordEnvironment:
    """For the properties of the file (title, subject), which hold no runs."""
    return _build(print_in_attribute)
