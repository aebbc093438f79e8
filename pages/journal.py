"""The journal, for administrators: what was done and by whom, check of the chain, export."""

from datetime import date

import streamlit as st
from markupsafe import Markup

from services.centre.consultation_journal import JournalFilter, LigneJournal, list_lines, open_scope, verify_chain
from ui import page, session
from ui.dates import day_input, read_day_or_error
from ui.html import day_and_time, link
from ui.tables import Column, Listing, show_table

LISTING = Listing("journal", "j", tri="seq", descendant=True)
PAGES = {"dossier": "instruction", "convention": "convention", "avenant": "convention"}


def thing(row: LigneJournal) -> Markup | str:
    """What the line is about, as a link when there is a page for it."""
    if row.objet in PAGES and row.objet_id and row.cible != row.objet:
        return link(row.cible, page.url_of(PAGES[row.objet], id=row.objet_id))
    return row.cible


def check_chain() -> None:
    """Verify every line; the outcome is said in words."""
    with st.spinner("Vérification de toutes les lignes…"):
        outcome = page.run(verify_chain, session.portail(), session.acteur())
    if outcome is None:
        return
    if outcome.intacte:
        st.success(outcome.message, icon=":material/verified:")
    else:
        st.error(
            f"{outcome.message} Le journal a été altéré hors du portail : prévenez la direction et conservez une copie.",
            icon=":material/gpp_bad:",
        )


def chosen_day(what: str, label: str) -> date | None:
    """One end of the period."""
    typed = day_input(label, key=LISTING.name(what), bind="query-params", on_change=LISTING.first_page)
    chosen, wrong = read_day_or_error(typed)
    if wrong:
        st.error(page.text(wrong), icon=":material/error:")
    return chosen


portail, acteur = session.portail(), session.acteur()
scope = page.load(open_scope, portail, acteur)
page.header("Journal", "Chaque action est une ligne scellée par la précédente : rien ne s’efface ni ne se modifie.")
what, since, until = st.columns([2, 1, 1])
with what:
    action = LISTING.choice("action", "Action", scope.actions, "Toutes les actions")
with since:
    du = chosen_day("du", "Du")
with until:
    au = chosen_day("au", "Au")
asked = JournalFilter(action=action, du=du, au=au, objet_id=page.param("j_objet"), page=LISTING.number)
with st.container(horizontal=True, gap="small"):
    check = st.button("Vérifier le journal", type="primary", icon=":material/verified:", key="journal:verifier")
    page.download(
        "Exporter ces lignes (CSV)",
        page.url_of("journal.csv", action=action, du=du, au=au, objet=asked.objet_id),
    )
if check:
    check_chain()

COLUMNS = (
    Column[LigneJournal]("Ligne", lambda row: str(row.seq), nombre=True),
    Column[LigneJournal]("Date", lambda row: day_and_time(row.le, scope.fuseau), court=True),
    Column[LigneJournal]("Action", lambda row: row.libelle),
    Column[LigneJournal]("Personne", lambda row: row.acteur),
    Column[LigneJournal]("Objet", thing),
    Column[LigneJournal]("Détails", lambda row: row.resume),
)
found = page.load(list_lines, portail, acteur, asked)
if found.total:
    show_table(LISTING, found, COLUMNS, legende="Lignes du journal")
else:
    st.info("Aucune ligne ne correspond à ces critères. Élargissez la période ou choisissez toutes les actions.")
