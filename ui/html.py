"""Pieces of HTML that pages share: everything that comes from a person is escaped, links stay inside the running page.

`data-lien` marks the links that lead to another page of the portal: the page's script follows them without reloading; without
it they are ordinary links.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import streamlit as st
from markupsafe import Markup, escape

from domain.formatting import NBSP, date_courte, nombre
from services.core.clock import DEFAULT_ZONE, local_time
from ui import page

TONS: dict[str, str] = {
    "brouillon": "neutre",
    "depose": "attente",
    "en_instruction": "attente",
    "a_corriger": "alerte",
    "accepte": "favorable",
    "emis": "favorable",
    "retire": "neutre",
    "refuse": "defavorable",
    "a_signer": "attente",
    "signee_collectivite": "attente",
    "en_vigueur": "favorable",
    "annulee": "defavorable",
    "denoncee": "alerte",
    "en_demeure": "alerte",
    "resiliee": "defavorable",
    "echue": "neutre",
    "remplacee": "neutre",
    "finie": "neutre",
    "verifie": "attente",
    "paye": "favorable",
    "annule": "defavorable",
}
"""Tone of each state. The words always say it too: colour never carries a meaning alone."""


def href(nom: str, **params: object) -> str:
    """Address of the page called `nom`; parameters that are None or empty are left out."""
    return page.url_of(nom, **{key: value for key, value in params.items() if value not in (None, "")})


def link(
    text: str, target: str, *, classe: str = "", hidden: str = "", here: bool = False, current: bool = False
) -> Markup:
    """A link to a page of the portal. `hidden` is read by screen readers only; `here`: same page, keep the scroll."""
    return Markup('<a data-lien="{}" href="{}"{}{}>{}{}</a>').format(
        "ici" if here else "page",
        target,
        Markup(' class="{}"').format(classe) if classe else "",
        Markup(' aria-current="page"') if current else "",
        text,
        Markup('<span class="p-masque"> {}</span>').format(hidden) if hidden else "",
    )


def file_link(piece_id: UUID | str, name: str | Markup, size: int | None = None) -> Markup:
    """A link that downloads a stored file through the protected route."""
    detail = Markup(' <span class="p-discret">({})</span>').format(file_size(size)) if size else ""
    return Markup('<a href="/fichiers/{}" download>{}</a>{}').format(piece_id, name, detail)


def file_size(size: int) -> str:
    """A size in bytes as people read it: « 12 ko », « 3,4 Mo »."""
    if size < 1_000_000:
        return f"{nombre(max(1, round(size / 1000)))}{NBSP}ko"
    return f"{nombre(Decimal(size) / 1_000_000, 1)}{NBSP}Mo"


def badge(text: str, etat: str) -> Markup:
    """The label of a state, with its tone."""
    return Markup('<span class="p-pastille p-{}">{}</span>').format(TONS.get(etat, "neutre"), text)


def lines(text: str) -> Markup:
    """Text of several lines, escaped."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))


def tabs(label: str, items: Iterable[tuple[str, str, bool]]) -> Markup:
    """A navigation inside a page: (text, address, current)."""
    entries = (
        Markup("<li>{}</li>").format(link(text, target, here=True, current=current)) for text, target, current in items
    )
    return Markup('<nav class="p-onglets" aria-label="{}"><ul>{}</ul></nav>').format(label, Markup("").join(entries))


def facts(pairs: Iterable[tuple[str, str | Markup | None]]) -> Markup:
    """A list of labels and values; those without a value are left out."""
    rows = (
        Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(label, value)
        for label, value in pairs
        if value not in (None, "")
    )
    return Markup('<dl class="p-faits">{}</dl>').format(Markup("").join(rows))


def bullet_list(items: Iterable[str | Markup], classe: str = "p-liste") -> Markup:
    """A plain list."""
    return Markup('<ul class="{}">{}</ul>').format(
        classe, Markup("").join(Markup("<li>{}</li>").format(i) for i in items)
    )


def day_and_time(moment: datetime | None, fuseau: str = DEFAULT_ZONE) -> str:
    """« 12/11/2026 à 14 h 05 », in the time zone of the centre; empty for None."""
    if moment is None:
        return ""
    local = local_time(moment, fuseau)
    return f"{date_courte(local.date())} à {local.hour}{NBSP}h{NBSP}{local.minute:02d}"


def day(moment: datetime | None, fuseau: str = DEFAULT_ZONE) -> str:
    """« 12/11/2026 », in the time zone of the centre; empty for None."""
    return "" if moment is None else date_courte(local_time(moment, fuseau).date())


def query_url(nom: str, changes: Mapping[str, object]) -> str:
    """Address of the page called `nom` with the current parameters and these changes (None removes one)."""
    return href(nom, **({key: st.query_params[key] for key in st.query_params} | dict(changes)))


def show(*parts: str | Markup) -> None:
    """Put HTML on the page. Plain strings are escaped first: only Markup is taken as it is."""
    st.html(str(Markup("").join(parts)))


def note(text: str) -> None:
    """A line of help or of detail, quieter than the text, still at full contrast."""
    show(Markup('<p class="p-discret">{}</p>').format(text))
