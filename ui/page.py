"""What every page is made of: its header, links to other pages, service calls with their messages, confirmations."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar
from uuid import UUID, uuid4

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from domain.errors import Introuvable, Invalide, PortailError, SessionExpiree, split_faults
from domain.nom import NOM
from domain.text import drop_controls
from services.core.settings import ROOT

logger = logging.getLogger("portail")
Result = TypeVar("Result")

_SITE = "_portail"
"""Key of what the portal is called for this person."""
_NOTICE = "_annonce"
_OPERATION = "_operation:"
_TITLED = "_titre"
"""Key that says that this run has shown the title of its page."""


def header(
    titre: str,
    sous_titre: str | None = None,
    *,
    retour: tuple[str, str] | None = None,
    retour_id: UUID | None = None,
) -> None:
    """Title of the page (and of the browser tab), the line under it, and the notice left by the previous action.

    `retour` is (page, label) of the page one comes back to: `("dossiers", "Tous les dossiers")`; `retour_id` is what that
    page is about, when it is about one thing.
    """
    st.set_page_config(page_title=f"{titre} – {st.session_state.get(_SITE, NOM)}")
    if retour:
        link(retour[0], retour[1], icon=":material/arrow_back:", id=retour_id)
    st.title(_plain(titre), anchor=False)
    st.session_state[_TITLED] = True
    if sous_titre:
        st.html(f'<p class="portail-sous-titre">{html.escape(sous_titre)}</p>')
    show_notice()


def name_site(nom: str) -> None:
    """What the portal is called for this person, in the title of each page: what the centre offers."""
    st.session_state[_SITE] = nom


def start_run() -> None:
    """A new run of a page, which has no title yet."""
    st.session_state.pop(_TITLED, None)


def show_missing(titre: str = "Page introuvable") -> None:
    """The title of an address that leads nowhere for this person; none when the page has its own."""
    if not st.session_state.get(_TITLED):
        header(titre)


def path_of(page: str) -> str:
    """File of the page called `page`, as Streamlit wants it."""
    return str(ROOT / "pages" / f"{page}.py")


def url_of(page: str, **params: object) -> str:
    """Address of a page inside the portal, for links in text."""
    from urllib.parse import urlencode

    query = urlencode({key: str(value) for key, value in params.items() if value is not None})
    return f"/{'' if page == 'accueil' else page}{'?' + query if query else ''}"


def link(page: str, label: str, *, icon: str | None = None, aide: str | None = None, **params: object) -> None:
    """A link to another page with its parameters: `link("instruction", "Ouvrir", id=dossier_id)`."""
    given = {key: str(value) for key, value in params.items() if value is not None}
    st.page_link(path_of(page), label=label, icon=icon, help=aide, query_params=given or None)


def go(page: str, **params: object) -> None:
    """Go to another page. Raises: never call it inside a transaction."""
    given = {key: str(value) for key, value in params.items() if value is not None}
    st.switch_page(path_of(page), query_params=given or None)


def clean_address() -> None:
    """Take out of the address what no text holds: every page and filter reads its parameters after this."""
    for name in list(st.query_params):
        given = st.query_params.get_all(name)
        clean = [drop_controls(one) for one in given]
        if clean != given:
            st.query_params[name] = clean


def param(name: str) -> str | None:
    """A parameter of the page's address."""
    return st.query_params.get(name)


