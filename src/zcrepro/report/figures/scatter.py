"""The best hand-crafted proxy and the evolved formula against accuracy, problem by problem."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from zcrepro import seeds
from zcrepro.formulas.evolved import EvolvedProxy, load_proxy
from zcrepro.formulas.formula import Formula
from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import Rows, defined, read
from zcrepro.problems.scores import offered, score_names
from zcrepro.ranking.correlation import kendall
from zcrepro.report import _evolved, _style
from zcrepro.report._base import Figure
from zcrepro.report._inputs import Inputs

POINTS = 800  # at most so many are drawn in a panel, a random sample; the correlation is of all


@dataclass(frozen=True)
class Pair:
    """What is drawn of one problem: the rows that no evolution of the formula saw, and their accuracy."""

    problem: Problem
    metric: str
    rows: Rows


def draw(inputs: Inputs, seed: int) -> Drawing:
    """A line for each problem whose features are there: the best hand-crafted proxy, and the formula."""
    run = _headline_run(inputs)
    pairs = [_pair(name, inputs, run) for name in inputs.names("features")]
    if not pairs:
        return _style.nothing("the run makes no features/")
    drawing, axes = _style.panels(2 * len(pairs), 2, 4.2, 3.1)
    for place, pair in enumerate(pairs):
        name, values = _best_handcrafted(pair.rows)
        _panel(axes[2 * place], pair, name, values, _style.HANDCRAFTED, seed)
        if run is None:
            axes[2 * place + 1].set_axis_off()
        else:
            label = f"evolved on {run.training_set}, repeat {run.repeat}"
            evolved = run.formula.evaluate(pair.rows.columns)
            _panel(axes[2 * place + 1], pair, label, evolved, _style.EVOLVED, seed)
    drawing.suptitle("Score against accuracy, one dot an architecture", x=0.01, ha="left")
    return drawing


def _headline_run(inputs: Inputs) -> EvolvedProxy | None:
    """The fittest formula of the first training set, which the tables' headline is about too."""
    evolutions = _evolved.runs(inputs)
    best = _evolved.fittest(evolutions, evolutions[0].training_set) if evolutions else None
    return load_proxy(inputs.path(best.path)) if best else None


def _pair(name: str, inputs: Inputs, run: EvolvedProxy | None) -> Pair:
    problem = Problem.parse(name.removeprefix("features/"))
    accuracies = inputs.path(f"accuracies/{problem.space}")
    features = inputs.path(name)
    rows = read(
        problem,
        accuracies,
        features,
        offered(problem, features, score_names(features)),
        source="features",
        metrics=REPORTING,
        max_undefined_share=1.0,  # what is undefined was judged where the features were made
    )
    if run is not None:
        rows = rows.where(run.split.held_out(problem.space, rows.graph))
    return Pair(problem, rows.metric, rows)


def _best_handcrafted(rows: Rows) -> tuple[str, np.ndarray]:
    taus = {name: kendall(values, rows.accuracy) for name, values in rows.columns.items()}
    best = max(sorted(taus), key=lambda name: np.nan_to_num(taus[name], nan=-np.inf))
    return best, Formula((best,)).evaluate(rows.columns)


def _panel(ax: Axes, pair: Pair, label: str, values: np.ndarray, colour: str, seed: int) -> None:
    values, accuracy = defined(values, pair.rows.accuracy)
    count = len(values)
    drawn = np.arange(count)
    if count > POINTS:
        rng = seeds.numpy_generator(seed, "scatter", str(pair.problem))
        drawn = np.sort(rng.choice(count, POINTS, replace=False))
    ax.scatter(values[drawn], accuracy[drawn], s=12, color=colour, alpha=0.5, linewidths=0)
    shown = f", {POINTS:,} drawn" if count > POINTS else ""
    tau = kendall(values, accuracy)
    ax.set_title(f"{_style.problem_title(pair.problem)}\n{label}: tau {tau:.3f}, n = {count:,}{shown}")
    ax.set_xlabel("score")
    ax.set_ylabel(f"{pair.metric} accuracy (%)")


FIGURE = Figure(
    title="Scores against accuracy",
    caption=(
        "One dot an architecture. Left: the hand-crafted proxy with the largest Kendall's tau on the "
        "problem. Right: the formula that is fittest on its training architectures. Architectures that it "
        "was evolved on are left out of both. Rows of several draws: the first."
    ),
    draw=draw,
)
