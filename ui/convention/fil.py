"""The life of a convention at a glance: what it is made of, what may be asked now, and its text on any day."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_longue
from services.convention.convention_views import ConventionView
from services.vie import demandes
from services.vie.demandes import DemandePossible
from services.vie.fil import Maillon, Modification, VieView, open_life
from ui import page, session
from ui.dates import day_input, read_day_or_error
from ui.html import badge, lines, link, note, query_url, show

BEFORE_FORCE = ("a_signer", "signee_collectivite", "annulee")
JOUR = "jour"
"""Parameter of the address: the day whose text is shown."""


def show_life(view: ConventionView) -> None:
    """The chain, the requests and the text of a convention; nothing before both parties have signed."""
    if view.etat in BEFORE_FORCE:
        return
    jour, wrong = read_day_or_error(page.param(JOUR) or "")
    life = page.load(open_life, session.portail(), session.acteur(), view.id, jour)
    st.header("La convention et ce qui l’a modifiée", anchor=False)
    show(render_chain(life))
    if view.manifeste.get("elimination"):  # the chain is a line of the register; its texts are gone
        return
    _show_text(view, life, wrong)
    if life.possibles or life.suite:
        st.subheader("Demander une modification", anchor=False)
        for one in life.possibles:
            _show_request(view.id, one)
        if life.suite is not None:
            _show_request(view.id, life.suite, renewal=True)


def render_chain(life: VieView) -> Markup:
    """One line by act or request, oldest effect first; what is part of the text of the day says so."""
    items = Markup("").join(_render_link(life, one) for one in life.maillons)
    return Markup('<ol class="p-chaine" aria-label="Convention, avenants et demandes">{}</ol>').format(items)


def _render_link(life: VieView, one: Maillon) -> Markup:
    when = f"À compter du {date_longue(one.le)}" if one.le else "Pas encore envoyée"
    points = Markup("").join(Markup("<li>{}</li>").format(point) for point in one.points)
    return Markup('<li class="{}"><div>{} {}</div><p>{}</p>{}</li>').format(
        "p-fait" if one.applique else "p-attendu",
        link(one.titre, page.url_of(one.page, id=one.ident)),
        badge(one.etat_libelle, one.etat),
        when,
        Markup("<ul>{}</ul>").format(points) if points else "",
    )


def _show_text(view: ConventionView, life: VieView, wrong: str | None) -> None:
    """The text of the day of the address, closed until wanted."""
    asked = page.param(JOUR) is not None
    title = f"Texte en vigueur au {date_longue(life.jour)}"
    with st.expander(title, expanded=asked, icon=":material/article:"):
        with st.form(f"texte:{view.id}", border=False):
            typed = day_input("Voir le texte d’un autre jour", key=f"texte:{view.id}:jour")
            sent = st.form_submit_button("Afficher")
        if wrong:
            st.error(wrong, icon=":material/error:")
        if sent and typed:
            page.go("convention", id=view.id, **{JOUR: typed})
        if asked:
            show(link("Revenir au texte d’aujourd’hui", query_url("convention", {JOUR: None}), here=True))
        show(render_text(life))


def render_text(life: VieView) -> Markup:
    """The answers by form; those that a change has given say which."""
    parts = []
    for title, rows in life.texte:
        told = Markup("").join(
            Markup("<div><dt>{}</dt><dd>{}{}</dd></div>").format(
                row.libelle,
                lines(row.valeur),
                Markup('<br><span class="p-discret">{}</span>').format(row.source) if row.source else "",
            )
            for row in rows
        )
        parts.append(Markup('<h4>{}</h4><dl class="p-faits">{}</dl>').format(title, told))
    return Markup("").join(parts)


def _show_request(convention_id: UUID, one: DemandePossible, *, renewal: bool = False) -> None:
    """One thing that may be asked: the button, or the way to the one that is begun, and what it is for."""
    button, about = st.columns([1, 3], vertical_alignment="center")
    with button:
        if one.en_cours is not None:
            ident, reference = one.en_cours
            page.link("dossier", f"Reprendre {reference}", icon=":material/edit:", id=ident)
        else:
            _begin_button(convention_id, one, renewal)
    with about:
        note(f"{one.titre} : {one.resume}" if one.en_cours else one.attend or one.resume)


def _begin_button(convention_id: UUID, one: DemandePossible, renewal: bool) -> None:
    name = f"demande:{convention_id}:{one.nature}"
    if not st.button(one.titre, key=name, icon=":material/add:", width="stretch", disabled=bool(one.attend)):
        page.renew_operation(name)
        return
    portail, acteur, operation = session.portail(), session.acteur(), page.operation_id(name)
    if renewal:
        begun = page.run(demandes.create_renewal, portail, acteur, convention_id, operation)
    else:
        begun = page.run(demandes.create_request, portail, acteur, convention_id, one.nature, operation)
    if begun:
        page.go("dossier", id=begun)


# What changes ---------------------------------------------------------------------------------------------------------------


def show_changes(view: ConventionView) -> None:
    """What an avenant changes, as it was issued."""
    st.header("Ce que l’avenant modifie", anchor=False)
    show(render_changes(Modification(**one) for one in view.manifeste.get("modifications", ())))


def render_changes(changes: Iterable[Modification]) -> Markup:
    """A table: the point, the text before, the text after."""
    titles = ("Point", "Texte antérieur", "Nouveau texte")
    rows = Markup("").join(
        Markup(
            '<tr><th scope="row" data-titre="{}">{}</th><td data-titre="{}"><span>{}</span></td>'
            '<td data-titre="{}"><span>{}</span></td></tr>'
        ).format(titles[0], one.libelle, titles[1], lines(one.avant), titles[2], lines(one.apres))
        for one in changes
    )
    if not rows:
        return Markup('<p class="p-discret">Rien ne change pour le moment.</p>')
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(one) for one in titles)
    return Markup(
        '<div class="p-tableau"><table><caption class="p-masque">Points modifiés</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(head, rows)
