"""Definitions written back as YAML: what `domain.definitions` reads is exactly what was written.

The style is the one of the shipped files: block style, short lists of words on one line, no key that has its default.
Comments are not kept: a file that nobody edited goes out as it came in instead (see services.offres.bundle).
"""

from __future__ import annotations

from typing import Any

import yaml

from domain.definitions import Loader
from domain.forms.formset import Form
from domain.offer import Offer, OfferSettings

WIDTH = 120
SHORT = 90
"""Longest list of words that is written on one line."""
_PLAIN = "\n\u00a0\u202f"
"""The line break and the two no-break spaces of French, which need no escape."""


class _Dumper(yaml.SafeDumper):
    """SafeDumper that quotes what our reader would take for something else than a text, and never writes an alias."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)  # lists stand under their key, indented


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    """A text on several lines is written on several lines, unless it holds what YAML would change in reading it back."""
    style = None
    if not all(char.isprintable() or char in _PLAIN for char in value):
        style = '"'
    elif "\n" in value:
        style = "|" if value[:1].strip() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _represent_list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    words = all(isinstance(one, str | int) and len(str(one)) < SHORT for one in value)
    short = words and sum(len(str(one)) + 2 for one in value) < SHORT
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(list, _represent_list)


def write_yaml(data: dict[str, Any]) -> str:
    """`data` (what JSON holds, without fractional numbers, which are texts) as YAML that `read_yaml` reads back the same."""
    return yaml.dump(
        data,
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=WIDTH,
        default_flow_style=False,
        line_break="\n",
    )


def write_form(form: Form) -> str:
    """The file of a form."""
    data = form.model_dump(mode="json", exclude_defaults=True)
    for check in data.get("checks", ()):
        if "if_" in check:
            check["if"] = check.pop("if_")
    return write_yaml(data)


def write_settings(offer: OfferSettings) -> str:
    """The `offre.yaml` of an offer: everything but its forms."""
    return write_yaml(offer.model_dump(mode="json", exclude_defaults=True, exclude={"forms"}))


def write_offer(offer: Offer) -> dict[str, str]:
    """Every YAML file of an offer, by name: `offre.yaml` and one per form."""
    return {"offre.yaml": write_settings(offer), **{f"{form.id}.yaml": write_form(form) for form in offer.forms}}
