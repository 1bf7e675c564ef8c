"""Fitness of the best formula by generation, for every run."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from zcrepro.report import _formulas, _style
from zcrepro.report._base import Figure
from zcrepro.report._runs import EVOLUTIONS, Run, fittest, read_runs
from zcrepro.report.context import Context

READS = ("evolved/*",)

COLUMNS = 3


def draw(context: Context) -> Drawing:
    """Draw a panel per training set and a line per run, the fittest one thick."""
    by_set: dict[tuple[str, str], list[Run]] = {}
    for method in _formulas.methods(context.inputs):
        for run in read_runs(context.inputs, method):
            by_set.setdefault((method, run.training_set), []).append(run)
    if not by_set:
        return _style.nothing(f"the run makes no {EVOLUTIONS}/")
    drawing, axes = _style.panels(len(by_set), COLUMNS, 3.6, 2.9, share_y=True)
    for place, (ax, runs) in enumerate(zip(axes, by_set.values(), strict=True)):
        _panel(ax, runs, _style.PALETTE[place % len(_style.PALETTE)])
        if place % COLUMNS == 0:
            ax.set_ylabel("best Kendall's tau in training")
    drawing.suptitle("Fitness of the best formula by generation", x=0.01, ha="left")
    return drawing


def _panel(ax: Axes, runs: list[Run], colour: str) -> None:
    best = fittest(runs, runs[0].training_set)
    for run in runs:
        thick = run is best
        generations = _corners(run.best)
        ax.plot(
            generations,
            [run.best[each] for each in generations],
            color=colour,
            linewidth=2.2 if thick else 0.9,
            alpha=1.0 if thick else 0.55,
            label=f"fittest: repeat {run.repeat}, {run.fitness:.3f}" if thick else None,
        )
    problems = ", ".join(_style.problem_title(problem) for problem in runs[0].problems)
    count = _style.counted([len(runs)])
    ax.set_title(f"{runs[0].method} on {runs[0].training_set}: {count} runs\n{_shortened(problems)}")
    ax.set_xlabel("generation")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="lower right")


def _corners(values: Sequence[float]) -> list[int]:
    """Return the places that a line through all values needs: those between two equal ones are left out."""
    last = len(values) - 1
    return [
        place
        for place in range(len(values))
        if place in (0, last) or not values[place - 1] == values[place] == values[place + 1]
    ]


def _shortened(text: str, limit: int = 46) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


FIGURE = Figure(
    title="How the formulas evolved",
    caption=(
        "Fitness (Kendall's tau on the training architectures, the mean over the problems) of the best "
        "formula of each generation, one line per run. It is what evolution sees; how well a formula does on "
        "unseen architectures is in the tables."
    ),
    draw=draw,
)
