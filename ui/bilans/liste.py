"""The list of a year's annual reports."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from services.pilotage import bilans
from services.pilotage.bilan_views import ETATS, BilanRow
from ui import page, session
from ui.html import badge, day, file_link, link, query_url, show, tabs

TONES = {"attente": "brouillon", "a_rediger": "a_corriger", "a_publier": "a_signer", "publie": "en_vigueur"}


def show_list(annee: int, annees: list[int]) -> None:
    """The year's reports by collectivité, where each one stands, and the way to it."""
    show(tabs("Années", [(str(one), query_url("bilans", {"annee": one}), one == annee) for one in annees]))
    rows = page.load(bilans.list_bilans, session.portail(), session.acteur(), annee)
    if not rows:
        st.info(f"Aucune convention à votre charge n’a couru en {annee}.")
        return
    done = sum(1 for row in rows if row.etat == "publie")
    st.markdown(f"**{done} bilan{'s' if done > 1 else ''} publié{'s' if done > 1 else ''} sur {len(rows)}**")
    show(_render(rows))


def _render(rows: list[BilanRow]) -> Markup:
    head = Markup("").join(
        Markup('<th scope="col">{}</th>').format(titre)
        for titre in ("Collectivité", "Convention", "État", "Sections rédigées", "Publié le", "Document")
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">Bilans annuels</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(head, Markup("").join(_line(row) for row in rows))


def _line(row: BilanRow) -> Markup:
    cells = (
        ("Convention", Markup('<span class="p-court">{}</span>').format(row.numero)),
        ("État", badge(ETATS[row.etat], TONES[row.etat])),
        ("Sections rédigées", f"{row.redigees} sur {row.attendues}" if row.attendues else "–"),
        ("Publié le", day(row.publie_le) or "–"),
        ("Document", file_link(row.piece_id, "Word") if row.piece_id else "–"),
    )
    address = page.url_of("bilans", **_target(row))
    return Markup('<tr><th scope="row" data-titre="Collectivité">{}</th>{}</tr>').format(
        link(row.collectivite, address, classe="p-ligne"),
        Markup("").join(Markup('<td data-titre="{}"><span>{}</span></td>').format(name, cell) for name, cell in cells),
    )


def _target(row: BilanRow) -> dict[str, object]:
    if row.bilan_id:
        return {"id": row.bilan_id}
    return {"convention": row.convention_id, "annee": row.annee}
