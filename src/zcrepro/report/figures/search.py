"""The best model by the number of trained models, with and without a proxy's help."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from zcrepro.ranking.intervals import student_t
from zcrepro.report import _searches, _vega
from zcrepro.report._base import Figure
from zcrepro.report._colours import SERIES, var
from zcrepro.report._layout import most_exact
from zcrepro.report._not_made import not_made
from zcrepro.report._searches import SEARCHES, Curves
from zcrepro.report.comparison import NONE
from zcrepro.report.context import Context

TABLE = "tables/zcp_search"

READS = ("search/zcp/*", "search/zcp_predictors/*", "tables/zcp_search")

POINTS = 60
"""Points of a curve at most, which lie closer where it is steep."""

DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])

PLAIN, BEST = "plain", "best of all"

HEIGHT = 380


def draw(context: Context) -> dict[str, Any]:
    """Return the search curves; the first problem and algorithm are selected by default."""
    found = list(_searches.curves(context.inputs))
    if not found:
        return _vega.nothing(not_made(f"{SEARCHES}/"))
    looks = _looks(found)
    points = pd.DataFrame([row for curves in found for row in _rows(curves, context.level)])
    points["floor"] = points["problem"].map({_problem(curves): _floor(curves, found) for curves in found})
    legend = {"columns": {"expr": "width < 420 ? 1 : 3"}, "symbolType": "stroke"}
    scale = {"domain": list(looks), "range": [colour for colour, _ in looks.values()]}
    how = _vega.nominal("how", scale=scale, legend=legend)
    dashes = {"domain": list(looks), "range": [dash for _, dash in looks.values()]}
    across = _vega.quantitative("trained", "trained models")
    tooltip = _vega.tooltip(how="help", trained="trained models", mean="mean", low="from", high="to")
    return _vega.chart(
        "Curves of the accuracy of the best model so far by the number of trained models, one per way in "
        "which a proxy helps, with bands of their intervals.",
        data=_vega.rows(points),
        params=[
            _vega.choice("problem", "Problem", list(dict.fromkeys(map(_problem, found)))),
            _vega.choice("algorithm", "Algorithm", sorted({curves.algorithm for curves in found})),
            _vega.single(list(looks)),
            {"name": "titles", "value": _titles(found)},
        ],
        title={"text": {"expr": "titles[problem + algorithm] || 'This problem has no such search'"}},
        transform=[
            _vega.chosen("problem"),
            _vega.chosen("algorithm"),
            {"filter": "datum.mean >= datum.floor"},
        ],
        height=HEIGHT,
        layer=[
            {
                "mark": {"type": "area", "opacity": 0.12},
                "encoding": {
                    "x": across,
                    "y": _vega.quantitative("low", "accuracy (%)"),
                    "y2": {"field": "high"},
                    "color": how,
                },
            },
            {
                "params": [_vega.legend("how")],
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {
                    "x": across,
                    "y": _vega.quantitative("mean", "accuracy (%)"),
                    "color": how,
                    "strokeDash": _vega.nominal("how", scale=dashes, legend=legend),
                    "opacity": _vega.singled("how", 1, 0.08),
                    "tooltip": tooltip,
                },
            },
            {
                "transform": [{"aggregate": [{"op": "max", "field": "highest", "as": "highest"}]}],
                "mark": {"type": "rule", "color": var("muted"), "strokeDash": [2, 3], "strokeWidth": 1.5},
                "encoding": {
                    "y": _vega.quantitative("highest", "accuracy (%)"),
                    "tooltip": _vega.tooltip(highest="best of all architectures"),
                },
            },
            {
                "transform": [{"aggregate": [{"op": "max", "field": "highest", "as": "highest"}]}],
                "mark": {"type": "text", "align": "left", "dy": -8, "dx": 4, "color": var("muted")},
                "encoding": {
                    "x": {"value": 0},
                    "y": _vega.quantitative("highest", "accuracy (%)"),
                    "text": {"value": BEST},
                },
            },
            *_papers(context, found, {"x": across, "color": how, "opacity": _vega.singled("how", 1, 0.08)}),
        ],
    )


def _papers(context: Context, found: list[Curves], shared: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the layer of the values that a paper gives of our searches; none if it gives no value."""
    points = pd.DataFrame(_published(context, found))
    if points.empty:
        return []
    tooltip = _vega.tooltip(how="help", trained="trained models", paper="the paper's value")
    layer = {
        "data": _vega.rows(points),
        "transform": [_vega.chosen("problem"), _vega.chosen("algorithm")],
        "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 80},
        "encoding": shared | {"y": _vega.quantitative("paper", "accuracy (%)"), "tooltip": tooltip},
    }
    return [layer]


