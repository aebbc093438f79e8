"""Journeys of an assistant: the form, and the year's list with what each one claims."""

from __future__ import annotations

from uuid import UUID

import streamlit as st
from markupsafe import Markup

from domain.formatting import date_courte, euros, nombre
from services.activite import deplacements
from services.activite.deplacement_lists import DeplacementRow, Saisie, total_by_convention
from services.activite.deplacements import HORS_ZONE, INCLUSE
from services.core.paging import Page
from ui import page, session
from ui.dates import day_input
from ui.html import facts, note, show
from ui.tables import Column, Listing, show_table

LISTING = Listing("deplacements", "t", tri="jour", descendant=True)


def zone_label(zone: str, incluse: str) -> str:
    """The zone in the centre's words: « Région Île-de-France : compris », « Hors région Île-de-France : à rembourser »."""
    name = incluse or "zone comprise"
    return f"{name[:1].upper()}{name[1:]} : compris" if zone == INCLUSE else f"Hors {name} : à rembourser"


def show_form(centre_id: UUID, saisie: Saisie, row: DeplacementRow | None) -> None:
    """A new journey, or the change of one. What was typed stays when it is refused."""
    name = f"deplacement:{row.id if row else 'nouveau'}:{row.version if row else 0}"
    turn = page.operation_id(name)
    slots = page.Slots()
    with st.form(f"{name}:{turn}", border=True, width=720):
        jour, convention_id, zone = _when_and_where(saisie, row, f"{name}:{turn}", slots)
        km, puissance = _distance(saisie, row, f"{name}:{turn}", slots)
        sent = st.form_submit_button("Enregistrer le déplacement", type="primary")
    if not sent:
        return
    done, saved = slots.run(
        deplacements.save_deplacement,
        session.portail(),
        session.acteur(),
        centre_id,
        {"jour": jour, "km": km, "puissance": puissance},
        convention_id=convention_id,
        zone=zone,
        operation_id=turn,
        deplacement_id=row.id if row else None,
        version_vue=row.version if row else None,
    )
    if done and saved:
        page.renew_operation(name)
        page.notify("Déplacement enregistré.")
        if row:
            page.go("deplacements", annee=row.jour.year)
        st.rerun()


def _when_and_where(
    saisie: Saisie, row: DeplacementRow | None, key: str, slots: page.Slots
) -> tuple[str, UUID | None, str | None]:
    """The day, the convention and the zone of a journey."""
    conventions = dict(saisie.conventions)
    if row:
        conventions.setdefault(row.convention_id, f"{row.collectivite} – {row.numero}")
    ids, zones = list(conventions), [INCLUSE, HORS_ZONE]
    left, right = st.columns(2)
    with left:
        jour = day_input("Date", key=f"{key}:jour", value=date_courte(row.jour if row else saisie.today))
        slots.place("jour")
    with right:
        convention_id = st.selectbox(
            "Collectivité",
            ids,
            index=ids.index(row.convention_id) if row else (0 if len(ids) == 1 else None),
            format_func=lambda one: conventions[one],
            placeholder="Choisissez une collectivité",
            key=f"{key}:convention",
        )
        slots.place("convention_id")
    zone = st.radio(
        "Zone",
        zones,
        index=zones.index(row.zone) if row else None,
        format_func=lambda one: zone_label(one, saisie.zone_incluse),
        key=f"{key}:zone",
    )
    slots.place("zone")
    return jour, convention_id, zone


def _distance(saisie: Saisie, row: DeplacementRow | None, key: str, slots: page.Slots) -> tuple[str, str]:
    """The distance and the vehicle of a journey, as typed."""
    left, right = st.columns(2)
    with left:
        km = st.text_input(
            "Distance aller et retour, en km",
            nombre(row.km, 1) if row else "",
            max_chars=10,
            placeholder="42,5",
            key=f"{key}:km",
        )
        slots.place("km")
    with right:
        puissance = st.text_input(
            "Puissance fiscale du véhicule, en CV",
            str((row.puissance if row else saisie.puissance) or ""),
            max_chars=3,
            placeholder="5",
            help="Elle figure sur la carte grise, rubrique P.6.",
            key=f"{key}:puissance",
        )
        slots.place("puissance")
    return km or "", puissance or ""


