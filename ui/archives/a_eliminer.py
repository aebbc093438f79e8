"""What is due for elimination at a centre, and the proposal of the responsable."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.archives import PROPOSERS
from domain.formatting import date_courte, date_longue
from services.archives import conservation, eliminations
from services.archives.conservation import Echues, Ensemble
from services.archives.eliminations import MAX_MOTIF
from ui import page, session
from ui.archives.cadre import Cadre, plain_table
from ui.html import bullet_list, file_size, link, note, show

ONGLET = "a-eliminer"
HEADS = ("Numéro", "Collectivité", "État", "Fin", "Conservée jusqu’au", "Fichiers", "À savoir")


def show_due(cadre: Cadre) -> None:
    """The list, then the proposal for who may make one."""
    due = page.load(conservation.list_due, session.portail(), session.acteur(), cadre.centre_id)
    years = f"{due.annees} an{'s' if due.annees > 1 else ''}"
    note(
        f"Les archives d’une convention sont conservées {years} après sa fin ; celles d’une demande sans suite, {years} après son"
        " dernier changement. Cette durée se règle dans les paramètres du centre, avec l’accord des archives départementales."
    )
    if not due.rows:
        soon = f" Prochaine échéance : {date_longue(due.prochaine)}." if due.prochaine else ""
        st.info(f"Rien n’est à éliminer aujourd’hui.{soon}")
        return
    show(plain_table("Archives à éliminer", HEADS, [_cells(one) for one in due.rows], nombres=(5,), courts=(0, 3, 4)))
    if cadre.roles.intersection(PROPOSERS):
        _show_proposal(cadre, due)
    else:
        note("Le responsable du service propose une élimination ; une autre personne l’approuve.")


def _cells(one: Ensemble) -> tuple[str | Markup, ...]:
    target = (
        page.url_of("convention", id=one.id) if one.nature == "convention" else page.url_of("instruction", id=one.id)
    )
    know: list[str] = list(one.blocages)
    if one.proposee:
        know.append("Déjà dans une élimination en attente.")
    files = f"{one.fichiers} ({file_size(one.octets)})" if one.fichiers else "0"
    return (
        link(one.numero, target),
        one.collectivite,
        one.etat,
        date_courte(one.fin),
        date_courte(one.jusquau),
        files,
        bullet_list(know) if know else "",
    )


def _show_proposal(cadre: Cadre, due: Echues) -> None:
    st.subheader("Proposer une élimination", anchor=False)
    free = {one.cle: one for one in due.rows if not one.blocages and not one.proposee}
    if not free:
        st.info("Tout ce qui est à éliminer est déjà proposé, ou attend autre chose.")
        return
    name = f"elimination:{cadre.centre_id}"
    turn = page.operation_id(name)
    with st.container(width=720):
        all_of_them = st.checkbox(f"Tout choisir ({len(free)})", key=f"{name}:tout:{turn}")
        chosen = (
            list(free)
            if all_of_them
            else st.multiselect(
                "Conventions et dossiers",
                list(free),
                format_func=lambda cle: f"{free[cle].numero}, {free[cle].collectivite}",
                key=f"{name}:choix:{turn}",
                placeholder="Choisissez dans la liste",
            )
        )
        motif = st.text_area(
            "Précision pour le certificat, facultative", key=f"{name}:motif:{turn}", max_chars=MAX_MOTIF, height=80
        )
        note("Rien n’est éliminé à cette étape : une autre personne doit approuver, avec le visa des archives.")
        if st.button("Proposer l’élimination", type="primary", key=f"{name}:proposer"):
            done, _ = page.ran(
                eliminations.propose,
                session.portail(),
                session.acteur(),
                cadre.centre_id,
                chosen,
                motif=motif or "",
                operation_id=turn,
                succes="Élimination proposée. Un administrateur ou un signataire du centre peut l’approuver.",
            )
            if done:
                page.renew_operation(name)
                page.go("archives", onglet="eliminations", centre=cadre.centre_id if cadre.plusieurs else None)
