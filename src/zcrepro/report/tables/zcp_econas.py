"""Accuracies after less training, as EcoNAS uses them, beside zero-cost proxies on the same networks.

After figure 1 of Abdelfattah et al. (ICLR 2021).
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from zcrepro import registry
from zcrepro.problems.accuracies import REPORTING, read_accuracies
from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import FEATURES, ScoreTable, offered, read_scores, score_names
from zcrepro.ranking.correlation import spearman
from zcrepro.ranking.vote import rank_sum
from zcrepro.report import citations
from zcrepro.report._base import Table
from zcrepro.report._costs import BATCH, forwards
from zcrepro.report._not_made import not_made
from zcrepro.report._populations import embedded_note
from zcrepro.report._zcp import RANK_SUM, VOTERS
from zcrepro.report.context import Context
from zcrepro.report.entry import ARCHITECTURES, HANDCRAFTED, UNDEFINED, Measured, absent, stated
from zcrepro.spaces.base import Space

READS = ("trainings/*", "features/*", "accuracies/{space}", "epochs/{space}")

NAME = "zcp_econas"
TRAININGS, EPOCHS = "trainings", "epochs"

SPEARMAN = "spearman"
ONE_SCORE, COST, SECONDS = "one score", "cost in full epochs", "seconds"

EARLY = (1, 2, 4, 5, 10, 12, 15, 20, 36)
"""Epochs that have a column, as far as a training goes."""

STEP = 3
"""Forwards that a training step costs: its own, and a backward of twice its cost."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per recipe, then per proxy on the networks of each problem, then of early stopping."""
    names = context.inputs.names(TRAININGS)
    if not names:
        yield absent("reduced trainings", ONE_SCORE, SPEARMAN, "", not_made(f"{TRAININGS}/"))
    recipes = [_Recipe(name, context) for name in names]
    for recipe in recipes:
        yield from recipe.entries()
    for problem in dict.fromkeys(recipe.problem for recipe in recipes):
        yield from _proxies([recipe for recipe in recipes if recipe.problem == problem], context)
    for name in context.inputs.names(EPOCHS):
        yield from _early_stopping(name, context)


class _Recipe:
    """The trainings of a recipe on a problem: a row per network and epoch, with the benchmark's accuracy."""

    def __init__(self, name: str, context: Context) -> None:
        _, self.name, space, task = name.split("/")
        self.problem = Problem(space, task)
        self._context = context
        path = context.inputs.path(f"accuracies/{space}")
        self.metric, known = read_accuracies(self.problem, path, REPORTING)
        known = known.rename(columns={"accuracy": "known"})[["arch", "known"]]
        self.frame = context.inputs.frame(name).merge(known, on="arch").sort_values(["arch", "epoch"])
        self.epochs = int(self.frame["epoch"].max())
        self.last = self.frame[self.frame["epoch"] == self.epochs]

    def entries(self) -> Iterator[Measured]:
        """Yield the correlation after several epochs, and what the whole training costs."""
        for epoch in sorted({*EARLY, self.epochs}):
            rows = self.frame[self.frame["epoch"] == epoch]
            if len(rows):
                yield _correlation(self, self.name, f"epoch {epoch}", rows, "accuracy", self._context)
        epochs = self.epochs * self.last["multiply_adds"].to_numpy() / self.full()
        note = "mean ratio of multiply-adds, where the paper has one of seconds on a GPU"
        yield _entry(self, self.name, COST, "epochs", float(epochs.mean()), UNDEFINED, len(self.last), note)

    def full(self) -> np.ndarray:
        """Return the multiply-adds of the benchmark's own network for one image, by architecture, (n,)."""
        space: Space = registry.get("space", self.problem.space)
        texts = self.last["arch"]
        return np.array([space.flops(space.parse(text), self.problem.task) for text in texts], np.float64)

    def forwards(self) -> np.ndarray:
        """Return the cost of the training in forwards of a batch in the benchmark's own network, (n,)."""
        spent = STEP * self.last["images"].to_numpy(np.float64) * self.last["multiply_adds"].to_numpy()
        return np.asarray(spent / (BATCH * self.full()))


