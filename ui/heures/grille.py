"""The grid of a week: one native data editor, its totals, the save button and what it refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pandas as pd
import streamlit as st
from markupsafe import Markup

from domain.activite import DIMENSION_LABELS, nomenclature
from domain.errors import PortailError
from domain.formatting import duree, pourcentage
from domain.releve import MAX_DUREE, day_label
from services.activite import brouillons
from services.activite.grille import DEFAUTS, LigneGrille
from services.activite.semaine import Semaine, duplicate_last_week, save_week
from services.activite.verification import ConflitLigne, ErreurLigne, LignesEnConflit, LignesRefusees, describe
from ui import page, session
from ui.heures.etat import Etat, chosen_convention, etat_of, forget
from ui.html import bullet_list, note, show

ORDRE = ("categorie", "origine", "lieu", "forme", "nature")
"""Columns after the day, the collectivité and the duration: what changes most comes first."""
WIDTHS = {"jour": 105, "convention": 190, "duree": 85, "origine": 130}
OPERATION = "heures-semaine"
DONE = "heures-annonce"
"""Key of what was just done, told under the grid: above it, it would push the lines away from under the pointer."""


@st.fragment
def show_grid(semaine: Semaine) -> None:
    """The editor and all that follows it. Runs alone when a cell changes."""
    etat = etat_of(semaine)
    if etat.deconnecte:
        forget(semaine.place)
        st.rerun()  # the whole page, which shows the login form
    frame = _frame(etat.base.lignes)
    st.data_editor(
        frame,
        key=etat.cle,
        num_rows="dynamic",
        hide_index=True,
        height="content",
        row_height=38,
        column_config=_columns(semaine, etat),
        on_change=etat.take_edits,
        placeholder="",
        alt="Heures de la semaine, une ligne par intervention",
    )
    _show_totals(semaine, etat)
    _show_actions(semaine, etat)
    _show_done()
    _show_refusals(semaine, etat)


def _announce(message: str, *, warning: bool = False) -> None:
    """Keep what was done for the next run, where `_show_done` tells it."""
    st.session_state[DONE] = message, warning


def _show_done() -> None:
    """What was just done, once."""
    message, warning = st.session_state.pop(DONE, ("", False))
    if message and warning:
        st.warning(page.text(message), icon=":material/warning:")
    elif message:
        st.success(page.text(message), icon=":material/check_circle:")
        st.toast(page.text(message), icon=":material/check_circle:")


def _frame(lignes: Sequence[LigneGrille]) -> pd.DataFrame:
    columns: dict[str, list[str | None]] = {
        "jour": [one.jour.isoformat() if one.jour else None for one in lignes],
        "convention": [str(one.convention_id) if one.convention_id else None for one in lignes],
        "duree": [one.duree for one in lignes],
        **{name: [one.codes.get(name) for one in lignes] for name in ORDRE},
    }
    return pd.DataFrame(columns, dtype=object)


def _columns(semaine: Semaine, etat: Etat) -> dict[str, Any]:
    """One native column type per field; new lines begin like the last one."""
    last = etat.base.lignes[-1] if etat.base.lignes else None
    names = {str(ident): name for ident, name in semaine.conventions.items()}
    only = chosen_convention(list(semaine.conventions))
    place = (last.convention_id if last else None) or only
    held = last.jour if last else None
    usual = semaine.today if semaine.today in semaine.ouverts else semaine.ouverts[0]
    day = held if held in semaine.ouverts else usual
    labels = {one.isoformat(): day_label(one, court=True) for one in semaine.jours}
    config: dict[str, Any] = {
        "jour": st.column_config.SelectboxColumn(
            "Jour",
            options=[one.isoformat() for one in semaine.ouverts],
            format_func=naming(labels),
            default=day.isoformat(),
            width=WIDTHS["jour"],
        ),
        "convention": st.column_config.SelectboxColumn(
            "Collectivité",
            options=list(names),
            format_func=naming(names),
            default=str(place) if place in semaine.conventions else None,
            width=WIDTHS["convention"],
        ),
        "duree": st.column_config.TextColumn(
            "Durée", max_chars=MAX_DUREE, width=WIDTHS["duree"], help="Par exemple 1h30, 1:30, 1,5 ou 45min."
        ),
    }
    lists = nomenclature()
    for name in ORDRE:
        short = lists.labels(name, court=True)
        config[name] = st.column_config.SelectboxColumn(
            "Origine" if name == "origine" else DIMENSION_LABELS[name],
            options=list(short),
            format_func=naming(short),
            default=usual_code(name, last.codes.get(name) if last else None),
            width=WIDTHS.get(name, 110),
        )
    return config


def usual_code(name: str, last: str | None) -> str:
    """What a new line begins with: as the last one, but for its nature. That one decides of the invoice: the exception is
    chosen each time."""
    return DEFAUTS[name] if name == "nature" or not last else last


def naming(labels: dict[str, str]) -> Callable[[Any], str]:
    """Codes as people read them."""
    return lambda one: labels.get(str(one), str(one))


def _show_totals(semaine: Semaine, etat: Etat) -> None:
    """Minutes by day and for the week, against what the assignments make of one."""
    lines = (*etat.grille.lignes, *semaine.figees)
    totals = {day: sum(one.minutes or 0 for one in lines if one.jour == day) for day in semaine.jours}
    cells = Markup("").join(
        Markup("<div{}><dt>{}</dt><dd>{}</dd></div>").format(
            Markup(' class="p-aujourdhui"') if day == semaine.today else "",
            day_label(day, court=True),
            duree(minutes) if minutes else "–",
        )
        for day, minutes in totals.items()
    )
    total = sum(totals.values())
    show(
        Markup(
            '<dl class="p-totaux" aria-label="Totaux par jour">{}<div class="p-somme"><dt>Semaine</dt><dd>{}</dd></div></dl>'
        ).format(cells, duree(total))
    )
    expected = semaine.minutes_attendues
    if expected:
        share = pourcentage(round(total * 100 / expected), 0)
        note(f"{duree(total)} saisies pour {duree(expected)} dans une semaine complète des affectations ({share}).")


def _show_actions(semaine: Semaine, etat: Etat) -> None:
    changed = etat.grille.changee
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Enregistrer la semaine",
            type="primary",
            icon=":material/save:",
            key="heures:enregistrer",
            disabled=not changed,
            shortcut="Ctrl+S",
        ):
            _save(semaine, etat)
        if st.button("Reprendre la semaine précédente", icon=":material/content_copy:", key="heures:reprendre"):
            _duplicate(semaine, etat)
        if changed and st.button("Abandonner la saisie", key="heures:abandonner", type="tertiary"):
            page.run(brouillons.give_up, session.portail(), session.acteur(), semaine.place)
            forget(semaine.place)
            _announce("Saisie abandonnée : la semaine est telle qu’elle est enregistrée.")
            st.rerun()
    if changed:
        note("Saisie non enregistrée, conservée même si vous fermez la page.")
    elif etat.grille.lignes:
        note("Tout est enregistré.")
    note(
        "Au clavier : Tabulation passe à la case suivante, Entrée sur la dernière ligne en ajoute une, Ctrl + S enregistre."
    )


def _save(semaine: Semaine, etat: Etat) -> None:
    etat.erreurs, etat.conflits, etat.annonces = (), (), ()
    try:
        done = save_week(
            session.portail(),
            session.acteur(),
            semaine.centre_id,
            semaine.lundi,
            etat.grille,
            page.operation_id(OPERATION),
            semaine.assistant_id,
        )
    except LignesRefusees as refused:
        etat.erreurs = refused.erreurs
        return
    except LignesEnConflit as conflict:
        etat.conflits = conflict.conflits
        return
    except PortailError as error:
        page.show_error(error)
        return
    page.renew_operation(OPERATION)
    forget(semaine.place)
    _announce("Semaine enregistrée." if done.total or done.deja else "Rien n’avait changé.")
    st.rerun()


def _duplicate(semaine: Semaine, etat: Etat) -> None:
    copy = page.run(
        duplicate_last_week,
        session.portail(),
        session.acteur(),
        semaine.centre_id,
        semaine.lundi,
        etat.grille.lignes,
        semaine.assistant_id,
    )
    if copy is None:
        return
    etat.annonces = copy.laissees
    if copy.lignes:
        kept = tuple(one for one in etat.grille.lignes if not one.vide)
        etat.rebase(type(etat.grille)((*kept, *copy.lignes), etat.grille.retirees))
    elif not copy.laissees:
        _announce("Aucune heure n’est enregistrée la semaine précédente.", warning=True)
    st.rerun()


def _show_refusals(semaine: Semaine, etat: Etat) -> None:
    if etat.annonces:
        st.warning("Lignes de la semaine précédente qui n’ont pas été reprises :", icon=":material/info:")
        show(bullet_list(etat.annonces))
    if etat.erreurs:
        st.error("Rien n’a été enregistré. Corrigez ces lignes, puis enregistrez de nouveau :", icon=":material/error:")
        show(bullet_list(_located(semaine, etat, one) for one in etat.erreurs))
    for conflit in etat.conflits:
        _show_conflict(semaine, etat, conflit)


def _located(semaine: Semaine, etat: Etat, error: ErreurLigne) -> str:
    """The message with what the line shows: numbers alone are hard to find in a grid."""
    line = etat.grille.lignes[error.rang - 1] if error.rang <= len(etat.grille.lignes) else None
    if line is None:
        return str(error)
    parts = (
        day_label(line.jour, court=True) if line.jour else "sans date",
        _convention_name(semaine, line.convention_id),
        line.duree or "sans durée",
    )
    return str(error).replace(f"Ligne {error.rang}", f"Ligne {error.rang} ({', '.join(parts)})", 1)


def _convention_name(semaine: Semaine, ident: UUID | None) -> str:
    return semaine.conventions.get(ident, "collectivité inconnue") if ident else "sans collectivité"


def _show_conflict(semaine: Semaine, etat: Etat, conflit: ConflitLigne) -> None:
    """Both versions of a line, and the choice."""
    st.warning(
        f"Ligne {conflit.rang} : quelqu’un l’a modifiée entre-temps. Rien n’est perdu, choisissez ce qui doit rester.",
        icon=":material/warning:",
    )
    told = [
        f"{title} : {_convention_name(semaine, one.convention_id) + ', ' if one else ''}{describe(one)}"
        for title, one in (("Votre saisie", conflit.mienne), ("Enregistré", conflit.actuelle))
    ]
    show(bullet_list(told))
    with st.container(horizontal=True):
        if st.button("Garder ma saisie", key=f"heures:garder:{conflit.id}"):
            etat.settle(conflit, keep=True)
            st.rerun()
        if st.button("Prendre ce qui est enregistré", key=f"heures:prendre:{conflit.id}"):
            etat.settle(conflit, keep=False)
            st.rerun()


def show_frozen(semaine: Semaine) -> None:
    """What is recorded in a closed month: read only, with the reason."""
    if semaine.motifs:
        st.info(
            " ".join(semaine.motifs)
            + " Ses heures se lisent mais ne se modifient plus ; le responsable du service peut le"
            " rouvrir.",
            icon=":material/lock:",
        )
    if semaine.figees:
        show(render_lines(semaine, semaine.figees, "Heures des mois clos"))


def render_lines(semaine: Semaine, lignes: Sequence[LigneGrille], legende: str) -> Markup:
    """Lines as a plain table; cards on a narrow screen."""
    lists = nomenclature()
    heads = ("Jour", "Collectivité", "Durée", *(DIMENSION_LABELS[name] for name in ORDRE))

    def cells(line: LigneGrille) -> list[str]:
        codes = [lists.labels(name, court=True).get(line.codes.get(name) or "", "–") for name in ORDRE]
        minutes = line.minutes
        return [
            day_label(line.jour) if line.jour else "–",
            _convention_name(semaine, line.convention_id),
            duree(minutes) if minutes else line.duree,
            *codes,
        ]

    head = Markup("").join(Markup('<th scope="col">{}</th>').format(one) for one in heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<td data-titre="{}"><span>{}</span></td>').format(title, value)
                for title, value in zip(heads, cells(line), strict=True)
            )
        )
        for line in lignes
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(legende, head, body)
