"""The grid of a week written by hand: the same native elements, in the same order, in one script, saving nothing."""

import json
import os
from pathlib import Path

import pandas as pd
import streamlit as st

LINES = json.loads((Path(os.environ["PORTAIL_DATA"]) / "semaine.json").read_text())
JOURS = LINES["jours"]
VILLES = LINES["conventions"]
LISTES = LINES["listes"]


def lire() -> None:
    st.session_state["saisie"] = dict(st.session_state["grille"])


def enregistrer() -> None:
    st.session_state["enregistre"] = "Enregistré"


st.set_page_config(page_title="Mes heures", layout="wide")
st.html('<div class="portail-bandeau"><p>Centre interdépartemental de gestion</p></div>')
st.sidebar.html("<p>Camille Exemple</p>")
st.sidebar.button("Se déconnecter", type="tertiary", key="sortie")
st.title("Mes heures", anchor=False)
st.html("<p>Une ligne par intervention.</p>")
st.html(
    '<nav><ul><li><a href="?vue=semaine">Une semaine</a></li><li><a href="?vue=ajout">Une intervention</a></li></ul></nav>'
)
st.subheader("Semaine", anchor=False)
st.html('<nav><a href="?semaine=1">Semaine précédente</a> <a href="?semaine=2">Cette semaine</a></nav>')


@st.fragment
def grille() -> None:
    frame = pd.DataFrame(LINES["lignes"], dtype=object)
    edited = st.data_editor(
        frame,
        key="grille",
        num_rows="dynamic",
        hide_index=True,
        height="content",
        row_height=38,
        on_change=lire,
        column_config={
            "jour": st.column_config.SelectboxColumn(
                "Jour", options=list(JOURS), format_func=JOURS.get, default="", width=105
            ),
            "convention": st.column_config.SelectboxColumn(
                "Collectivité", options=list(VILLES), format_func=VILLES.get, width=190
            ),
            "duree": st.column_config.TextColumn("Durée", max_chars=12, width=85),
            **{
                name: st.column_config.SelectboxColumn(
                    name.capitalize(),
                    options=list(values),
                    format_func=values.get,
                    default=next(iter(values)),
                    width=110,
                )
                for name, values in LISTES.items()
            },
        },
    )
    lines = len(edited)
    st.html("<dl>" + "".join(f"<div><dt>{jour}</dt><dd>{lines}</dd></div>" for jour in JOURS.values()) + "</dl>")
    st.html("<p>Total de la semaine.</p>")
    with st.container(horizontal=True):
        st.button("Enregistrer la semaine", type="primary", icon=":material/save:", on_click=enregistrer)
        st.button("Reprendre la semaine précédente", icon=":material/content_copy:")
        st.button("Abandonner la saisie", type="tertiary")
    st.html("<p>Saisie non enregistrée.</p>")


grille()
with st.expander("Où en est l’année"):
    st.html("<table><tr><td>Choisy-le-Roi</td><td>12 h</td></tr></table>")
    st.html("<p>Heures de tous les assistants.</p>")