def _proxies(recipes: list[_Recipe], context: Context) -> Iterator[Measured]:
    """Yield a row for ZCP's vote and per proxy: the correlation on the networks of most trainings, and what a
    score saves."""
    most = max(recipes, key=lambda recipe: len(recipe.last))
    made = f"{FEATURES}/{most.problem}"
    if made not in context.inputs:
        yield absent(f"{most.problem} proxies", ONE_SCORE, SPEARMAN, "", not_made(made))
        return
    table = ScoreTable(context.inputs.path(made), FEATURES)
    proxies = offered(most.problem, [table], score_names(table.path))
    if set(VOTERS) <= set(proxies):
        scores = read_scores(most.problem, [table], list(VOTERS)).dropna()
        rows = most.last.drop(columns="accuracy").merge(scores, on="arch")
        rows[RANK_SUM] = rank_sum(rows[list(VOTERS)].to_numpy(np.float64).T)
        yield _correlation(most, RANK_SUM, ONE_SCORE, rows, RANK_SUM, context)
    for proxy in proxies:
        scores = read_scores(most.problem, [table], [proxy]).dropna()
        rows = most.last.drop(columns="accuracy").merge(scores, on="arch")
        yield _correlation(most, proxy, ONE_SCORE, rows, proxy, context)
        if cost := forwards(proxy):
            for recipe in recipes:
                ratio = float((recipe.forwards() / cost).mean())
                column = f"{recipe.name} costs, times a score"
                yield _entry(recipe, proxy, column, "ratio of costs", ratio, UNDEFINED, len(recipe.last))


def _early_stopping(name: str, context: Context) -> Iterator[Measured]:
    """Yield the correlations of accuracies after few epochs with those after all, and their seconds."""
    frame = context.inputs.frame(name)
    for task, rows in frame.groupby("task"):
        problem = Problem(name.removeprefix(f"{EPOCHS}/"), str(task))
        accuracy = rows.pivot(index="arch", columns="epoch", values="accuracy")
        seconds = rows.groupby("epoch")["seconds"].mean()
        *early, last = sorted(map(int, accuracy.columns))
        population = f"the {len(accuracy):,} architectures with published accuracies"
        for epoch in early:
            value = spearman(accuracy[epoch].to_numpy(), accuracy[last].to_numpy())
            yield _published(problem, f"epoch {epoch}", SPEARMAN, value, len(accuracy), population, last)
        for epoch in (*early, last):
            column = f"{SECONDS}, {epoch} epochs"
            value = float(seconds[epoch])
            yield _published(problem, column, SECONDS, value, len(accuracy), population, last)


def _correlation(
    recipe: _Recipe, row: str, column: str, rows: pd.DataFrame, by: str, context: Context
) -> Measured:
    x, y = rows[by].to_numpy(np.float64), rows["known"].to_numpy(np.float64)
    value = spearman(x, y)
    interval = UNDEFINED
    if np.isfinite(value):
        key = (NAME, str(recipe.problem), row, column)
        interval = context.bootstrap(spearman, x, y, rows["graph"].to_numpy(object), *key)
    return _entry(recipe, row, column, SPEARMAN, value, interval, len(rows))


def _entry(
    recipe: _Recipe,
    row: str,
    column: str,
    metric: str,
    value: float,
    interval: tuple[float, float],
    n: int,
    note: str = "",
) -> Measured:
    with_accuracy = f"with {recipe.metric} accuracy of the full training" if metric == SPEARMAN else ""
    return Measured(
        row=f"{recipe.problem} {row}",
        column=column,
        metric=metric,
        value=value,
        n=n,
        population="architectures among the first ones of a random order",
        notes=stated([note, with_accuracy, embedded_note(recipe.problem)]),
        interval=interval,
        interval_kind="" if np.isnan(interval[0]) else ARCHITECTURES,
        seeds=1,
        problem=str(recipe.problem),
        role=HANDCRAFTED,
        name=row,
        cites=citations.of_problems([recipe.problem]),
    )


def _published(
    problem: Problem, column: str, metric: str, value: float, n: int, population: str, last: int
) -> Measured:
    after = f"with validation accuracy after {last} epochs"
    return Measured(
        row=f"{problem} early stopping",
        column=column,
        metric=metric,
        value=value,
        n=n,
        population=population,
        notes=(
            after if metric == SPEARMAN else "mean, on the authors' TPU",
            "each number of epochs is a training of its own",
        ),
        problem=str(problem),
        role=HANDCRAFTED,
        name="early stopping",
        cites=citations.of_problems([problem]),
    )


TABLE = Table(
    paper="ZCP",
    title="Reduced training as a proxy (EcoNAS)",
    caption=(
        "Spearman's rank correlation with the accuracy of the benchmark. A recipe such as r8c4 trains "
        "networks on images of 8x8 pixels with 4 channels in the first layer, and its accuracy on the test "
        "images after each epoch is the proxy, as in the paper. Intervals are bootstrap intervals over "
        "graphs. About 120 networks are needed to tell a correlation of .82 from one of .75 (Fisher's "
        "transformation, 95 percent). Costs are counted in multiply-adds, a backward as two forwards, so "
        "that they depend on no machine. One score costs what its pass does, which other proxies share. With "
        "batches of 2,048, as in the paper, the running statistics of BatchNorm lag behind the weights, and "
        "accuracies by these with them (docs/benchmarks.md)."
    ),
    measure=measure,
)
