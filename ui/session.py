"""Who is using this page. Pages call `acteur()`; everything else here is for the shell and the login page."""

from __future__ import annotations

from contextvars import ContextVar

import streamlit as st

from services.comptes import sessions
from services.core.access import Acteur
from services.core.portail import Portail
from services.core.process import running_portail

_HELD = "_jeton"
_of_this_run: ContextVar[Acteur | None] = ContextVar("acteur_of_this_run", default=None)


def portail() -> Portail:
    """The portal that this process serves."""
    return running_portail()


def jeton() -> str | None:
    """The session token of this browser's cookie, valid or not (cookies are those of the page's last load)."""
    found = st.context.cookies.get(sessions.cookie_name(portail()))
    if found:
        st.session_state[_HELD] = found
    return found or st.session_state.get(_HELD)  # a page that has just gone away still has to save what it had sent


def adresse() -> str:
    """The visitor's network address; that of a declared proxy's client when there is one (web.proxys)."""
    return st.context.ip_address or "127.0.0.1"


def current() -> Acteur | None:
    """Who is logged in now, from the session row; None when nobody is. The function to replace in tests."""
    return sessions.current(portail(), jeton(), adresse())


def acteur() -> Acteur:
    """Who is logged in. During a run of the whole page this is the person the shell has just checked; in a callback or a
    fragment the session is checked again. When it is over, the page starts again and shows the login form."""
    found = _of_this_run.get() or current()
    if found is None:
        st.rerun()
    return found


def hold(found: Acteur | None) -> None:
    """Keep the person just checked until the end of this run (the shell calls it, with None at the end)."""
    _of_this_run.set(found)