def as_uuid(text: str | None) -> UUID | None:
    """The id that `text` holds; None when it holds none."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def uuid_param(name: str = "id") -> UUID | None:
    """A parameter of the address that holds an id; None when it is absent or is not one."""
    return as_uuid(st.query_params.get(name))


def required_id(name: str = "id") -> UUID:
    """The id in the address; without a good one, the page says so and stops."""
    found = uuid_param(name)
    if found is None:
        show_missing()
        show_error(Introuvable())
        st.stop()
    return found


def run(action: Callable[..., Result], *args: Any, succes: str | None = None, **kwargs: Any) -> Result | None:
    """Call a service; show its message when it refuses, a reference when it fails. Gives its result, or None.

    `succes` is announced on the next run (call `st.rerun()` after). Use `ran` when None is a good result.
    """
    done, result = ran(action, *args, succes=succes, **kwargs)
    return result if done else None


def ran(
    action: Callable[..., Result], *args: Any, succes: str | None = None, **kwargs: Any
) -> tuple[bool, Result | None]:
    """Like `run`, but tells whether the action was done: (True, result) or (False, None)."""
    try:
        result = action(*args, **kwargs)
    except SessionExpiree:
        st.rerun()
    except PortailError as error:
        show_error(error)
        return False, None
    except Exception as error:
        show_unexpected(error)
        return False, None
    if succes:
        notify(succes)
    return True, result


class Slots:
    """Places for messages next to the fields of a form: `place(champ)` after each field, then `run` the service. An error
    goes beside its field, with a word at the end of the form; any other message goes at the end."""

    def __init__(self) -> None:
        self._places: dict[str, DeltaGenerator] = {}

    def place(self, *champs: str) -> None:
        """Keep a place here for the messages about these fields."""
        here = st.empty()
        for champ in champs:
            self._places[champ] = here

    def run(self, action: Callable[..., Result], *args: Any, **kwargs: Any) -> tuple[bool, Result | None]:
        """Like `ran`, the message beside the field at fault."""
        try:
            return True, action(*args, **kwargs)
        except SessionExpiree:
            st.rerun()
        except PortailError as error:
            self._show(split_faults(error) if isinstance(error, Invalide) else (error,))
        except Exception as error:
            show_unexpected(error)
        return False, None

    def _show(self, errors: Sequence[PortailError]) -> None:
        placed = 0
        for error in errors:
            place = self._places.get(error.champ or "")
            if place is None:
                show_error(error)
            else:
                placed += 1
                place.error(_plain(error.message), icon=":material/error:")
        if placed:
            where = "les champs signalés" if placed > 1 else "le champ signalé"
            st.error(f"Rien n’a été envoyé : corrigez {where} ci-dessus.", icon=":material/error:")


def load(action: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """Call a service that the page cannot do without (opening what it shows): on refusal the message is the page."""
    try:
        return action(*args, **kwargs)
    except SessionExpiree:
        st.rerun()
    except Exception as error:
        _stop(error)


def _stop(error: Exception) -> NoReturn:
    """The message is the page."""
    show_missing("Page introuvable" if isinstance(error, Introuvable) else "Page indisponible")
    if isinstance(error, PortailError):
        show_error(error)
    else:
        show_unexpected(error)
    link("accueil", "Retour à l’accueil", icon=":material/arrow_back:")
    st.stop()


def show_error(error: PortailError) -> None:
    """The message of a refusal or of an invalid entry."""
    st.error(_plain(error.message), icon=":material/error:")


def show_unexpected(error: Exception) -> bool:
    """Log an error nobody foresaw, show its reference. Always True (Streamlit's sign that it was shown)."""
    st.error(log_unexpected(error), icon=":material/error:")
    return True


def log_unexpected(error: Exception) -> str:
    """Log an error nobody foresaw; what to tell the person, with its reference."""
    reference = uuid4().hex[:8].upper()
    logger.error("unexpected error %s", reference, exc_info=error)
    return (
        "Une erreur inattendue s’est produite. Votre dernière saisie enregistrée est conservée. Rechargez la page ; si"
        f" l’erreur revient, communiquez la référence {reference} au centre."
    )


def notify(message: str, *, warning: bool = False) -> None:
    """Announce something done, on the next run: the message survives st.rerun() and a change of page. `warning`: it is
    about something that was not done."""
    st.session_state[_NOTICE] = message, warning


def show_notice() -> None:
    """Show the pending announcement, once. It has its place even when there is none: otherwise all that follows would move up
    on the next run, and what the person had unfolded or was typing in would be drawn anew."""
    message, warning = st.session_state.pop(_NOTICE, ("", False))
    place = st.container()
    if message and warning:
        place.warning(_plain(message), icon=":material/warning:")
    elif message:
        place.success(_plain(message), icon=":material/check_circle:")
        st.toast(_plain(message), icon=":material/check_circle:")


def operation_id(name: str) -> str:
    """Id of one intent (one form, one button), the same until `renew_operation`: a double click arrives twice with it. A button
    that leads elsewhere renews it when it is shown again, not when its work is done: its second click comes after."""
    return str(st.session_state.setdefault(_OPERATION + name, uuid4().hex))


def renew_operation(name: str) -> None:
    """The intent is done: the next one gets a new id."""
    st.session_state.pop(_OPERATION + name, None)


def confirm(
    titre: str,
    texte: str,
    libelle: str,
    action: Callable[[str], object],
    *,
    motif: bool = False,
    key: str = "confirmer",
) -> None:
    """Open a dialog that asks before doing. `action` receives the reason typed (empty when `motif` is False), must go
    through `run`, and returns something true when done; the page then starts again."""

    finished: list[bool] = []  # the second of two quick clicks finds the work done and does nothing

    @st.dialog(titre)
    def _dialog() -> None:
        if finished:
            st.rerun()
        st.write(_plain(texte))
        given = st.text_area("Motif", key=f"{key}-motif", max_chars=2000) if motif else ""
        if st.button(libelle, type="primary", key=f"{key}-oui"):
            if motif and not (given or "").strip():
                st.error("Indiquez le motif.", icon=":material/error:")
            elif action((given or "").strip()):
                finished.append(True)
                st.rerun()

    _dialog()


def download(label: str, url: str, *, principal: bool = False, icon: str = ":material/download:") -> None:
    """A link to a protected route: `download("Convention (Word)", f"/fichiers/{piece_id}")`. Checked there, at each use."""
    st.link_button(label, url, icon=icon, type="primary" if principal else "secondary")


def text(value: str | None) -> str:
    """What a person typed, safe inside Markdown: st.write(text(nom))."""
    return _plain(value or "")


def _plain(value: str) -> str:
    """Markdown signs escaped: what people typed must not become formatting, links or images."""
    return "".join("\\" + sign if sign in "\\`*_{}[]()<>#+-!|~$:" else sign for sign in value)
