"""Every table of the dashboards is what a recount of the interventions, one by one, gives: on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.activite import DIMENSIONS
from models import Affectation, Collectivite, Convention, Exercice, Poste
from services.core.portail import Portail
from services.pilotage import capacite, couts, tableaux
from services.pilotage.filtres import Filtres
from services.pilotage.tableaux import Recherche
from tests.factories import Monde, cig_offer
from tests.services.pilotage.naif import (
    TODAY,
    Service,
    add_posts,
    interventions,
    make_service,
    recount_collectivites,
)

WHOLE = Recherche(taille=200)


@pytest.fixture
def service(portail: Portail, monde: Monde) -> Service:
    return make_service(portail, monde, seed=2026)


def filters(service: Service) -> list[Filtres]:
    """What people ask for: the year, months of it, a year that is over, one to come, an offer, a collectivité, a person."""
    one = service.monde.collectivite_id
    return [
        service.filtres(),
        service.filtres(du=3, au=8),
        service.filtres(du=9, au=9),
        service.filtres(annee=2025),
        service.filtres(annee=2027),
        service.filtres(today=date(2026, 1, 4)),
        service.filtres(offre="part"),
        service.filtres(offre="inconnue"),
        service.filtres(collectivite_id=one, du=2),
        service.filtres(assistant_id=service.assistants[1]),
        service.filtres(assistant_id=service.assistants[0], collectivite_id=one, offre="heures"),
    ]


def test_hours_by_collectivite(portail: Portail, service: Service) -> None:
    for filtres in filters(service):
        expected = recount_collectivites(portail, filtres)
        with portail.db.read() as session:
            found = tableaux.hours_by_collectivite(session, filtres, WHOLE)
        if filtres.assistant_id:
            expected = {name: one for name, one in expected.items() if one["minutes"] + one["autres"]}
            assert {one.nom: (one.minutes, one.autres) for one in found.page.rows} == {
                name: (one["minutes"], one["autres"]) for name, one in expected.items()
            }
            assert all(one.dues is one.prevision is one.alerte is None for one in found.page.rows)
            assert found.totaux.dues is None and found.alertes == ()
            continue
        names = ("minutes", "autres", "arretees", "dues", "attendues", "prevision", "alerte")
        assert {one.nom: {name: getattr(one, name) for name in names} for one in found.page.rows} == expected
        for name in ("minutes", "autres", "arretees", "dues", "attendues"):
            assert getattr(found.totaux, name) == sum(one[name] for one in expected.values())
        alerts = Counter(one["alerte"] for one in expected.values())
        assert (found.totaux.depassements, found.totaux.sous_utilisations) == (
            alerts["depassement"],
            alerts["sous_utilisation"],
        )
        assert {one.nom for one in found.alertes} == {name for name, one in expected.items() if one["alerte"]}


def test_hours_by_month_and_by_dimension(portail: Portail, service: Service) -> None:
    for filtres in filters(service):
        rows = [row for row in interventions(portail, filtres) if filtres.du <= row.jour.month <= filtres.au]
        with portail.db.read() as session:
            months = tableaux.hours_by_month(session, filtres)
            split = {axe: tableaux.hours_by_axe(session, filtres, axe) for axe in tableaux.AXES}
        assert [one.mois for one in months] == list(range(filtres.du, filtres.au + 1))
        for one in months:
            mine = [row for row in rows if row.jour.month == one.mois]
            ordinary = sum(row.minutes for row in mine if row.nature == "ordinaire")
            assert (one.minutes, one.nombre, one.ordinaires) == (sum(row.minutes for row in mine), len(mine), ordinary)
        for axe, lines in split.items():
            name = axe if axe in DIMENSIONS else "assistant_id"
            expected: Counter[str] = Counter()
            for row in rows:
                expected[str(getattr(row, name))] += row.minutes
            assert {line.code: line.minutes for line in lines} == dict(expected), axe
            assert sum(line.nombre for line in lines) == len(rows)


def test_what_is_due_month_by_month_adds_up_to_the_year(portail: Portail, service: Service) -> None:
    with portail.db.read() as session:
        months = tableaux.hours_by_month(session, service.filtres())
        found = tableaux.hours_by_collectivite(session, service.filtres(), WHOLE)
    assert sum(one.dues or 0 for one in months) == found.totaux.dues
    until = sum(one.dues or 0 for one in months if one.mois <= 6)
    assert until == found.totaux.attendues, "expected at the end of June, the last finished month"


def test_pages_search_and_order(portail: Portail, service: Service) -> None:
    def read(**asked: object) -> list[str]:
        with portail.db.read() as session:
            wanted = Recherche(**asked)  # type: ignore[arg-type]
            return [one.nom for one in tableaux.hours_by_collectivite(session, service.filtres(), wanted).page.rows]

    everyone = read(taille=200)
    pages = [name for number in (1, 2, 3) for name in read(taille=2, page=number)]
    assert sorted(pages) == sorted(everyone) and len(everyone) == 6
    assert read(taille=2, page=99) == read(taille=2, page=1), "past the end: the first page"
    assert read(texte="ivry") == ["Ivry"] and read(texte="l'hay") == ["L’Haÿ"]
    assert read(texte="'; DROP TABLE cumul; --") == [] and read(texte="zzz%") == []
    assert read(tri="minutes; DROP TABLE cumul", alerte="x' OR 1=1") == everyone
    most = read(tri="minutes", descendant=True)
    assert sorted(most) == sorted(everyone) and most != everyone
    assert set(read(alerte="toutes")) == set(read(alerte="depassement")) | set(read(alerte="sous_utilisation"))


def test_costs(portail: Portail, service: Service) -> None:
    for filtres in filters(service)[:9]:
        with portail.db.read() as session:
            years = [
                (one, nom)
                for one, nom in session.execute(
                    select(Exercice, Collectivite.nom).join(Collectivite, Collectivite.id == Exercice.collectivite_id)
                )
                if (not filtres.offre or one.offre_code == filtres.offre)
                and (not filtres.collectivite_id or one.collectivite_id == filtres.collectivite_id)
            ]
            by_year = couts.costs_by_year(session, filtres)
            by_offer = couts.costs_by_offer(session, filtres, {})
            page, total = couts.costs_by_collectivite(session, filtres, WHOLE)

        def sums(rows: list[Exercice]) -> couts.Montants:
            return couts.Montants(
                sum((row.montant_du for row in rows), Decimal("0.00")),
                sum((row.montant_facture for row in rows), Decimal("0.00")),
                sum((max(row.montant_du - row.montant_facture_du, Decimal(0)) for row in rows), Decimal("0.00")),
                sum((row.montant_facture - row.montant_facture_du for row in rows), Decimal("0.00")),
                sum((max(row.montant_facture_du - row.montant_du, Decimal(0)) for row in rows), Decimal("0.00")),
            )

        mine = [(one, nom) for one, nom in years if one.annee == filtres.annee]
        assert {line.code: line.montants for line in by_year} == {
            str(annee): sums([one for one, _ in years if one.annee == annee])
            for annee in {one.annee for one, _ in years}
        }
        assert {line.code: line.montants for line in by_offer} == {
            code: sums([one for one, _ in mine if one.offre_code == code])
            for code in {one.offre_code for one, _ in mine}
        }
        assert {line.libelle: line.montants for line in page.rows} == {
            nom: sums([one for one, its in mine if its == nom]) for nom in {nom for _, nom in mine}
        }
        assert total == sums([one for one, _ in mine])


def test_capacity(portail: Portail, service: Service) -> None:
    add_posts(portail, service, seed=7)
    filtres = service.filtres()
    with portail.db.read() as session:
        months = capacite.capacity_by_month(session, filtres)
        conventions = {one.id: one for one in session.scalars(select(Convention))}
        posts, given = session.scalars(select(Poste)).all(), session.scalars(select(Affectation)).all()
        people = capacite.capacity_by_assistant(session, filtres, TODAY)
        gaps = capacite.assignment_gaps(session, filtres, TODAY, WHOLE)

    def lives(one: Convention, day: date) -> bool:
        return max(one.date_effet, one.date_debut_prestations) <= day <= one.terme

    def runs(one: Poste | Affectation, day: date) -> bool:
        return one.du <= day <= (one.au or date.max)

    def etp(values: list[Decimal | None]) -> Decimal:
        return (sum((value or Decimal(0) for value in values), Decimal(0)) / 100).quantize(Decimal("0.0001"))

    assert len(months) == 12
    for line in months:
        day = line.jour
        assert line.promis == etp([one.quotite for one in conventions.values() if lives(one, day)])
        assert line.tenus == etp([one.quotite for one in posts if runs(one, day)])
        assert line.vacants == etp([one.quotite for one in posts if runs(one, day) and one.assistant_id is None])
        assert line.affectes == etp(
            [one.quotite for one in given if runs(one, day) and lives(conventions[one.convention_id], day)]
        )
    for person in people:
        held = [one.quotite for one in posts if one.assistant_id == person.assistant_id and runs(one, TODAY)]
        assert person.tenu == etp(list(held))
    for gap in gaps.rows:
        mine = [one.quotite for one in given if one.convention_id == gap.convention_id and runs(one, TODAY)]
        assert (gap.promis, gap.affecte) == (etp([conventions[gap.convention_id].quotite]), etp(mine))
    lacking = {
        one.id
        for one in conventions.values()
        if lives(one, TODAY)
        and etp([line.quotite for line in given if line.convention_id == one.id and runs(line, TODAY)])
        != etp([one.quotite])
    }
    assert {gap.convention_id for gap in gaps.rows} == lacking
    assert [gap.ecart for gap in gaps.rows] == sorted(gap.ecart for gap in gaps.rows)


def test_hours_by_the_hour_count_as_a_share_of_a_full_time_year(
    portail: Portail, monde: Monde, service: Service
) -> None:
    with portail.db.write() as session:
        one = session.get_one(Convention, service.conventions[0])
        one.quotite, one.minutes_prevues, one.terme = None, 1607 * 60 // 4, date(2026, 12, 31)
    with portail.db.read() as session:
        filtres = service.filtres(collectivite_id=monde.collectivite_id)
        assert capacite.capacity_by_month(session, filtres)[0].promis == Decimal("0.2500")


def test_a_full_time_year_is_the_one_of_the_offer(
    portail: Portail, monde: Monde, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of 1 820 hours is a quarter of a post for that offer, and 0,2831 of a post for another one."""
    with portail.db.write() as session:
        one = session.get_one(Convention, service.conventions[0])
        one.quotite, one.minutes_prevues, one.terme = None, 1820 * 60 // 4, date(2026, 12, 31)

    def promised() -> Decimal:
        with portail.db.read() as session:
            filtres = service.filtres(collectivite_id=monde.collectivite_id)
            return capacite.capacity_by_month(session, filtres)[0].promis

    assert promised() == Decimal("0.2831")
    usual = cig_offer()
    paid = usual.model_copy(update={"facturation": usual.facturation.model_copy(update={"heures_annuelles": 1820})})
    monkeypatch.setattr(capacite, "get_offer", lambda session, version_id: paid)
    assert promised() == Decimal("0.2500")
