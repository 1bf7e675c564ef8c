"""The best model by the number of trained models, with and without a proxy's help."""

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

READS = ("search/zcp/*", "search/zcp_predictors/*")

POINTS = 80
"""Points of a curve at most, which lie closer where it is steep: with all of them the file has a megabyte."""

PLAIN, BEST = "plain", "best of all"


def draw(context: Context) -> Drawing:
    """Draw a panel per problem and algorithm, and a curve per way in which a proxy helps."""
    found = list(_searches.curves(context.inputs))
    if not found:
        return _style.nothing(f"the run makes no {SEARCHES}/")
    algorithms = sorted({curves.algorithm for curves in found})
    problems = list(dict.fromkeys(curves.problem for curves in found))
    looks = _looks(found)
    drawing, axes = _style.panels(len(problems) * len(algorithms), len(algorithms), 3.4, 2.9)
    places = [(problem, algorithm) for problem in problems for algorithm in algorithms]
    for ax, (problem, algorithm) in zip(axes, places, strict=True):
        of_problem = [curves for curves in found if curves.problem == problem]
        panel = [curves for curves in of_problem if curves.algorithm == algorithm]
        if not panel:
            ax.set_axis_off()
            continue
        _panel(ax, panel, looks, context.level)
        ax.set_ylim(*_limits(of_problem))
        ax.axhline(of_problem[0].highest, color=_style.FAINT, linewidth=1.2, label=BEST)
    shown: dict[str, Artist] = {}
    for ax in axes:
        shown |= {str(line.get_label()): line for line in ax.get_lines()}
    labels = [label for label in (*looks, BEST) if label in shown]
    drawing.legend([shown[label] for label in labels], labels, loc="outside lower center", ncols=4)
    title = f"Best model so far: mean over searches, with its {context.level:.0%} interval"
    drawing.suptitle(title, x=0.01, ha="left")
    return drawing


def _label(curves: Curves) -> str:
    return curves.how if curves.how == PLAIN else f"{curves.guide}, {curves.how}"


def _looks(found: list[Curves]) -> dict[str, tuple[str, str]]:
    """Return the colour and the dash of each way in which a proxy helps; a plain search is black.

    There are more ways than colours. Two ways of one colour differ in their kind, and so in their dash.
    """
    *colours, black = _style.PALETTE
    ways = {(curves.guide, curves.help, curves.amount): _label(curves) for curves in found}
    kinds = sorted({kind for _, kind, _ in ways})
    found_looks = {PLAIN: (black, _style.DASHES[0])}
    for number, ((_, kind, _), label) in enumerate(item for item in sorted(ways.items()) if item[1] != PLAIN):
        dash = _style.DASHES[kinds.index(kind) % len(_style.DASHES)]
        found_looks[label] = colours[number % len(colours)], dash
    return found_looks


def _panel(ax: Axes, found: list[Curves], looks: dict[str, tuple[str, str]], level: float) -> None:
    for curves in found:
        colour, dash = looks[_label(curves)]
        trained = np.unique(np.geomspace(1, curves.budget, POINTS).round().astype(int))
        low, high = student_t(curves.accuracy[:, trained - 1], level)
        ax.fill_between(trained, low, high, color=colour, alpha=0.12, linewidth=0)
        ax.plot(trained, curves.mean()[trained - 1], dash, color=colour, linewidth=1.5, label=_label(curves))
    ax.set_xlim(1, max(curves.budget for curves in found))
    repeats = _style.counted([len(curves.accuracy) for curves in found])
    ax.set_title(f"{_style.problem_title(found[0].problem)}\n{found[0].algorithm}, {repeats} searches")
    ax.set_xlabel("trained models")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(f"{found[0].metric} accuracy (%)")


def _limits(found: list[Curves]) -> tuple[float, float]:
    """Return limits for the means after a few models: the first ones, at chance, would flatten the rest."""
    means = np.concatenate([curves.mean()[min(2, curves.budget - 1) :] for curves in found])
    low, high = float(np.nanmin(means)), found[0].highest
    margin = 0.08 * (high - low) or 0.5
    return low - margin, high + margin


FIGURE = Figure(
    title="Search with a proxy's help",
    caption=(
        "Accuracy of the best model so far, chosen by validation accuracy, by the number of models trained. "
        "Curves are means over repeated searches, bands their Student's t intervals. The grey line is the "
        "highest accuracy of all architectures."
    ),
    draw=draw,
)
