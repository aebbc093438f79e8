"""The letters about the tariffs of a year: those to prepare, those to send or print, those that left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import streamlit as st
from markupsafe import Markup

from domain.formatting import euros, nombre
from services.core.paging import Page
from services.vie import courriers_tarif
from services.vie.courrier_views import A_ENVOYER, A_PREPARER, ENVOYE, PRET, CourrierRow, CourriersView
from ui import page, session
from ui.html import badge, day, file_link, note, show, tabs
from ui.tables import Column, Listing, show_table

ONGLET = "courriers"
LISTING = Listing("tarifs", "c", "collectivite")
PAGE_SIZE = 50
STATES = {A_PREPARER: "À préparer", PRET: "Prête, à envoyer", ENVOYE: "Envoyée"}
LEFT = "a_envoyer"
COLOURS = {A_PREPARER: "brouillon", PRET: "a_signer", ENVOYE: "en_vigueur"}
MODES = {"courriel": "par courriel", "impression": "sur papier"}


def show_letters(view: CourriersView) -> None:
    """Everything about the letters of a year: what to do now, then each convention."""
    note(
        "Un tarif voté s’applique au 1er janvier aux conventions en cours, sans avenant. Chaque collectivité en est informée "
        "par une lettre, une seule fois."
    )
    if view.annee is None:
        st.info("Aucun tarif de cette année ni des suivantes n’est enregistré : il n’y a rien à annoncer.")
        return
    if len(view.annees) > 1:
        show(tabs("Années", ((str(one), _url(view, one), one == view.annee) for one in view.annees)))
    if not view.lignes:
        st.info(f"Aucune convention en cours n’est concernée par les tarifs {view.annee}.")
        return
    _show_actions(view, view.annee)
    _show_rows(view)


def _url(view: CourriersView, annee: int) -> str:
    return page.url_of("tarifs", onglet=ONGLET, centre=view.centre_id, annee=annee)


def _show_actions(view: CourriersView, annee: int) -> None:
    """The next thing to do, one at a time: prepare, then send, then print what cannot be sent."""
    st.subheader(f"Tarifs {annee}", anchor=False)
    missing, ready, sent = (view.count(one) for one in (A_PREPARER, PRET, ENVOYE))
    counts = [(missing, "à préparer"), (ready, "prête{} à envoyer"), (sent, "envoyée{}")]
    said = ", ".join(f"{nombre(count)} {text.format(_s(count))}" for count, text in counts if count)
    st.markdown(f"Lettres : {said}.")
    if missing and st.button(
        f"Préparer {_letters(missing)}", type="primary", icon=":material/drafts:", key="courriers-preparer"
    ):
        _prepare(view, annee)
    if not ready:
        return
    by_mail = view.par_courriel
    with st.container(horizontal=True):
        if by_mail and st.button(
            f"Prévenir {_towns(by_mail)} par courriel",
            type="secondary" if missing else "primary",
            icon=":material/send:",
            key="courriers-envoyer",
        ):
            _confirm_mail(view, annee, by_mail)
        page.download("Télécharger les lettres à imprimer (ZIP)", _zip_url(view, annee))
        if st.button("Marquer comme envoyées sur papier", icon=":material/markunread_mailbox:", key="courriers-papier"):
            _confirm_paper(view, annee, ready)
    if view.sur_papier:
        note(f"{_towns(view.sur_papier).capitalize()} sans compte actif : la lettre est à imprimer.")


def _zip_url(view: CourriersView, annee: int) -> str:
    return f"/exports/courriers-tarifs.zip?centre={view.centre_id}&annee={annee}"


def _prepare(view: CourriersView, annee: int) -> None:
    bar = st.progress(0.0, text="Préparation en cours…")

    def told(done: int, total: int) -> None:
        bar.progress(done / total, text=f"{done} lettres sur {total}")

    done, count = page.ran(
        courriers_tarif.prepare_letters,
        session.portail(),
        session.acteur(),
        view.centre_id,
        annee,
        progress=told,
    )
    bar.empty()
    if done:
        page.notify(
            f"{_letters(count or 0).capitalize()} préparée{_s(count or 0)}." if count else "Tout était déjà préparé."
        )
        st.rerun()


def _confirm_mail(view: CourriersView, annee: int, count: int) -> None:
    page.confirm(
        "Prévenir par courriel",
        f"Les personnes de {_towns(count)} recevront un courriel qui mène à la lettre, dans la page de leur convention.",
        "Envoyer",
        lambda _: _ran(courriers_tarif.send_by_mail, view, annee, "Lettres envoyées par courriel : {}."),
        key="courriers-envoyer",
    )


def _confirm_paper(view: CourriersView, annee: int, count: int) -> None:
    page.confirm(
        "Marquer comme envoyées",
        f"{_letters(count).capitalize()} sera marquée comme envoyée sur papier, à la date d’aujourd’hui."
        if count == 1
        else f"Les {nombre(count)} lettres prêtes seront marquées comme envoyées sur papier, à la date d’aujourd’hui.",
        "Marquer comme envoyées",
        lambda _: _ran(courriers_tarif.mark_printed, view, annee, "Lettres marquées comme envoyées sur papier : {}."),
        key="courriers-papier",
    )


def _ran(service: Callable[..., int], view: CourriersView, annee: int, said: str) -> bool:
    done, count = page.ran(service, session.portail(), session.acteur(), view.centre_id, annee, view.pretes)
    if done:
        page.notify(said.format(nombre(count or 0)))
    return done


def _show_rows(view: CourriersView) -> None:
    """Each convention with its amounts and its letter, by collectivité."""
    with st.container(width=300):
        wanted = LISTING.choice("etat", "État", {LEFT: A_ENVOYER, **STATES}, "Toutes les lettres")
    rows = [row for row in view.lignes if wanted in (None, row.etat) or (wanted == LEFT and row.etat != ENVOYE)]
    if not rows:
        st.info("Aucune lettre dans cet état. Choisissez un autre état.")
        return
    last = max(1, -(-len(rows) // PAGE_SIZE))
    number = min(LISTING.number, last)
    shown = tuple(rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE])
    show_table(LISTING, Page(shown, len(rows), number, PAGE_SIZE), _columns(view), legende="Lettres sur les tarifs")


def _columns(view: CourriersView) -> Sequence[Column[Any]]:
    return (
        Column(
            "Collectivité",
            lambda row: row.collectivite,
            vers=lambda row: page.url_of("convention", id=row.convention_id),
        ),
        Column("Convention", lambda row: row.numero, court=True),
        Column(f"Dû pour {view.annee}", lambda row: _amount(row.apres), nombre=True),
        Column("Au tarif précédent", lambda row: _amount(row.avant), nombre=True),
        Column("Lettre", lambda row: _letter(row, view.fuseau)),
    )


def _amount(value: Decimal | None) -> str:
    return euros(value) if value is not None else ""


def _letter(row: CourrierRow, fuseau: str) -> Markup:
    """State, how and when it left, and the file."""
    parts = [badge(STATES[row.etat], COLOURS[row.etat])]
    if row.envoye_le:
        parts.append(Markup("{} le {}").format(MODES.get(row.mode or "", ""), day(row.envoye_le, fuseau)))
    if row.piece:
        parts.append(file_link(row.piece.id, "Lettre (Word)", row.piece.taille))
    return Markup(" ").join(parts)


def _letters(count: int) -> str:
    return "une lettre" if count == 1 else f"{nombre(count)} lettres"


def _towns(count: int) -> str:
    return "une collectivité" if count == 1 else f"{nombre(count)} collectivités"


def _s(count: int) -> str:
    return "s" if count > 1 else ""
