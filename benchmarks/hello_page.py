"""The least a page can be: a title, a button, a counter."""

import streamlit as st

st.title("Bonjour")
st.session_state.setdefault("n", 0)
if st.button("Plus", key="plus"):
    st.session_state["n"] += 1
st.write(f"compteur = {st.session_state['n']}")
