"""The service dégradé: requests of one convention with the form of a new one (collectivité), and what may be done with each."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from domain.errors import PortailError
from domain.formatting import date_courte, date_longue, duree, euros
from domain.forms.fields import parse_value
from services.activite import degrade, degrade_views
from services.activite.champs import period
from services.activite.degrade_views import DegradeView, DemandeRow
from services.core.paging import Page
from ui import page, session
from ui.dates import FORMAT, day_input
from ui.html import badge, day, note
from ui.tables import Column, Listing, show_table

LISTING = Listing("suivi", "d", tri="demandee_le")
TONES = {"demandee": "a_signer", "acceptee": "en_vigueur", "refusee": "refuse", "retiree": "retire", "close": "echue"}


def show_degrade(convention_id: UUID) -> None:
    """The part of a page about the service dégradé of a convention; nothing when its offer has none."""
    view = page.load(degrade_views.open_degrade, session.portail(), session.acteur(), convention_id)
    if view is None:
        return
    st.subheader("Service dégradé", anchor=False)
    note(
        "Quand l’assistant n’est pas disponible, le centre prend en charge à l’heure les situations dégradées et préoccupantes, "
        "sur demande écrite de la collectivité."
    )
    _tell_price(view)
    if view.demandes:
        show_table(
            LISTING,
            Page(view.demandes, len(view.demandes), 1, max(1, len(view.demandes))),
            columns(),
            legende="Demandes de service dégradé",
        )
        for row in view.demandes:
            show_actions(row)
    elif not view.peut_demander:
        st.info("Aucune demande de service dégradé pour cette convention.")
    if view.peut_demander:
        with st.expander("Demander le service dégradé", icon=":material/support_agent:"):
            _form(view)
    elif view.refus:
        note(view.refus)


def _tell_price(view: DegradeView) -> None:
    if view.prix is None:
        st.warning(
            "Aucun tarif horaire n’est voté : demandez-le au centre avant d’en avoir besoin.", icon=":material/warning:"
        )
        return
    older = view.annee_tarif != view.annee
    said = f"Une heure coûte {euros(view.prix)} (tarif {view.annee_tarif}"
    note(
        f"{said}, le dernier voté). Les heures se comptent à la minute, au tarif de leur année."
        if older
        else f"{said}). Les heures se comptent à la minute, au tarif de leur année."
    )


def _days(row: DemandeRow) -> str:
    return f"{date_courte(row.du)} au {date_courte(row.au)}" if row.au else f"À partir du {date_courte(row.du)}"


def _done(row: DemandeRow) -> str:
    return duree(row.minutes) if row.minutes else ""


def columns(*, collectivite: bool = False) -> list[Column[DemandeRow]]:
    """Columns of a list of requests; `collectivite` adds, for the centre, who asks (with a link to the convention) and the
    hours done."""
    first: list[Column[DemandeRow]] = [
        Column(
            "Collectivité",
            lambda row: row.collectivite,
            vers=lambda row: page.url_of("convention", id=row.convention_id),
        ),
        Column("Convention", lambda row: row.numero, court=True),
    ]
    return [
        *(first if collectivite else []),
        Column("Demandé le", lambda row: day(row.demandee_le), court=True),
        Column("Jours", _days),
        Column("Motif", lambda row: row.raison),
        Column("Temps maximal", lambda row: duree(row.minutes_max) if row.minutes_max else "Sans limite"),
        *([Column[DemandeRow]("Heures faites", _done, nombre=True)] if collectivite else []),
        Column("État", lambda row: badge(row.etat_libelle, TONES[row.etat])),
        Column("Réponse du centre", lambda row: row.motif),
    ]


def show_actions(row: DemandeRow) -> None:
    """What this person may do with a request, as buttons, under a line that says which one it is."""
    if not row.actions:
        return
    key = f"degrade:{row.id}"
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}:actions"):
        st.markdown(page.text(f"{row.collectivite} – {row.numero}, {period(row.du, row.au)} :"), width="content")
        accepting = "accepter" in row.actions and st.button("Accepter", key=f"{key}:accepter")
        if accepting and _done_with(degrade.accept, row, "Demande acceptée."):
            st.rerun()
        if "refuser" in row.actions and st.button("Refuser", key=f"{key}:refuser"):
            page.confirm(
                "Refuser cette demande ?",
                "Le motif est envoyé à la collectivité. N’y écrivez rien sur un agent.",
                "Refuser la demande",
                lambda motif: _done_with(degrade.refuse, row, "Demande refusée.", motif),
                motif=True,
                key=f"{key}:refus",
            )
        if "clore" in row.actions and st.button("Mettre fin au service", key=f"{key}:clore"):
            page.confirm(
                "Mettre fin au service dégradé ?",
                "Plus aucune heure de service dégradé ne pourra être enregistrée après aujourd’hui pour cette demande.",
                "Mettre fin au service",
                lambda _: _done_with(degrade.close, row, "Service dégradé terminé."),
                key=f"{key}:fin",
            )
        if "retirer" in row.actions and st.button("Retirer la demande", key=f"{key}:retirer"):
            page.confirm(
                "Retirer cette demande ?",
                "Le centre en est prévenu. Vous pourrez en faire une autre.",
                "Retirer la demande",
                lambda _: _done_with(degrade.withdraw, row, "Demande retirée."),
                key=f"{key}:retrait",
            )


def _done_with(action: Callable[..., None], row: DemandeRow, said: str, *given: str) -> bool:
    """Do an action with a request; whether it was done."""
    portail, acteur = session.portail(), session.acteur()
    return page.ran(action, portail, acteur, row.id, *given, version_vue=row.version, succes=said)[0]


def _form(view: DegradeView) -> None:
    name = f"degrade:{view.convention_id}"
    turn = page.operation_id(name)
    slots = page.Slots()
    with st.container(width=620):
        raison = st.selectbox(
            "Motif",
            list(view.raisons),
            index=None,
            format_func=lambda code: view.raisons[code],
            placeholder="Choisissez un motif",
            help="Rien sur un agent : le centre ne demande jamais pour qui.",
            key=f"{name}:raison:{turn}",
        )
        slots.place("raison")
        valeurs = _wanted(view, f"{name}:{turn}", slots)
        _estimate(view, valeurs["minutes_max"])
        sent = st.button("Envoyer la demande", key=f"{name}:envoyer")
    if sent:
        done, _ = slots.run(
            degrade.ask_degrade,
            session.portail(),
            session.acteur(),
            view.convention_id,
            raison,
            valeurs,
            operation_id=turn,
        )
        if done:
            page.renew_operation(name)
            page.notify("Demande envoyée : le centre en est prévenu.")
            st.rerun()


def _wanted(view: DegradeView, key: str, slots: page.Slots) -> dict[str, str]:
    """The days and the most time asked for, as typed."""
    left, right = st.columns(2)
    with left:
        du = day_input("Premier jour", key=f"{key}:du", value=date_courte(view.premier_jour))
        slots.place("du")
    with right:
        latest = f"{FORMAT}. Au plus tard le {date_longue(view.terme)}."
        au = day_input("Dernier jour, facultatif", key=f"{key}:au", help=latest)
        slots.place("au")
    maximum = st.text_input(
        "Temps maximal, facultatif",
        placeholder="10 h",
        max_chars=20,
        help="Au-delà, le centre n’enregistre plus d’heures sans une nouvelle demande.",
        key=f"{key}:max",
        width=260,
    )
    slots.place("minutes_max")
    return {"du": du, "au": au, "minutes_max": maximum or ""}


def _estimate(view: DegradeView, maximum: str) -> None:
    """What the time asked for costs at most, as it is typed."""
    if view.prix is None or not maximum:
        return
    try:
        minutes = parse_value(degrade.FIELDS["minutes_max"], maximum)
    except PortailError:
        return
    if minutes:
        montant, etapes = degrade_views.estimate(view.prix, minutes)
        note(f"Soit au plus {euros(montant)} : {' ; '.join(etapes)}.")
