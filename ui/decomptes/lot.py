"""Several statements at once: choose an action, on all those of the list or on those that are ticked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import streamlit as st

from domain.decompte import DECOMPTE
from domain.formatting import euros
from domain.roles import Role
from services.core.access import Acteur
from services.core.portail import Portail
from services.facturation import consultation, decomptes, lots
from services.facturation.decompte_views import DecompteRow, Lot
from services.facturation.decomptes import Progress
from ui import page, session
from ui.html import bullet_list, note, show

REFUSED = "decomptes-refus"
"""Key of what a batch could not do, to be read after the page has started again."""


Handler = Callable[[Portail, Acteur, Sequence[UUID], str, Progress], Lot]
"""Handles several statements, with a reason or none."""


@dataclass(frozen=True)
class Batch:
    """What can be done to several statements: those it concerns, and what is said before and after."""

    libelle: str
    concerne: Callable[[DecompteRow], bool]
    service: Handler
    fait: tuple[str, str]
    avertit: str
    motif: bool = False


def _each(service: Callable[..., object]) -> Handler:
    """The action for one, done to each."""

    def handle(portail: Portail, acteur: Acteur, ids: Sequence[UUID], motif: str, progress: Progress) -> Lot:
        given = (motif,) if motif else ()
        return lots.run_each(portail, acteur, ids, lambda p, a, one: service(p, a, one, *given), progress=progress)

    return handle


def _all(service: Callable[..., Lot]) -> Handler:
    """The action for several at once."""
    return lambda portail, acteur, ids, _, progress: service(portail, acteur, ids, progress=progress)


BATCHES = {
    "verifier": Batch(
        "Marquer comme vérifiés",
        lambda row: row.etat == "brouillon",
        _all(lots.check_all),
        ("décompte vérifié", "décomptes vérifiés"),
        "Ils pourront être émis. Un décompte dont les données ont changé, ou dont un mois n’est pas clos, est laissé.",
    ),
    "lever": Batch(
        "Lever l’avertissement de tarif",
        lambda row: row.a_lever,
        _each(decomptes.lift_warning),
        ("avertissement levé", "avertissements levés"),
        "Le motif sera conservé avec chaque décompte. Ceux qui étaient vérifiés reviennent en brouillon, à relire.",
        motif=True,
    ),
    "emettre": Batch(
        "Émettre",
        lambda row: row.etat == "verifie",
        _all(lots.issue_all),
        ("décompte émis", "décomptes émis"),
        "Chacun reçoit un numéro définitif et son fichier est scellé. Un décompte émis ne se modifie plus.",
    ),
    "recalculer": Batch(
        "Recalculer",
        lambda row: row.etat in ("brouillon", "verifie"),
        _each(decomptes.recompute),
        ("décompte recalculé", "décomptes recalculés"),
        "Ils reviennent à l’état de brouillon, à vérifier.",
    ),
    "supprimer": Batch(
        "Supprimer les brouillons",
        lambda row: row.etat == "brouillon",
        _each(decomptes.delete_draft),
        ("brouillon supprimé", "brouillons supprimés"),
        "Un brouillon n’a pas de numéro : rien n’est perdu, il peut être préparé de nouveau.",
    ),
}


def allowed_batches() -> dict[str, Batch]:
    """The batches that the person's role opens."""
    held = {role for roles in session.acteur().par_centre.values() for role in roles}
    return {code: one for code, one in BATCHES.items() if _roles(code) & held}


def _roles(code: str) -> set[Role]:
    return set(DECOMPTE.transition(code).roles)


def show_batch(rows: Sequence[DecompteRow]) -> None:
    """The choice of the action and of the statements, then the button."""
    batches = allowed_batches()
    code = st.selectbox(
        "Que faire ?", list(batches), format_func=lambda one: batches[one].libelle, key="lot-action", width=420
    )
    batch = batches[code]
    concerned = [row for row in rows if batch.concerne(row)]
    if not concerned:
        st.info("Aucun décompte de la liste n’est concerné par cette action. Changez l’action ou les filtres.")
        return
    ticked = _tick(concerned, code)
    plural = "s" if len(ticked) > 1 else ""
    said = f"{len(ticked)} décompte{plural}, pour un total de {euros(consultation.totals(ticked))}."
    note(said)
    label = f"{batch.libelle} ({len(ticked)})"
    if st.button(label, type="primary", disabled=not ticked, key=f"lot-{code}"):
        page.confirm(
            f"{batch.libelle} : {len(ticked)} décompte{plural}",
            f"{said} {batch.avertit}",
            batch.libelle,
            lambda motif: _run(batch, [row.id for row in ticked], motif),
            motif=batch.motif,
            key=f"lot-{code}",
        )


def _tick(rows: Sequence[DecompteRow], code: str) -> list[DecompteRow]:
    """Those that are ticked in the table, or all of them."""
    every = f"Tous ceux de la liste ({len(rows)})"
    which = st.radio("Lesquels ?", [every, "Seulement ceux que je coche"], horizontal=True, key=f"lot-lesquels-{code}")
    table = [_cells(row) for row in rows]
    if which == every:
        st.dataframe(table, hide_index=True, key=f"lot-liste-{code}")
        return list(rows)
    chosen: Any = st.dataframe(
        table, hide_index=True, on_select="rerun", selection_mode="multi-row", key=f"lot-table-{code}"
    )
    return [rows[index] for index in chosen["selection"]["rows"] if index < len(rows)]


def _cells(row: DecompteRow) -> dict[str, str]:
    """A statement as the table shows it: nobody checks or issues what they have not seen listed."""
    return {
        "Collectivité": row.collectivite,
        "Convention": row.convention,
        "Décompte": f"n° {row.numero}" if row.numero else "Sans numéro",
        "Période": row.periode,
        "État": row.etat_libelle,
        "Total": euros(row.total),
    }


def _run(batch: Batch, ids: Sequence[UUID], motif: str) -> bool:
    bar = st.progress(0.0, text="En cours…")
    done, lot = page.ran(
        batch.service,
        session.portail(),
        session.acteur(),
        ids,
        motif,
        lambda rank, total: bar.progress(rank / total, text=f"{rank} sur {total}"),
    )
    if done and isinstance(lot, Lot):
        one, many = batch.fait
        said = f"{lot.faits} {many if lot.faits > 1 else one}."
        left = len(lot.refus)
        if left:
            said += f" {left} {'ne l’ont pas été : voyez pourquoi' if left > 1 else 'ne l’a pas été : voyez pourquoi'}."
        page.notify(said, warning=bool(left))
        st.session_state[REFUSED] = lot.refus
    return done


def show_refused() -> None:
    """What the last batch could not do, and why."""
    refused = st.session_state.pop(REFUSED, ())
    if refused:
        show(bullet_list(f"{name} : {reason}" for name, reason in refused))
