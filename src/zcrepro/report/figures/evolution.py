"""Fitness of the best formula by generation, for every run."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from zcrepro.report import _evolved, _style
from zcrepro.report._base import Figure
from zcrepro.report._evolved import EVOLVED, Run
from zcrepro.report._inputs import Inputs

COLUMNS = 3


def draw(inputs: Inputs, seed: int) -> Drawing:
    """A panel for each training set, a line for each run, the fittest one thick."""
    del seed
    evolutions = _evolved.runs(inputs)
    if not evolutions:
        return _style.nothing(f"the run makes no {EVOLVED}")
    sets = list(dict.fromkeys(run.training_set for run in evolutions))
    drawing, axes = _style.panels(len(sets), COLUMNS, 3.6, 2.9, share_y=True)
    for place, (ax, training_set) in enumerate(zip(axes, sets, strict=True)):
        of_set = [run for run in evolutions if run.training_set == training_set]
        _panel(ax, of_set, _style.PALETTE[place % len(_style.PALETTE)])
        if place % COLUMNS == 0:
            ax.set_ylabel("best Kendall's tau in training")
    drawing.suptitle("Fitness of the best formula by generation", x=0.01, ha="left")
    return drawing


def _panel(ax: Axes, of_set: list[Run], colour: str) -> None:
    best = _evolved.fittest(of_set, of_set[0].training_set)
    for run in of_set:
        thick = run is best
        ax.plot(
            range(len(run.best)),
            run.best,
            color=colour,
            linewidth=2.2 if thick else 0.9,
            alpha=1.0 if thick else 0.55,
            label=f"fittest: repeat {run.repeat}, {run.fitness:.3f}" if thick else None,
        )
    problems = ", ".join(_style.problem_title(problem) for problem in of_set[0].problems)
    runs = _style.counted([len(of_set)])
    ax.set_title(f"{of_set[0].training_set}: {runs} runs\n{_shortened(problems)}")
    ax.set_xlabel("generation")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(loc="lower right")


def _shortened(text: str, limit: int = 46) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


FIGURE = Figure(
    title="How the formulas evolved",
    caption=(
        "Fitness (Kendall's tau on the training architectures, the mean over the problems) of the best "
        "formula of each generation, one line a run. It is what evolution sees; how well a formula does on "
        "unseen architectures is in the tables."
    ),
    draw=draw,
)
