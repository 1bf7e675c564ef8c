"""The best hand-crafted proxy and the evolved formula against accuracy, problem by problem."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from zcrepro.formulas.evolved import EvolvedProxy, load_proxy
from zcrepro.formulas.formula import Formula
from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.problems.rows import defined
from zcrepro.problems.units import to_released_units
from zcrepro.ranking.correlation import kendall
from zcrepro.report import _formulas, _runs, _style
from zcrepro.report._base import Figure
from zcrepro.report._inputs import Inputs
from zcrepro.report._scored import with_accuracy
from zcrepro.report.context import Context

READS = ("features/*", "accuracies/{space}", "generalization/*", "evolved/*")

FEATURES = "features"

POINTS = 800  # at most so many are drawn in a panel, a random sample; the correlation is of all


@dataclass(frozen=True)
class Scores:
    """The scores of a problem in released units, (n,) each, and the ``metric`` accuracy in percent, (n,)."""

    problem: Problem
    metric: str
    columns: dict[str, np.ndarray]
    accuracy: np.ndarray


def draw(context: Context) -> Drawing:
    """Draw a line per problem with features: the best hand-crafted proxy, and the formula."""
    proxy = _summarised(context.inputs)
    handcrafted = {
        name for formulas in _formulas.every_method(context.inputs) for name in formulas.handcrafted
    }
    found = [_scores(name, context.inputs, handcrafted, proxy) for name in context.inputs.names(FEATURES)]
    if not found:
        return _style.nothing(f"the run makes no {FEATURES}/")
    drawing, axes = _style.panels(2 * len(found), 2, 4.2, 3.1)
    for place, scores in enumerate(found):
        name = _best(scores, handcrafted)
        _panel(axes[2 * place], scores, name, Formula((name,)), _style.HANDCRAFTED, context)
        if proxy is None or not set(proxy.terminals) <= set(scores.columns):
            axes[2 * place + 1].set_axis_off()
        else:
            label = f"{proxy.method} on {proxy.training_set}, repeat {proxy.repeat}"
            _panel(axes[2 * place + 1], scores, label, proxy.formula, _style.EVOLVED, context)
    drawing.suptitle("Score against accuracy, one dot per architecture", x=0.01, ha="left")
    return drawing


def _summarised(inputs: Inputs) -> EvolvedProxy | None:
    """Return the fittest formula of the first training set, the one that summaries show."""
    runs = [run for method in _formulas.methods(inputs) for run in _runs.read_runs(inputs, method)]
    of_first = [run for run in runs if run.method == runs[0].method]
    best = _runs.fittest(of_first, runs[0].training_set) if runs else None
    return load_proxy(inputs.path(best.path)) if best else None


def _scores(name: str, inputs: Inputs, handcrafted: set[str], proxy: EvolvedProxy | None) -> Scores:
    """Return the first draw's scores that are drawn, of the architectures that have all of them.

    Architectures that the formula may have been evolved on are left out.
    """
    problem = Problem.parse(name.removeprefix(f"{FEATURES}/"))
    draw = inputs.draws(name)[0]
    accuracies = inputs.frame(f"accuracies/{problem.space}")
    metric, rows, _ = with_accuracy(draw, accuracies, problem.task, REPORTING)
    scored = set(rows.columns[rows.notna().any()]) & set(rows.select_dtypes(np.float64).columns)
    wanted = handcrafted or scored - {"accuracy"}
    names = sorted(scored & (wanted | set(proxy.terminals if proxy else ())))
    columns = {each: to_released_units(each, rows[each].to_numpy()) for each in names}
    kept = np.isfinite(np.stack(list(columns.values()))).all(axis=0)
    if proxy is not None:
        kept &= proxy.split.held_out(problem.space, rows["graph"].to_numpy(object))
    return Scores(
        problem,
        metric,
        {each: values[kept] for each, values in columns.items()},
        rows["accuracy"].to_numpy()[kept],
    )


def _best(scores: Scores, handcrafted: set[str]) -> str:
    """Return the hand-crafted proxy with the largest Kendall's tau; all proxies if none is called so."""
    names = [name for name in sorted(scores.columns) if not handcrafted or name in handcrafted]
    taus = {name: kendall(scores.columns[name], scores.accuracy) for name in names}
    return max(names, key=lambda name: np.nan_to_num(taus[name], nan=-np.inf))


def _panel(ax: Axes, scores: Scores, label: str, formula: Formula, colour: str, context: Context) -> None:
    values, accuracy = defined(formula.evaluate(scores.columns), scores.accuracy)
    count = len(values)
    drawn = np.arange(count)
    if count > POINTS:
        rng = context.rng("scatter", str(scores.problem))
        drawn = np.sort(rng.choice(count, POINTS, replace=False))
    ax.scatter(values[drawn], accuracy[drawn], s=12, color=colour, alpha=0.5, linewidths=0)
    shown = f", {POINTS:,} drawn" if count > POINTS else ""
    tau = kendall(values, accuracy)
    ax.set_title(f"{_style.problem_title(scores.problem)}\n{label}: tau {tau:.3f}, n = {count:,}{shown}")
    ax.set_xlabel("score")
    ax.set_ylabel(f"{scores.metric} accuracy (%)")


FIGURE = Figure(
    title="Scores against accuracy",
    caption=(
        "One dot per architecture. Left: the hand-crafted proxy with the largest Kendall's tau on the "
        "problem. Right: the formula that is fittest on its training architectures. Architectures that it "
        "was evolved on are left out of both. The scores are those of the first draw."
    ),
    draw=draw,
)
