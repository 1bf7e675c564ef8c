"""The best hand-crafted proxy and the evolved formula against accuracy, problem by problem."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from zcrepro.formulas.evolved import EvolvedProxy, load_formula
from zcrepro.formulas.normalisation import is_count
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

READS = ("features/*", "accuracies/{space}", "structure/{space}", "generalization/*", "evolved/*")

FEATURES = "features"

POINTS = 800  # at most so many are drawn in a panel, a random sample; the correlation is of all


@dataclass(frozen=True)
class Scores:
    """The scores of a problem, (n,) each, and the ``metric`` accuracy in percent, (n,).

    ``columns`` are hand-crafted proxies, and ``formula`` is the evolved one, if the problem has its inputs.
    """

    problem: Problem
    metric: str
    columns: dict[str, np.ndarray]
    formula: np.ndarray | None
    accuracy: np.ndarray


def draw(context: Context) -> Drawing:
    """Draw a line per problem with features: the best hand-crafted proxy, and the formula."""
    proxy = _summarised(context.inputs)
    handcrafted = {
        name for formulas in _formulas.every_method(context.inputs) for name in formulas.handcrafted
    }
    every = [_scores(name, context.inputs, handcrafted, proxy) for name in context.inputs.names(FEATURES)]
    found = [scores for scores in every if scores is not None]
    if not found:
        return _style.nothing(f"the run makes no {FEATURES}/ with a hand-crafted proxy of its formulas")
    drawing, axes = _style.panels(2 * len(found), 2, 4.2, 3.1)
    for place, scores in enumerate(found):
        name = _best(scores)
        _panel(axes[2 * place], scores, name, scores.columns[name], _style.HANDCRAFTED, context)
        if proxy is None or scores.formula is None:
            axes[2 * place + 1].set_axis_off()
        else:
            label = f"{proxy.method} on {proxy.training_set}, repeat {proxy.repeat}"
            _panel(axes[2 * place + 1], scores, label, scores.formula, _style.EVOLVED, context)
    drawing.suptitle("Score against accuracy, one dot per architecture", x=0.01, ha="left")
    return drawing


def _summarised(inputs: Inputs) -> EvolvedProxy | None:
    """Return the fittest formula of the first training set, the one that summaries show."""
    runs = [run for method in _formulas.methods(inputs) for run in _runs.read_runs(inputs, method)]
    of_first = [run for run in runs if run.method == runs[0].method]
    best = _runs.fittest(of_first, runs[0].training_set) if runs else None
    return load_formula(inputs.path(best.path)) if best else None


def _scores(name: str, inputs: Inputs, handcrafted: set[str], proxy: EvolvedProxy | None) -> Scores | None:
    """Return the first draw's scores that are drawn, of the architectures that have all of them.

    None if the problem has no hand-crafted proxy to draw.

    Architectures that the formula may have been evolved on are left out.
    """
    problem = Problem.parse(name.removeprefix(f"{FEATURES}/"))
    draw = inputs.draws(name)[0]
    accuracies = inputs.frame(f"accuracies/{problem.space}")
    metric, rows, _ = with_accuracy(draw, accuracies, problem.task, REPORTING)
    if f"structure/{problem.space}" in inputs:
        rows = rows.merge(inputs.frame(f"structure/{problem.space}").drop(columns="graph"), on="arch")
    scored = set(rows.columns[rows.notna().any()]) & set(rows.select_dtypes(np.float64).columns)
    shown = scored & (handcrafted or {each for each in scored if not is_count(each)} - {"accuracy"})
    if not shown:
        return None
    names = sorted(shown | (scored & set(proxy.terminals if proxy else ())))
    columns = {each: to_released_units(each, rows[each].to_numpy()) for each in names}
    defined = np.isfinite(np.stack(list(columns.values()))).all(axis=0)
    rows, columns = rows[defined], {each: values[defined] for each, values in columns.items()}
    formula = proxy.values(columns, len(rows)) if proxy and scored.issuperset(proxy.terminals) else None
    kept = np.ones(len(rows), np.bool_)
    if proxy is not None:
        kept = proxy.split.held_out(problem.space, rows["graph"].to_numpy(object))
    return Scores(
        problem,
        metric,
        {each: columns[each][kept] for each in sorted(shown)},
        None if formula is None else formula[kept],
        rows["accuracy"].to_numpy()[kept],
    )


def _best(scores: Scores) -> str:
    """Return the hand-crafted proxy with the largest Kendall's tau."""
    taus = {name: kendall(scores.columns[name], scores.accuracy) for name in sorted(scores.columns)}
    return max(taus, key=lambda name: np.nan_to_num(taus[name], nan=-np.inf))


def _panel(ax: Axes, scores: Scores, label: str, of: np.ndarray, colour: str, context: Context) -> None:
    values, accuracy = defined(of, scores.accuracy)
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
