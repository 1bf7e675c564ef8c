"""Every proxy and the evolved formulas by problem: Kendall's tau with its interval."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas, _style
from zcrepro.report._base import Figure
from zcrepro.report._formulas import GENERALIZATION, Formulas
from zcrepro.report._runs import fittest
from zcrepro.report.context import Context

READS = ("generalization/*", "evolved/*")

COLUMNS = 5

HANDCRAFTED, LATER, EVOLVED = "hand-crafted", "later", "evolved"
MARKS = {
    HANDCRAFTED: (_style.HANDCRAFTED, "o"),
    LATER: (_style.LATER, "s"),
    EVOLVED: (_style.EVOLVED, "D"),
}
"""Colour and marker of each kind of proxy."""


def draw(context: Context) -> Drawing:
    """Draw a panel per problem, with the proxies in the order of their mean over the problems."""
    found = _formulas.every_method(context.inputs)
    if not found:
        return _style.nothing(f"the run makes no {GENERALIZATION}/")
    problems = sorted({problem for formulas in found for problem in formulas.problems})
    shown = pd.concat([_rows(found, problem) for problem in problems])
    constant = (shown["kind"] == EVOLVED) & shown["value"].isna()
    means = shown["value"].mask(constant, 0.0).groupby(shown["label"]).mean()
    order = means.sort_values(kind="stable").index.tolist()
    drawing, axes = _style.panels(
        len(problems), COLUMNS, 2.6, 0.9 + 0.17 * len(order), share_x=True, share_y=True
    )
    for ax, problem in zip(axes, problems, strict=True):
        _panel(ax, problem, shown[shown["problem"] == str(problem)], order)
    drawing.suptitle("Kendall's tau with accuracy, and intervals over graphs", x=0.01, ha="left")
    return drawing


def _rows(found: list[Formulas], problem: Problem) -> pd.DataFrame:
    """Return the hand-crafted proxies, those of later papers, and a formula per method and training set.

    The formula is the fittest one, or the middle one if the runs are not among the inputs.
    """
    kinds = {HANDCRAFTED: found[0].of_handcrafted(problem), LATER: found[0].of_later(problem)}
    parts = [rows.assign(label=rows["name"], kind=kind) for kind, rows in kinds.items()]
    chosen = []
    for formulas in found:
        for training_set in formulas.training_sets:
            has_runs = fittest(formulas.runs, training_set) is not None
            rows = formulas.of_training_set(problem, training_set)
            row = formulas.of_fittest(problem, training_set) if has_runs else _formulas.median(rows)
            if row is not None:
                which = "" if has_runs else ", middle run"
                label = f"{formulas.method} on {training_set}{which}"
                chosen.append({**row, "label": label, "kind": EVOLVED})
    return pd.concat([*parts, pd.DataFrame(chosen)] if chosen else parts)


def _panel(ax: Axes, problem: Problem, rows: pd.DataFrame, order: list[str]) -> None:
    defined = rows[rows["value"].notna()]
    for kind, (colour, marker) in MARKS.items():
        part = defined[defined["kind"] == kind]
        value = part["value"].to_numpy(np.float64)
        ends = [
            value - part["ci_low"].to_numpy(np.float64),
            part["ci_high"].to_numpy(np.float64) - value,
        ]
        places = [order.index(label) for label in part["label"]]
        # Rounding can leave a tiny negative length, which matplotlib refuses; NaN is no interval.
        lengths = np.maximum(np.nan_to_num(ends), 0)
        ax.errorbar(value, places, xerr=lengths, fmt=marker, color=colour, markersize=4.5, elinewidth=1.4)
    ax.axvline(0, color=_style.INK, linewidth=0.8)
    ax.set_yticks(range(len(order)), order)
    ax.set_ylim(-0.7, len(order) - 0.3)
    ax.grid(axis="y", linestyle=":")
    title = _style.problem_title(problem).replace("/", "\n")  # one line is wider than a panel
    ax.set_title(f"{title}\n{_style.counted(defined['n'].tolist())}" if len(defined) else title)
    ax.set_xlabel("Kendall's tau")


FIGURE = Figure(
    title="How well each proxy ranks, problem by problem",
    caption=(
        "Kendall's tau with accuracy; lines are bootstrap intervals over distinct graphs. Grey dots: "
        "hand-crafted proxies. Blue squares: those of later papers, where the run has their scores. Orange "
        "diamonds: for each training set the formula that is fittest on its training architectures. "
        "Proxies stand in the order of their mean over the problems."
    ),
    draw=draw,
)
