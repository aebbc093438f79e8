"""The variables of a template: what they mean, the tag to paste in Word, what it prints."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import streamlit as st
from markupsafe import Markup

from services.offres.gabarits import Banc, Gabarit
from services.offres.variables_gabarits import Variable, read_variables, search
from ui import page, session
from ui.html import note, show

FEW = 30
"""Results of a search that are shown at once; beyond, each group is folded."""


def show_variables(banc: Banc, gabarit: Gabarit) -> None:
    """The search field, then the variables by group."""
    version_id = banc.brouillon.id if banc.brouillon else banc.publiee_id
    variables = page.load(read_variables, session.portail(), session.acteur(), version_id, gabarit.nom)
    note(
        "Cliquez sur une balise pour la sélectionner, copiez-la, puis collez-la dans Word, dans un seul paragraphe et sans la "
        "couper. Ce qui n’est pas renseigné laisse des pointillés."
    )
    asked = st.text_input(
        "Chercher une variable", key="gabarits:recherche", placeholder="Nom, montant, date d’effet…", max_chars=100
    )
    found = search(variables, asked or "")
    if not found:
        st.info("Aucune variable ne porte ces mots. Essayez un mot plus court.")
        return
    # By first appearance: a group may come back further in the data.
    order = list(dict.fromkeys(one.groupe for one in found))
    found = sorted(found, key=lambda one: order.index(one.groupe))
    for groupe, members in groupby(found, key=lambda one: one.groupe):
        several = list(members)
        with st.expander(f"{groupe} ({len(several)})", expanded=len(found) <= FEW or groupe == order[0]):
            show(_table(groupe, several))


def _table(groupe: str, variables: Sequence[Variable]) -> Markup:
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="Donnée">{}</th><td data-titre="Balise"><div>{}</div></td>'
            '<td data-titre="Exemple">{}</td></tr>'
        ).format(one.libelle, _tag(one), one.exemple)
        for one in variables
    )
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">{}</caption><thead><tr><th scope="col">Donnée</th>'
        '<th scope="col">Balise à copier</th><th scope="col">Exemple imprimé</th></tr></thead><tbody>{}</tbody></table></div>'
    ).format(groupe, rows)


def _tag(one: Variable) -> Markup:
    tag = Markup('<code class="p-balise">{}</code>').format(one.balise)
    if one.condition:
        tag += Markup('<br><span class="p-discret">{}</span>').format(one.condition)
    if not one.boucle:
        return tag
    kind = "dans une ligne de tableau répétée" if "{%tr" in one.boucle else "dans un paragraphe répété"
    end = " ".join(["{%tr endfor %}" if "{%tr" in one.boucle else "{%p endfor %}"] * one.boucle.count("{%"))
    return Markup(
        '{}<br><span class="p-discret">{}, entre <code class="p-balise">{}</code> et <code class="p-balise">{}</code></span>'
    ).format(tag, kind, one.boucle, end)
