"""The simulator's computation: the worked examples of the domain, what is assumed and told, what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalide
from domain.formatting import euros
from domain.offer import load_offer
from domain.tarifs import Tarif
from services.pilotage.parametres import (
    MAX_ENTRIES,
    Mode,
    Parametres,
    ParametresInvalides,
    as_typed,
    read_parametres,
    to_texts,
)
from services.pilotage.simulations import RATIO, RATIO_OPTION, Cadre, Simulation, simulate
from tests.factories import CENTRE, FORMS, OFFRE, cig_offer

T2022 = (
    Tarif(code="temps_complet", annee=2022, montant=Decimal("67980.00")),
    Tarif(code="heure", annee=2022, montant=Decimal("57.00")),
)


def make_cadre(tarifs: tuple[Tarif, ...] = T2022, collectivite: bool = False) -> Cadre:
    return Cadre(
        centre_id=UUID(int=1),
        centre=CENTRE,
        centre_nom="Centre de l’exemple",
        fuseau="Europe/Paris",
        offer=cig_offer(),
        tarifs=tarifs,
        collectivite_id=UUID(int=2) if collectivite else None,
        collectivite_nom="Exemple" if collectivite else None,
    )


@lru_cache(maxsize=1)
def martinique() -> Cadre:
    """An offer billed by the hour."""
    offer = load_offer(FORMS / "cdg-martinique" / "accompagnement-social")
    taux = Tarif(code="heure", annee=2026, montant=Decimal("60.00"))
    return Cadre(UUID(int=3), "cdg-martinique", "CDG", "America/Martinique", offer, (taux,))


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def run(cadre: Cadre | None = None, **texts: str) -> Simulation:
    return simulate(cadre or make_cadre(), read_parametres({"centre": CENTRE, "offre": OFFRE, **texts}))


def due(simulation: Simulation, code: str = "part") -> list[str]:
    formule = simulation.formule(code)
    assert formule is not None
    return [str(year.du) for year in formule.annees]


def test_g1_a_whole_year_and_g15_the_whole_term() -> None:
    found = run(quotite="47,70", effet="01/01/2023")
    assert found.retenue.annuel == Decimal("32426.46")
    assert due(found) == ["32426.46"] * 5
    assert found.retenue.total == Decimal("162132.30")
    assert [str(one.montant) for one in found.retenue.echeances] == ["8106.62", "8106.61", "8106.62", "8106.61"]
    assert found.terme == date(2027, 12, 31)
    assert run(quotite="47,70", effet="01/09/2023").retenue.total == Decimal("140544.27")


@pytest.mark.parametrize(
    ("debut", "prorata", "first"),
    [
        ("01/07/2023", "", "16346.49"),
        ("01/07/2023", "30-360", "16213.23"),
        ("15/09/2023", "mois-entames", "10808.82"),
        ("15/09/2023", "mois-pleins", "8106.62"),
        ("31/12/2023", "", "88.84"),
    ],
)
def test_g2_the_first_year(debut: str, prorata: str, first: str) -> None:
    found = run(quotite="47,70", effet="01/01/2023", debut=debut, prorata=prorata)
    assert due(found)[0] == first
    assert any(euros(Decimal(first)) in step for step in found.retenue.premiere.etapes)


def test_g8_break_even() -> None:
    found = run(quotite="47,70", effet="01/01/2023", taux="60")
    assert found.seuil is not None
    assert found.seuil.minutes_des == 540 * 60 + 27
    assert float(found.seuil.exact_heures) == pytest.approx(540.441)
    hours = found.formule("heures")
    assert hours is not None and (hours.minutes, hours.annuel) == (45992, Decimal("45992.00"))
    assert found.retenue.cout_horaire == Decimal("42.30")
    assert "540 h 27" in found.conclusion.replace("\u00a0", " ")
    below = [one for one in found.courbe if one.minutes < found.seuil.minutes_des]
    assert all(one.heures <= one.part for one in below)
    assert all(one.heures > one.part for one in found.courbe if one.minutes >= found.seuil.minutes_des)
    at_57 = run(quotite="47,70", effet="01/01/2023").seuil
    assert at_57 is not None and float(at_57.exact_heures) == pytest.approx(568.885, abs=1e-3)


def test_g8_hours_compared_with_a_share_of_ones_own() -> None:
    found = run(mode="heures", heures="540 h 27", quotite="47,70", effet="01/01/2023", taux="60")
    hours = found.formule("heures")
    assert hours is not None and hours.annuel == Decimal("32427.00")
    assert found.quotite == Decimal("47.70")


def test_g9_assumed_votes_and_revision() -> None:
    voted = run(quotite="47,70", effet="01/01/2023", votes="2024 : 69 340 ; 2025 : 70 727")
    assert due(voted) == ["32426.46", "33075.18", "33736.78", "33736.78", "33736.78"]
    raised = run(quotite="47,70", effet="01/01/2023", hausse="2", inflation="2")
    assert due(raised)[1] == "33074.99"  # 69 339,60 €, the tariff rounded to the cent each year
    assert [str(year.constant) for year in raised.retenue.annees] == ["32426.46"] * 5
    known = (*T2022, Tarif(code="temps_complet", annee=2024, montant=Decimal("69340.00")))
    assert due(run(make_cadre(known), quotite="47,70", effet="01/01/2023", hausse="2"))[1] == "33075.18"


def test_g10_change_of_share_and_g11_absence() -> None:
    assert due(run(quotite="47,70", effet="01/01/2026", avenants="60 % au 01/09/2026"))[0] == "35221.28"
    assert due(run(quotite="47,70", effet="01/01/2023", absences="du 01/03/2023 au 14/04/2023"))[0] == "28428.68"
    late = run(quotite="47,70", effet="01/09/2026", absences="du 01/10/2026 au 30/10/2026")
    assert due(late)[0] == "8173.24"


def test_g5_hours_of_an_offer_by_the_hour() -> None:
    found = run(martinique(), mode="heures", heures="45 h 40", effet="01/01/2026")
    assert found.retenue.code == "heures" and found.retenue.de_l_offre
    assert found.retenue.annuel == Decimal("2740.00")
    assert found.formule("part") is None
    assert any("tarif de temps plein" in one for one in found.avertissements)
    with_post = run(martinique(), mode="heures", heures="1133 h", effet="01/01/2026", tarif="67 980")
    assert with_post.seuil is not None and with_post.quotite == Decimal("70.50")


def test_agents_need_a_share_and_the_ratio_is_said() -> None:
    found = run(mode="agents", agents="650", effet="01/01/2026")
    ratio = cig_offer().options[RATIO_OPTION]
    assert ratio == 1500 and found.quotite == Decimal("43.33")
    assert any("650 agents / 1\u202f500 agents" in one for one in found.besoin)
    assert any("Un temps plein suit 1\u202f500 agents (hypothèse de l’offre)" in one for one in found.hypotheses)
    corrected = run(mode="agents", agents="650", ratio="1300", effet="01/01/2026")
    assert corrected.quotite == Decimal("50.00")
    assert any("hypothèse saisie" in one for one in corrected.hypotheses)
    without = make_cadre()
    bare = Cadre(**{**vars(without), "offer": without.offer.model_copy(update={"options": {}})})
    assert bare.ratio == RATIO
    assert any(
        "ordre de grandeur" in one for one in run(bare, mode="agents", agents="10", effet="01/01/2026").hypotheses
    )


def test_other_voted_tariffs_are_compared() -> None:
    more = (
        *T2022,
        Tarif(code="demi_journee", annee=2022, montant=Decimal("147.00")),
        Tarif(code="par_agent", annee=2022, montant=Decimal("45.00")),
    )
    found = run(make_cadre(more), mode="agents", agents="600", ratio="1200", effet="01/01/2022")
    half, heads = found.formule("demi_journee"), found.formule("par_agent")
    assert half is not None and heads is not None
    assert heads.annuel == Decimal("27000.00")
    assert half.annuel == -(-found.minutes // 210) * Decimal("147.00")
    late = run(make_cadre(more), mode="agents", agents="600", ratio="1200", effet="01/01/2022", debut="01/07/2022")
    assert due(late, "par_agent")[:2] == ["13610.96", "27000.00"]  # 27 000 × 184/365, as its conventions are priced
    assert run(make_cadre(more), quotite="50", effet="01/01/2022").formule("par_agent") is None


def test_a_tariff_of_another_year_is_told_to_each_side_in_its_words() -> None:
    centre = run(quotite="47,70", effet="01/01/2023").avertissements
    theirs = run(make_cadre(collectivite=True), quotite="47,70", effet="01/01/2023").avertissements
    assert "vérifiez que ceux de 2022 s’appliquent" in centre[0]
    assert "Le centre vous le confirmera" in theirs[0]
    assert run(quotite="47,70", effet="01/01/2022").avertissements == ()
    typed = run(quotite="47,70", effet="01/01/2023", tarif="70 000", taux="60").avertissements
    assert len(typed) == 1 and "n’est pas un tarif voté" in typed[0]


def test_what_is_not_answered_and_changes_the_price_is_told_to_each_side() -> None:
    banded = (*T2022, Tarif(code="temps_complet", annee=2022, montant=Decimal("75000.00"), public="non_affilie"))
    given = {"quotite": "47,70", "effet": "01/01/2022"}
    (centre,) = run(make_cadre(banded), **given).avertissements
    (theirs,) = run(make_cadre(banded, collectivite=True), **given).avertissements
    assert "affiliation" in centre and "vérifiez le tarif retenu (temps complet : 67 980,00" in plain(centre)
    assert "affiliation" in theirs and "Le centre vous le confirmera" in theirs
    assert run(make_cadre(banded), affiliee="non", **given).avertissements == ()
    bands = (*T2022, Tarif(code="temps_complet", annee=2022, montant=Decimal("60000.00"), effectif_min=350))
    (size,) = run(make_cadre(bands), **given).avertissements
    assert "nombre d’agents" in size
    assert run(make_cadre(bands), agents="20", **given).avertissements == ()


@pytest.mark.parametrize(
    ("texts", "champ", "message"),
    [
        ({"quotite": "0"}, "quotite", "au moins 0,01"),
        ({"quotite": "100,01"}, "quotite", "100"),
        ({"quotite": "47,705"}, "quotite", "2 décimales"),
        ({"quotite": "beaucoup"}, "quotite", "nombre"),
        ({"quotite": ""}, "quotite", "Indiquez"),
        ({"mode": "heures", "heures": "-3"}, "heures", "durée"),
        ({"mode": "heures", "heures": "7,33"}, "heures", "minutes entières"),
        ({"mode": "heures", "heures": "10001 h"}, "heures", "dépasser"),
        ({"mode": "agents", "agents": "12,5"}, "agents", "entier"),
        ({"mode": "agents", "agents": "10", "ratio": "0"}, "ratio", "au moins 1"),
        ({"effet": "29/02/2023"}, "effet", "n’existe pas"),
        ({"effet": ""}, "effet", "Indiquez"),
        ({"debut": "31/12/2022"}, "debut", "avant la prise d’effet"),
        ({"tarif": "67 980,001"}, "tarif", "2 décimales"),
        ({"tarif": "0"}, "tarif", "0,01"),
        ({"hausse": "80"}, "hausse", "50"),
        ({"prorata": "au-hasard"}, "prorata", "liste"),
        ({"mode": "autre"}, "mode", "liste"),
        ({"votes": "2024"}, "votes", "année puis le montant"),
        ({"votes": "2024 : 1 ; 2024 : 2"}, "votes", "Un seul"),
        ({"avenants": "60 %"}, "avenants", "la part puis la date"),
        ({"avenants": "0 au 01/09/2023"}, "avenants", "au moins 0,01"),
        ({"avenants": "60 au 01/01/2023"}, "avenants", "après le début"),
        ({"avenants": "60 au 01/02/2023; 70 au 01/02/2023"}, "avenants", "même date"),
        ({"absences": "du 14/04/2023 au 01/03/2023"}, "absences", "précède"),
        ({"absences": "du 01/03/2023 au 14/04/2023; du 01/04/2023 au 02/04/2023"}, "absences", "recouvrent"),
        ({"absences": "du 29/02/2023 au 01/03/2023"}, "absences", "n’existe pas"),
        ({"absences": ";".join(["x"] * (MAX_ENTRIES + 1))}, "absences", "lignes au plus"),
        ({"votes": "9" * 700}, "votes", "trop long"),
        ({"collectivite": "moi"}, "collectivite", "liste"),
    ],
)
def test_every_bad_value_is_told_at_its_field(texts: dict[str, str], champ: str, message: str) -> None:
    good = {"quotite": "47,70", "effet": "01/01/2023"}
    with pytest.raises(ParametresInvalides) as refused:
        read_parametres({**good, **texts})
    assert message in refused.value.erreurs[champ]
    assert refused.value.manquants == ({champ} if message == "Indiquez" else set())


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ParametresInvalides) as refused:
        read_parametres({"quotite": "x", "effet": "y", "taux": "z", "absences": "t"})
    assert set(refused.value.erreurs) == {"quotite", "effet", "taux", "absences"}


@pytest.mark.parametrize(
    ("texts", "champ"),
    [
        ({"debut": "01/01/2028"}, "debut"),
        ({"avenants": "60 au 01/01/2028"}, "avenants"),
        ({"absences": "du 01/01/2030 au 31/01/2030"}, "absences"),
        ({"mode": "agents", "agents": "2000"}, "agents"),
        ({"mode": "heures", "heures": "2000 h", "quotite": "", "avenants": "60 au 01/02/2023"}, "avenants"),
    ],
)
def test_what_the_offer_does_not_allow_is_told_at_its_field(texts: dict[str, str], champ: str) -> None:
    with pytest.raises(Invalide) as refused:
        run(**{"quotite": "47,70", "effet": "01/01/2023", **texts})
    assert refused.value.champ == champ


def test_without_any_tariff_one_must_be_typed() -> None:
    with pytest.raises(Invalide, match="saisissez un tarif") as refused:
        run(make_cadre(()), quotite="47,70", effet="01/01/2023")
    assert refused.value.champ == "tarif"
    found = run(make_cadre(()), quotite="47,70", effet="01/01/2023", tarif="67 980")
    assert found.retenue.annuel == Decimal("32426.46") and found.seuil is None and found.courbe == ()


def test_more_hours_than_a_post_have_no_share() -> None:
    found = run(mode="heures", heures="2000 h", effet="01/01/2023")
    assert found.quotite is None and found.formule("part") is None
    assert any("plus d’un temps plein" in one for one in found.avertissements)


parametres = st.builds(
    Parametres,
    centre=st.just(CENTRE),
    offre=st.just(OFFRE),
    mode=st.sampled_from([Mode.QUOTITE, Mode.HEURES]),
    effet=st.dates(date(2015, 1, 1), date(2100, 12, 31)),
    debut=st.just(date(2101, 2, 28)),
    quotite=st.decimals("0.01", "100", places=2),
    minutes=st.integers(1, 600_000),
    ratio=st.none() | st.integers(1, 5000),
    tarif=st.none() | st.decimals("0.01", "90000", places=2),
    hausse=st.decimals("-20", "50", places=2).map(lambda one: one + 0),
    votes=st.lists(st.tuples(st.integers(2015, 2110), st.decimals("1", "90000", places=2)), unique_by=lambda one: one[0],
                   max_size=3).map(lambda one: tuple(sorted(one))),
    absences=st.just(((date(2101, 3, 1), date(2101, 3, 2)),)),
    collectivite=st.none() | st.uuids(),
)  # fmt: skip


@given(parametres)
def test_the_address_holds_the_whole_simulation(p: Parametres) -> None:
    texts = to_texts(p)
    assert read_parametres(texts) == p
    assert read_parametres(as_typed(texts)) == p


@given(
    st.dictionaries(
        st.sampled_from(["quotite", "effet", "heures", "mode", "votes", "avenants", "absences", "ratio"]),
        st.text(max_size=30),
    )
)
def test_no_text_breaks_it(texts: dict[str, str]) -> None:
    try:
        simulate(make_cadre(), read_parametres({"effet": "01/01/2023", "quotite": "50", **texts}))
    except Invalide as refused:
        assert refused.message
    as_typed(texts)


@given(st.decimals("0.01", "100", places=2), st.dates(date(2023, 1, 1), date(2027, 12, 31)))
def test_instalments_and_years_add_up(quotite: Decimal, debut: date) -> None:
    found = run(quotite=str(quotite), effet="2023-01-01", debut=debut.isoformat())
    for formule in found.formules:
        assert sum(one.montant for one in formule.echeances) == formule.premiere.du
        assert formule.total == sum(year.du for year in formule.annees)
        assert [year.annee for year in formule.annees] == list(range(debut.year, 2028))
