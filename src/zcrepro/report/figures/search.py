"""The best model by the number of trained models, with and without a proxy's help."""

from itertools import groupby

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from zcrepro.ranking.intervals import student_t
from zcrepro.report import _searches, _style
from zcrepro.report._base import Figure
from zcrepro.report._searches import SEARCHES, Curves
from zcrepro.report.context import Context
from zcrepro.searching.stage import PLAIN

READS = ("search/*",)

COLUMNS = 2


def draw(context: Context) -> Drawing:
    """Draw a panel per problem and a curve per method."""
    found = list(_searches.curves(context.inputs))
    if not found:
        return _style.nothing(f"the run makes no {SEARCHES}/")
    problems = [list(group) for _, group in groupby(found, key=lambda curves: curves.problem)]
    looks = _looks(found)
    drawing, axes = _style.panels(len(problems), COLUMNS, 4.6, 3.2)
    for ax, curves in zip(axes, problems, strict=True):
        _panel(ax, curves, looks, context.level)
    shown: dict[str, Artist] = {}
    for ax in axes:
        shown |= {str(line.get_label()): line for line in ax.get_lines()}
    drawing.legend([shown[label] for label in looks], list(looks), loc="outside lower center", ncols=3)
    title = f"Best model so far: mean over searches, with its {context.level:.0%} interval"
    drawing.suptitle(title, x=0.01, ha="left")
    return drawing


def _looks(found: list[Curves]) -> dict[str, tuple[str, str]]:
    """Return the colour and dash of each method: a colour per guide, a dash per algorithm.

    A plain search is black.
    """
    algorithms = sorted({curves.algorithm for curves in found})
    guides = sorted({curves.guide for curves in found} - {PLAIN})
    *colours, black = _style.PALETTE
    return {
        curves.method: (
            black if curves.guide == PLAIN else colours[guides.index(curves.guide) % len(colours)],
            _style.DASHES[algorithms.index(curves.algorithm) % len(_style.DASHES)],
        )
        for curves in sorted(found, key=lambda curves: curves.method)
    }


def _panel(ax: Axes, found: list[Curves], looks: dict[str, tuple[str, str]], level: float) -> None:
    for curves in found:
        colour, dash = looks[curves.method]
        trained = np.arange(1, curves.budget + 1)
        band = student_t(curves.accuracy, level)
        ax.fill_between(trained, *band, color=colour, alpha=0.1, linewidth=0)
        ax.plot(trained, curves.mean(), color=colour, linestyle=dash, linewidth=1.6, label=curves.method)
    ax.set_ylim(*_limits(found))
    ax.set_xlim(1, max(curves.budget for curves in found))
    repeats = _style.counted([len(curves.accuracy) for curves in found])
    ax.set_title(f"{_style.problem_title(found[0].problem)}\n{repeats} searches per method")
    ax.set_xlabel("trained models")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(f"{found[0].metric} accuracy (%)")


def _limits(found: list[Curves]) -> tuple[float, float]:
    """Return limits for the means after a few models: the first ones, at chance, would flatten the rest."""
    means = np.concatenate([curves.mean()[min(2, curves.budget - 1) :] for curves in found])
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


FIGURE = Figure(
    title="Search with a proxy's help",
    caption=(
        "Accuracy of the best model so far, chosen by validation accuracy, by the number of models trained. "
        "Curves are means over repeated searches, bands their Student's t intervals."
    ),
    draw=draw,
)