def _published(context: Context, found: list[Curves]) -> Iterator[dict[str, Any]]:
    """Yield the values of the table of searches that a paper gives too, each with the curve it belongs to."""
    if TABLE not in context.inputs:
        return
    drawn = {(str(curves.problem), curves.method): curves for curves in found}
    table = most_exact(context.inputs.table(TABLE))
    for row in table[table["reference"] != NONE].to_dict("records"):
        if curves := drawn.get((row["problem"], row["name"])):
            of_curve = {"problem": _problem(curves), "algorithm": curves.algorithm, "how": _label(curves)}
            yield of_curve | {"trained": int(row["column"].split()[0]), "paper": row["paper_value"]}


def _rows(curves: Curves, level: float) -> Iterator[dict[str, Any]]:
    """Yield the points of a curve: the mean over its searches and the interval of the mean."""
    trained = np.unique(np.geomspace(1, curves.budget, POINTS).round().astype(int))
    low, high = student_t(curves.accuracy[:, trained - 1], level)
    of_curve = {"problem": _problem(curves), "algorithm": curves.algorithm, "how": _label(curves)}
    means = curves.mean()[trained - 1]
    for place, count in enumerate(trained):
        of_point = {"trained": count, "mean": means[place], "low": low[place], "high": high[place]}
        yield of_curve | of_point | {"highest": curves.highest}


def _floor(curves: Curves, found: list[Curves]) -> float:
    """Return the least mean after a few models: the first ones, at chance, would flatten the rest."""
    means = [each.mean()[min(2, each.budget - 1) :] for each in found if _problem(each) == _problem(curves)]
    return float(np.nanmin(np.concatenate(means)))


def _problem(curves: Curves) -> str:
    return _vega.problem_title(curves.problem)


def _label(curves: Curves) -> str:
    return curves.how if curves.how == PLAIN else f"{curves.guide}, {curves.how}"


def _titles(found: list[Curves]) -> dict[str, str]:
    """Return what is said of each problem and algorithm, by their texts one behind the other."""
    said = {}
    for curves in found:
        key = _problem(curves), curves.algorithm
        counts = [len(each.accuracy) for each in found if (_problem(each), each.algorithm) == key]
        said["".join(key)] = (
            f"{key[0]}: {key[1]}\n{curves.metric} accuracy (%), {_vega.counted(counts)} searches"
        )
    return said


def _looks(found: list[Curves]) -> dict[str, tuple[str, list[int]]]:
    """Return the colour and the dash of each way in which a proxy helps; a plain search has that of text.

    There are more ways than colours. Two ways of one colour differ in their kind, and so in their dash.
    """
    ways = {(curves.guide, curves.help, curves.amount): _label(curves) for curves in found}
    kinds = sorted({kind for _, kind, _ in ways})
    looks = {PLAIN: (var("text"), DASHES[0])}
    for number, ((_, kind, _), label) in enumerate(item for item in sorted(ways.items()) if item[1] != PLAIN):
        dash = DASHES[kinds.index(kind) % len(DASHES)]
        looks[label] = SERIES[number % len(SERIES)], dash
    return looks


FIGURE = Figure(
    title="Search with a proxy's help",
    caption=(
        "Accuracy of the best model so far, chosen by validation accuracy, by the number of models trained. "
        "Curves are means over repeated searches, bands their Student's t intervals. The dotted line is the "
        "highest accuracy of all architectures. Diamonds are the values that the paper gives of the same "
        "searches. Choose a name in the list or in the legend to single out its curve."
    ),
    section="search",
    draw=draw,
)
