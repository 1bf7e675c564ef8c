"""Training sets against problems: a heat map with its numbers."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from zcrepro.generalization.table import HELD_OUT
from zcrepro.problems.problem import Problem
from zcrepro.report import _formulas, _style
from zcrepro.report._base import Figure
from zcrepro.report._formulas import GENERALIZATION, METRIC, Formulas
from zcrepro.report.context import Context
from zcrepro.spaces.structural_counts import PREFIX

READS = ("generalization/*", "evolved/*")

COLOURS = "cividis"  # even in lightness, and the same for colour-blind readers
DARK_BELOW = 0.5  # of the colour scale: white numbers on dark fields

BEST_HANDCRAFTED, BEST_COUNT = "best hand-crafted", "best count"


def draw(context: Context) -> Drawing:
    """Draw a line per training set, the mean over its runs, and two for the best proxy and count."""
    found = _formulas.every_method(context.inputs)
    if not found:
        return _style.nothing(f"the run makes no {GENERALIZATION}/")
    problems = sorted({problem for formulas in found for problem in formulas.problems})
    lines = [(formulas, training_set) for formulas in found for training_set in formulas.training_sets]
    cells = [[_evolved(*line, problem) for problem in problems] for line in lines]
    cells.append([_best(found[0].of_handcrafted(problem)) for problem in problems])
    cells.append([_best(found[0].of_counts(problem)) for problem in problems])
    names = [f"{formulas.method} on {training_set}" for formulas, training_set in lines]
    names += [BEST_HANDCRAFTED, BEST_COUNT]
    values = np.array([[value for value, _ in line] for line in cells], np.float64)
    texts = [[text for _, text in line] for line in cells]
    return _drawn(names, problems, values, texts, _title(found))


def _evolved(formulas: Formulas, training_set: str, problem: Problem) -> tuple[float, str]:
    rows = formulas.of_training_set(problem, training_set)
    value = float(rows["value"].fillna(0.0).mean()) if rows["value"].notna().any() else math.nan
    return value, _text(value, "*" if (rows["population"] == HELD_OUT).any() else "")


def _best(rows: pd.DataFrame) -> tuple[float, str]:
    """Return the largest absolute value, and as text with its name; a minus says that less is better."""
    row = _formulas.best_either_way(rows)
    if row is None:
        return math.nan, ""
    sign = "-" if row["value"] < 0 else ""
    value = abs(float(row["value"]))
    return value, f"{_text(value, '')}\n{sign}{str(row['name']).removeprefix(PREFIX)}"


def _title(found: list[Formulas]) -> str:
    frame = pd.concat([formulas.frame for formulas in found])
    repeats = frame.loc[frame["repeat"].notna(), "repeat"].nunique()
    shown = (frame["metric"] == METRIC) & frame["value"].notna()
    counts = _style.counted(frame.loc[shown, "n"].tolist())
    return f"Kendall's tau with accuracy, mean of {repeats} runs\n{counts} architectures"


def _drawn(
    lines: list[str], problems: list[Problem], values: np.ndarray, texts: list[list[str]], title: str
) -> Drawing:
    width = max(2.6 + 0.75 * len(problems), _style.NARROWEST)
    drawing = Drawing(figsize=(width, 2.2 + 0.5 * len(lines)), layout="constrained")
    ax = drawing.subplots()
    _heat_map(ax, values, texts)
    ax.set_yticks(np.arange(len(lines)) + 0.5, lines)
    columns = [_style.problem_title(problem) for problem in problems]
    ax.set_xticks(np.arange(len(problems)) + 0.5, columns, rotation=30, ha="right", rotation_mode="anchor")
    ax.set_title(title)
    return drawing


def _text(value: float, mark: str) -> str:
    return "none" if math.isnan(value) else f"{value:.2f}{mark}"


def _heat_map(ax: Axes, values: np.ndarray, texts: list[list[str]]) -> None:
    """Draw fields with their numbers, so that no scale of colours is needed."""
    low, high = min(0.0, np.nanmin(values, initial=0.0)), np.nanmax(values, initial=0.1)
    ax.pcolormesh(values, cmap=COLOURS, vmin=low, vmax=high, edgecolors="white", linewidth=1.5)
    ax.invert_yaxis()
    for (line, column), value in np.ndenumerate(values):
        dark = not math.isnan(value) and (value - low) / (high - low) < DARK_BELOW
        colour = "white" if dark else "black"
        ax.text(column + 0.5, line + 0.5, texts[line][column], ha="center", va="center", color=colour)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


FIGURE = Figure(
    title="From training sets to problems",
    caption=(
        "Kendall's tau with accuracy of formulas evolved on one training set (line) and judged on a problem "
        "(column): the mean over the runs. A star marks spaces that the formula was evolved in: there "
        "only architectures count that no evolution saw. Last lines: the best hand-crafted proxy and the "
        "best structural count by absolute value, chosen for each problem after the fact; a minus before a "
        "name says that less of it is better."
    ),
    draw=draw,
)
