"""What the parts of the page *Équipe* share: addresses, forms in one column, and the message after saving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import streamlit as st

from domain.formatting import date_courte
from services.activite.equipe import Enregistre
from ui import page
from ui.tables import Listing


@dataclass(frozen=True)
class Cadre:
    """The centre shown, and whether this person manages its team. `plusieurs`: the person sees several centres."""

    centre_id: UUID
    modifiable: bool
    plusieurs: bool

    def url(self, onglet: str, **params: object) -> str:
        """Address of a part of the page, for this centre."""
        return page.url_of("equipe", onglet=onglet, centre=self.centre_id if self.plusieurs else None, **params)

    def go(self, onglet: str, **params: object) -> None:
        """Go to a part of the page."""
        page.go("equipe", onglet=onglet, centre=self.centre_id if self.plusieurs else None, **params)

    def back(self, onglet: str, label: str) -> None:
        """A link back to the list of a part."""
        page.link(
            "equipe",
            label,
            icon=":material/arrow_back:",
            onglet=onglet,
            centre=self.centre_id if self.plusieurs else None,
        )


def tell_saved(saved: Enregistre, message: str) -> None:
    """Announce what was saved, with what the person should know about it."""
    if saved.avertissements:
        page.notify(" ".join([message, "À vérifier :", *saved.avertissements]), warning=True)
    else:
        page.notify(message)


def days(du: object, au: object) -> tuple[str, str]:
    """What the two date fields show at first: days as they are typed."""
    first, last = (date_courte(one) if one else "" for one in (du, au))  # type: ignore[arg-type]
    return first, last


def search_bar(
    listing: Listing, placeholder: str, **choices: tuple[str, Mapping[str, str], str]
) -> dict[str, str | None]:
    """The search field and the filters of a list, side by side: each choice is (label, options, everything)."""
    columns = st.columns([2, *([1] * len(choices))], vertical_alignment="bottom")
    found: dict[str, str | None] = {}
    with columns[0]:
        found["texte"] = listing.search("Rechercher", placeholder)
    for column, (what, (label, options, everything)) in zip(columns[1:], choices.items(), strict=True):
        with column:
            found[what] = listing.choice(what, label, options, everything)
    return found


def choose(
    label: str, options: Mapping[UUID, str], *, key: str, empty: str, current: UUID | None = None
) -> UUID | None:
    """A searchable list of things by id; None while nothing is chosen."""
    ids = list(options)
    return st.selectbox(
        label,
        ids,
        index=ids.index(current) if current and current in options else None,
        format_func=lambda one: options[one],
        placeholder=empty,
        key=key,
    )
