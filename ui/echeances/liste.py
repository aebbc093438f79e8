"""Deadlines month by month, with filters in the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

import streamlit as st
from markupsafe import Markup

from domain.formatting import MONTHS, NBSP, date_courte
from domain.roles import Role
from services.vie.echeances import GENRES, Cadre, EcheanceFilter, Groupe, list_groupes
from ui import page, session
from ui.html import badge, bullet_list, link, query_url, show
from ui.tables import Column, Listing, render_pages, render_table

LISTING = Listing("echeances", "e", tri="le")
WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
NAMED = 3
"""Most conventions that a line names; past that it says how many, and leads to them."""


def month_title(jour: date) -> str:
    """« Septembre 2026 »."""
    return f"{MONTHS[jour.month].capitalize()} {jour.year}"


def day_param(name: str) -> date | None:
    """The day that a parameter of the address holds."""
    try:
        return date.fromisoformat(page.param(name) or "")
    except ValueError:
        return None


def ask_filter(cadre: Cadre, *, cote_centre: bool) -> EcheanceFilter:
    """The filters, and what they ask for: the year to come unless a year or a day is chosen."""
    jour = day_param("e_jour")
    columns = st.columns([2, 1, 1] if cote_centre else [1, 1], vertical_alignment="bottom")
    texte = ""
    if cote_centre:
        with columns[0]:
            texte = LISTING.search("Rechercher", "Collectivité ou numéro de convention")
    with columns[-2]:
        genre = LISTING.choice(
            "genre", "Échéance", {str(code): libelle for code, libelle in cadre.genres.items()}, "Toutes les échéances"
        )
    annee = None
    if jour is None:
        with columns[-1]:
            annees = {str(one): str(one) for one in cadre.annees}
            annee = LISTING.choice("annee", "Période", annees, "Les douze mois à venir")
    today = cadre.aujourdhui
    du, au = (date(int(annee), 1, 1), date(int(annee), 12, 31)) if annee else (today, _year_later(today))
    if jour:
        du = au = jour
    one = page.uuid_param("e_convention")
    alone = jour is not None or one is not None or bool(texte)
    return EcheanceFilter(du=du, au=au, genre=genre, convention=one, texte=texte, groupe=not alone, page=LISTING.number)


def _year_later(jour: date) -> date:
    """The day before the same day of the next year."""
    return date.fromordinal(date(jour.year + 1, jour.month, min(jour.day, 28)).toordinal() - 1)


def who(group: Groupe) -> str | Markup:
    """The conventions of a line: by name while they are few."""
    if len(group.rows) > NAMED:
        return f"{len(group.rows)} conventions"
    names = [
        f"{one.collectivite} (n° {one.numero}{f', suivie du n° {one.suite}' if one.suite else ''})"
        for one in group.rows
    ]
    return names[0] if len(names) == 1 else bullet_list(names)


def address(group: Groupe) -> str:
    """Where a line leads: to its convention, or to the list of its conventions; a tariff to vote, to the tariffs."""
    if group.kind == "vote_tarif" and session.acteur().has(Role.RESPONSABLE, Role.ADMINISTRATEUR):
        return page.url_of("tarifs")
    if len(group.rows) == 1:
        return page.url_of("convention", id=group.rows[0].convention_id)
    return page.url_of("echeances", e_jour=group.le.isoformat(), e_genre=GENRES[group.kind])


def when(group: Groupe, today: date) -> Markup:
    """How far it is, in words; what is done says so."""
    if group.situation:
        return badge(group.situation, "en_vigueur")
    days = (group.le - today).days
    if days < 0:
        return Markup('<span class="p-discret">Passée</span>')
    if days == 0:
        return badge("Aujourd’hui", "a_corriger")
    text = "Demain" if days == 1 else f"Dans {days}{NBSP}jours"
    return badge(text, "a_corriger" if days <= 30 else "brouillon")


def _columns(today: date) -> tuple[Column[Groupe], ...]:
    return (
        Column[Groupe]("Date", lambda one: f"{WEEKDAYS[one.le.weekday()]} {date_courte(one.le)}", court=True),
        Column[Groupe]("Échéance", lambda one: one.titre, vers=address),
        Column[Groupe]("Convention", who),
        Column[Groupe]("Délai", lambda one: when(one, today), court=True),
    )


def show_list(cadre: Cadre, *, cote_centre: bool) -> None:
    """One page of the list, a table for each month."""
    filtre = ask_filter(cadre, cote_centre=cote_centre)
    found = page.load(list_groupes, session.portail(), session.acteur(), filtre)
    _show_narrowed(filtre, found.rows)
    if not found.total:
        st.info("Aucune échéance ne correspond à ces critères. Choisissez une autre période ou une autre échéance.")
        return
    columns = _columns(cadre.aujourdhui)
    for first, same in groupby(found.rows, key=lambda one: one.le.replace(day=1)):
        st.subheader(month_title(first), anchor=False)
        table = render_table(LISTING, list(same), columns, legende=f"Échéances, {month_title(first).lower()}")
        show(Markup('<div class="p-echeances">{}</div>').format(table))
    show(render_pages(LISTING, found))


def _show_narrowed(filtre: EcheanceFilter, rows: Sequence[Groupe]) -> None:
    """What the address narrows the list to, besides its filters, and the link that widens it."""
    if filtre.convention is not None:
        numero = f" n° {rows[0].rows[0].numero}" if rows else ""
        about, wider, name = f"Échéances de la convention{numero}.", "Voir toutes les conventions", "e_convention"
    elif filtre.du == filtre.au:
        about, wider, name = f"Échéances du {date_courte(filtre.du)}.", "Voir toute la période", "e_jour"
    else:
        return
    show(Markup("<p>{} {}</p>").format(about, link(wider, query_url("echeances", {name: None}), here=True)))
