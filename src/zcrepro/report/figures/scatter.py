"""Any proxy against accuracy: a dot per architecture, with its cell and scores under the pointer."""

import math
from itertools import chain
from typing import Any

import pandas as pd

from zcrepro.report import _vega
from zcrepro.report._base import Figure
from zcrepro.report._colours import var
from zcrepro.report._explored import Explored, explored
from zcrepro.report.context import Context

READS = ("features/*", "structure/*", "accuracies/{space}", "released/{space}")

POINTS = 1000
"""At most so many architectures of a problem are drawn, a random sample; the correlation is of all."""

RANK, VALUE = "rank", "value"
LOG_ERROR, ACCURACY = "log error", "accuracy"

ACROSS = ("score of the proxy, or its rank:", "best to the right")
"""The title of the horizontal axis, in two lines: a phone has no room for one."""

TICKS = (
    *(10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 92, 93, 94, 95, 96, 97, 98, 98.5, 99, 99.3, 99.5, 99.7, 99.8),
    99.9,
)
"""Accuracies at the vertical axis of log error; Vega thins them out where they are too many."""

SMALLEST_ERROR = 0.1  # percent: its logarithm stands for that of smaller ones

HEIGHT = 460


def draw(context: Context) -> dict[str, Any]:
    """Draw the first problem and its first proxy; the reader chooses others."""
    found = explored(context.inputs)
    if not found:
        return _vega.nothing("the run makes no features/ and no released/ scores")
    points = pd.concat([_points(each, context) for each in found], ignore_index=True)
    proxies = list(dict.fromkeys(chain.from_iterable(each.proxies for each in found)))
    labels = [each.label for each in found]
    shown = {"fields": {"score": "score", "accuracy": "accuracy"}, "percentiles": proxies}
    return _vega.chart(
        "Scatter of the score of a proxy against the accuracy of the trained network, one dot per "
        "architecture. The arrow keys go from dot to dot.",
        data=_vega.rows(points[["problem", "arch", "accuracy", *proxies]]),
        params=[
            _vega.choice("problem", "Problem", labels),
            _vega.choice("proxy", "Proxy", proxies, _best(found[0])),
            _vega.choice("across", "Horizontal", [RANK, VALUE]),
            _vega.choice("up", "Vertical", [LOG_ERROR, ACCURACY]),
            {"name": "taus", "value": {each.label: _said(each) for each in found}},
        ],
        title={"text": {"expr": "taus[problem][proxy] || 'This problem has no scores of ' + proxy"}},
        transform=[
            _vega.chosen("problem"),
            {"calculate": "datum[proxy]", "as": "score"},
            {"filter": "isValid(datum.score)"},
            {"window": [{"op": "rank", "as": "rank"}], "sort": [{"field": "score"}]},
            {"calculate": f"across === '{RANK}' ? datum.rank : datum.score", "as": "x"},
            {"calculate": f"max(100 - datum.accuracy, {SMALLEST_ERROR})", "as": "error"},
            {"calculate": f"up === '{ACCURACY}' ? datum.accuracy : -log(datum.error) / LN10", "as": "y"},
        ],
        height=HEIGHT,
        mark={"type": "circle", "size": 26, "opacity": 0.55, "color": var("series-1")},
        encoding={
            "x": _vega.quantitative("x", " ".join(ACROSS), axis={"title": list(ACROSS)}),
            "y": _vega.quantitative("y", "accuracy", axis={"labelExpr": _labels(), "values": _ticks()}),
            "tooltip": _vega.tooltip(arch="architecture", score="score", accuracy="accuracy"),
        },
        usermeta={"panel": {"title": "arch", **shown}, "canvas": True},
    )


def _points(each: Explored, context: Context) -> pd.DataFrame:
    """Return the architectures that are drawn, in the order of the table."""
    rows = each.rows
    if len(rows) > POINTS:
        rows = rows.sample(POINTS, random_state=context.rng("scatter", each.label)).sort_index()
    return rows.assign(problem=each.label)


def _best(each: Explored) -> str:
    """Return the proxy with the largest Kendall's tau."""
    return max(each.taus, key=lambda name: (each.taus[name][0] == each.taus[name][0], each.taus[name][0]))


def _said(each: Explored) -> dict[str, str]:
    """Return a caption per proxy: tau, the number of architectures, and how many of them are drawn."""
    drawn = f", a random {POINTS:,} drawn" if len(each.rows) > POINTS else ""
    return {
        name: f"{name}: Kendall's tau {tau:.3f}\n{each.metric} accuracy, n = {n:,}{drawn}"
        for name, (tau, n) in each.taus.items()
    }


def _labels() -> str:
    """Return the expression of the accuracy at a place of the vertical axis."""
    return f"up === '{ACCURACY}' ? format(datum.value, '.4~g') : format(100 - pow(10, -datum.value), '.4~g')"


def _ticks() -> dict[str, str]:
    """Return the expression of the places with a tick: round accuracies on the log scale."""
    places = [round(-math.log10(100 - accuracy), 6) for accuracy in TICKS]
    return {"expr": f"up === '{ACCURACY}' ? null : {places}"}


FIGURE = Figure(
    title="A proxy against accuracy",
    caption=(
        "One dot per architecture. A good proxy puts the dots on a rising line. On the scale of log error, "
        "the accurate networks, which lie within a few points of each other, are spread apart. Our scores "
        "are those of the first draw. Point at a dot, tap it, or use the arrow keys: beside the plot stand "
        "the architecture and how every proxy ranks it among those drawn."
    ),
    section="explore",
    draw=draw,
)
