"""What changes after statements were issued is settled to the cent, and told until it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from domain.roles import Role
from models import Exercice, Tarif
from services.accueil.taches_facturation import list_decomptes_taches
from services.activite import absences
from services.core import clock
from services.core.portail import Portail
from services.facturation import emission, exercices, regularisations
from services.facturation.regularisations import Regularisation
from services.pilotage.couts import Montants, costs_by_year
from services.pilotage.filtres import read_filtres
from services.pilotage.suivi import open_suivi
from tests.conventions import make_convention
from tests.decomptes import (
    add_hours,
    add_tarif,
    add_tarifs,
    bill_by,
    bill_by_the_hour,
    close_until,
    drafts,
    issue_quarter,
    prepare,
)
from tests.factories import Monde, make_monde, make_other_centre

D = Decimal
LATER = date(2024, 5, 2)
DAYS = {"du": "01/03/2023", "au": "14/04/2023", "motif": "Poste vacant."}  # 45 days (G11)


@pytest.fixture
def monde(portail: Portail) -> Monde:
    return make_monde(portail, gabarits=True)


def share(portail: Portail, monde: Monde) -> UUID:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    add_tarifs(portail, monde.centre_id, 2023)
    add_hours(portail, monde, convention_id, [(date(2023, 2, 2), 390, "service_degrade")])  # 370,50 €
    close_until(portail, monde.centre_id, 2023, 12)
    return convention_id


def hourly(portail: Portail, monde: Monde, hours: list[tuple[date, int, str]]) -> UUID:
    convention_id = make_convention(portail, monde, "en_vigueur", date_effet=date(2023, 1, 1))
    bill_by_the_hour(portail, convention_id)
    add_tarif(portail, monde.centre_id, "heure", 2023, "60.00")
    add_hours(portail, monde, convention_id, hours)
    close_until(portail, monde.centre_id, 2023, 12)
    refresh(portail, convention_id)
    return convention_id


def refresh(portail: Portail, convention_id: UUID) -> None:
    with portail.db.write() as session:
        exercices.refresh_convention(session, convention_id)


def change_tarif(portail: Portail, convention_id: UUID, montant: str) -> None:
    with portail.db.write() as session:
        session.query(Tarif).filter_by(code="heure", annee=2023).one().montant = D(montant)
        session.flush()
        exercices.refresh_convention(session, convention_id)  # as recording a tariff does


def issue_year(portail: Portail, monde: Monde, convention_id: UUID) -> list[Decimal | None]:
    issued = [issue_quarter(portail, monde, convention_id, 2023, quarter) for quarter in (1, 2, 3, 4)]
    return [one and one.total for one in issued]


def to_settle(portail: Portail, monde: Monde, jour: date = LATER) -> list[Regularisation]:
    with portail.db.read() as session:
        return regularisations.list_regularisations(session, monde.centre_id, jour)


def tasks(portail: Portail, monde: Monde, role: Role) -> list[str]:
    with clock.pretend(LATER), portail.db.read() as session:
        found = list_decomptes_taches(session, monde.gens[role])
        return [one.titre for one in found if one.titre.startswith("À régulariser")]


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def year_of(portail: Portail, convention_id: UUID) -> Exercice:
    with portail.db.read() as session:
        assert exercices.compare(session) == []
        return session.get_one(Exercice, (convention_id, 2023))


def test_an_absence_after_the_last_instalment_is_told_then_settled(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issue_year(portail, monde, convention_id)
    assert to_settle(portail, monde) == []
    responsable = monde.gens[Role.RESPONSABLE]
    saved = absences.save_absence(portail, responsable, monde.centre_id, convention_id, DAYS, operation_id=uuid4().hex)
    assert "32 426,46 € sont déjà facturés pour 2023, et 28 428,68 € seraient dus" in plain(saved.avertissements[0])
    with portail.db.read() as session:
        filtres = read_filtres(session, responsable, {"annee": "2023"})
        costs = next(one.montants for one in costs_by_year(session, filtres) if one.code == "2023")
    assert costs == Montants(D("28428.68"), D("32796.96"), D("0.00"), D("370.50"), D("3997.78"))

    last = drafts(portail, convention_id)[-1]
    (one,) = to_settle(portail, monde)
    assert (one.montant, one.decompte_id, one.numero) == (D("-3997.78"), last.id, last.numero)
    assert plain(one.constat) == "3 997,78 € facturés en trop pour 2023"
    assert one.conseil == f"Annulez le décompte n° {last.numero} (4e trimestre 2023) et préparez-le à nouveau."
    assert [plain(one) for one in tasks(portail, monde, Role.RESPONSABLE)] == [
        "À régulariser : Choisy-le-Roi, 3 997,78 € facturés en trop pour 2023"
    ]
    for role in set(Role) - {Role.RESPONSABLE}:
        assert tasks(portail, monde, role) == []

    emission.cancel(portail, responsable, last.id, "Absence")
    (one,) = to_settle(portail, monde)
    assert one.conseil == "Préparez le décompte de la période « 4e trimestre 2023 »."
    prepare(portail, monde, 2023, 4)
    assert to_settle(portail, monde) == []  # a draft is there
    again = issue_quarter(portail, monde, convention_id, 2023, 4)
    assert again is not None and again.total == D("4108.83")  # 8 106,61 − 3 997,78
    assert to_settle(portail, monde) == []
    year = year_of(portail, convention_id)
    assert year.montant_facture_du == year.montant_du == D("28428.68")


def test_more_than_the_last_instalment_is_given_back_by_a_negative_statement(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issue_year(portail, monde, convention_id)
    responsable = monde.gens[Role.RESPONSABLE]
    half = {"du": "01/01/2023", "au": "30/06/2023", "motif": "Poste vacant."}
    absences.save_absence(portail, responsable, monde.centre_id, convention_id, half, operation_id=uuid4().hex)
    (one,) = to_settle(portail, monde)
    assert one.decompte_id is not None
    emission.cancel(portail, responsable, one.decompte_id, "Absence")
    again = issue_quarter(portail, monde, convention_id, 2023, 4)
    assert again is not None and again.total < 0
    year = year_of(portail, convention_id)
    assert year.montant_facture_du == year.montant_du and to_settle(portail, monde) == []


@pytest.mark.parametrize("tarif,total", [("61.00", "1209.83"), ("59.00", "1170.17")])
def test_hours_billed_before_a_late_tariff_are_settled_by_the_next_statement(
    portail: Portail, monde: Monde, tarif: str, total: str
) -> None:
    hours = [(date(2023, 1, 10), 750, "ordinaire"), (date(2023, 5, 2), 440, "ordinaire")]
    convention_id = hourly(portail, monde, hours)
    first = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert first is not None and first.total == D("750.00")
    change_tarif(portail, convention_id, tarif)
    second = issue_quarter(portail, monde, convention_id, 2023, 2)
    assert second is not None
    settled = second.lignes[1]
    assert (settled.nature, settled.montant) == ("heures", D("12.5") * (D(tarif) - 60))
    assert settled.libelle == "Régularisation des heures déjà décomptées en 2023"
    assert [issue_quarter(portail, monde, convention_id, 2023, quarter) for quarter in (3, 4)] == [None, None]
    year = year_of(portail, convention_id)
    assert year.montant_facture_du == year.montant_du == D(total)
    assert to_settle(portail, monde) == []


def test_a_tariff_after_every_statement_is_told_then_settled_by_one(portail: Portail, monde: Monde) -> None:
    hours = [(date(2023, 1, 10), 750, "ordinaire"), (date(2023, 5, 2), 440, "ordinaire")]
    convention_id = hourly(portail, monde, hours)
    assert issue_year(portail, monde, convention_id) == [D("750.00"), D("440.00"), None, None]
    change_tarif(portail, convention_id, "61.00")
    (one,) = to_settle(portail, monde)
    assert one.montant == D("19.83") and one.conseil.startswith("Préparez le décompte de la période « 4e trimestre")
    last = issue_quarter(portail, monde, convention_id, 2023, 4)
    assert last is not None and [one.montant for one in last.lignes] == [D("19.83")]
    change_tarif(portail, convention_id, "60.00")
    (one,) = to_settle(portail, monde)
    assert (one.montant, one.decompte_id) == (D("-19.83"), last.id)
    emission.cancel(portail, monde.gens[Role.RESPONSABLE], last.id, "Tarif corrigé")
    assert to_settle(portail, monde) == []  # nothing is left to invoice
    year = year_of(portail, convention_id)
    assert year.montant_facture_du == year.montant_du == D("1190.00")


def test_an_earlier_statement_cancelled_and_made_again_counts_once(portail: Portail, monde: Monde) -> None:
    hours = [(date(2023, 1, 10), 750, "ordinaire"), (date(2023, 5, 2), 440, "ordinaire")]
    convention_id = hourly(portail, monde, hours)
    first = issue_quarter(portail, monde, convention_id, 2023, 1)
    change_tarif(portail, convention_id, "61.00")
    issue_quarter(portail, monde, convention_id, 2023, 2)  # holds what the first one lacked
    assert first is not None
    emission.cancel(portail, monde.gens[Role.RESPONSABLE], first.id, "Tarif")
    again = issue_quarter(portail, monde, convention_id, 2023, 1)
    assert again is not None and again.total == D("750.00")
    year = year_of(portail, convention_id)
    assert year.montant_facture_du == year.montant_du == D("1209.83")


def test_service_degrade_is_settled_apart(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issue_quarter(portail, monde, convention_id, 2023, 1)
    change_tarif(portail, convention_id, "58.00")
    second = issue_quarter(portail, monde, convention_id, 2023, 2)
    assert second is not None
    assert [(one.nature, one.montant) for one in second.lignes] == [
        ("part", D("8106.61")),
        ("service_degrade", D("6.50")),
    ]
    assert year_of(portail, convention_id).montant_facture_du == D("16213.23")


def test_another_centre_sees_none_of_it(portail: Portail, monde: Monde) -> None:
    convention_id = share(portail, monde)
    issue_year(portail, monde, convention_id)
    absences.save_absence(
        portail, monde.gens[Role.RESPONSABLE], monde.centre_id, convention_id, DAYS, operation_id=uuid4().hex
    )
    with clock.pretend(LATER):
        for role in (Role.RESPONSABLE, Role.INSTRUCTEUR):
            assert len(regularisations.list_all_regularisations(portail, monde.gens[role])) == 1
        for person in (make_other_centre(portail), monde.gens[Role.GESTIONNAIRE], monde.gens[Role.ASSISTANT]):
            assert regularisations.list_all_regularisations(portail, person) == []


# What is traced at 0 € --------------------------------------------------------------------------------------------------


def test_an_etat_des_lieux_of_an_empty_quarter_is_traced_by_the_next_statement(portail: Portail, monde: Monde) -> None:
    hours = [
        (date(2023, 2, 3), 90, "etat_des_lieux"),
        (date(2023, 5, 2), 440, "ordinaire"),
        (date(2023, 10, 2), 60, "ordinaire"),
    ]
    convention_id = hourly(portail, monde, hours)
    assert issue_year(portail, monde, convention_id) == [None, D("440.00"), None, D("60.00")]
    second, last = drafts(portail, convention_id)
    assert [(one.nature, one.libelle, one.quantite, one.montant) for one in second.lignes] == [
        ("heures", "Heures d’intervention, mai 2023", D(440), D("440.00")),
        ("etat_des_lieux", "État des lieux des besoins, février 2023", D(90), D("0.00")),
    ]
    assert [one.nature for one in last.lignes] == ["heures"]  # traced once


def test_a_contribution_is_traced_by_the_statement_of_what_comes_on_top_else_by_the_screens(
    portail: Portail, monde: Monde
) -> None:
    convention_id = share(portail, monde)  # a service dégradé in February
    bill_by(portail, convention_id, mode="cotisation")
    add_hours(portail, monde, convention_id, [(date(2023, 8, 2), 60, "service_degrade")])
    refresh(portail, convention_id)
    assert issue_year(portail, monde, convention_id) == [D("370.50"), None, D("57.00"), None]
    first, third = drafts(portail, convention_id)
    for statement in (first, third):
        line = statement.lignes[0]
        assert (line.nature, line.montant) == ("part", D("0.00"))
        assert line.libelle.startswith("Service compris dans la cotisation")
    assert third.lignes[0].etapes[-1] == "Comprend ce qui n’avait pas de décompte\u00a0: 2e trimestre 2023"
    with clock.pretend(LATER):
        followed = open_suivi(portail, monde.gens[Role.GESTIONNAIRE], convention_id, 2023)
    assert (followed.comprise, followed.engage, followed.en_sus, followed.trop) == (True, 0, D("427.50"), 0)
    with portail.db.read() as session:
        filtres = read_filtres(session, monde.gens[Role.RESPONSABLE], {"annee": "2023"})
        costs = next(one.montants for one in costs_by_year(session, filtres) if one.code == "2023")
    assert costs == Montants(D("0.00"), D("427.50"), D("0.00"), D("427.50"), D("0.00"))
    assert to_settle(portail, monde) == []
