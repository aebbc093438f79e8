"""Posts: the list, and the form of one of them."""

from __future__ import annotations

from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, nombre, pourcentage
from services.activite import equipe, postes
from services.activite.postes import PosteRow
from services.core.paging import Page
from ui import page, session
from ui.dates import day_input
from ui.equipe.cadre import Cadre, choose, days, tell_saved
from ui.html import badge, note
from ui.tables import Column, Listing, show_table

ONGLET = "postes"
LISTING = Listing("equipe", "p", tri="libelle")
SITUATIONS = {
    "en_cours": ("En cours", "en_vigueur"),
    "a_venir": ("À venir", "a_signer"),
    "termine": ("Terminé", "echue"),
}


def show_postes(cadre: Cadre) -> None:
    """The list, or the form that the address asks for."""
    asked = page.uuid_param("poste")
    if cadre.modifiable and (asked or page.param("vue") == "nouveau"):
        _show_form(cadre, asked)
        return
    rows = page.load(postes.list_postes, session.portail(), session.acteur(), cadre.centre_id, tous=True)
    note(
        "Un poste est une part d’un temps plein que le centre finance. Ce qui est affecté à son titulaire se compare à cette "
        "part."
    )
    choice, new = st.columns([3, 1], vertical_alignment="bottom")
    with choice:
        ended = st.checkbox("Montrer les postes terminés", key="p_termines", bind="query-params")
    with new:
        if cadre.modifiable and st.button("Ajouter un poste", type="primary", icon=":material/add:", width="stretch"):
            cadre.go(ONGLET, vue="nouveau")
    shown = tuple(row for row in rows if ended or row.situation != "termine")
    if shown:
        show_table(LISTING, Page(shown, len(shown), 1, max(1, len(shown))), _columns(cadre), legende="Postes")
    else:
        st.info("Aucun poste pour le moment. Ajoutez ceux des assistants du centre.")


def _columns(cadre: Cadre) -> list[Column[PosteRow]]:
    return [
        Column(
            "Poste",
            lambda row: row.libelle,
            vers=(lambda row: cadre.url(ONGLET, poste=row.id)) if cadre.modifiable else None,
        ),
        Column("Titulaire", _holder),
        Column("Part", lambda row: pourcentage(row.quotite), nombre=True),
        Column("Affecté ce jour", lambda row: "" if row.affectee is None else pourcentage(row.affectee), nombre=True),
        Column("Depuis", lambda row: date_courte(row.du), court=True),
        Column("Jusqu’au", lambda row: date_courte(row.au) if row.au else "Sans fin", court=True),
        Column("Situation", lambda row: badge(*SITUATIONS[row.situation])),
    ]


def _holder(row: PosteRow) -> str | Markup:
    if not row.assistant:
        return "Vacant"
    gone = Markup(' <span class="p-pastille p-alerte">Parti</span>') if row.parti and row.situation != "termine" else ""
    return Markup("{}{}").format(row.assistant, gone)


def _show_form(cadre: Cadre, poste_id: UUID | None) -> None:
    """One post: a new one, or the one of the address."""
    rows = page.load(postes.list_postes, session.portail(), session.acteur(), cadre.centre_id, tous=True)
    row = next((one for one in rows if one.id == poste_id), None)
    cadre.back(ONGLET, "Tous les postes")
    if poste_id and row is None:
        st.info("Ce poste n’existe plus.")
        return
    name = f"poste:{poste_id or 'nouveau'}:{row.version if row else 0}"
    st.subheader("Modifier le poste" if row else "Ajouter un poste", anchor=False)
    slots = page.Slots()
    with st.form(name, border=False, width=620):
        valeurs, holder = _fields(cadre, row, name, slots)
        sent = st.form_submit_button("Enregistrer le poste", type="primary")
    if sent:
        done, saved = slots.run(
            postes.save_poste,
            session.portail(),
            session.acteur(),
            cadre.centre_id,
            valeurs,
            assistant_id=holder,
            operation_id=page.operation_id(name),
            poste_id=poste_id,
            version_vue=row.version if row else None,
        )
        if done and saved:
            page.renew_operation(name)
            tell_saved(saved, "Poste enregistré.")
            cadre.go(ONGLET)
    if row and not row.assistant_id:
        _remove_button(cadre, row, name)


def _fields(
    cadre: Cadre, row: PosteRow | None, name: str, slots: page.Slots
) -> tuple[dict[str, str | None], UUID | None]:
    """What is typed for a post, and who holds it."""
    people = dict(page.load(equipe.list_assistants, session.portail(), session.acteur(), cadre.centre_id))
    if row and row.assistant_id:
        people.setdefault(row.assistant_id, row.assistant)
    libelle = st.text_input("Intitulé du poste", row.libelle if row else "", max_chars=120, key=f"{name}:libelle")
    slots.place("libelle")
    share = nombre(row.quotite, 2) if row else "100,00"
    label = "Part d’un temps plein, en %"
    quotite = st.text_input(label, share, max_chars=12, key=f"{name}:quotite", width=260)
    slots.place("quotite")
    current = row.assistant_id if row else None
    holder = choose("Titulaire (facultatif)", people, key=f"{name}:titulaire", empty="Poste vacant", current=current)
    slots.place("assistant_id")
    du, au = days(row.du if row else None, row.au if row else None)
    first = day_input("Premier jour", key=f"{name}:du", value=du, width=260)
    slots.place("du")
    last = day_input("Dernier jour, facultatif", key=f"{name}:au", value=au, width=260)
    slots.place("au")
    return {"libelle": libelle, "quotite": quotite, "du": first, "au": last}, holder


def _remove_button(cadre: Cadre, row: PosteRow, name: str) -> None:
    if not st.button("Retirer ce poste enregistré par erreur", type="tertiary", key=f"{name}:retirer"):
        return
    portail, acteur = session.portail(), session.acteur()
    page.confirm(
        "Retirer ce poste ?",
        f"« {row.libelle} » disparaît de la liste. S’il a existé, indiquez plutôt son dernier jour.",
        "Retirer le poste",
        lambda _: page.ran(
            postes.remove_poste,
            portail,
            acteur,
            cadre.centre_id,
            row.id,
            version_vue=row.version,
            succes="Poste retiré.",
        )[0],
    )
