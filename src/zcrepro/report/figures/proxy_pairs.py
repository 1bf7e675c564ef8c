"""Which proxies say the same: the correlation of each proxy with each other one, problem by problem."""

from typing import Any

import numpy as np
import pandas as pd

from zcrepro.report import _heat, _vega
from zcrepro.report._base import Figure
from zcrepro.report._explored import Explored, explored
from zcrepro.report.context import Context

READS = ("features/*", "structure/*", "accuracies/{space}", "released/{space}")


def draw(context: Context) -> dict[str, Any]:
    """Draw the first problem; the reader chooses others."""
    found = [each for each in explored(context.inputs) if len(each.proxies) > 1]
    if not found:
        return _vega.nothing("the run makes no features/ and no released/ scores of two proxies")
    cells = pd.concat([_cells(each) for each in found], ignore_index=True)
    largest = max(len(each.proxies) for each in found)
    return _heat.heat_map(
        cells,
        "Heat map of Spearman's rank correlation between proxies on the architectures of a problem.",
        across="other proxy",
        down="proxy",
        height=min(30 * largest, 560),
        params=[_vega.choice("problem", "Problem", [each.label for each in found])],
        transform=[_vega.chosen("problem")],
    )


def _cells(each: Explored) -> pd.DataFrame:
    """Return the correlations of all pairs, each over the architectures that have both scores."""
    names = each.proxies
    matrix = each.rows[names].corr("spearman", min_periods=3).to_numpy(np.float64)
    return pd.DataFrame(
        [
            {"problem": each.label, "down": one, "across": other, "value": matrix[i, j]}
            for i, one in enumerate(names)
            for j, other in enumerate(names)
        ]
    )


FIGURE = Figure(
    title="Which proxies say the same",
    caption=(
        "Spearman's rank correlation between the scores of two proxies on the same architectures, whatever "
        "their accuracies are. Proxies that agree bring little new when they vote or when a formula joins "
        "them."
    ),
    section="explore",
    draw=draw,
    width=640,
)
