"""Training sets against problems: a heat map with its numbers."""

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from zcrepro.generalization import HELD_OUT
from zcrepro.problems.problem import Problem
from zcrepro.report import _evolved, _style
from zcrepro.report._base import Figure
from zcrepro.report._evolved import GENERALIZATION
from zcrepro.report._inputs import Inputs

COLOURS = "cividis"  # even in lightness, and the same for the colour-blind
DARK_BELOW = 0.5  # of the colour scale: white figures on dark fields


def draw(inputs: Inputs, seed: int) -> Drawing:
    """A line for each training set, its mean over the repeats, and one for the best hand-crafted proxy."""
    del seed
    if GENERALIZATION not in inputs:
        return _style.nothing(f"the run makes no {GENERALIZATION}")
    frame = _evolved.kendalls(inputs)
    sets = _evolved.training_sets(frame, _evolved.runs(inputs))
    names = _evolved.problems(frame)
    lines = [*sets, "best hand-crafted"]
    values, texts = np.full((len(lines), len(names)), np.nan), [[""] * len(names) for _ in lines]
    for column, problem in enumerate(names):
        for line, training_set in enumerate(sets):
            rows = _evolved.of_training_set(frame, problem, training_set)
            values[line, column] = rows["value"].mean() if rows["value"].notna().any() else math.nan
            texts[line][column] = _text(values[line, column], _seen(rows))
        row = _evolved.best(_evolved.of_handcrafted(frame, problem, sets[0] if sets else ""))
        if row is not None:
            values[-1, column] = row["value"]
            texts[-1][column] = f"{_text(row['value'], '')}\n{row['name']}"
    repeats = frame.loc[frame["repeat"].notna(), "repeat"].nunique()
    title = f"Kendall's tau with accuracy, mean of {repeats} runs\n{_counts(frame)} architectures"
    return _drawn([*(f"evolved on {name}" for name in sets), lines[-1]], names, values, texts, title)


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


def _seen(rows: pd.DataFrame) -> str:
    return "*" if (rows["population"] == HELD_OUT).any() else ""


def _text(value: float, mark: str) -> str:
    return "none" if math.isnan(value) else f"{value:.2f}{mark}"


def _counts(frame: pd.DataFrame) -> str:
    return _style.counted(frame.loc[frame["value"].notna(), "n"].tolist())


def _heat_map(ax: Axes, values: np.ndarray, texts: list[list[str]]) -> None:
    """Fields and their numbers: with these, a scale of colours would say nothing new."""
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
        "(column): the mean over the repeats. A star marks spaces that the formula was evolved in: there "
        "only architectures count that no evolution saw. Last line: the best hand-crafted proxy, chosen for "
        "each problem after the fact."
    ),
    draw=draw,
)
