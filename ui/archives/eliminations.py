"""Eliminations of archives: those that wait for an approval or for their execution, and those that are done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte
from services.archives import eliminations, execution
from services.archives.eliminations import MAX_VISA, EliminationRow, LigneElimination
from ui import page, session
from ui.archives.cadre import Cadre, plain_table
from ui.html import badge, day_and_time, facts, file_link, file_size, show

ONGLET = "eliminations"
TONES = {"proposee": "depose", "approuvee": "a_corriger", "executee": "accepte", "refusee": "refuse"}
ETATS_LIGNE = {"a_eliminer": "À éliminer", "eliminee": "Éliminée", "conservee": "Conservée"}
HEADS = ("Numéro", "Collectivité", "Fin", "Conservée jusqu’au", "Fichiers", "État")


def show_eliminations(cadre: Cadre) -> None:
    """Every elimination of the centre, the newest first; what waits is open."""
    rows = page.load(eliminations.list_eliminations, session.portail(), session.acteur(), cadre.centre_id)
    if not rows:
        st.info("Aucune élimination. Le responsable du service en propose une depuis « À éliminer ».")
        return
    first = next((row.id for row in reversed(rows) if row.approuvable or row.executable), None)
    for row in rows:
        _show_one(row, "primary" if row.id == first else "secondary")


def _show_one(row: EliminationRow, button: Literal["primary", "secondary"]) -> None:
    title = f"{_counted(row)}, proposition du {day_and_time(row.proposee_le, row.fuseau)}"
    with st.container(border=True, key=f"elimination-{row.id}"):
        show(Markup("<h3>{}</h3>").format(title), badge(row.etat_libelle, TONES[row.etat]))
        show(facts(_facts(row)))
        with st.expander(f"Ce qu’elle couvre ({len(row.lignes)})", expanded=row.etat == "proposee"):
            show(
                plain_table(
                    "Ce que l’élimination couvre",
                    HEADS,
                    [_cells(one) for one in row.lignes],
                    nombres=(4,),
                    courts=(0, 2, 3),
                )
            )
        if row.etat == "proposee":
            _show_decision(row, button)
        elif row.executable:
            _show_execution(row, button)


def _counted(row: EliminationRow) -> str:
    """« 2 conventions, 1 dossier »."""
    parts = []
    for nature in ("convention", "dossier"):
        count = sum(one.nature == nature for one in row.lignes)
        if count:
            parts.append(f"{count} {nature}{'s' if count > 1 else ''}")
    return ", ".join(parts)


def _facts(row: EliminationRow) -> list[tuple[str, str | Markup | None]]:
    decided = f"{day_and_time(row.traitee_le, row.fuseau)}, par {row.traitee_par}" if row.traitee_le else None
    return [
        ("Proposée par", row.proposee_par),
        ("Refusée" if row.etat == "refusee" else "Approuvée", decided),
        ("Visa des archives", row.visa),
        ("Motif" if row.etat == "refusee" else "Précision", row.motif),
        ("Exécutée", day_and_time(row.executee_le, row.fuseau)),
        (
            "Certificat",
            file_link(row.certificat.id, row.certificat.nom, row.certificat.taille) if row.certificat else None,
        ),
    ]


def _cells(one: LigneElimination) -> tuple[str | Markup, ...]:
    etat = ETATS_LIGNE[one.etat] + (f" : {one.raison}" if one.raison else "")
    files = f"{one.fichiers} ({file_size(one.octets)})" if one.fichiers else "0"
    return (one.numero, one.collectivite, date_courte(one.fin), date_courte(one.jusquau), files, etat)


def _show_decision(row: EliminationRow, button: Literal["primary", "secondary"]) -> None:
    if row.pourquoi:
        st.info(row.pourquoi)
    with st.container(width=720):
        if row.approuvable:
            visa = st.text_input(
                "Référence du visa des archives départementales", key=f"visa-{row.id}", max_chars=MAX_VISA,
                placeholder="Visa n° 2038-112 du 12 janvier 2038",
            )  # fmt: skip
            if (
                st.button("Approuver l’élimination", type=button, key=f"approuver-{row.id}")
                and page.ran(
                    eliminations.approve,
                    session.portail(),
                    session.acteur(),
                    row.id,
                    visa=visa or "",
                    version=row.version,
                    succes="Élimination approuvée. Elle reste à exécuter.",
                )[0]
            ):
                st.rerun()
        if st.button("Écarter cette proposition", key=f"ecarter-{row.id}"):
            page.confirm(
                "Écarter cette proposition ?",
                "Rien n’est éliminé. Ce qu’elle couvre pourra être proposé de nouveau.",
                "Écarter",
                _refusal(row),
                motif=True,
                key=f"ecarter-{row.id}-dialogue",
            )


def _refusal(row: EliminationRow) -> Callable[[str], object]:
    return lambda motif: page.ran(
        eliminations.refuse, session.portail(), session.acteur(), row.id, motif=motif, version=row.version,
        succes="Proposition écartée.",
    )[0]  # fmt: skip


def _show_execution(row: EliminationRow, button: Literal["primary", "secondary"]) -> None:
    left, done = row.count("a_eliminer"), row.count("eliminee")
    if done or row.count("conservee"):
        st.warning("L’exécution a été interrompue : elle reprendra où elle s’est arrêtée.", icon=":material/warning:")
    if st.button("Reprendre l’exécution" if done else "Éliminer définitivement", type=button, key=f"executer-{row.id}"):
        page.confirm(
            "Éliminer définitivement ?",
            f"{left} {'conventions ou dossiers' if left > 1 else 'convention ou dossier'} : les fichiers, les réponses, les messages et les noms seront détruits, sans"
            " retour possible. Le numéro, les dates et les montants restent au registre. Un certificat sera établi.",
            "Éliminer",
            _execute(row),
            key=f"executer-{row.id}-dialogue",
        )


def _execute(row: EliminationRow) -> Callable[[str], object]:
    def run(_: str) -> object:
        with st.spinner("Élimination en cours…"):
            return page.ran(
                execution.execute,
                session.portail(),
                session.acteur(),
                row.id,
                succes="Élimination exécutée. Le certificat est à télécharger ci-dessous.",
            )[0]

    return run
