"""A small service with random hours, and what its dashboards should show, recounted from the interventions one by one."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.activite import DIMENSIONS, nomenclature
from domain.pilotage import classify, convention_days, expected_minutes, forecast_minutes, load_alertes, month_end
from domain.roles import Role
from models import Affectation, Collectivite, Convention, Exercice, Intervention, Poste
from services.activite import cumuls
from services.core.portail import Portail
from services.pilotage.filtres import Filtres
from tests.conventions import make_convention
from tests.factories import Monde, make_collectivite, make_user

ANNEE = 2026
TODAY = date(ANNEE, 7, 15)
NAMES = ("Choisy", "Ivry", "=Sceaux()", "Évry <b>", "L’Haÿ")


@dataclass(frozen=True)
class Service:
    """The world, its conventions and its assistants."""

    monde: Monde
    conventions: tuple[UUID, ...]
    assistants: tuple[UUID, ...]

    def filtres(self, **changes: Any) -> Filtres:
        return replace(Filtres(self.monde.centre_id, ANNEE, TODAY), **changes)


def make_service(portail: Portail, monde: Monde, seed: int, *, count: int = 160) -> Service:
    """Five collectivités, one with two conventions; three assistants; hours over two years; years due and invoiced."""
    dice = random.Random(seed)
    people = tuple(
        make_user(portail, Role.ASSISTANT, centre=monde.centre_id, prenom=name, nom=f"Nom {name}") for name in "ABC"
    )
    places = [monde.collectivite_id]
    places += [make_collectivite(portail, name, f"9000000{rank:02d}") for rank, name in enumerate(NAMES)]
    starts = [
        date(2025, 1, 1),
        date(2026, 2, 14),
        date(2024, 7, 1),
        date(2026, 6, 20),
        date(2026, 11, 1),
        date(2025, 3, 2),
    ]
    ids = [
        make_convention(portail, replace(monde, collectivite_id=place), "en_vigueur", date_effet=start)
        for place, start in [*zip(places, starts, strict=True), (places[1], date(2026, 4, 1))]
    ]
    _finish_terms(portail, ids, dice)
    _years(portail, monde, ids, dice)
    rows = [_row(monde, dice, ids, people) for _ in range(count)]
    with portail.db.write() as session:
        session.add_all([Intervention(**row) for row in rows])
        session.flush()
        cumuls.rebuild(session, monde.centre_id)
    return Service(monde, tuple(ids), people)


def _finish_terms(portail: Portail, ids: list[UUID], dice: random.Random) -> None:
    with portail.db.write() as session:
        for one in ids[::3]:
            session.get_one(Convention, one).terme = date(ANNEE, dice.randint(7, 12), 15)


def _years(portail: Portail, monde: Monde, ids: list[UUID], dice: random.Random) -> None:
    with portail.db.write() as session:
        for one in ids:
            convention = session.get_one(Convention, one)
            for annee in (2025, 2026):
                due = Decimal(dice.randint(0, 4_000_000)) / 100
                paying = dice.choice((Decimal(0), due, due + Decimal("12.34"), due / 2)).quantize(Decimal("0.01"))
                extras = dice.choice((Decimal(0), Decimal("370.50")))
                session.add(
                    Exercice(
                        convention_id=one,
                        annee=annee,
                        centre_id=monde.centre_id,
                        collectivite_id=convention.collectivite_id,
                        offre_code=dice.choice(("part", "heures")),
                        montant_du=due,
                        montant_facture=paying + extras,
                        montant_facture_du=paying,
                        minutes_dues=dice.choice((0, dice.randint(1, 900), dice.randint(1, 5000))),
                    )
                )  # fmt: skip


def _row(monde: Monde, dice: random.Random, ids: list[UUID], people: tuple[UUID, ...]) -> dict[str, Any]:
    lists = nomenclature()
    return {
        "centre_id": monde.centre_id,
        "convention_id": dice.choice(ids),
        "assistant_id": dice.choice(people),
        "jour": date(2025, 1, 1) + timedelta(days=dice.randint(0, 560)),
        "minutes": dice.randint(1, 300),
        **{name: dice.choice([one.code for one in lists.values(name)]) for name in DIMENSIONS},
    }


def interventions(portail: Portail, filtres: Filtres) -> list[Intervention]:
    """Those of the filters, the slow way."""
    with portail.db.read() as session:
        rows = session.scalars(select(Intervention)).all()
        years = {(one.convention_id, one.annee): one for one in session.scalars(select(Exercice))}
    return [
        row
        for row in rows
        if row.centre_id == filtres.centre_id
        and row.jour.year == filtres.annee
        and (not filtres.assistant_id or row.assistant_id == filtres.assistant_id)
        and _matches(years.get((row.convention_id, filtres.annee)), filtres)
    ]


def _matches(year: Exercice | None, filtres: Filtres) -> bool:
    if year is None:
        return not filtres.offre and not filtres.collectivite_id
    return (not filtres.offre or year.offre_code == filtres.offre) and (
        not filtres.collectivite_id or year.collectivite_id == filtres.collectivite_id
    )


def recount_collectivites(portail: Portail, filtres: Filtres) -> dict[str, dict[str, Any]]:
    """By name of collectivité, what each line of the list should hold."""
    seuils, found = load_alertes(), {}
    rows = interventions(portail, filtres)
    with portail.db.read() as session:
        query = select(Exercice, Convention, Collectivite).join(Exercice.convention).join(Convention.collectivite)
        years = [
            one
            for one in session.execute(query)
            if one.Exercice.annee == filtres.annee and _matches(one.Exercice, filtres)
        ]
    grouped: dict[str, list[Any]] = defaultdict(list)
    for one in years:
        if one.Exercice.centre_id == filtres.centre_id:
            grouped[one.Collectivite.nom].append(one)
    end = filtres.arrete
    for nom, lines in grouped.items():
        total: dict[str, Any] = dict.fromkeys(("minutes", "autres", "arretees", "dues", "attendues", "prevues"), 0)
        total["prevision"] = None
        for line in lines:
            mine = [row for row in rows if row.convention_id == line.Convention.id]
            shown = [row for row in mine if filtres.du <= row.jour.month <= filtres.au]
            debut = max(line.Convention.date_effet, line.Convention.date_debut_prestations)
            terme, dues = line.Convention.terme, line.Exercice.minutes_dues

            def until(day: date, debut: date = debut, terme: date = terme) -> int:
                return convention_days(filtres.annee, debut, terme, date(filtres.annee, 1, 1), day)

            jours = until(date(filtres.annee, 12, 31))
            total["minutes"] += sum(row.minutes for row in shown if row.nature == "ordinaire")
            total["autres"] += sum(row.minutes for row in shown if row.nature != "ordinaire")
            total["dues"] += dues
            if end is None:
                continue
            done = [row for row in mine if row.nature == "ordinaire" and row.jour <= end]
            total["arretees"] += sum(row.minutes for row in done if filtres.du <= row.jour.month <= filtres.au)
            last = min(end, month_end(filtres.annee, filtres.au))
            before = expected_minutes(dues, until(date(filtres.annee, filtres.du, 1) - timedelta(days=1)), jours)
            total["attendues"] += max(0, expected_minutes(dues, until(last), jours) - before)
            year = forecast_minutes(sum(row.minutes for row in done), until(end), jours, seuils.jours_minimum)
            if year is not None:
                total["prevision"] = (total["prevision"] or 0) + year
                total["prevues"] += dues
        total["alerte"] = classify(total["prevision"], total.pop("prevues"), seuils)
        found[nom] = total
    return found


def add_posts(portail: Portail, service: Service, seed: int) -> None:
    """Posts and assignments, some over, some to come, some empty."""
    dice = random.Random(seed)
    with portail.db.write() as session:
        for rank in range(6):
            start = date(2025, 1, 1) + timedelta(days=dice.randint(0, 600))
            session.add(
                Poste(
                    centre_id=service.monde.centre_id,
                    assistant_id=dice.choice((*service.assistants, None)),
                    libelle=f"Poste {rank}",
                    quotite=Decimal(dice.randint(1, 10000)) / 100,
                    du=start,
                    au=dice.choice((None, start + timedelta(days=dice.randint(0, 400)))),
                )
            )
        for one in service.conventions:
            start = date(2025, 1, 1) + timedelta(days=dice.randint(0, 600))
            session.add(
                Affectation(
                    centre_id=service.monde.centre_id,
                    convention_id=one,
                    assistant_id=dice.choice(service.assistants),
                    quotite=dice.choice((None, Decimal("47.70"), Decimal(dice.randint(1, 5000)) / 100)),
                    du=start,
                    au=dice.choice((None, start + timedelta(days=dice.randint(0, 400)))),
                )
            )
