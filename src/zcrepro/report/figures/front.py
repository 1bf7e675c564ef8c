"""How good a formula or program can be at its size: the front of the fittest run of each training set."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from zcrepro.formulas.formula import Formula
from zcrepro.report import _mathematics, _vega
from zcrepro.report._base import Figure
from zcrepro.report._colours import var
from zcrepro.report._histories import NOTHING, History, fittest, histories
from zcrepro.report.context import Context

READS = ("evolved/*", "programs/*")


def draw(context: Context) -> dict[str, Any]:
    """Draw the front of the first training set; the reader chooses others."""
    best = {name: fittest(runs) for name, runs in histories(context.inputs).items()}
    if not best:
        return _vega.nothing(NOTHING)
    points = pd.DataFrame([row for run in best.values() for row in _front(run)])
    titles = {name: run.told for name, run in best.items()}
    fields = {
        "fitness": "fitness in training",
        "size": "nodes",
        "formula": "as text",
        "legend": "where",
    }
    return _vega.chart(
        "Step line of the fitness in training by the size of the formula or program. The arrow keys go from "
        "one to the next.",
        data=_vega.rows(points),
        params=[
            _vega.choice("training_set", "Training set", list(titles)),
            {"name": "titles", "value": titles},
        ],
        title={"text": {"expr": "titles[training_set]"}},
        transform=[_vega.chosen("training_set")],
        height=320,
        encoding={
            "x": _vega.quantitative("size", "nodes", axis={"tickMinStep": 1}),
            "y": _vega.quantitative("fitness", "fitness in training"),
        },
        layer=[
            {"mark": {"type": "line", "interpolate": "step-after", "color": var("series-1")}},
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1, "color": var("series-2")},
                "encoding": {"tooltip": _vega.tooltip(size="nodes", fitness="fitness", formula="as text")},
            },
        ],
        usermeta=_vega.panel("name", fields, mathematics="mathml"),
    )


def _front(run: History) -> Iterator[dict[str, Any]]:
    """Yield the formulas of a run for which no other is as small and fitter, the smallest first."""
    for each in sorted(run.front, key=lambda each: each["size"]):
        mathml, legend = _explained(each["text"], run.of_programs)
        yield {
            "training_set": run.evolution,
            "name": f"{run.label}, {each['size']} nodes",
            "size": each["size"],
            "fitness": each["fitness"],
            "formula": each["text"],
            "mathml": mathml,
            "legend": legend,
        }


def _explained(text: str, is_program: bool) -> tuple[str, str]:
    """Return a formula or a program as MathML, and what its functions and inputs are."""
    if is_program:
        from zcrepro.programs.program import Program  # it loads torch, which formulas do without

        program = Program.parse(text)
        return _mathematics.in_mathml(program.latex()), program.where
    formula = Formula.parse(text)
    return _mathematics.mathml(formula), _mathematics.legend(formula)


FIGURE = Figure(
    title="Tau against size",
    caption=(
        "The front of the fittest run of each training set: formulas of SRGP, or programs of EZNAS, for "
        "which no other of the run is as small and fitter. A formula well below the end of the line is often "
        "nearly as good and can be read. Point at a mark, tap it, or use the arrow keys to read its formula."
    ),
    section="formulas",
    draw=draw,
)
