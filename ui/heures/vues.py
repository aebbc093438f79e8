"""What the page of hours is about: whose hours, which week, which way of typing; all of it in the address."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, duree, pourcentage
from domain.releve import monday_of, period_label
from services.activite.semaine import Semaine, list_assistants, list_places, open_week
from services.core import clock
from ui import page, session
from ui.heures.ajout import show_ajout, show_unassigned
from ui.heures.grille import show_frozen, show_grid
from ui.heures.jours import show_correction, show_days
from ui.html import link, note, query_url, show, tabs

VUES = {"semaine": "Semaine", "jours": "Jour par jour", "ajout": "Intervention", "fichiers": "Fichiers"}
CORRECTION = "corriger"
"""The view of one line, which no tab opens."""
PHONES = ("Mobile", "iPhone", "Android")


def choose_place() -> UUID | None:
    """The centre: the only one, or the one chosen; None when hours are nobody's business here."""
    places = page.load(list_places, session.portail(), session.acteur())
    return _choose("centre", "Centre", places)


def choose_assistant(centre_id: UUID) -> UUID | None:
    """Whose hours: one's own, or those of the assistant that the responsable chose."""
    people = page.load(list_assistants, session.portail(), session.acteur(), centre_id)
    me = session.acteur().utilisateur_id
    return _choose("assistant", "Assistant", people, me if me in dict(people) else None)


def _choose(name: str, label: str, options: list[tuple[UUID, str]], usual: UUID | None = None) -> UUID | None:
    """One of `options`, kept in the address."""
    names = dict(options)
    if len(names) < 2:
        return next(iter(names), None)
    asked = page.uuid_param(name)
    shown = asked if asked in names else usual or next(iter(names))
    key = f"heures:{name}"

    def remember() -> None:
        st.query_params[name] = str(st.session_state[key])

    return st.selectbox(
        label,
        list(names),
        index=list(names).index(shown),
        format_func=lambda one: names[one],
        key=key,
        on_change=remember,
        width=360,
    )


def choose_view() -> str:
    """The view that the address asks for; without one, a telephone types one intervention and a computer a week."""
    asked = page.param("vue") or ""
    on_phone = any(sign in (st.context.headers.get("User-Agent") or "") for sign in PHONES)
    shown = asked if asked in (*VUES, CORRECTION) else "ajout" if on_phone else "semaine"
    urls = {code: query_url("heures", {"vue": code, "ligne": None, "jour": None}) for code in VUES}
    here = "jours" if shown == CORRECTION else shown
    show(tabs("Façons de saisir", ((title, urls[code], code == here) for code, title in VUES.items())))
    return shown


def asked_day() -> date:
    """A day of the week that the address asks for; today without one, or when it is no date."""
    try:
        return date.fromisoformat(page.param("semaine") or "")
    except ValueError:
        return clock.today()


def show_week(centre_id: UUID, assistant_id: UUID) -> None:
    """The week: its neighbours, its grid, what cannot change any more, and the year so far."""
    semaine = page.load(open_week, session.portail(), session.acteur(), centre_id, asked_day(), assistant_id)
    _show_neighbours(semaine)
    if not semaine.conventions:
        show_unassigned()
        return
    show_frozen(semaine)
    if semaine.ouverts:
        show(_narrow_hint())
        show_grid(semaine)
    elif not semaine.fermee:
        st.info("Cette semaine est à venir : les heures s’enregistrent une fois faites.")
    _show_follow(semaine)


def show_days_of_week(centre_id: UUID, assistant_id: UUID) -> None:
    """The week without its grid."""
    semaine = page.load(open_week, session.portail(), session.acteur(), centre_id, asked_day(), assistant_id)
    _show_neighbours(semaine)
    if not semaine.conventions:
        show_unassigned()
        return
    show_days(semaine)
    _show_follow(semaine)


def _narrow_hint() -> Markup:
    """Said only where the grid does not fit (the style sheet decides)."""
    days = link("Jour par jour", query_url("heures", {"vue": "jours"}), here=True)
    return Markup('<p class="p-etroit-seul">La grille dépasse de cet écran : {} s’y lit mieux.</p>').format(days)


def _show_neighbours(semaine: Semaine) -> None:
    last = semaine.jours[-1]
    here = monday_of(semaine.today)
    moves = [
        ("Semaine précédente", semaine.lundi - timedelta(days=7)),
        ("Cette semaine", here),
        ("Semaine suivante", semaine.lundi + timedelta(days=7)),
    ]
    links = [
        link(text, query_url("heures", {"semaine": day.isoformat()}), here=True)
        for text, day in moves
        if day <= here and day != semaine.lundi
    ]
    st.subheader(f"Semaine {period_label(semaine.lundi, last)}", anchor=False)
    show(
        Markup('<nav class="p-voisins" aria-label="Semaines">{}</nav>').format(Markup(" ").join(links)),
    )
    if semaine.autres_brouillons:
        shown = Markup(", ").join(
            link(f"semaine du {date_courte(day)}", query_url("heures", {"semaine": day.isoformat()}), here=True)
            for day in semaine.autres_brouillons
        )
        show(Markup('<p class="p-discret">Saisie non enregistrée ailleurs : {}.</p>').format(shown))


def _show_follow(semaine: Semaine) -> None:
    """Recorded since 1 January against what is due, by convention."""
    if not semaine.suivis:
        return
    with st.expander(f"Où en est l’année {semaine.lundi.year}"):
        rows = Markup("").join(
            Markup(
                '<tr><th scope="row" data-titre="Collectivité">{}</th><td data-titre="Enregistré" class="p-nombre">{}</td>'
                '<td data-titre="Dû dans l’année" class="p-nombre">{}</td><td data-titre="Part" class="p-nombre">{}</td></tr>'
            ).format(
                one.collectivite,
                duree(one.minutes),
                duree(one.minutes_dues) if one.minutes_dues else "–",
                pourcentage(round(one.minutes * 100 / one.minutes_dues), 0) if one.minutes_dues else "–",
            )
            for one in semaine.suivis
        )
        show(
            Markup(
                '<div class="p-tableau"><table><caption class="p-masque">Heures de l’année par collectivité</caption><thead><tr>'
                '<th scope="col">Collectivité</th><th scope="col" class="p-nombre">Enregistré</th><th scope="col" class="p-nombre">'
                'Dû dans l’année</th><th scope="col" class="p-nombre">Part</th></tr></thead><tbody>{}</tbody></table></div>'
            ).format(rows)
        )
        note("Heures enregistrées par tous les assistants affectés.")


def show_one(centre_id: UUID, assistant_id: UUID) -> None:
    """One intervention."""
    show_ajout(centre_id, assistant_id)


def show_line(centre_id: UUID, assistant_id: UUID) -> None:
    """One recorded intervention, to correct."""
    show_correction(centre_id, assistant_id, asked_day())
