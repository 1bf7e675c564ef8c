"""Fitness of the best formula or program by generation, for every run."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from zcrepro.report import _vega
from zcrepro.report._base import Figure
from zcrepro.report._colours import var
from zcrepro.report._histories import NOTHING, History, fittest, histories
from zcrepro.report.context import Context

READS = ("evolved/*", "programs/*")

FITTEST, OTHER = "fittest run", "other runs"


def draw(context: Context) -> dict[str, Any]:
    """Draw a line per run of the first training set; the reader chooses others."""
    found = histories(context.inputs)
    if not found:
        return _vega.nothing(NOTHING)
    lines = pd.DataFrame([line for runs in found.values() for line in _lines(runs)])
    which = {"domain": [FITTEST, OTHER], "range": [var("series-2"), var("series-1")]}
    shown = {"condition": {"test": f"datum.which === '{FITTEST}'", "value": 3}, "value": 1}
    return _vega.chart(
        "Lines of the fitness of the best formula by generation, one per run of an evolution.",
        data=_vega.rows(lines),
        params=[
            _vega.choice("training_set", "Training set", list(found)),
            {"name": "titles", "value": {name: _title(runs) for name, runs in found.items()}},
        ],
        title={"text": {"expr": "titles[training_set]"}},
        transform=[_vega.chosen("training_set")],
        height=320,
        mark={"type": "line", "interpolate": "linear"},
        encoding={
            "x": _vega.quantitative("generation", "generation"),
            "y": _vega.quantitative("best", "best fitness in training"),
            "detail": _vega.nominal("repeat"),
            "color": _vega.nominal("which", scale=which),
            "strokeWidth": shown,
            "tooltip": _vega.tooltip(repeat="repeat", generation="generation", best="fitness"),
        },
    )


def _lines(runs: list[History]) -> list[dict[str, Any]]:
    """Return the corners of the lines of a training set, the fittest run last, so that it lies on top."""
    best = fittest(runs)
    return [
        {
            "training_set": run.evolution,
            "repeat": f"repeat {run.repeat}",
            "which": FITTEST if run is best else OTHER,
            "generation": generation,
            "best": run.best[generation],
        }
        for run in sorted(runs, key=lambda run: run is best)
        for generation in _corners(run.best)
    ]


def _title(runs: list[History]) -> str:
    best = fittest(runs)
    return (
        f"{_vega.counted([len(runs)])} runs, fittest: repeat {best.repeat}, {best.fitness:.3f}\n{best.told}"
    )


def _corners(values: Sequence[float]) -> list[int]:
    """Return the places that a line through all values needs: those between two equal ones are left out."""
    last = len(values) - 1
    return [
        place
        for place in range(len(values))
        if place in (0, last) or not values[place - 1] == values[place] == values[place + 1]
    ]


FIGURE = Figure(
    title="How the formulas evolved",
    caption=(
        "Fitness on the training architectures of the best formula of SRGP, or program of EZNAS, of each "
        "generation, one line per run. It is what evolution sees; how well a formula or program does on "
        "unseen architectures is in the tables."
    ),
    section="formulas",
    draw=draw,
)
