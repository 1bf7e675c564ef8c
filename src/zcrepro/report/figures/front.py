"""How good a formula can be at its size: the front of the fittest run of each training set."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from zcrepro.formulas.formula import Formula
from zcrepro.report import _formulas, _mathematics, _vega
from zcrepro.report._base import Figure
from zcrepro.report._colours import var
from zcrepro.report._runs import EVOLUTIONS, Run, fittest, read_runs
from zcrepro.report.context import Context

READS = ("evolved/*",)


def draw(context: Context) -> dict[str, Any]:
    """Draw the front of the first training set; the reader chooses others."""
    runs = [run for method in _formulas.methods(context.inputs) for run in read_runs(context.inputs, method)]
    sets = dict.fromkeys((run.method, run.training_set) for run in runs)
    if not sets:
        return _vega.nothing(f"the run makes no {EVOLUTIONS}/")
    best = [
        fittest([run for run in runs if run.method == method], training_set) for method, training_set in sets
    ]
    points = pd.DataFrame([row for run in best if run for row in _front(run, context)])
    titles = {run.evolution: f"trained on {_vega.problem_titles(run.problems)}" for run in best if run}
    fields = {
        "fitness": "Kendall's tau in training",
        "size": "nodes",
        "formula": "as text",
        "legend": "where",
    }
    return _vega.chart(
        "Step line of Kendall's tau in training by the size of the formula. The arrow keys go from formula "
        "to formula.",
        data=_vega.rows(points),
        params=[
            _vega.choice("training_set", "Training set", list(titles)),
            {"name": "titles", "value": titles},
        ],
        title={"text": {"expr": "titles[training_set]"}},
        transform=[_vega.chosen("training_set")],
        height=320,
        encoding={
            "x": _vega.quantitative("size", "nodes of the formula"),
            "y": _vega.quantitative("fitness", "Kendall's tau in training"),
        },
        layer=[
            {"mark": {"type": "line", "interpolate": "step-after", "color": var("series-1")}},
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1, "color": var("series-2")},
                "encoding": {
                    "tooltip": _vega.tooltip(size="nodes", fitness="tau in training", formula="formula")
                },
            },
        ],
        usermeta=_vega.panel("name", fields, mathematics="mathml"),
    )


def _front(run: Run, context: Context) -> Iterator[dict[str, Any]]:
    """Yield the formulas of a run for which no other is as small and fitter, the smallest first."""
    front = context.inputs.json(run.path)["front"]
    for each in sorted(front, key=lambda each: each["size"]):
        formula = Formula.parse(each["formula"])
        yield {
            "training_set": run.evolution,
            "name": f"{run.label}, {formula.size} nodes",
            "size": formula.size,
            "fitness": each["fitness"],
            "formula": each["formula"],
            "mathml": _mathematics.mathml(formula),
            "legend": _mathematics.legend(formula),
        }


FIGURE = Figure(
    title="Tau against size",
    caption=(
        "The front of the fittest run of each training set: formulas for which no other of the run is as "
        "small and fitter. A formula well below the end of the line is often nearly as good and can be read. "
        "Point at a mark, tap it, or use the arrow keys to read its formula."
    ),
    section="formulas",
    draw=draw,
)