def show_list(rows: list[DeplacementRow], zone_incluse: str) -> None:
    """The journeys of a year, with totals by collectivité when something is claimed."""
    claimed = [row for row in rows if row.montant is not None]
    total = sum(
        (row.montant for row in claimed if row.montant is not None), start=0 * (claimed[0].km if claimed else 0)
    )
    show(
        facts(
            [
                ("Distance de l’année", f"{nombre(sum(row.km for row in rows), 1)} km"),
                ("À rembourser par les collectivités", euros(total)),
                *(
                    (name, f"{nombre(km, 1)} km, {euros(sum_)}")
                    for name, (km, sum_) in total_by_convention(claimed).items()
                ),
            ]
        )
    )
    columns: list[Column[DeplacementRow]] = [
        Column("Date", lambda row: date_courte(row.jour), court=True, vers=_open),
        Column("Collectivité", lambda row: f"{row.collectivite}, {row.numero}"),
        Column("Zone", lambda row: zone_label(row.zone, zone_incluse)),
        Column("Distance", lambda row: f"{nombre(row.km, 1)} km", nombre=True),
        Column("Véhicule", lambda row: f"{row.puissance} CV", court=True),
        Column("Montant", lambda row: euros(row.montant) if row.montant is not None else "", nombre=True),
        Column("Calcul", _how),
    ]
    show_table(LISTING, Page(tuple(rows), len(rows), 1, max(1, len(rows))), columns, legende="Déplacements")


def _open(row: DeplacementRow) -> str:
    return page.url_of("deplacements", annee=row.jour.year, id=row.id)


def _how(row: DeplacementRow) -> str | Markup:
    frozen = Markup(' <span class="p-pastille p-favorable">Mois clos</span>') if row.fige else ""
    return Markup("{}{}").format(" ; ".join(row.etapes) or row.raison, frozen)


def show_change(centre_id: UUID, saisie: Saisie, row: DeplacementRow) -> None:
    """One journey: its form and its removal; only what it says once its month is closed."""
    if row.fige:
        st.info(
            "Le mois de ce déplacement est clos : il ne se modifie plus. Le responsable du service peut rouvrir le mois."
        )
        show(
            facts(
                [
                    ("Collectivité", f"{row.collectivite}, convention {row.numero}"),
                    ("Date", date_courte(row.jour)),
                    ("Zone", zone_label(row.zone, saisie.zone_incluse)),
                    ("Distance", f"{nombre(row.km, 1)} km, {row.puissance} CV"),
                    ("Montant", euros(row.montant) if row.montant is not None else row.raison),
                ]
            )
        )
        return
    show_form(centre_id, saisie, row)
    if st.button("Retirer ce déplacement", type="tertiary", key=f"deplacement:{row.id}:retirer"):
        portail, acteur = session.portail(), session.acteur()

        def remove(_: str) -> bool:
            return page.ran(
                deplacements.remove_deplacement,
                portail,
                acteur,
                centre_id,
                row.id,
                version_vue=row.version,
                succes="Déplacement retiré.",
            )[0]

        page.confirm(
            "Retirer ce déplacement ?",
            f"{date_courte(row.jour)}, {row.collectivite}, {nombre(row.km, 1)} km.",
            "Retirer le déplacement",
            remove,
        )


def tell_rule(saisie: Saisie) -> None:
    """What is paid back, in a line."""
    note(
        f"Seuls les trajets hors {saisie.zone_incluse or 'zone comprise'} sont remboursés par la collectivité, au barème "
        "kilométrique du jour. La distance déjà parcourue compte tous vos trajets de l’année civile."
    )
