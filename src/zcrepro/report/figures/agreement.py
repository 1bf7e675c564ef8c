"""All values that a paper gives too: ours minus the paper's, in tolerances."""

from typing import Any

import pandas as pd

from zcrepro import registry
from zcrepro.report import _vega
from zcrepro.report._base import Figure, Table
from zcrepro.report._colours import var
from zcrepro.report._layout import most_exact
from zcrepro.report.comparison import NONE
from zcrepro.report.context import Context
from zcrepro.report.verdict import DIFFERS, NOT_COMPARABLE, REPRODUCED, UNDECIDED

READS = ("tables/*",)

TABLES = "tables"

LOOKS = {
    REPRODUCED: (var("reproduced"), "circle"),
    UNDECIDED: (var("undecided"), "triangle-up"),
    DIFFERS: (var("differs"), "diamond"),
    NOT_COMPARABLE: (var("control"), "square"),
}
"""Colour and shape of each verdict on a value."""

HEIGHT = 62  # of a table's band


def draw(context: Context) -> dict[str, Any]:
    """Draw a band per table and a mark per value, at its difference in tolerances."""
    found = [points for name in context.inputs.names(TABLES) if len(points := _points(name, context))]
    if not found:
        return _vega.nothing("no value of this run has a paper's value beside it")
    points = pd.concat(found, ignore_index=True)
    scale = {"type": "symlog", "constant": 1, "nice": False}
    look = {"domain": list(LOOKS), "range": [colour for colour, _ in LOOKS.values()]}
    shape = {"domain": list(LOOKS), "range": [shape for _, shape in LOOKS.values()]}
    return _vega.chart(
        "Marks of the difference between our values and the papers', in units of the tolerance, one band per "
        "table. Marks between -1 and 1 lie within the tolerance.",
        data=_vega.rows(points),
        height=HEIGHT * points["title"].nunique(),
        params=[_vega.single([verdict for verdict in LOOKS if (points["verdict"] == verdict).any()])],
        encoding={"y": _vega.nominal("title", axis={"labelLimit": 300, "grid": True})},
        layer=[
            {
                "data": {"values": [{"from": -1, "to": 1}]},
                "mark": {"type": "rect", "color": var("reproduced"), "opacity": 0.13},
                "encoding": {
                    "x": {"field": "from", "type": "quantitative", "scale": scale},
                    "x2": {"field": "to"},
                    "y": {"value": 0},
                    "y2": {"value": {"expr": "height"}},
                },
            },
            {
                "params": [_vega.legend("verdict")],
                "mark": {"type": "point", "filled": True, "size": 70},
                "encoding": {
                    "x": {
                        "field": "difference",
                        "type": "quantitative",
                        "scale": scale,
                        "title": "ours minus the paper's, in tolerances",
                        "axis": {"values": [-30, -10, -3, -1, 0, 1, 3, 10, 30]},
                    },
                    "yOffset": {"field": "place", "type": "quantitative", "scale": {"domain": [-0.15, 1.15]}},
                    "color": _vega.nominal("verdict", scale=look),
                    "shape": _vega.nominal("verdict", scale=shape),
                    "opacity": _vega.singled("verdict", 0.85, 0.06),
                    "tooltip": _vega.tooltip(
                        what="value", ours="ours", paper="paper", tolerance="tolerance", verdict="verdict"
                    ),
                },
            },
        ],
    )


def _points(name: str, context: Context) -> pd.DataFrame:
    """Return the values of a table that have a paper's value, each beside its most exact reference."""
    rows = most_exact(context.inputs.table(name))
    rows = rows[(rows["reference"] != NONE) & rows["value"].notna()].reset_index(drop=True)
    described: Table = registry.get("table", name.removeprefix(f"{TABLES}/"))
    what = rows["row"] + ", " + rows["column"] + rows["series"].map(lambda text: f", {text}" if text else "")
    return pd.DataFrame(
        {
            "title": described.title,
            "what": what,
            "ours": rows["value"],
            "paper": rows["paper_value"],
            "tolerance": rows["tolerance"],
            "difference": (rows["value"] - rows["paper_value"]) / rows["tolerance"],
            "verdict": rows["verdict"],
            "place": [(7 * number) % len(rows) / len(rows) for number in range(len(rows))],
        }
    )


FIGURE = Figure(
    title="Ours minus the papers'",
    caption=(
        "One mark per value that a paper gives too, within the band of its table; the height in the band has "
        "no meaning. In the green strip the value itself lies within the tolerance. The verdict asks for "
        "more: that the whole interval does. Choose a verdict in the list or in the legend to single it out."
    ),
    section="overview",
    draw=draw,
    width=560,
)
