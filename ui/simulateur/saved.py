"""Saved scenarios on the page: keep, reopen, rename, duplicate, delete, choose which to compare."""

from __future__ import annotations

from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.errors import PortailError
from services.core.access import Acteur
from services.pilotage import scenarios
from services.pilotage.cadres import CadreRow
from services.pilotage.parametres import Mode, Parametres, as_typed, read_parametres, to_texts
from services.pilotage.scenarios import COMPARED, MAX_NAME, ScenarioRow
from ui import page, session
from ui.html import day_and_time, note, show
from ui.simulateur.fields import NAMES
from ui.tables import Column, Listing, render_table

SEEN = "simulateur:vu"
"""Session entry: id and version of the scenario that is open here, as this person read it."""
LISTING = Listing("simulateur", "sc", tri="modifie_le", descendant=True)


def follow_scenario(acteur: Acteur) -> ScenarioRow | None:
    """The scenario of the address. Arriving by its link fills the address with what it holds; whoever may not see it reads
    so, and simulates something else."""
    ident = page.uuid_param("scenario")
    if ident is None:
        if "scenario" in st.query_params:
            st.query_params.pop("scenario")
        st.session_state.pop(SEEN, None)
        return None
    row = page.run(scenarios.open_scenario, session.portail(), acteur, ident)
    if row is None:
        st.query_params.pop("scenario")
        return None
    if not any(name in st.query_params for name in NAMES):
        for name, text in as_typed(row.texts).items():
            st.query_params[name] = text
        st.session_state[SEEN] = row.id, row.version
    elif st.session_state.get(SEEN, (None, 0))[0] != row.id:
        st.session_state[SEEN] = row.id, row.version
    return row


def show_save(opened: ScenarioRow | None, parametres: Parametres) -> None:
    """Keep what is simulated: in the scenario that is open, or under a new name."""
    st.subheader("Garder cette simulation", anchor=False)
    if opened is not None:
        _show_opened(opened, parametres)
    turn = page.operation_id("scenario-creer")
    with st.form(f"scenario:{turn}", border=False):
        nom = st.text_input(
            "Nom du nouveau scénario" if opened else "Nom du scénario",
            key=f"scenario:nom:{turn}",
            max_chars=MAX_NAME,
            placeholder="Budget 2027, 47,70 %",
        )
        slots = page.Slots()
        slots.place("nom")
        sent = st.form_submit_button(
            "Enregistrer un nouveau scénario" if opened else "Enregistrer le scénario",
            type="secondary" if opened else "primary",
        )
    if sent:
        done, ident = slots.run(
            scenarios.save_scenario, session.portail(), session.acteur(), nom or "", parametres, turn
        )
        if done:
            page.renew_operation("scenario-creer")
            page.notify("Scénario enregistré.")
            _reopen(ident)


def _show_opened(opened: ScenarioRow, parametres: Parametres) -> None:
    show(Markup("<p>Scénario ouvert : <strong>{}</strong></p>").format(opened.nom))
    version: int = st.session_state[SEEN][1]
    saved = _same(opened, parametres)
    if saved:
        note("La simulation affichée est celle du scénario enregistré.")
    else:
        note("La simulation affichée n’est plus celle du scénario enregistré.")
        if st.button("Mettre à jour le scénario", type="primary", key="scenario:maj"):
            done, _ = page.ran(
                scenarios.update_scenario, session.portail(), session.acteur(), opened.id, parametres, version,
                succes="Scénario mis à jour.",
            )  # fmt: skip
            if done:
                _reopen(opened.id)
    with st.container(horizontal=True):
        if st.button("Renommer", key="scenario:renommer"):
            _rename(opened, version)
        if st.button("Dupliquer", key="scenario:dupliquer"):
            _duplicate(opened.id)
        if st.button("Supprimer", key="scenario:supprimer"):
            _confirm_delete(opened, version)
        page.link("simulateur", "Nouvelle simulation", icon=":material/add:")
    st.caption("Lien à envoyer à un collègue :")
    st.code(
        session.portail().settings.adresse_publique.rstrip("/") + page.url_of("simulateur", scenario=opened.id),
        language=None,
        wrap_lines=True,
    )


def _same(opened: ScenarioRow, parametres: Parametres) -> bool:
    try:
        return to_texts(read_parametres(opened.texts)) == to_texts(parametres)
    except PortailError:
        return False


