"""Charts for pages and Word documents: bars and lines that can be read in grey and on paper, in French.

Series differ by fill, outline, dash and point shape before they differ by colour; values are written on the marks. Nothing
is fetched: the same chart is drawn in the browser by Streamlit, or here as PNG (`png`).
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

import altair as alt

# Altair asks whether pandas is loaded each time it draws, and Streamlit loads it at the first chart it shows: of two people
# opening their first chart together, one would find it half loaded. Whole, before the first drawing.
import pandas  # noqa: F401

from domain.formatting import NBSP, date_courte, nombre

Number: TypeAlias = Decimal | int | float
X: TypeAlias = str | int | float | Decimal | date
Chart: TypeAlias = alt.LayerChart

ENCRE = "#3778be"
"""One ink, seen on white and on black alike: what tells series apart is how a mark is filled and outlined."""
REPERE = "#b4442f"
FILLS = (ENCRE, "rgba(55, 120, 190, 0.12)", "rgba(55, 120, 190, 0.5)", "rgba(55, 120, 190, 0)")
OUTLINES = ([1, 0], [4, 3], [1, 0], [1, 2])
DASHES = ([1, 0], [6, 4], [2, 2], [8, 3, 2, 3], [1, 3], [12, 4])
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
LONG_LABEL, MANY_BARS = 11, 13
"""From so long a label or so many bars, bars lie down: labels stay whole on a telephone."""
BAR_HEIGHT, AROUND = 20, 110
"""Points of a lying bar, and of what stands around the bars: legend, axis, its title."""
LEGEND_SIGNS = 32
"""Signs of two names that stand side by side in the legend of the narrowest chart."""
LABEL_WIDTH, LINE_HEIGHT = 26, 13
"""Characters of one line of a label, and points of that line."""
FORMAT_LOCALE = {
    "decimal": ",",
    "thousands": "\u202f",
    "grouping": [3],
    "currency": ["", "\u00a0€"],
    "percent": "\u00a0%",
}
TIME_LOCALE: dict[str, Any] = {
    "dateTime": "%A %e %B %Y à %X", "date": "%d/%m/%Y", "time": "%H:%M:%S", "periods": ["", ""],
    "days": ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"],
    "shortDays": ["dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."],
    "months": ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
               "novembre", "décembre"],
    "shortMonths": ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
}  # fmt: skip
SHORT_MONTHS: tuple[str, ...] = tuple(TIME_LOCALE["shortMonths"])
MASQUE = "masqué"


def bar_chart(
    titre: str,
    rows: Sequence[tuple[str, str, Number | None]],
    *,
    y_titre: str,
    seuil: tuple[Number, str] | Number | None = None,
    unite: str = "h",
) -> Chart:
    """Bars by category, side by side when there are several series, each with its value written on it.

    `rows` are (category, series, value), in the order shown; a value None is a masked one: no bar, the word « masqué ».
    `seuil` draws a dashed line at a value, or (value, what it is). `unite` follows the values: h, €, %, ETP…
    """
    series = _unique(serie for _, serie, _ in rows)
    categories = _unique(categorie for categorie, _, _ in rows)
    lying = any(len(one) > LONG_LABEL for one in categories) or len(categories) * len(series) > MANY_BARS
    data = [_bar(categorie, serie, valeur, unite, lying) for categorie, serie, valeur in rows]
    base = alt.Chart(alt.InlineData(values=data)).encode(tooltip=alt.Tooltip("bulle:N", title=None))
    along, across = ("y", "x") if lying else ("x", "y")
    axis, tallest = _names_axis(categories)
    sides: dict[str, Any] = {
        along: _channel(along, "categorie:N", sort=categories, axis=axis),
        across: _channel(across, "valeur:Q", title=y_titre, axis=alt.Axis(tickCount=5, format=",~f")),
    }
    if len(series) > 1:
        sides[f"{along}Offset"] = _channel(f"{along}Offset", "serie:N", sort=series)
    bars = base.mark_bar(stroke=ENCRE, strokeWidth=1.5).encode(**sides, **_fills(series))
    align: dict[str, Any] = {"align": "left", "dx": 5} if lying else {"baseline": "bottom", "dy": -3}
    labels = base.mark_text(fontSize=12, color=ENCRE, **align).encode(text="texte:N", **sides)
    layers: list[alt.Chart] = [bars, labels, *_threshold(seuil, across, unite)]
    room = 8 + LINE_HEIGHT * max(0, tallest - 2)
    height = AROUND + BAR_HEIGHT * len(rows) + room * len(categories) if lying else 320
    return _finish(layers, titre, [one["bulle"] for one in data], height)


def line_chart(
    titre: str,
    series: Mapping[str, Sequence[tuple[X, Number]]],
    *,
    x_titre: str,
    y_titre: str,
    repere: tuple[X, Number, str] | None = None,
    unite: str = "h",
) -> Chart:
    """Lines, told apart by dash and by the shape of their points; the last value of each is written at its end.

    x is a text (taken in the order given), a number or a day. `repere` marks a point (x, y) with what it is: where two lines
    cross, the day it is.
    """
    names = list(series)
    data = [_point(name, x, y, unite) for name, points in series.items() for x, y in points]
    ends = [_point(name, *points[-1], unite) for name, points in series.items() if points]
    xs = [x for points in series.values() for x, _ in points]
    scale_x = _x_channel(xs, x_titre)
    y = alt.Y("y:Q", title=y_titre, axis=alt.Axis(tickCount=5, format=",~f"))
    styles = _strokes(names)
    base = alt.Chart(alt.InlineData(values=data)).encode(x=scale_x, y=y, tooltip=alt.Tooltip("bulle:N", title=None))
    lines = base.mark_line(color=ENCRE, strokeWidth=2).encode(strokeDash=styles["strokeDash"])
    points = base.mark_point(color=ENCRE, size=45, filled=True).encode(shape=styles["shape"])
    last = alt.Chart(alt.InlineData(values=ends)).mark_text(fontSize=12, color=ENCRE, align="right", dy=-10).encode(
        x=scale_x, y=y, text="texte:N"
    )  # fmt: skip
    layers: list[alt.Chart] = [lines, points, last, *_mark(repere, xs, scale_x, y, unite)]
    sayings = [
        f"{name} : {write_value(points[-1][1], unite)} ({_say(points[-1][0])})"
        for name, points in series.items()
        if points
    ]
    return _finish(layers, titre, sayings, 360)


def png(chart: Chart, *, largeur: int = 640, echelle: float = 2) -> bytes:
    """The chart as a PNG of `largeur` points, `echelle` times sharper. Needs no network."""
    import vl_convert

    drawn = chart.properties(width=largeur).to_dict()
    image: bytes = vl_convert.vegalite_to_png(drawn, scale=echelle)
    return image


def untitled(chart: Chart) -> Chart:
    """The same chart without its title, for a page that writes the title above it (where it wraps and is a heading)."""
    bare = chart.copy(deep=False)
    bare.title = alt.Undefined
    return bare


def write_value(valeur: Number | None, unite: str) -> str:
    """A value as it is written on a chart: whole from 100 on (and euros always), else with a decimal where it has one."""
    if valeur is None:
        return MASQUE
    exact = Decimal(str(valeur))
    whole = abs(exact) >= 100 or unite == "€" or exact == exact.to_integral_value()
    text = nombre(exact, 0 if whole else 2 if unite == "ETP" else 1)
    return f"{text}{NBSP}{unite}" if unite else text


def _names_axis(categories: list[str]) -> tuple[alt.Axis, int]:
    """The axis of the categories, and the lines of its tallest label."""
    lines = {one: textwrap.wrap(one, LABEL_WIDTH) or [one] for one in categories}
    tallest = max((len(one) for one in lines.values()), default=1)
    # Long names on several lines rather than cut: two scenarios often differ by their last words.
    # Lines hang from the middle of the bar: raised by half of the tallest label, all stay beside theirs.
    raised = -LINE_HEIGHT * (tallest - 1) / 2
    wrapped: dict[str, Any] = (
        {"labelExpr": f"{json.dumps(lines)}[datum.label]", "labelOffset": raised} if tallest > 1 else {}
    )
    axis = alt.Axis(labelAngle=0, labelLimit=170, labelOverlap=False, ticks=False, title=None, **wrapped)
    return axis, tallest


def _bar(categorie: str, serie: str, valeur: Number | None, unite: str, lying: bool) -> dict[str, Any]:
    """One bar; standing ones have no room for the unit, which the axis says."""
    return {
        "categorie": categorie,
        "serie": serie,
        "valeur": float(valeur or 0),
        "texte": write_value(valeur, unite if lying else ""),
        "bulle": f"{categorie} – {serie} : {write_value(valeur, unite)}",
    }


def _fills(series: list[str]) -> dict[str, Any]:
    """Full, pale, half and hollow bars, with plain and dashed outlines."""
    legend: Any = None
    if len(series) > 1:
        legend = alt.Legend(
            title=None,
            orient="top",
            symbolStrokeColor=ENCRE,
            symbolSize=160,
            symbolType="square",
            labelLimit=320,
            columns=_legend_columns(series),
        )
    fill = alt.Scale(domain=series, range=_cycle(FILLS, len(series)))
    outline = alt.Scale(domain=series, range=_cycle(OUTLINES, len(series)))
    return {
        "fill": alt.Fill("serie:N", sort=series, scale=fill, legend=legend),
        "strokeDash": alt.StrokeDash("serie:N", sort=series, scale=outline, legend=legend),
    }


def _legend_columns(names: list[str]) -> int:
    """Two names side by side when they fit a telephone: a legend does not wrap, and would be cut."""
    return 1 if sum(sorted(map(len, names))[-2:]) > LEGEND_SIGNS else 2


def _strokes(names: list[str]) -> dict[str, Any]:
    """Dashes and point shapes, one pair for each line."""
    legend = alt.Legend(
        title=None, orient="top", symbolStrokeWidth=2, symbolSize=110, labelLimit=320, columns=_legend_columns(names)
    )
    keyed = legend if len(names) > 1 else None
    return {
        "strokeDash": alt.StrokeDash(
            "serie:N", sort=names, scale=alt.Scale(domain=names, range=_cycle(DASHES, len(names))), legend=keyed
        ),
        "shape": alt.Shape(
            "serie:N", sort=names, scale=alt.Scale(domain=names, range=_cycle(SHAPES, len(names))), legend=keyed
        ),
    }


def _threshold(seuil: tuple[Number, str] | Number | None, across: str, unite: str) -> list[alt.Chart]:
    if seuil is None:
        return []
    value, name = seuil if isinstance(seuil, tuple) else (seuil, "Seuil")
    said = f"{name} : {write_value(value, unite)}"
    base = alt.Chart(alt.InlineData(values=[{"valeur": float(value), "texte": said}]))
    rule = base.mark_rule(color=REPERE, strokeDash=[6, 4], strokeWidth=2).encode(
        **{across: _channel(across, "valeur:Q")}
    )
    place = {"x": "valeur:Q", "y": alt.value(0)} if across == "x" else {"y": "valeur:Q", "x": alt.value(4)}
    text = base.mark_text(align="left", baseline="bottom", dx=4, dy=-3, fontSize=12, color=REPERE, fontWeight="bold")
    return [rule, text.encode(text="texte:N", **place)]


def _mark(repere: tuple[X, Number, str] | None, xs: Sequence[X], x: alt.X, y: alt.Y, unite: str) -> list[alt.Chart]:
    """A dashed line through the point, named at its top, on the side where there is room."""
    if repere is None:
        return []
    where, value, name = repere
    right = _is_right(where, xs)
    base = alt.Chart(alt.InlineData(values=[{**_point(name, where, value, unite), "texte": name}]))
    text = base.mark_text(
        align="right" if right else "left", dx=-8 if right else 8, fontSize=12, fontWeight="bold", color=REPERE
    )
    return [
        base.mark_rule(color=REPERE, strokeDash=[6, 4], strokeWidth=1.5).encode(x=x),
        base.mark_point(color=REPERE, size=110, filled=True, shape="diamond").encode(x=x, y=y),
        text.encode(x=x, y=alt.value(8), text="texte:N"),
    ]


def _is_right(where: X, xs: Sequence[X]) -> bool:
    """Whether `where` stands in the right half of the axis."""
    if isinstance(where, str | date):
        order = _unique(_say(value) for value in xs)
        return _say(where) in order and 2 * order.index(_say(where)) > len(order)
    numbers = [float(value) for value in xs if not isinstance(value, str | date)]
    return bool(numbers) and 2 * float(where) > min(numbers) + max(numbers)


def _x_channel(values: Sequence[X], titre: str) -> alt.X:
    if all(isinstance(value, date) for value in values):
        return alt.X("x:T", title=titre, axis=alt.Axis(format="%d/%m/%Y", labelOverlap=True))
    if any(isinstance(value, str | date) for value in values):
        order = _unique(_say(value) for value in values)
        return alt.X("x:O", title=titre, sort=order, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    return alt.X("x:Q", title=titre, axis=alt.Axis(format=",~f", tickCount=6))


def _point(name: str, x: X, y: Number, unite: str) -> dict[str, Any]:
    texte = write_value(y, unite)
    placed = x.isoformat() if isinstance(x, date) else x if isinstance(x, str) else float(x)
    return {"serie": name, "x": placed, "y": float(y), "texte": texte, "bulle": f"{name}, {_say(x)} : {texte}"}


def _say(x: X) -> str:
    if isinstance(x, date):
        return date_courte(x)
    return x if isinstance(x, str) else nombre(Decimal(str(x)))


def _finish(layers: Sequence[alt.Chart], titre: str, sayings: Sequence[str], height: int) -> Chart:
    """Title on several lines if it is long, words for those who do not see it, French numbers and months."""
    heading = alt.TitleParams(text=textwrap.wrap(titre, 70) or [titre], anchor="start", fontSize=15, offset=12)
    said = f"{titre} {'; '.join(sayings[:60])}" if sayings else f"{titre} Aucune donnée."
    fit = alt.AutoSizeParams(type="fit", contains="padding")  # height and width hold axes and legend too
    drawn: Any = alt.layer(*layers).properties(
        title=heading, description=said, width="container", height=height, autosize=fit
    )
    drawn = drawn.configure(locale=alt.Locale(number=FORMAT_LOCALE, time=TIME_LOCALE)).configure_view(stroke=None)
    # The description says it all, in French; Vega would describe axes and legend to screen readers in English.
    drawn = drawn.configure_axis(aria=False).configure_legend(aria=False)
    finished: Chart = drawn
    return finished


def _channel(name: str, field: str, **options: Any) -> Any:
    kinds = {"x": alt.X, "y": alt.Y, "xOffset": alt.XOffset, "yOffset": alt.YOffset}
    return kinds[name](field, **options)


def _unique(values: Any) -> list[str]:
    return list(dict.fromkeys(values))


def _cycle(values: Sequence[Any], count: int) -> list[Any]:
    return [values[index % len(values)] for index in range(count)]
