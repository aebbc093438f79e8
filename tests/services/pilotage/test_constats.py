"""The sentences above the charts say what the figures say, singular and plural, and nothing when there is nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from services.pilotage import constats
from services.pilotage.capacite import LigneAssistant, LigneCapacite
from services.pilotage.couts import LigneCout, Montants
from services.pilotage.filtres import Choix, Filtres
from services.pilotage.tableaux import LigneAxe, LigneCollectivite, LigneMois, Totaux
from services.pilotage.tables import assumption

FILTRES = Filtres(uuid4(), 2026, date(2026, 7, 3))
TOUTES = Choix({}, (2026,), {}, {}, None)
CHOISY = replace(TOUTES, collectivite="Choisy-le-Roi")
TOTAUX = Totaux(2, 30000, 0, 28515, 45992, 22800, 57000, 45992, 0, 0)


def flat(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_example_of_the_hours() -> None:
    assert flat(constats.tell_consumption(TOTAUX, FILTRES, CHOISY)) == (
        "Choisy-le-Roi a consommé 62 % de ses heures au 30 juin 2026"
    )
    assert flat(constats.tell_consumption(TOTAUX, replace(FILTRES, au=3), TOUTES)).endswith("au 31 mars 2026")
    personal = replace(FILTRES, assistant_id=uuid4())
    assert flat(constats.tell_consumption(TOTAUX, personal, TOUTES)).startswith("500 h de service ordinaire")
    january = replace(FILTRES, today=date(2026, 1, 5))
    assert "consommées pour 766 h 32 dues" in flat(constats.tell_consumption(TOTAUX, january, TOUTES))


def test_hours_are_called_by_where_they_stop() -> None:
    assert (constats.tell_recorded(FILTRES), constats.tell_finished(FILTRES)) == (
        "Consommé à ce jour",
        "Consommé à fin juin",
    )
    past = replace(FILTRES, au=3)
    assert constats.tell_recorded(past) == constats.tell_finished(past) == "Consommé"
    january = replace(FILTRES, today=date(2026, 1, 5))
    assert constats.tell_finished(january) == "Consommé, mois terminés"


def test_the_forecast_says_what_it_leaves_out() -> None:
    assert flat(constats.tell_forecast(TOTAUX)) == "124 % des heures dues"
    some = replace(TOTAUX, dues=50000, dues_prevues=45992)
    assert flat(constats.tell_forecast(some)) == "124 % des 766 h 32 dues, hors 66 h 48 sans prévision"
    assert constats.tell_forecast(replace(TOTAUX, dues_prevues=0)) == ""


@pytest.mark.parametrize(
    ("over", "under", "said"),
    [
        (0, 0, "Aucune alerte : les heures prévues restent proches des heures dues"),
        (1, 0, "1 collectivité en dépassement prévu"),
        (0, 2, "2 collectivités en sous-utilisation prévue"),
        (3, 1, "3 collectivités en dépassement prévu et 1 en sous-utilisation prévue"),
    ],
)
def test_alerts_are_counted(over: int, under: int, said: str) -> None:
    assert constats.tell_collectivites(replace(TOTAUX, depassements=over, sous_utilisations=under)) == said


def test_the_busiest_month_and_the_largest_share() -> None:
    months = (LigneMois(1, 60, 1, 60, 0), LigneMois(2, 180, 2, 120, 0))
    assert flat(constats.tell_months(months, FILTRES)) == "Février est le mois le plus chargé : 2 h"
    assert constats.tell_months((), FILTRES) == "Aucune heure enregistrée, 2026"
    lines = (LigneAxe("a", "Accueil", "Accueil", 41, 1), LigneAxe("b", "Échanges", "Échanges", 59, 1))
    assert flat(constats.tell_axe(lines, "categorie")) == "Catégorie : « Échanges » fait 59 % du temps"
    assert constats.tell_axe((), "lieu") == "Lieu : aucune heure enregistrée"


def test_collectivites_ahead_and_behind() -> None:
    def line(nom: str, used: int, due: int | None) -> LigneCollectivite:
        return LigneCollectivite(uuid4(), nom, used, 0, used, due, 0, None, None)

    assert constats.tell_shown(()) == "Aucune heure n’est due par ces collectivités"
    assert flat(constats.tell_shown((line("Ivry", 50, 100),))) == "Ivry en est à 50 % de ses heures dues"
    shown = (line("Ivry", 50, 100), line("Choisy", 94, 100), line("Sceaux", 3, 0))
    assert flat(constats.tell_shown(shown)) == "Choisy en est à 94 % de ses heures dues, Ivry à 50 %"


def cost(annee: int, engage: str, facture: str = "0") -> LigneCout:
    due, invoiced = Decimal(engage), Decimal(facture)
    return LigneCout(
        str(annee), str(annee), Montants(due, invoiced, max(due - invoiced, Decimal(0)), Decimal(0), Decimal(0))
    )


def test_costs_compare_with_the_year_before() -> None:
    def tell(*lines: LigneCout, choix: Choix = TOUTES) -> str:
        return flat(constats.tell_years(lines, FILTRES, choix))

    assert tell() == "Rien n’est engagé en 2026"
    assert tell(cost(2026, "32426.46")) == "32 426,46 € engagés en 2026"
    assert tell(cost(2025, "100"), cost(2026, "128")) == "128,00 € engagés en 2026, 28 % de plus qu’en 2025"
    assert tell(cost(2025, "100"), cost(2026, "90"), choix=CHOISY) == (
        "Choisy-le-Roi : 90,00 € engagés en 2026, 10 % de moins qu’en 2025"
    )
    assert tell(cost(2025, "100"), cost(2026, "100.10")) == "100,10 € engagés en 2026, autant qu’en 2025"
    montants = cost(2026, "200", "50").montants
    assert flat(constats.tell_costs(montants, FILTRES, TOUTES)) == "25 % des 200,00 € engagés en 2026 sont facturés"
    offers = (LigneCout("a", "Service social", montants), LigneCout("b", "Heures", cost(2026, "600").montants))
    assert flat(constats.tell_offers(offers, FILTRES)) == "« Heures » fait 75 % de ce qui est engagé en 2026"


def test_capacity_tells_the_tightest_month() -> None:
    def month(mois: int, promis: str, tenus: str) -> LigneCapacite:
        return LigneCapacite(date(2026, mois, 28), Decimal(promis), Decimal(0), Decimal(tenus), Decimal(0))

    lacking = (month(1, "1.55", "2.30"), month(2, "2.55", "2.30"))
    assert flat(constats.tell_capacity(lacking, FILTRES)) == (
        "Il manque 0,25 ETP au 28 février 2026 : 2,55 ETP promis, 2,30 ETP tenus"
    )
    assert flat(constats.tell_capacity(lacking[:1], FILTRES)) == (
        "Les postes suffisent : il reste au moins 0,75 ETP (28 janvier 2026)"
    )
    assert constats.tell_capacity((month(1, "0", "0"),), FILTRES) == "Aucun poste ni aucune convention, 2026"
    day = date(2026, 7, 3)
    assert constats.tell_gaps(0, day).startswith("Chaque convention a") and constats.tell_gaps(2, day).startswith("2 ")
    over = (LigneAssistant(uuid4(), "A", Decimal("0.5"), Decimal("0.8")),)
    assert "au-delà de leurs postes de 0,30 ETP" in flat(constats.tell_assistants(over, day))


def test_the_forecast_says_its_assumption() -> None:
    said = flat(assumption(FILTRES))
    assert "jusqu’au 30 juin 2026" in said and "105 %" in said and "80 %" in said and "59 jours" in said
    assert "aucun mois n’est terminé" in assumption(replace(FILTRES, today=date(2026, 1, 2)))
