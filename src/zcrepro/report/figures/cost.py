"""What each proxy costs and how well it ranks, from the seconds that the passes took."""

from typing import Any

import numpy as np
import pandas as pd

from zcrepro import provenance, registry
from zcrepro.files.csv import read_csv
from zcrepro.problems.problem import Problem
from zcrepro.report import _vega
from zcrepro.report._base import Figure
from zcrepro.report._colours import var
from zcrepro.report._costs import forwards
from zcrepro.report._explored import Explored, explored
from zcrepro.report._inputs import Inputs
from zcrepro.report.context import Context

READS = ("features/*", "structure/*", "accuracies/{space}", "released/{space}", "timings/*", "costs")

TIMINGS, ON_RECORD = "timings", "costs"

TIMED, RECORDED = "seconds per network, timed in this run", "seconds per network, from costs on record"
FORWARDS = "forward passes of the network"

TAU = "Kendall's tau with accuracy"
HEIGHT = 420
LABEL = 13 / HEIGHT
"""The height of a proxy's name, as a share of the height of the chart."""

COLUMN = 1.6
"""Marks stand in one column if each costs less than this times the one before."""


def draw(context: Context) -> dict[str, Any]:
    """Draw a mark per proxy: the seconds of its pass if the run timed it, else those on record."""
    found = explored(context.inputs)
    if not found:
        return _vega.nothing("the run makes no features/ and no released/ scores")
    parts = [_points(each, context) for each in found]
    points = pd.concat([part for part in parts if len(part)], ignore_index=True)
    labels = list(dict.fromkeys(points["problem"]))
    across = _vega.quantitative("cost", "cost of a score, shared by the proxies of one pass")
    across["scale"] = {"type": "log", "nice": False, "padding": 70}
    return _vega.chart(
        "Scatter of the cost of each proxy against its Kendall's tau with accuracy.",
        data=_vega.rows(points),
        params=[
            _vega.choice("problem", "Problem", labels),
            {
                "name": "units",
                "value": points.drop_duplicates("problem").set_index("problem")["unit"].to_dict(),
            },
        ],
        title={"text": {"expr": "problem + '\\ncost in ' + units[problem]"}},
        transform=[_vega.chosen("problem")],
        height=HEIGHT,
        encoding={
            "x": across,
            "y": _vega.quantitative("tau", TAU),
            "tooltip": _vega.tooltip(proxy="proxy", tau="tau", **{"pass": "pass"}, cost="cost", n="n"),
        },
        layer=[
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {
                    "color": _vega.nominal("pass", "pass", legend={"columns": 5}),
                    "shape": _vega.nominal("pass", "pass"),
                },
            },
            _names("left", 9),
            _names("right", -9),
        ],
    )


def _points(each: Explored, context: Context) -> pd.DataFrame:
    """Return the proxies of a problem that have a file of their own here, with tau and cost."""
    own = set(registry.names("proxies"))
    groups = provenance.pass_groups(name for name in each.proxies if name in own)
    passes = {name: group for group, names in groups.items() for name in names}
    unit, costs = _costs(each.problem, passes, context.inputs)
    rows = [
        {"problem": each.label, "proxy": name, "pass": passes[name], "cost": cost, "tau": tau, "n": n}
        for name, (tau, n) in each.taus.items()
        if (cost := costs.get(name))
    ]
    columns = ["problem", "proxy", "pass", "cost", "tau", "n"]
    return _labelled(pd.DataFrame(rows, columns=columns).assign(unit=unit))


def _labelled(points: pd.DataFrame) -> pd.DataFrame:
    """Add the ``side`` of each name and its height, ``label``, so that no two names overlap."""
    points = points.sort_values("cost")
    column = (points["cost"] > COLUMN * points["cost"].shift()).cumsum()
    points = points.assign(column=column).sort_values(["column", "tau"])
    points["side"] = ["left" if place % 2 else "right" for place in range(len(points))]
    gap = LABEL * (points["tau"].max() - points["tau"].min())
    points["label"] = points.groupby(["column", "side"])["tau"].transform(_spread, gap)
    return points.drop(columns="column")


def _spread(heights: pd.Series, gap: float) -> np.ndarray:
    """Return increasing heights, each raised until it is ``gap`` above the one before."""
    steps = gap * np.arange(len(heights))
    return np.maximum.accumulate(heights.to_numpy() - steps) + steps


def _names(side: str, distance: int) -> dict[str, Any]:
    """Return the names of the marks that stand on one side: neighbours in a column have them on either."""
    return {
        "transform": [{"filter": f"datum.side === '{side}'"}],
        "mark": {"type": "text", "align": side, "dx": distance, "fontSize": 11, "color": var("text")},
        "encoding": {"text": {"field": "proxy"}, "y": _vega.quantitative("label", TAU)},
    }


def _costs(problem: Problem, passes: dict[str, str], inputs: Inputs) -> tuple[str, dict[str, float | None]]:
    """Return the unit of the costs, and the cost of each proxy. ``passes`` maps proxies to their passes."""
    timed = f"{TIMINGS}/{problem}"
    if timed in inputs:
        seconds = inputs.frame(timed).groupby("pass")["seconds"].median()
        return TIMED, {name: seconds.get(group) for name, group in passes.items()}
    forward = _forward(problem, inputs)
    unit = FORWARDS if forward is None else RECORDED
    return unit, {name: forwards(name) * (forward or 1) for name in passes}


def _forward(problem: Problem, inputs: Inputs) -> float | None:
    """Return the measured seconds of a forward pass of one batch, None if nobody has measured it."""
    if ON_RECORD not in inputs:
        return None
    seconds = read_csv(inputs.path(ON_RECORD)).set_index(["space", "task"])["seconds"]
    return seconds.get((problem.space, problem.task))


FIGURE = Figure(
    title="Cost against tau",
    caption=(
        "What a score costs, on a logarithmic scale, against how well it ranks: the best proxies lie on top "
        "and to the left. Where the run computed the scores, the cost is the median of the seconds that the "
        "pass took for one network. Where it took published or promoted ones, it is the forward passes that "
        "the pass takes, as measured on a few networks of NAS-Bench-201, times the seconds of a forward pass "
        "in that space, as measured on one core. Proxies of one pass share its cost."
    ),
    section="explore",
    draw=draw,
    width=560,
)
