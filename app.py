"""Composition root: the ASGI application that `streamlit run app.py` serves (docs/exploitation.md)."""

import streamlit as st

from services.core.process import running_portail
from services.core.settings import ROOT
from ui.page import show_unexpected
from ui.typed import keep_what_is_typed
from web import proxys
from web.application import lifespan, middleware, routes

keep_what_is_typed()
proxys.trust_only(running_portail().settings.proxys)

app = st.App(
    ROOT / "ui" / "main.py",
    routes=routes(),
    middleware=middleware(),
    lifespan=lifespan,
    on_script_error=show_unexpected,
)
