"""Files: stored as soon as they arrive, shown with their name, size and date, replaced or taken away."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from services.core.piece_rows import PieceRow
from ui.forms.model import FieldView, Saver
from ui.forms.words import label_of
from ui.html import bullet_list, day_and_time, file_link, show
from ui.page import text


def render_file(view: FieldView) -> None:
    """The models to start from, the file that is there, and the upload."""
    st.markdown(f"**{label_of(view)}**")
    links = view.model.documents(view.field)
    if links:
        with st.container(horizontal=True, gap="small"):
            for link in links:
                st.link_button(link.label, link.url, icon=":material/download:", key=view.part(f"modele-{link.url}"))
    piece = _piece(view)
    if piece is not None:
        _show_piece(view, piece)
    if not view.disabled:
        _uploader(view, "Remplacer le fichier" if view.stored else "Déposer le fichier")
    refused = st.session_state.get(_message_key(view.saver, view.field.id))
    if refused:
        st.error(refused, icon=":material/error:")


def _piece(view: FieldView) -> PieceRow | None:
    wanted = view.stored.get("piece") if isinstance(view.stored, dict) else None
    return next((piece for piece in view.model.pieces if str(piece.id) == str(wanted)), None)


def _show_piece(view: FieldView, piece: PieceRow) -> None:
    pages = f", {piece.pages} page{'s' if piece.pages > 1 else ''}" if piece.pages else ""
    about = Markup('<p class="p-fichier">{}<br><span class="p-discret">déposé le {}{}</span></p>').format(
        file_link(piece.id, piece.nom, piece.taille), day_and_time(piece.deposee_le, view.model.fuseau), pages
    )
    show(about, bullet_list(piece.avertissements, "p-notes p-alerte") if piece.avertissements else "")
    if not view.disabled:
        st.button(
            "Retirer ce fichier",
            key=view.part("retirer"),
            icon=":material/delete:",
            type="tertiary",
            on_click=_on_remove,
            args=(view.saver, view.field.id),
        )


def _uploader(view: FieldView, label: str) -> None:
    field = view.field
    kinds = ", ".join(kind.upper() for kind in field.accept)
    st.file_uploader(
        f"{label} ({kinds}, {field.max_megabytes} Mo au plus)",
        type=list(field.accept),
        key=_upload_key(view.saver, field.id),
        max_upload_size=field.max_megabytes,
        on_change=_on_upload,
        args=(view.saver, field.id),
    )


def _round_key(saver: Saver, champ: str) -> str:
    return f"{saver.prefix}{champ}:tour"


def _message_key(saver: Saver, champ: str) -> str:
    return f"{saver.prefix}{champ}:refus"


def _upload_key(saver: Saver, champ: str) -> str:
    """A new key after each upload: the widget comes back empty, and the same file can be given again."""
    return f"{saver.prefix}{champ}:depot{st.session_state.get(_round_key(saver, champ), 0)}"


def _on_upload(saver: Saver, champ: str) -> None:
    uploaded = st.session_state.get(_upload_key(saver, champ))
    if uploaded is None:
        return
    refused = saver.attach(champ, uploaded.name, uploaded.getvalue())
    _keep_message(saver, champ, f"{text(uploaded.name)} : {refused}" if refused else None)
    st.session_state[_round_key(saver, champ)] = st.session_state.get(_round_key(saver, champ), 0) + 1
    saver.settle()


def _on_remove(saver: Saver, champ: str) -> None:
    _keep_message(saver, champ, saver.remove(champ))
    saver.settle()


def _keep_message(saver: Saver, champ: str, message: str | None) -> None:
    key = _message_key(saver, champ)
    if message:
        st.session_state[key] = message
    else:
        st.session_state.pop(key, None)
