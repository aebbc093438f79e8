"""Charts: French numbers, readable in grey, words for who does not see them, no network."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pytest

from documents.charts import FORMAT_LOCALE, TIME_LOCALE, bar_chart, line_chart, png, untitled, write_value
from services.core.settings import ROOT

MOIS = TIME_LOCALE["shortMonths"]


def layer_data(chart: object) -> list[dict[str, object]]:
    drawn = chart.to_dict()  # type: ignore[attr-defined]
    placed = drawn["layer"][0].get("data") or drawn["data"]  # altair lifts what all layers share
    values: list[dict[str, object]] = drawn["datasets"][placed["name"]]
    return values


@pytest.mark.parametrize(
    ("valeur", "unite", "texte"),
    [
        (Decimal("766.533"), "h", "767\u00a0h"),
        (Decimal("12.5"), "h", "12,5\u00a0h"),
        (Decimal("32426.46"), "€", "32\u202f426\u00a0€"),
        (Decimal("0.477"), "ETP", "0,48\u00a0ETP"),
        (0, "h", "0\u00a0h"),
        (None, "h", "masqué"),
    ],
)
def test_values_are_written_in_french(valeur: Decimal | None, unite: str, texte: str) -> None:
    assert write_value(valeur, unite) == texte


def test_series_are_told_apart_without_colour() -> None:
    """Each series has another fill and another outline, and the legend names it."""
    drawn = bar_chart(
        "Titre.", [("Choisy", one, 10) for one in ("Consommé", "Dû", "Prévu")], y_titre="Heures"
    ).to_dict()
    encoding = drawn["layer"][0]["encoding"]
    fills, dashes = encoding["fill"]["scale"]["range"], encoding["strokeDash"]["scale"]["range"]
    assert len({(fill, tuple(dash)) for fill, dash in zip(fills, dashes, strict=True)}) == 3
    lines = line_chart("Titre.", {one: [(1, 2)] for one in "abc"}, x_titre="x", y_titre="y").to_dict()
    dashes = lines["layer"][0]["encoding"]["strokeDash"]["scale"]["range"]
    assert len({tuple(dash) for dash in dashes}) == 3


def test_long_labels_lie_down_and_months_stand() -> None:
    standing = bar_chart("Titre.", [(mois, "Heures", 1) for mois in MOIS], y_titre="Heures").to_dict()
    lying = bar_chart("Titre.", [("Établissement public territorial", "Heures", 1)], y_titre="Heures").to_dict()
    assert standing["layer"][0]["encoding"]["x"]["field"] == "categorie"
    assert lying["layer"][0]["encoding"]["y"]["field"] == "categorie"


def test_a_chart_says_what_it_shows_and_never_a_masked_value() -> None:
    chart = bar_chart("Finding.", [("Choisy", "Heures", None), ("Ivry", "Heures", 12)], y_titre="Heures")
    description = chart.to_dict()["description"]
    assert "Choisy – Heures : masqué" in description and "Ivry – Heures : 12\u00a0h" in description
    assert [one["valeur"] for one in layer_data(chart)] == [0.0, 12.0]


def test_french_locale_and_no_address_in_the_chart() -> None:
    drawn = line_chart("Titre.", {"a": [(date(2026, 1, 1), 1)]}, x_titre="Jour", y_titre="€", unite="€").to_dict()
    assert drawn["config"]["locale"]["number"] == FORMAT_LOCALE
    drawn.pop("$schema")
    assert "http" not in str(drawn)


@pytest.mark.parametrize("points", [[], [("janv.", 3)], [(1, 2), (5, Decimal("6.5"))], [(date(2026, 2, 28), 0)]])
def test_png_is_drawn_offline(points: list[tuple[object, object]]) -> None:
    """The fixture of all tests refuses any connection to another machine."""
    chart = line_chart("Titre très long " * 12, {"Série": points}, x_titre="x", y_titre="y", repere=(1, 2, "ici"))  # type: ignore[dict-item]
    assert png(chart).startswith(b"\x89PNG")
    assert png(bar_chart("Vide", [], y_titre="Heures")).startswith(b"\x89PNG")


def test_hostile_words_stay_words() -> None:
    """A name is a datum, never an expression of the chart's language."""
    name = "datum.valeur']; alert(1); //<script>"
    chart = bar_chart(name, [(name, name, 1)], y_titre=name, seuil=(Decimal("0.5"), name))
    assert png(chart).startswith(b"\x89PNG")
    assert layer_data(chart)[0]["categorie"] == name


def test_untitled_leaves_the_chart_as_it_was() -> None:
    chart = bar_chart("Titre.", [("a", "b", 1)], y_titre="Heures")
    assert "title" not in untitled(chart).to_dict() and chart.to_dict()["title"]["text"] == ["Titre."]


def test_pandas_is_whole_before_the_first_drawing() -> None:
    """Altair looks at it while drawing: half loaded by somebody else's first chart, it would break this one."""
    code = "import documents.charts, sys; sys.exit(not hasattr(sys.modules.get('pandas'), 'Timestamp'))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_long_name_is_written_whole() -> None:
    names = (
        "Commune de 900 agents, à l’heure, dès 2027",
        'Essai « x » "47,70 %" <img src=x onerror=alert(1)>',
        "Court",
    )
    drawn = bar_chart("Titre.", [(one, "Total", 10) for one in names], y_titre="Euros", unite="€")
    said = json.dumps(drawn.to_dict(), ensure_ascii=False)
    assert "labelExpr" in said and png(drawn).startswith(b"\x89PNG")
    short = bar_chart("Titre.", [("Court", "Total", 10)], y_titre="Euros")
    assert "labelExpr" not in json.dumps(short.to_dict())


@pytest.mark.parametrize(
    ("series", "columns"), [(("Dû", "Prévision"), 2), (("Consommé à fin octobre", "Dû dans l’année"), 1)]
)
def test_a_legend_is_never_cut_on_a_telephone(series: tuple[str, ...], columns: int) -> None:
    drawn = bar_chart("Titre.", [("Choisy", one, 10) for one in series], y_titre="Heures").to_dict()
    assert f"'columns': {columns}" in str(drawn)
