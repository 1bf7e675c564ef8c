"""The best model by the number of trained models, with and without a proxy's help."""

from itertools import groupby

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from zcrepro.report import _searches, _style
from zcrepro.report._base import Figure
from zcrepro.report._inputs import Inputs
from zcrepro.report._searches import Curves

COLUMNS = 2


def draw(inputs: Inputs, seed: int) -> Drawing:
    """A panel for each problem, a curve for each method."""
    del seed
    found = list(_searches.curves(inputs))
    if not found:
        return _style.nothing("the run makes no search/")
    problems = [list(group) for _, group in groupby(found, key=lambda curves: curves.problem)]
    looks = _looks(sorted({curves.method for curves in found}))
    drawing, axes = _style.panels(len(problems), COLUMNS, 4.6, 3.2)
    for ax, curves in zip(axes, problems, strict=True):
        _panel(ax, curves, looks)
    shown: dict[str, Artist] = {}
    for ax in axes:
        shown |= {str(line.get_label()): line for line in ax.get_lines()}
    drawing.legend([shown[label] for label in looks], list(looks), loc="outside lower center", ncols=3)
    drawing.suptitle("Best model so far: mean over searches, band from 25 to 75%", x=0.01, ha="left")
    return drawing


def _looks(methods: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and dash of each method: a colour for each guide (black for none), a dash for each algorithm."""
    parts = {method: method.partition("+") for method in methods}
    algorithms = sorted({algorithm for algorithm, _, _ in parts.values()})
    guides = sorted({guide for _, _, guide in parts.values() if guide})
    return {
        method: (
            _style.PALETTE[guides.index(guide) % (len(_style.PALETTE) - 1)] if guide else _style.PALETTE[-1],
            _style.DASHES[algorithms.index(algorithm) % len(_style.DASHES)],
        )
        for method, (algorithm, _, guide) in parts.items()
    }


def _panel(ax: Axes, found: list[Curves], looks: dict[str, tuple[str, str]]) -> None:
    for curves in found:
        colour, dash = looks[curves.method]
        trained = np.arange(1, curves.budget + 1)
        ax.fill_between(trained, *curves.band(), color=colour, alpha=0.1, linewidth=0)
        ax.plot(trained, curves.mean(), color=colour, linestyle=dash, linewidth=1.6, label=curves.method)
    low, high = _limits(found)
    ax.set_ylim(low, high)
    ax.set_xlim(1, max(curves.budget for curves in found))
    repeats = _style.counted([len(curves.accuracy) for curves in found])
    ax.set_title(f"{_style.problem_title(found[0].problem)}\n{repeats} searches a method")
    ax.set_xlabel("trained models")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(f"{found[0].metric} accuracy (%)")


def _limits(found: list[Curves]) -> tuple[float, float]:
    """From the means after a few models on: the very first ones, at chance, would flatten the rest."""
    means = np.concatenate([curves.mean()[min(2, curves.budget - 1) :] for curves in found])
    highs = np.concatenate([curves.band()[1] for curves in found])
    low, high = float(np.nanmin(means)), float(np.nanmax(highs))
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin


FIGURE = Figure(
    title="Search with a proxy's help",
    caption=(
        "Accuracy of the best model so far, chosen by validation accuracy, by the number of models trained. "
        "Curves are means over repeated searches, bands their 25 and 75 percent quantiles."
    ),
    draw=draw,
)
