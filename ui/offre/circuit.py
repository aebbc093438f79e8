"""The circuits of an offer: states, and the actions that lead from one to another."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from domain.forms.editing import Contenu
from domain.roles import ROLE_LABELS, Role
from domain.workflow.editing import (
    find_table,
    list_circuits,
    reset_circuit,
    rules_of,
)
from domain.workflow.rules import CONDITIONS, CONDITIONS_CONVENTION
from ui import page
from ui.editeur.lieu import PREFIX, Lieu, confirm
from ui.html import link, note, show
from ui.offre.action import show_action, show_new_action
from ui.offre.etat import show_new_state, show_state

ABOUT = {
    "dossier": "Le chemin d’un dossier, du brouillon à la convention émise. Les dossiers commencés gardent le leur.",
    "convention": "Le chemin d’une convention, de l’envoi à la signature jusqu’à sa fin.",
}
FIXED = (
    "Ici se changent les noms des états et des actions, ce que lit la collectivité, qui fait chaque action (du même côté) et les"
    " motifs demandés. Le chemin lui-même ne change pas : les heures, les décomptes, les échéances, les dénonciations et les"
    " mises en demeure s’appuient sur ces états, et une convention signée engage les deux parties jusqu’à sa fin. Pour ajouter une"
    " validation, placez-la avant l’émission, dans le circuit du dossier."
)
REQUEST = "Le chemin d’une demande pendant la convention."


def show_circuits(lieu: Lieu) -> None:
    """The circuit that the address names, or the panel that it opens."""
    cle = choose_circuit(lieu)
    if page.param("etat"):
        page.ran(show_state, lieu, cle, page.param("etat"))
    elif page.param("action"):
        page.ran(show_action, lieu, cle, page.param("action"))
    elif page.param("nouveau") == "etat":
        page.ran(show_new_state, lieu, cle)
    elif page.param("nouveau") == "action":
        page.ran(show_new_action, lieu, cle)
    else:
        page.ran(_show_table, lieu, cle)


def choose_circuit(lieu: Lieu) -> str:
    """The circuit of the address, else that of adhesions; a list to choose from unless a panel is open."""
    titles = list_circuits(lieu.contenu)
    asked = page.param("circuit") or ""
    cle = asked if asked in titles else "dossier"
    if any(page.param(name) for name in ("etat", "action", "nouveau")):
        return cle
    keys = list(titles)
    chosen = st.selectbox(
        "Circuit", keys, keys.index(cle), format_func=titles.__getitem__, key=f"{PREFIX}circuit:{cle}"
    )
    if chosen != cle:
        lieu.go(vue="circuit", circuit=chosen)
    return cle


def _show_table(lieu: Lieu, cle: str) -> None:
    table, rules = find_table(lieu.contenu, cle), rules_of(lieu.contenu, cle)
    note(ABOUT.get(cle, REQUEST))
    if cle == "convention":
        st.info(FIXED)
        show(
            Markup("<p>{}</p>").format(
                link("Circuit du dossier", lieu.url(vue="circuit", circuit="dossier"), here=True)
            )
        )
    elif rules.ajouts:
        note(f"Rien ne s’ajoute à ce circuit : {rules.ajouts}.")
    else:
        add_state = link("Ajouter un état", lieu.url(vue="circuit", circuit=cle, nouveau="etat"), here=True)
        add_action = link("Ajouter une action", lieu.url(vue="circuit", circuit=cle, nouveau="action"), here=True)
        show(Markup("<p>{} · {}</p>").format(add_state, add_action))
    for etat in table["etats"]:
        _show_state(lieu, cle, table, etat)
    _show_reset(lieu, cle, table)


def _show_state(lieu: Lieu, cle: str, table: Contenu, etat: str) -> None:
    """One state: its names, then what can be done from it."""
    label = table["etats"][etat]
    theirs = table["etats_collectivite"].get(etat)
    edit = link("Modifier", lieu.url(vue="circuit", circuit=cle, etat=etat), hidden=f"l’état « {label} »", here=True)
    read = Markup(" ·\u00a0lu par la collectivité\u00a0: «\u00a0{}\u00a0»").format(theirs) if theirs else ""
    parts = [
        Markup('<div class="p-titre-etape"><h3>{}</h3></div><p class="p-discret">{}{}</p>').format(label, edit, read)
    ]
    lines = [line for line in table["transitions"] if etat in line["de"]]
    if lines:
        rows = Markup("").join(_row(lieu, cle, table, line) for line in lines)
        parts.append(Markup('<dl class="p-faits">{}</dl>').format(rows))
    else:
        parts.append(Markup('<p class="p-vide">Le circuit s’arrête ici.</p>'))
    show(*parts)


def _row(lieu: Lieu, cle: str, table: Contenu, line: Contenu) -> Markup:
    told = [f"conduit à «\u00a0{table['etats'].get(line['vers'], line['vers'])}\u00a0»", tell_roles(line["roles"])]
    if line["condition"]:
        told.append(f"si : {tell_condition(line['condition'])}")
    if line["motif"]:
        told.append("motif demandé")
    edit = link(
        "Modifier",
        lieu.url(vue="circuit", circuit=cle, action=line["action"]),
        hidden=f"l’action « {line['libelle']} »",
        here=True,
    )
    return Markup("<div><dt>{}</dt><dd>{} ·\u00a0{}</dd></div>").format(line["libelle"], " · ".join(told), edit)


def tell_roles(roles: list[str]) -> str:
    """« instructeur, responsable du service »."""
    known = {role.value for role in Role}
    return ", ".join(ROLE_LABELS[Role(one)].lower() if one in known else one for one in roles)


def tell_condition(condition: str) -> str:
    """A condition in French; its code when it is not known."""
    found = CONDITIONS.get(condition) or CONDITIONS_CONVENTION.get(condition)
    return f"{found[:1].lower()}{found[1:]}" if found else condition


def _show_reset(lieu: Lieu, cle: str, table: Contenu) -> None:
    page_name = f"circuit-origine:{cle}"
    if reset_circuit(lieu.contenu, cle) == lieu.contenu:
        return
    if st.button("Revenir au circuit d’origine", key=f"{PREFIX}{page_name}:ouvrir", icon=":material/undo:"):
        confirm(
            lieu,
            page_name,
            "Revenir au circuit d’origine",
            "Les états, les actions et les noms de ce circuit redeviennent ceux du portail, dans le brouillon.",
            "Revenir au circuit d’origine",
            lambda contenu, _: reset_circuit(contenu, cle),
            "Circuit d’origine remis dans le brouillon.",
        )
