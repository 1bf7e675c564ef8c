"""Every proxy and the evolved formula by problem: Kendall's tau with its interval."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from zcrepro.problems.problem import Problem
from zcrepro.report import _evolved, _style
from zcrepro.report._base import Figure
from zcrepro.report._evolved import GENERALIZATION, Run
from zcrepro.report._inputs import Inputs

COLUMNS = 3


def draw(inputs: Inputs, seed: int) -> Drawing:
    """A panel for each problem; proxies by their mean over the problems, the best one on top."""
    del seed
    if GENERALIZATION not in inputs:
        return _style.nothing(f"the run makes no {GENERALIZATION}")
    frame, evolutions = _evolved.kendalls(inputs), _evolved.runs(inputs)
    sets = _evolved.training_sets(frame, evolutions)
    names = _evolved.problems(frame)
    shown = pd.concat([_rows(frame, problem, sets, evolutions) for problem in names])
    order = shown.groupby("label")["value"].mean().sort_values(kind="stable").index.tolist()
    drawing, axes = _style.panels(
        len(names), COLUMNS, 3.4, 0.9 + 0.2 * len(order), share_x=True, share_y=True
    )
    for ax, problem in zip(axes, names, strict=True):
        _panel(ax, problem, shown[shown["problem"] == str(problem)], order)
    drawing.suptitle("Kendall's tau with accuracy, and intervals over graphs", x=0.01, ha="left")
    return drawing


def _rows(frame: pd.DataFrame, problem: Problem, sets: list[str], evolutions: list[Run]) -> pd.DataFrame:
    """The hand-crafted proxies and, for each training set, its fittest formula or else its middle one."""
    handcrafted = _evolved.of_handcrafted(frame, problem, sets[0] if sets else "")
    chosen = []
    for training_set in sets:
        rows = _evolved.of_training_set(frame, problem, training_set)
        run = _evolved.fittest(evolutions, training_set)
        row = _evolved.best(rows[rows["repeat"] == run.repeat]) if run else _evolved.median(rows)
        if row is not None:
            which = "" if run else ", middle run"
            chosen.append({**row, "label": f"evolved: {training_set}{which}", "evolved": True})
    labelled = handcrafted.assign(label=handcrafted["name"], evolved=False)
    return pd.concat([labelled, pd.DataFrame(chosen)]) if chosen else labelled


def _panel(ax: Axes, problem: Problem, rows: pd.DataFrame, order: list[str]) -> None:
    defined = rows[rows["value"].notna()]
    for evolved, colour, marker in ((False, _style.HANDCRAFTED, "o"), (True, _style.EVOLVED, "D")):
        part = defined[defined["evolved"].astype(bool) == evolved]
        value = part["value"].to_numpy(np.float64)
        # A bootstrap interval need not hold the value itself; an error bar must not be negative.
        ends = [
            np.maximum(value - part["ci_low"].to_numpy(np.float64), 0),
            np.maximum(part["ci_high"].to_numpy(np.float64) - value, 0),
        ]
        places = [order.index(label) for label in part["label"]]
        ax.errorbar(
            value, places, xerr=np.nan_to_num(ends), fmt=marker, color=colour, markersize=4.5, elinewidth=1.4
        )
    ax.axvline(0, color=_style.INK, linewidth=0.8)
    ax.set_yticks(range(len(order)), order)
    ax.set_ylim(-0.7, len(order) - 0.3)
    ax.grid(axis="y", linestyle=":")
    title = _style.problem_title(problem)
    ax.set_title(f"{title}\n{_style.counted(defined['n'].tolist())}" if len(defined) else title)
    ax.set_xlabel("Kendall's tau")


FIGURE = Figure(
    title="How well each proxy ranks, problem by problem",
    caption=(
        "Kendall's tau with accuracy; lines are bootstrap intervals over distinct graphs. Grey dots: "
        "hand-crafted proxies. Orange diamonds: for each training set the formula that is fittest on its "
        "training architectures. Proxies stand in the order of their mean over the problems."
    ),
    draw=draw,
)
