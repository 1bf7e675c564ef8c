"""Reduced training against zero-cost proxies: how well each ranks, by what it costs (EcoNAS)."""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from zcrepro.report import _vega
from zcrepro.report._base import Figure
from zcrepro.report._colours import var
from zcrepro.report.context import Context
from zcrepro.report.tables.zcp_econas import COST, NAME, ONE_SCORE, SECONDS, SPEARMAN

READS = ("tables/zcp_econas",)

PROXY, TRAINING = "proxy", "training that is stopped early"


def draw(context: Context) -> dict[str, Any]:
    """Draw a line per recipe of reduced training, and a mark per proxy."""
    name = f"tables/{NAME}"
    points = _all_points(context.inputs.table(name)) if name in context.inputs else pd.DataFrame()
    if points.empty:
        return _vega.nothing("the run has no reduced trainings and no published accuracies by epoch")
    across = _vega.quantitative("cost", "cost, in epochs of the full training")
    across["scale"] = {"type": "log", "nice": False, "padding": 25}
    tooltip = _vega.tooltip(what="what", cost="cost in epochs", value="Spearman", low="from", high="to")
    return _vega.chart(
        "Spearman's rank correlation with the final accuracy by cost: lines of reduced trainings by epoch, "
        "and marks of zero-cost proxies.",
        data=_vega.rows(points),
        params=[_vega.choice("problem", "Problem", list(dict.fromkeys(points["problem"])))],
        transform=[_vega.chosen("problem")],
        height=380,
        encoding={
            "x": across,
            "y": _vega.quantitative("value", "Spearman's correlation"),
            "color": _vega.nominal("line"),
            "tooltip": tooltip,
        },
        layer=[
            {
                "mark": {"type": "rule", "opacity": 0.35},
                "encoding": {"y": _vega.quantitative("low", ""), "y2": {"field": "high"}},
            },
            {"transform": [{"filter": f"datum.line !== '{PROXY}'"}], "mark": {"type": "line"}},
            {"mark": {"type": "point", "filled": True, "size": 70, "opacity": 1}},
            {
                "transform": [{"calculate": f"datum.line === '{PROXY}' ? datum.what : ''", "as": "name"}],
                "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 11},
                "encoding": {"text": {"field": "name"}, "color": {"value": var("text")}},
            },
        ],
    )


def _all_points(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[table["value"].notna()]
    return pd.DataFrame([point for _, of_row in rows.groupby("row") for point in _points(of_row, rows)])


def _points(of_row: pd.DataFrame, rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the correlations of a row of the table with their costs in epochs of the full training."""
    values = of_row.set_index("column")["value"]
    for _, row in of_row[of_row["metric"] == SPEARMAN].iterrows():
        if row["column"] == ONE_SCORE:
            cost, line, what = _of_score(of_row, rows), PROXY, row["name"]
        else:
            epoch = int(row["column"].removeprefix("epoch "))
            cost, line, what = _of_epoch(values, epoch), row["name"], f"{row['name']}, {row['column']}"
        if cost:
            # An unknown interval is as short as its value.
            low, high = row[["ci_low", "ci_high"]].fillna(row["value"])
            of_point = {"line": line, "what": what, "cost": cost, "value": row["value"]}
            yield {"problem": row["problem"], **of_point, "low": low, "high": high}


def _of_epoch(values: pd.Series, epoch: int) -> float:
    """Return the cost of a training up to an epoch, of a recipe or of the benchmark's own training."""
    if COST in values:
        last = max(int(found[1]) for name in values.index if (found := re.fullmatch(r"epoch (\d+)", name)))
        return float(values[COST]) * epoch / last
    seconds = values[[name for name in values.index if name.startswith(SECONDS)]]
    epochs = {name: int(re.findall(r"\d+", name)[0]) for name in seconds.index}
    whole = max(seconds.index, key=lambda name: epochs[name], default="")
    spent = seconds.get(f"{SECONDS}, {epoch} epochs")
    return float(spent / seconds[whole] * epochs[whole]) if spent else 0.0


def _of_score(of_row: pd.DataFrame, rows: pd.DataFrame) -> float:
    """Return the cost of a score: that of a recipe's training, divided by how many scores it is worth."""
    for _, ratio in of_row[of_row["metric"] == "ratio of costs"].iterrows():
        recipe = ratio["column"].split(" ")[0]
        whole = rows[
            (rows["problem"] == ratio["problem"]) & (rows["name"] == recipe) & (rows["column"] == COST)
        ]
        if len(whole):
            return float(whole["value"].iloc[0] / ratio["value"])
    return 0.0


FIGURE = Figure(
    title="Reduced training and proxies by cost (EcoNAS)",
    caption=(
        "How well an accuracy after less training ranks the networks, by what the training costs, beside "
        "zero-cost proxies on the same networks. A recipe such as r8c4 trains on images of 8x8 pixels with 4 "
        "channels in the first layer. Lines upright are bootstrap intervals over graphs."
    ),
    section="search",
    draw=draw,
)
