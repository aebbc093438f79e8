"""The list of statements: filters kept in the address, and the quarter to prepare."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.decompte import ETATS
from domain.formatting import date_courte, euros
from services.core import clock
from services.facturation import consultation, preparation
from services.facturation.consultation import TRIS, last_quarter_over
from services.facturation.decompte_views import DecompteFilter, DecompteRow, Preparation
from ui import page, session
from ui.decomptes.lot import REFUSED
from ui.decomptes.pastille import statement_badge
from ui.tables import Column, Listing, show_table

LISTING = Listing("decomptes", "d", tri="periode", descendant=True)
QUARTERS = {"1": "1er trimestre", "2": "2e trimestre", "3": "3e trimestre", "4": "4e trimestre"}
ISSUED = {code: label for code, label in ETATS.items() if code in ("emis", "paye", "annule")}


def _state(row: DecompteRow) -> Markup:
    shown = statement_badge(row.etat_libelle, row.etat, contre=row.contre)
    return Markup('{} <span class="p-discret">Avertissement à lever</span>').format(shown) if row.a_lever else shown


NUMBER = Column[DecompteRow](
    "Numéro",
    lambda row: row.numero or "Sans numéro",
    "numero",
    court=True,
    vers=lambda row: page.url_of("decompte", id=row.id),
)
WHO = Column[DecompteRow]("Collectivité", lambda row: row.collectivite, "collectivite")
COLUMNS = (
    Column[DecompteRow]("Période", lambda row: row.periode, "periode"),
    Column[DecompteRow]("Convention", lambda row: row.convention, court=True),
    Column[DecompteRow]("État", _state, "etat"),
    Column[DecompteRow]("Émis le", lambda row: date_courte(row.emis_le) if row.emis_le else "", "emis_le", court=True),
    Column[DecompteRow]("Payé le", lambda row: date_courte(row.paye_le) if row.paye_le else "", court=True),
    Column[DecompteRow]("Total", lambda row: euros(row.total), "total", True, True),
)


def ask_filter(exercices: list[int], *, cote_centre: bool) -> DecompteFilter:
    """The search field and the filters; what they ask for."""
    search, states, years, quarters = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
    with search:
        texte = LISTING.search("Rechercher", "Numéro, collectivité ou SIREN")
    with states:
        etat = LISTING.choice("etat", "État", ETATS if cote_centre else ISSUED, "Tous les états")
    with years:
        exercice = LISTING.choice("exercice", "Exercice", {str(one): str(one) for one in exercices}, "Tous")
    with quarters:
        trimestre = LISTING.choice("trimestre", "Trimestre", QUARTERS, "Tous")
    tri, descendant = LISTING.order
    return DecompteFilter(
        texte=texte,
        etats=(etat,) if etat else (),
        exercice=int(exercice) if exercice else None,
        trimestre=int(trimestre) if trimestre else None,
        tri=tri if tri in TRIS else LISTING.tri,
        descendant=descendant,
        page=LISTING.number,
    )


def export_url(nom: str, filtre: DecompteFilter) -> str:
    """Address of an export of what the filter keeps."""
    asked = {
        "texte": filtre.texte,
        "etat": filtre.etats[0] if filtre.etats else "",
        "exercice": filtre.exercice or "",
        "trimestre": filtre.trimestre or "",
    }
    given = urlencode({name: value for name, value in asked.items() if value})
    return f"/exports/{nom}" + (f"?{given}" if given else "")


def show_list(filtre: DecompteFilter, *, cote_centre: bool) -> None:
    """One page of the list."""
    found = page.load(consultation.list_decomptes, session.portail(), session.acteur(), filtre)
    if not found.total:
        st.info("Aucun décompte ne correspond à ces critères. Élargissez la recherche ou choisissez un autre état.")
        return
    # Somebody of one collectivité knows whose statements these are.
    several = cote_centre or len(session.acteur().collectivite_ids) > 1
    show_table(LISTING, found, (NUMBER, *((WHO,) if several else ()), *COLUMNS), legende="Décomptes")


def show_preparation(centres: dict[UUID, tuple[str, str]], *, ouvert: bool) -> None:
    """Prepare the drafts of a quarter, for every convention of the centre."""
    with st.expander("Préparer les décomptes d’un trimestre", icon=":material/playlist_add:", expanded=ouvert):
        st.markdown(
            "Un brouillon est établi pour chaque convention qui a quelque chose à facturer. Ceux qui sont déjà vérifiés ou "
            "émis ne changent pas ; les brouillons sont recalculés. La facturation est à terme échu : un décompte est vérifié "
            "puis émis une fois sa période terminée."
        )
        where, years, quarters, go = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
        ids = list(centres)
        with where:
            centre_id = ids[0]
            if len(ids) > 1:
                centre_id = st.selectbox("Centre", ids, format_func=lambda one: centres[one][0], key="preparer-centre")
        today = clock.today(centres[centre_id][1])
        annee, trimestre = last_quarter_over(today)
        with years:
            choices = list(range(today.year, annee - 4, -1))
            year = st.selectbox("Année", choices, index=choices.index(annee), key="preparer-annee")
        with quarters:
            quarter = st.selectbox(
                "Trimestre",
                (1, 2, 3, 4),
                index=trimestre - 1,
                format_func=lambda one: QUARTERS[str(one)],
                key="preparer-trimestre",
            )
        with go:
            wanted = st.button("Préparer", type="primary", icon=":material/playlist_add:", key="preparer")
        if wanted:
            _prepare(centre_id, year, quarter)


def _prepare(centre_id: UUID, annee: int, trimestre: int) -> None:
    bar = st.progress(0.0, text="Préparation en cours…")

    def told(done: int, total: int) -> None:
        bar.progress(done / total, text=f"{done} conventions sur {total}")

    done = page.run(
        preparation.prepare_trimestre,
        session.portail(),
        session.acteur(),
        centre_id,
        annee,
        trimestre,
        progress=told,
    )
    bar.empty()
    if done is not None:
        page.notify(tell_preparation(done), warning=bool(done.echecs))
        st.session_state[REFUSED] = done.echecs
        page.go("decomptes", d_exercice=annee, d_trimestre=QUARTERS[str(trimestre)])


def tell_preparation(done: Preparation) -> str:
    """What preparing did, in one sentence."""
    parts = [
        (done.crees, "brouillon préparé", "brouillons préparés"),
        (done.recalcules, "recalculé", "recalculés"),
        (done.laisses, "laissé tel quel (vérifié ou émis)", "laissés tels quels (vérifiés ou émis)"),
        (done.vides, "convention sans rien à facturer", "conventions sans rien à facturer"),
        (len(done.echecs), "convention en échec\u00a0: voyez pourquoi", "conventions en échec\u00a0: voyez pourquoi"),
    ]
    said = [f"{count} {many if count > 1 else one}" for count, one, many in parts if count]
    return f"{', '.join(said).capitalize()}." if said else "Aucune convention en vigueur sur ce trimestre."


def everything(filtre: DecompteFilter) -> list[DecompteRow]:
    """Every statement that the filter keeps, without pages; the page stops below the filters when there are too many."""
    found = page.run(consultation.list_all, session.portail(), session.acteur(), replace(filtre, page=1))
    if found is None:
        st.stop()
    return found
