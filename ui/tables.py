"""Calm tables: real HTML tables with real links, filters, sort and pages bound to the address.

The address says what is shown, so that a list can be shared, reloaded, and come back to. Each list has a short prefix for its
parameters (`d_texte`, `d_tri`…). On a narrow screen a row becomes a card: the style sheet does it from `data-titre`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from services.core.paging import Page
from ui.html import link, query_url, show

Row = TypeVar("Row")
EMPTY = "–"
"""What a cell with nothing to say shows; on a narrow screen the card leaves its line out."""


@dataclass(frozen=True)
class Column(Generic[Row]):
    """One column: its heading, what a row shows there (a string is escaped), the sort code of the service if it can be sorted.

    `nombre` aligns figures, `court` never breaks the line. `vers` gives the address a row leads to: exactly one column has it, and its link covers the row.
    """

    titre: str
    cellule: Callable[[Row], str | Markup]
    tri: str = ""
    nombre: bool = False
    court: bool = False
    vers: Callable[[Row], str] | None = None


@dataclass(frozen=True)
class Listing:
    """Parameters of one list in the address: `page` is the screen's name, `prefixe` begins each of its parameters."""

    page: str
    prefixe: str
    tri: str
    descendant: bool = False

    def name(self, what: str) -> str:
        return f"{self.prefixe}_{what}"

    @property
    def order(self) -> tuple[str, bool]:
        """Sort code asked for in the address, and whether it descends."""
        asked = st.query_params.get(self.name("tri"), "")
        code = asked.removeprefix("-")
        return (code, asked.startswith("-")) if code.isidentifier() else (self.tri, self.descendant)

    @property
    def number(self) -> int:
        """Page asked for in the address, from 1."""
        asked = st.query_params.get(self.name("page"), "1")
        return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1

    def search(self, label: str, placeholder: str = "") -> str:
        """The search field; its text is in the address."""
        key = self.name("texte")
        typed = st.text_input(
            label, key=key, bind="query-params", placeholder=placeholder, max_chars=100, on_change=self.first_page
        )
        return (typed or "").strip()

    def choice(self, what: str, label: str, options: Mapping[str, str], everything: str) -> str | None:
        """A filter with one answer; None for all. The address holds the label."""
        codes = ["", *options]
        chosen = st.selectbox(
            label,
            codes,
            format_func=lambda code: options.get(code, everything),
            key=self.name(what),
            bind="query-params",
            on_change=self.first_page,
        )
        return chosen or None

    def first_page(self) -> None:
        """Callback of what narrows the list: its first page again."""
        st.query_params.pop(self.name("page"), None)

    @property
    def filtered(self) -> bool:
        """Whether the address narrows the list."""
        ignored = {self.name("page"), self.name("tri")}
        return any(key.startswith(f"{self.prefixe}_") and key not in ignored for key in st.query_params)


@dataclass(frozen=True)
class Selection(Generic[Row]):
    """A box in front of each row; the chosen ids go to a protected route as a plain form, without the page running."""

    route: str
    bouton: str
    ident: Callable[[Row], UUID]
    nom: Callable[[Row], str]


def show_table(
    listing: Listing,
    found: Page[Row],
    columns: Sequence[Column[Row]],
    *,
    legende: str,
    selection: Selection[Row] | None = None,
) -> None:
    """One page of a list with its headings that sort, then the pages. An empty page is the caller's to explain."""
    body = render_table(listing, found.rows, columns, legende, selection)
    if selection is not None:
        body = _selection_form(body, selection)
    show(body, render_pages(listing, found))


def render_table(
    listing: Listing,
    rows: Sequence[Row],
    columns: Sequence[Column[Row]],
    legende: str,
    selection: Selection[Row] | None = None,
) -> Markup:
    """The table as HTML."""
    head = [_heading(listing, column) for column in columns]
    if selection is not None:
        every = Markup('<label><input type="checkbox" data-tout><span class="p-masque">Tout cocher</span></label>')
        head.insert(0, Markup('<th scope="col" class="p-choix">{}</th>').format(every))
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(legende, Markup("").join(head), Markup("").join(_row(row, columns, selection) for row in rows))


def _heading(listing: Listing, column: Column[Any]) -> Markup:
    classe = Markup(' class="p-nombre"') if column.nombre else ""
    if not column.tri:
        return Markup('<th scope="col"{}>{}</th>').format(classe, column.titre)
    code, down = listing.order
    sorted_here = code == column.tri
    wanted = f"-{column.tri}" if sorted_here and not down else column.tri
    target = query_url(listing.page, {listing.name("tri"): wanted, listing.name("page"): None})
    arrow = Markup(' <span aria-hidden="true">{}</span>').format("▼" if down else "▲") if sorted_here else ""
    aria = Markup(' aria-sort="{}"').format("descending" if down else "ascending") if sorted_here else ""
    return Markup('<th scope="col"{}{}>{}{}</th>').format(
        classe, aria, link(column.titre, target, here=True, hidden="(trier)"), arrow
    )


def _row(row: Row, columns: Sequence[Column[Row]], selection: Selection[Row] | None) -> Markup:
    cells = [_cell(row, column) for column in columns]
    if selection is not None:
        box = Markup(
            '<td class="p-choix"><label><input type="checkbox" name="ids" value="{}"><span class="p-masque">Choisir {}</span></label></td>'
        )
        cells.insert(0, box.format(selection.ident(row), selection.nom(row)))
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _cell(row: Row, column: Column[Row]) -> Markup:
    shown = column.cellule(row)
    if column.vers is None and shown in ("", EMPTY):
        return Markup('<td data-titre="{}" class="{}"><span>{}</span></td>').format(
            column.titre, "p-nombre p-sans" if column.nombre else "p-sans", EMPTY
        )
    classe = Markup(' class="p-nombre"') if column.nombre else Markup(' class="p-court"') if column.court else ""
    if column.vers is not None:
        return Markup('<th scope="row" data-titre="{}"{}>{}</th>').format(
            column.titre, classe, link(shown or "Ouvrir", column.vers(row), classe="p-ligne")
        )
    return Markup('<td data-titre="{}"{}><span>{}</span></td>').format(column.titre, classe, shown)


def _selection_form(table: Markup, selection: Selection[Any]) -> Markup:
    hint = "Cochez les lignes à réunir dans un fichier ZIP."
    return Markup(
        '<form class="p-selection" method="get" action="{}" data-selection>{}<p><button type="submit">{}</button> '
        '<span class="p-discret" role="status" data-compte="{}">{}</span></p></form>'
    ).format(selection.route, table, selection.bouton, hint, hint)


def render_pages(listing: Listing, found: Page[Any]) -> Markup:
    """« 1 à 25 sur 60 » and links to the neighbouring pages."""
    if found.pages == 1:
        return Markup('<div class="p-pages"><p>{} résultat{}</p></div>').format(
            found.total, "s" if found.total > 1 else ""
        )
    first = (found.page - 1) * found.taille + 1
    count = Markup("<p>{} à {} sur {}</p>").format(first, first + len(found.rows) - 1, found.total)
    moves = [("Page précédente", found.page - 1), ("Page suivante", found.page + 1)]
    links = [
        link(text, query_url(listing.page, {listing.name("page"): number if number > 1 else None}))
        if 1 <= number <= found.pages
        else Markup('<span aria-disabled="true">{}</span>').format(text)
        for text, number in moves
    ]
    return Markup(
        '<nav class="p-pages" aria-label="Pages de la liste">{}{} <span>Page {} sur {}</span> {}</nav>'
    ).format(count, links[0], found.page, found.pages, links[1])
