"""Training sets against problems: a heat map with its numbers."""

import math
from typing import Any

import pandas as pd

from zcrepro.generalization.table import HELD_OUT
from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas, _heat, _vega
from zcrepro.report._base import Figure
from zcrepro.report._formulas import GENERALIZATION, METRIC, Formulas
from zcrepro.report._not_made import not_made
from zcrepro.report.context import Context
from zcrepro.spaces.structural_counts import PREFIX

READS = ("generalization/*", "evolved/*")

BEST_HANDCRAFTED, BEST_COUNT = "best hand-crafted", "best count"


def draw(context: Context) -> dict[str, Any]:
    """Draw a line per training set, the mean over its runs, and two for the best proxy and count."""
    found = _formulas.every_method(context.inputs)
    if not found:
        return _vega.nothing(not_made(f"{GENERALIZATION}/"))
    problems = sorted({problem for formulas in found for problem in formulas.problems})
    cells = []
    for formulas in found:
        for training_set in formulas.training_sets:
            line = f"{formulas.method} on {training_set}"
            cells += [_cell(line, each, *_evolved(formulas, training_set, each)) for each in problems]
    cells += [_cell(BEST_HANDCRAFTED, each, *_best(found[0].of_handcrafted(each))) for each in problems]
    cells += [_cell(BEST_COUNT, each, *_best(found[0].of_counts(each))) for each in problems]
    frame = pd.DataFrame(cells)
    return _heat.heat_map(
        frame,
        "Heat map of Kendall's tau of evolved formulas: a line per training set, a column per problem.",
        across="judged on",
        down="evolved on",
        height=30 * frame["down"].nunique(),
        tooltip={"what": "what"},
        title=_title(found),
    )


def _cell(line: str, problem: Problem, value: float, text: str, what: str) -> dict[str, Any]:
    return {"down": line, "across": _vega.problem_title(problem), "value": value, "text": text, "what": what}


def _evolved(formulas: Formulas, training_set: str, problem: Problem) -> tuple[float, str, str]:
    rows = formulas.of_training_set(problem, training_set)
    value = float(rows["value"].fillna(0.0).mean()) if rows["value"].notna().any() else math.nan
    own = (rows["population"] == HELD_OUT).any()
    what = "architectures that no evolution saw" if own else "all architectures"
    return value, _text(value, "*" if own else ""), what


def _best(rows: pd.DataFrame) -> tuple[float, str, str]:
    """Return the largest absolute value, and its name; a minus says that less of it is better."""
    row = _formulas.best_either_way(rows)
    if row is None:
        return math.nan, "", ""
    sign = "-" if row["value"] < 0 else ""
    value = abs(float(row["value"]))
    return value, _text(value, ""), f"{sign}{str(row['name']).removeprefix(PREFIX)}"


def _title(found: list[Formulas]) -> str:
    frame = pd.concat([formulas.frame for formulas in found])
    repeats = frame.loc[frame["repeat"].notna(), "repeat"].nunique()
    shown = (frame["metric"] == METRIC) & frame["value"].notna()
    counts = _vega.counted(frame.loc[shown, "n"].tolist() or [0])
    return f"Kendall's tau with accuracy, mean of {repeats} runs\n{counts} architectures"


def _text(value: float, mark: str) -> str:
    return "none" if math.isnan(value) else f"{value:.2f}{mark}"


FIGURE = Figure(
    title="From training sets to problems",
    caption=(
        "Kendall's tau with accuracy of formulas evolved on one training set (line) and judged on a problem "
        "(column): the mean over the runs. A star marks spaces that the formula was evolved in: there "
        "only architectures count that no evolution saw. Last lines: the best hand-crafted proxy and the "
        "best structural count by absolute value, chosen for each problem after the fact; point at a field "
        "for its name, which a minus precedes if less of it is better."
    ),
    section="formulas",
    draw=draw,
    width=760,
)
