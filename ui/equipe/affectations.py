"""Assignments: the list with its filters, and the form of one of them."""

from __future__ import annotations

from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, nombre, pourcentage
from services.activite import affectation_lists, affectations, equipe
from services.activite.affectation_lists import SITUATIONS, TRIS, AffectationFilter, AffectationRow
from ui import page, session
from ui.dates import day_input
from ui.equipe.cadre import Cadre, choose, days, search_bar, tell_saved
from ui.html import badge, facts, show
from ui.tables import Column, Listing, show_table

ONGLET = "affectations"
LISTING = Listing("equipe", "a", tri="collectivite")
BADGES = {"en_cours": ("En cours", "en_vigueur"), "a_venir": ("À venir", "a_signer"), "terminee": ("Terminée", "echue")}


def show_affectations(cadre: Cadre) -> None:
    """The list, or the form that the address asks for."""
    asked = page.uuid_param("affectation")
    if cadre.modifiable and (asked or page.param("vue") == "nouvelle"):
        _show_form(cadre, asked)
        return
    portail, acteur = session.portail(), session.acteur()
    people = page.load(equipe.list_people, portail, acteur, cadre.centre_id)
    by_name = {str(key): name for key, name in people.items()}
    given = search_bar(
        LISTING,
        "Collectivité, convention ou SIREN",
        assistant=("Assistant", by_name, "Tous les assistants"),
        situation=("Situation", SITUATIONS, "Toutes"),
    )
    if cadre.modifiable and st.button("Affecter un assistant", type="primary", icon=":material/person_add:"):
        cadre.go(ONGLET, vue="nouvelle")
    tri, descendant = LISTING.order
    asked_for = AffectationFilter(
        texte=given["texte"] or "",
        assistant_id=page.as_uuid(given["assistant"]),
        situation=given["situation"],
        tri=tri if tri in TRIS else LISTING.tri,
        descendant=descendant,
        page=LISTING.number,
    )
    found = page.load(affectation_lists.list_page, portail, acteur, cadre.centre_id, asked_for)
    if found.total:
        show_table(LISTING, found, _columns(cadre), legende="Affectations")
    elif LISTING.filtered:
        st.info("Aucune affectation ne correspond à ces critères.")
    else:
        st.info("Personne n’est affecté pour le moment. Un assistant n’enregistre d’heures que là où il est affecté.")


def _columns(cadre: Cadre) -> list[Column[AffectationRow]]:
    return [
        Column(
            "Collectivité",
            lambda row: row.collectivite,
            "collectivite",
            vers=(lambda row: cadre.url(ONGLET, affectation=row.id)) if cadre.modifiable else None,
        ),
        Column("Convention", lambda row: row.numero, court=True),
        Column("Assistant", _person, "assistant"),
        Column("Part", lambda row: pourcentage(row.quotite) if row.quotite is not None else "", nombre=True),
        Column("Depuis", lambda row: date_courte(row.du), "du", court=True),
        Column(
            "Jusqu’au", lambda row: date_courte(row.au) if row.au else f"Terme ({date_courte(row.terme)})", court=True
        ),
        Column("Situation", lambda row: badge(*BADGES[row.situation])),
    ]


def _person(row: AffectationRow) -> Markup:
    gone = row.parti and row.situation != "terminee"
    return Markup("{}{}").format(
        row.assistant, Markup(' <span class="p-pastille p-alerte">Parti</span>') if gone else ""
    )


def _show_form(cadre: Cadre, affectation_id: UUID | None) -> None:
    """One assignment: a new one, or the one of the address."""
    portail, acteur = session.portail(), session.acteur()
    cadre.back(ONGLET, "Toutes les affectations")
    row = (
        page.load(affectation_lists.open_affectation, portail, acteur, cadre.centre_id, affectation_id)
        if affectation_id
        else None
    )
    name = f"affectation:{affectation_id or 'nouvelle'}:{row.version if row else 0}"
    st.subheader("Modifier l’affectation" if row else "Affecter un assistant", anchor=False)
    if row:
        show(facts([("Collectivité", f"{row.collectivite}, convention {row.numero}"), ("Assistant", row.assistant)]))
    slots = page.Slots()
    with st.form(name, border=False, width=620):
        convention_id, assistant_id = (None, None) if row else _who(cadre, name, slots)
        valeurs, force = _fields(row, name, slots)
        sent = st.form_submit_button("Enregistrer l’affectation", type="primary")
    if sent:
        done, saved = slots.run(
            affectations.save_affectation,
            portail,
            acteur,
            cadre.centre_id,
            valeurs,
            convention_id=convention_id,
            assistant_id=assistant_id,
            operation_id=page.operation_id(name),
            malgre_depassement=force,
            affectation_id=affectation_id,
            version_vue=row.version if row else None,
        )
        if done and saved:
            page.renew_operation(name)
            tell_saved(saved, "Affectation enregistrée.")
            cadre.go(ONGLET)
    if row:
        _remove_button(cadre, row, name)


def _fields(row: AffectationRow | None, name: str, slots: page.Slots) -> tuple[dict[str, str | None], bool]:
    """What is typed for an assignment, and whether it is saved beyond the posts held."""
    quotite = st.text_input(
        "Part d’un temps plein, en %",
        nombre(row.quotite, 2) if row and row.quotite is not None else "",
        max_chars=12,
        placeholder="47,70",
        help="Laissez vide pour une convention facturée à l’heure.",
        key=f"{name}:quotite",
        width=260,
    )
    slots.place("quotite")
    du, au = days(row.du if row else None, row.au if row else None)
    first = day_input("Premier jour", key=f"{name}:du", value=du, width=260)
    slots.place("du")
    help_ = "Vide : jusqu’au terme de la convention."
    last = day_input("Dernier jour, facultatif", key=f"{name}:au", value=au, width=260, help=help_)
    slots.place("au")
    force = st.checkbox(
        "Enregistrer malgré un dépassement du poste",
        help="Sans cette case, une affectation qui dépasse les postes de la personne est refusée.",
        key=f"{name}:malgre",
    )
    return {"quotite": quotite, "du": first, "au": last}, bool(force)


def _who(cadre: Cadre, name: str, slots: page.Slots) -> tuple[UUID | None, UUID | None]:
    """The convention and the person of a new assignment."""
    portail, acteur = session.portail(), session.acteur()
    conventions = page.load(affectation_lists.list_conventions, portail, acteur, cadre.centre_id)
    convention_id = choose(
        "Convention",
        conventions,
        key=f"{name}:convention",
        empty="Choisissez une convention en vigueur",
        current=page.uuid_param("convention"),
    )
    slots.place("convention_id")
    people = page.load(equipe.list_assistants, portail, acteur, cadre.centre_id)
    assistant_id = choose("Assistant", people, key=f"{name}:assistant", empty="Choisissez un assistant du centre")
    slots.place("assistant_id")
    return convention_id, assistant_id


def _remove_button(cadre: Cadre, row: AffectationRow, name: str) -> None:
    if not st.button("Retirer cette affectation enregistrée par erreur", type="tertiary", key=f"{name}:retirer"):
        return
    portail, acteur = session.portail(), session.acteur()
    page.confirm(
        "Retirer cette affectation ?",
        "Elle disparaît, comme si elle n’avait pas existé. Si des heures y ont été faites, indiquez plutôt son dernier jour.",
        "Retirer l’affectation",
        lambda _: page.ran(
            affectations.remove_affectation,
            portail,
            acteur,
            cadre.centre_id,
            row.id,
            version_vue=row.version,
            succes="Affectation retirée.",
        )[0],
    )
