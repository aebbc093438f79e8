"""Periods without an assistant: the list, and the form, which shows what a period takes off before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.errors import PortailError
from domain.formatting import date_courte, euros
from services.activite import absences, affectation_lists
from services.activite.absences import AbsenceFilter, AbsenceRow, Effet
from ui import page, session
from ui.dates import day_input
from ui.equipe.cadre import Cadre, choose, tell_saved
from ui.html import badge, bullet_list, day, note, show
from ui.tables import Column, Listing, show_table

ONGLET = "absences"
LISTING = Listing("equipe", "s", tri="du", descendant=True)
RULE = (
    "Seuls les jours où le centre n’a affecté personne, de son fait, réduisent ce que la collectivité doit. Les congés de "
    "l’assistant n’en sont jamais : la part convenue les comprend déjà."
)


def show_absences(cadre: Cadre) -> None:
    """The list, the form, or the question before a period is taken back."""
    if cadre.modifiable and page.param("vue") == "nouvelle":
        _show_form(cadre)
        return
    note(RULE)
    search, cancelled = st.columns([2, 1], vertical_alignment="bottom")
    with search:
        texte = LISTING.search("Rechercher", "Collectivité ou convention")
    with cancelled:
        all_of_them = st.checkbox("Montrer les périodes annulées", key="s_annulees", bind="query-params")
    if cadre.modifiable and st.button("Enregistrer une période", type="primary", icon=":material/event_busy:"):
        cadre.go(ONGLET, vue="nouvelle")
    found = page.load(
        absences.list_absences,
        session.portail(),
        session.acteur(),
        cadre.centre_id,
        AbsenceFilter(texte, bool(all_of_them), LISTING.number),
    )
    if found.total:
        show_table(LISTING, found, COLUMNS, legende="Périodes sans assistant")
        if cadre.modifiable:
            _cancel(cadre, {row.id: row for row in found.rows if row.annulee_le is None})
    else:
        st.info("Aucune période sans assistant" + (" ne correspond." if texte else " n’est enregistrée."))


COLUMNS: list[Column[AbsenceRow]] = [
    Column(
        "Collectivité", lambda row: row.collectivite, vers=lambda row: page.url_of("convention", id=row.convention_id)
    ),
    Column("Convention", lambda row: row.numero, court=True),
    Column("Jours", lambda row: f"{date_courte(row.du)} au {date_courte(row.au)} ({row.jours} j)"),
    Column("Motif", lambda row: row.motif),
    Column("Réduction", lambda row: euros(row.reduction) if row.annulee_le is None else "", nombre=True),
    Column(
        "Enregistrée",
        lambda row: Markup("{}{}").format(
            f"{day(row.saisie_le)} par {row.saisie_par} " if row.saisie_par else "",
            badge("Annulée", "annulee") if row.annulee_le else "",
        ),
    ),
]


def _cancel(cadre: Cadre, rows: Mapping[UUID, AbsenceRow]) -> None:
    if not rows:
        return
    with st.expander("Annuler une période enregistrée par erreur"):
        labels = {
            key: f"{row.collectivite} – {row.numero} : {date_courte(row.du)} au {date_courte(row.au)}"
            for key, row in rows.items()
        }
        chosen = choose(
            "Période à annuler", labels, key="absence:annuler", empty="Choisissez une période de cette page"
        )
        if st.button("Annuler cette période", key="absence:annuler:bouton", disabled=chosen is None) and chosen:
            row = rows[chosen]
            page.confirm(
                "Annuler cette période ?",
                f"Ce que doit {row.collectivite} remonte de {euros(row.reduction)}. La période reste dans la liste, annulée.",
                "Annuler la période",
                lambda _: page.ran(
                    absences.cancel_absence,
                    session.portail(),
                    session.acteur(),
                    cadre.centre_id,
                    row.id,
                    succes="Période annulée : le montant dû est rétabli.",
                )[0],
            )


def _show_form(cadre: Cadre) -> None:
    portail, acteur = session.portail(), session.acteur()
    cadre.back(ONGLET, "Toutes les périodes")
    st.subheader("Enregistrer une période sans assistant", anchor=False)
    st.info(RULE, icon=":material/info:")
    conventions = page.load(affectation_lists.list_conventions, portail, acteur, cadre.centre_id, finies=True)
    name = "absence"
    turn = page.operation_id(name)
    slots = page.Slots()
    with st.container(width=720):
        convention_id = choose(
            "Convention", conventions, key=f"{name}:convention:{turn}", empty="Choisissez une convention"
        )
        slots.place("convention_id")
        valeurs = _days(name, turn, slots)
        if convention_id and all(valeurs.values()):
            _preview(cadre, convention_id, valeurs)
        motif = st.text_area(
            "Motif, sans nom ni état de santé",
            max_chars=500,
            key=f"{name}:motif:{turn}",
            placeholder="Poste vacant, recrutement en cours",
        )
        slots.place("motif")
        sent = st.button("Enregistrer la période", type="primary", key=f"{name}:envoyer")
    if sent:
        done, saved = slots.run(
            absences.save_absence,
            portail,
            acteur,
            cadre.centre_id,
            convention_id,
            {**valeurs, "motif": motif},
            operation_id=turn,
        )
        if done and saved:
            page.renew_operation(name)
            tell_saved(saved, "Période enregistrée : le montant dû est recalculé.")
            cadre.go(ONGLET)


def _days(name: str, turn: str, slots: page.Slots) -> dict[str, str]:
    """The first and the last day, as typed."""
    left, right = st.columns(2)
    with left:
        du = day_input("Premier jour sans assistant", key=f"{name}:du:{turn}")
        slots.place("du")
    with right:
        au = day_input("Dernier jour sans assistant", key=f"{name}:au:{turn}")
        slots.place("au")
    return {"du": du, "au": au}


def _preview(cadre: Cadre, convention_id: UUID, valeurs: Mapping[str, str]) -> None:
    """What the period would change, or what is wrong with its days: nothing is sent yet."""
    asked = (session.portail(), session.acteur(), cadre.centre_id, convention_id, valeurs)
    try:
        effects, told = absences.preview_absence(*asked), absences.warn_absence(*asked)
    except PortailError as error:
        page.show_error(error)
    else:
        for one in told:
            st.warning(page.text(one), icon=":material/warning:")
        _show_effects(effects)


def _show_effects(effects: list[Effet]) -> None:
    """What the period changes, year by year, with the steps."""
    for one in effects:
        show(
            Markup("<p><strong>{} : {} au lieu de {}</strong>, soit {} de moins.</p>").format(
                one.annee, euros(one.apres), euros(one.avant), euros(one.reduction)
            )
        )
        if one.avertissement:
            st.warning(page.text(one.avertissement), icon=":material/warning:")
        with st.expander(f"Comment ce montant est calculé ({one.annee})"):
            show(bullet_list(one.etapes))
