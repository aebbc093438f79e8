"""Deadlines of one month as a calendar: a real table, one column by day of the week; on a narrow screen, the days that have
something, one under the other."""

from __future__ import annotations

from calendar import Calendar
from datetime import date, timedelta

import streamlit as st
from markupsafe import Markup

from domain.formatting import NBSP, date_longue
from services.vie.echeances import Cadre, EcheanceFilter, Groupe, list_groupes
from ui import page, session
from ui.echeances.liste import LISTING, WEEKDAYS, address, month_title
from ui.html import link, query_url, show

MOST = 5000
"""More lines than a month can have."""


YEARS = range(2000, 2201)
"""Years that the calendar shows."""


def asked_month(today: date) -> date:
    """First day of the month in the address (`e_mois=2026-09`), this month by default, or when it is out of reach."""
    try:
        asked = date.fromisoformat(f"{page.param('e_mois') or ''}-01")
    except ValueError:
        return today.replace(day=1)
    return asked if YEARS.start <= asked.year < YEARS.stop else today.replace(day=1)


def show_month(cadre: Cadre) -> None:
    """The month's table, and links to the neighbouring months."""
    first = asked_month(cadre.aujourdhui)
    with st.container(width=360):
        genre = LISTING.choice(
            "genre", "Échéance", {str(code): libelle for code, libelle in cadre.genres.items()}, "Toutes les échéances"
        )
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    last = max(day for day in weeks[-1] if day.month == first.month)
    filtre = EcheanceFilter(du=first, au=last, genre=genre, taille=MOST)
    found = page.load(list_groupes, session.portail(), session.acteur(), filtre)
    st.subheader(month_title(first), anchor=False)
    show(_moves(first, cadre.aujourdhui))
    by_day: dict[date, list[Groupe]] = {}
    for group in found.rows:
        by_day.setdefault(group.le, []).append(group)
    show(render_month(weeks, first, by_day, cadre.aujourdhui))
    if not by_day:
        show(_tell_empty(cadre, last, genre))


def _tell_empty(cadre: Cadre, last: date, genre: str | None) -> Markup:
    """That the month has nothing, and the first deadline after it, as a link to its month."""
    text = Markup('<p class="p-discret">Aucune échéance ce mois-ci.{}</p>')
    end = date(cadre.annees[-1], 12, 31)
    if last >= end:
        return text.format("")
    after = EcheanceFilter(du=last + timedelta(days=1), au=end, genre=genre, groupe=False, taille=1)
    following = page.load(list_groupes, session.portail(), session.acteur(), after).rows
    if not following:
        return text.format("")
    day = following[0].le
    to = query_url("echeances", {"e_mois": f"{day:%Y-%m}"})
    return text.format(
        Markup(" Prochaine\u00a0: {}.").format(link(f"{WEEKDAYS[day.weekday()]} {date_longue(day)}", to, here=True))
    )


def _moves(first: date, today: date) -> Markup:
    before, after = first - timedelta(days=1), (first + timedelta(days=31)).replace(day=1)
    links = [
        link(month_title(day), query_url("echeances", {"e_mois": f"{day:%Y-%m}"}), here=True, hidden=f"(mois {what})")
        for day, what in ((before, "précédent"), (after, "suivant"))
    ]
    if first != today.replace(day=1):
        links.insert(1, link("Ce mois-ci", query_url("echeances", {"e_mois": None}), here=True))
    return Markup('<nav class="p-voisins" aria-label="Mois">{}</nav>').format(Markup(" ").join(links))


def render_month(weeks: list[list[date]], first: date, by_day: dict[date, list[Groupe]], today: date) -> Markup:
    """The month as HTML."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name.capitalize()) for name in WEEKDAYS)
    rows = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                _cell(day, by_day.get(day, []), today) if day.month == first.month else EMPTY for day in week
            )
        )
        for week in weeks
    )
    return Markup(
        '<div class="p-agenda"><table><caption class="p-masque">Échéances, {}</caption><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div>"
    ).format(month_title(first).lower(), head, rows)


EMPTY = Markup('<td class="p-hors"></td>')


def _cell(day: date, groups: list[Groupe], today: date) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(_item(one)) for one in groups)
    body = Markup("<ul>{}</ul>").format(items) if groups else Markup("")
    now = Markup(' aria-current="date"') if day == today else Markup("")
    return Markup(
        '<td{}{}><time datetime="{}"><span class="p-jour">{}</span> <span class="p-date">{}</span></time>{}</td>'
    ).format(
        Markup("") if groups else Markup(' class="p-rien"'),
        now,
        day.isoformat(),
        day.day,
        f"{WEEKDAYS[day.weekday()]} {date_longue(day)}",
        body,
    )


def _item(group: Groupe) -> Markup:
    count = len(group.rows)
    who = group.rows[0].collectivite if count == 1 else f"{count}{NBSP}conventions"
    settled = group.situation.lower()
    done = Markup(' <span class="p-discret">({})</span>').format(settled) if settled else Markup("")
    return Markup("{}{}<br><span>{}</span>").format(link(group.titre, address(group)), done, who)