@st.dialog("Renommer le scénario")
def _rename(opened: ScenarioRow, version: int) -> None:
    slots = page.Slots()
    nom = st.text_input("Nom du scénario", value=opened.nom, max_chars=MAX_NAME, key="scenario:nouveau-nom")
    slots.place("nom")
    if st.button("Renommer le scénario", type="primary", key="scenario:renommer-oui"):
        done, _ = slots.run(
            scenarios.rename_scenario, session.portail(), session.acteur(), opened.id, nom or "", version
        )
        if done:
            page.notify("Scénario renommé.")
            _reopen(opened.id)


def _duplicate(scenario_id: UUID) -> None:
    turn = page.operation_id("scenario-dupliquer")
    done, ident = page.ran(scenarios.duplicate_scenario, session.portail(), session.acteur(), scenario_id, turn)
    if done:
        page.renew_operation("scenario-dupliquer")
        page.notify("Scénario dupliqué : c’est la copie qui est ouverte.")
        _reopen(ident)


def _confirm_delete(opened: ScenarioRow, version: int) -> None:
    def delete(_motif: str) -> bool:
        done, _ = page.ran(
            scenarios.delete_scenario, session.portail(), session.acteur(), opened.id, version,
            succes="Scénario supprimé.",
        )  # fmt: skip
        if done:
            st.query_params.clear()
            st.session_state.pop(SEEN, None)
        return done

    page.confirm(
        "Supprimer le scénario", f"« {opened.nom} » disparaîtra pour tous ceux qui le voient.", "Supprimer", delete
    )


def _reopen(scenario_id: UUID | None) -> None:
    """Show a scenario as it is kept now; without id (the second of two clicks), the page as it is."""
    if scenario_id is not None:
        st.session_state.pop(SEEN, None)
        st.query_params.clear()
        st.query_params["scenario"] = str(scenario_id)
    st.rerun()


def show_list(rows: list[ScenarioRow], cadres: list[CadreRow], fuseau: str) -> None:
    """Every scenario that the person may open, and a choice of those to compare."""
    st.subheader("Scénarios enregistrés", anchor=False)
    for texte in _tell_sharing(cadres):
        note(texte)
    if not rows:
        st.info("Aucun scénario pour le moment. Donnez un nom à une simulation pour la retrouver et la comparer.")
        return
    columns = (
        Column[ScenarioRow]("Nom", lambda row: row.nom, vers=lambda row: page.url_of("simulateur", scenario=row.id)),
        Column[ScenarioRow]("Besoin", _need),
        Column[ScenarioRow]("Prise d’effet", lambda row: as_typed(row.texts).get("effet", ""), court=True),
        *([Column[ScenarioRow]("Pour", _owner)] if len({_owner(row) for row in rows}) > 1 else []),
        Column[ScenarioRow]("Enregistré par", lambda row: row.auteur),
        Column[ScenarioRow]("Modifié le", lambda row: day_and_time(row.modifie_le, fuseau), court=True),
    )
    show(render_table(LISTING, rows, columns, "Scénarios enregistrés"))
    if len(rows) < COMPARED.start:
        return
    names = {row.id: row.nom for row in rows}
    chosen = st.multiselect(
        f"Scénarios à comparer (de {COMPARED.start} à {COMPARED.stop - 1})",
        list(names),
        format_func=lambda ident: names[ident],
        max_selections=COMPARED.stop - 1,
        placeholder="Choisissez",
        key="simulateur:comparer",
    )
    if st.button("Comparer", key="simulateur:comparer-ouvrir", disabled=len(chosen) not in COMPARED):
        st.query_params.clear()
        st.query_params["comparer"] = ",".join(map(str, chosen))
        st.rerun()


def _tell_sharing(cadres: list[CadreRow]) -> list[str]:
    """Who else sees what is kept, on each side where the person works."""
    said = []
    if any(one.collectivite_id is None for one in cadres):
        said.append(
            "Partagés avec les instructeurs et les responsables de votre centre ; aucune collectivité ne les voit."
        )
    if any(one.collectivite_id is not None for one in cadres):
        said.append(
            "Partagés dans votre collectivité (gestionnaires, direction, signataires) ; le centre ne les voit pas."
        )
    return said


def _owner(row: ScenarioRow) -> str:
    """The side that a scenario belongs to."""
    return row.collectivite_nom or row.centre_nom


def _need(row: ScenarioRow) -> str:
    """« 47,70 % », « 40 h par an », « 650 agents »."""
    typed = as_typed(row.texts)
    mode = typed.get("mode", Mode.QUOTITE.value)
    if mode == Mode.HEURES.value:
        return f"{typed.get('heures', '')} par an"
    return f"{typed.get('agents', '')} agents" if mode == Mode.AGENTS.value else f"{typed.get('quotite', '')} %"
