"""One request for adhesion as its reader sees it, with its two decisions."""

from __future__ import annotations

import streamlit as st

from domain.formatting import siren
from domain.roles import Role
from services.adhesion import demandes
from services.adhesion.demandes import DemandeRow
from ui import page, session
from ui.html import day_and_time, facts, show

REFUSAL = {
    True: "{} reçoit le motif par courriel.",
    False: "Ce portail n’envoie pas de courriel : prévenez vous-même {} de votre décision.",
}
FORWARDED = "Demande transmise à {} : c’est à cette collectivité d’inviter {}."
FORWARDING = (
    "Cette collectivité gère déjà ses accès : la demande sera transmise à {}, qui doit inviter {}. Aucun compte n’est ouvert"
    " d’ici."
)
BY_HAND = " Prévenez-la : ce portail n’envoie pas de courriel."


def _accept(row: DemandeRow) -> None:
    """Accept and say what happens next."""
    done, user_id = page.ran(
        demandes.accept_demande,
        session.portail(),
        session.acteur(),
        row.id,
        operation_id=page.operation_id(f"accepter-{row.id}"),
    )
    if done and user_id is None:
        told = FORWARDED.format(", ".join(row.gestionnaires), row.demandeur)
        page.notify(told if session.portail().settings.smtp_url else told + BY_HAND)
        st.rerun()
    elif done:
        page.notify(f"Demande acceptée : {row.demandeur} est invité comme gestionnaire de {row.collectivite}.")
        page.go("utilisateurs", id=user_id)


def _refuse(row: DemandeRow) -> None:
    """Ask for the reason, then refuse."""
    page.confirm(
        "Refuser cette demande ?",
        REFUSAL[bool(session.portail().settings.smtp_url)].format(row.demandeur),
        "Refuser la demande",
        lambda motif: page.ran(
            demandes.refuse_demande,
            session.portail(),
            session.acteur(),
            row.id,
            motif,
            succes="La demande est refusée.",
        )[0],
        motif=True,
        key=f"refuser-{row.id}",
    )


def show_request(row: DemandeRow, *, main: bool) -> None:
    """One request, with its two decisions when it waits for one."""
    with st.container(border=True):
        st.subheader(page.text(row.collectivite), anchor=False)
        show(
            facts(
                (
                    ("Type", row.type_libelle),
                    ("SIREN", siren(row.siren) + ("" if row.au_referentiel else " (absent de la liste nationale)")),
                    ("Demandeur", f"{row.demandeur}{f', {row.fonction}' if row.fonction else ''}"),
                    ("Adresse électronique", row.courriel),
                    ("Téléphone", row.telephone),
                    ("Message", row.message),
                    ("Reçue le", day_and_time(row.creee_le)),
                    ("Décision", f"{row.etat_libelle} le {day_and_time(row.traitee_le)}" if row.traitee_le else None),
                    ("Traitée par", row.traitee_par),
                    ("Motif", row.motif),
                )
            )
        )
        if row.etat != "recue":
            return
        if not row.confirmee:
            st.warning("Adresse non confirmée : vérifiez auprès de la collectivité avant d’accepter.")
        if row.gestionnaires:
            st.info(FORWARDING.format(page.text(", ".join(row.gestionnaires)), page.text(row.demandeur)))
        elif row.comptes:
            st.warning(f"Cette collectivité a déjà des comptes : {page.text(', '.join(row.comptes))}.")
        if session.acteur().has(Role.INSTRUCTEUR):
            with st.container(horizontal=True):
                if st.button(
                    "Transmettre" if row.gestionnaires else "Accepter et inviter",
                    type="primary" if main else "secondary",
                    key=f"accepter-{row.id}",
                ):
                    _accept(row)
                if st.button("Refuser", key=f"refuser-{row.id}-bouton"):
                    _refuse(row)
