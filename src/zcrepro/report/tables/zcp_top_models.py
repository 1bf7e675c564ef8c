"""What proxies know of the best architectures (Abdelfattah et al., ICLR 2021, appendix).

A correlation over all architectures may come from the bad ones alone, and a search needs the good ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zcrepro.problems.accuracies import REPORTING
from zcrepro.problems.problem import Problem
from zcrepro.ranking import vote
from zcrepro.ranking.correlation import mean_over_draws, spearman
from zcrepro.ranking.top import overlap, share_of, spearman_of_best
from zcrepro.report import _scored
from zcrepro.report._base import Table
from zcrepro.report._inputs import Inputs
from zcrepro.report._populations import embedded_note
from zcrepro.report._zcp import NOTES, PROXIES, STAND_IN_NOTE, VOTERS, shown
from zcrepro.report._zcp_sources import OURS, PUBLISHED, Source, ours, published, reporting_metric
from zcrepro.report.context import Context
from zcrepro.report.entry import (
    ALL,
    ARCHITECTURES,
    INITIALISATIONS,
    Measured,
    absent,
    spread_note,
    stated,
)

READS = ("features/nasbench[12]01/*", "features/embedded_*", "accuracies/{space}", "released/{space}")

PROBLEMS = (
    Problem("nasbench201", "cifar10"),
    Problem("nasbench201", "cifar100"),
    Problem("nasbench201", "ImageNet16-120"),
    Problem("nasbench101", "cifar10"),
)
"""The problems of the paper."""

SPEARMAN, SHARE = "spearman", "share"

TENTH, TWENTIETH = 0.1, 0.05

BEST = 64
"""Number of architectures that a proxy selects."""

VOTE = "vote (rank sum)"
COLUMNS = {name: (proxy,) for name, proxy in PROXIES.items()} | {VOTE: VOTERS}
"""The proxies of each column."""


@dataclass(frozen=True)
class Statistic:
    """A statistic of scores and accuracies, which is the label of a row.

    ``of`` are the architectures that are good by accuracy, as a share of all. ``selected`` is the number that
    the proxy selects, of which the statistic is a share. If it is 0, the proxy selects as many as are good,
    or it orders these.
    """

    row: str
    metric: str
    of: float
    selected: int = 0

    def __call__(self, scores: np.ndarray, accuracy: np.ndarray) -> float:
        """Return the statistic of two vectors, (n,), of which larger is better."""
        good = share_of(len(accuracy), self.of)
        if self.metric == SPEARMAN:
            return spearman_of_best(scores, accuracy, good)
        return overlap(scores, accuracy, self.selected or good, good)

    def has_enough(self, n: int) -> bool:
        """Return whether so few of ``n`` architectures are selected that all of them could be good."""
        return self.selected <= share_of(n, self.of)


STATISTICS = (
    Statistic("rank correlation within the best tenth", SPEARMAN, TENTH),
    Statistic("share of the proxy's best tenth in the best tenth", SHARE, TENTH),
    Statistic(f"share of the proxy's best {BEST} in the best tenth", SHARE, TENTH, BEST),
    Statistic(f"share of the proxy's best {BEST} in the best twentieth", SHARE, TWENTIETH, BEST),
)


def measure(context: Context) -> Iterator[Measured]:
    """Yield up to four rows per problem and source; what is missing is an entry that says so."""
    for problem in (*PROBLEMS, *_embedded(context.inputs)):
        metric = reporting_metric(context.inputs, problem)
        for series, read in ((PUBLISHED, published), (OURS, ours)):
            if series == PUBLISHED and problem.is_embedded:
                continue
            source = read(context, problem, metric)
            if isinstance(source, str):
                yield _absent(problem, next(iter(COLUMNS)), series, source)
            else:
                yield from _of_source(problem, metric, source, context)


def _embedded(inputs: Inputs) -> list[Problem]:
    """Return the problems of the embedded benchmark that the run scores."""
    problems = [Problem.parse(name.removeprefix("features/")) for name in inputs.names("features")]
    return [problem for problem in problems if problem.is_embedded]


def _of_source(problem: Problem, metric: str, source: Source, context: Context) -> Iterator[Measured]:
    """Yield the entries of each proxy; if the source has none of them, one entry that says so."""
    columns = {name: [shown(proxy, source.draws[0]) for proxy in of] for name, of in COLUMNS.items()}
    lacking = {name: source.lacking(of) for name, of in columns.items()}
    if all(lacking.values()):
        name = next(iter(COLUMNS))
        yield _absent(problem, name, source.series, f"no score of these proxies in {source.population}")
        return
    for name, of in columns.items():
        if lacking[name]:
            yield _absent(problem, name, source.series, lacking[name])
        else:
            scored = _Column(problem, metric, name, of, source.of(of), context)
            yield from (scored.entry(one) for one in STATISTICS if one.has_enough(len(scored.accuracy)))


class _Column:
    """The scores of a column on the architectures for which all draws define them.

    They are turned so that each draw correlates positively with accuracy over all architectures.
    """

    def __init__(
        self,
        problem: Problem,
        metric: str,
        column: str,
        columns: list[str],
        source: Source,
        context: Context,
    ) -> None:
        scores, self.accuracy, self._graphs = _scored.defined(source.draws, columns)
        draws = [vote.rank_sum(draw) if column == VOTE else draw[0] for draw in scores]
        signs = [1.0 if spearman(draw, self.accuracy) >= 0 else -1.0 for draw in draws]
        self._draws = np.stack([sign * draw for sign, draw in zip(signs, draws, strict=True)])
        self._problem, self._column, self._source, self._context = problem, column, source, context
        undefined = len(source.draws[0]) - len(self.accuracy)
        self._notes = [
            *source.deviations,
            NOTES.get(column, ""),
            STAND_IN_NOTE if "synflow" in columns else "",
            f"undefined scores are left out: {undefined}" if undefined else "",
            f"{metric} accuracy, since none of tests is in reach" if metric != REPORTING[0] else "",
            embedded_note(problem),
        ]

    def entry(self, statistic: Statistic) -> Measured:
        """Return the mean of a statistic over the draws."""
        source = self._source
        by_draw = np.array([statistic(draw, self.accuracy) for draw in self._draws])
        spread = spread_note(len(by_draw), float(by_draw.min()), float(by_draw.max()))
        return Measured(
            row=f"{self._problem}: {statistic.row}",
            column=self._column,
            metric=statistic.metric,
            value=float(by_draw.mean()),
            n=len(self.accuracy),
            population=source.population,
            series=source.series,
            notes=stated([*self._notes, spread]),
            interval=self._interval(statistic, by_draw),
            interval_kind=INITIALISATIONS if source.relation == ALL else ARCHITECTURES,
            seeds=len(by_draw),
            relation=source.relation,
            total=source.total,
            problem=str(self._problem),
            name=self._column,
            cites=source.cites,
        )

    def _interval(self, statistic: Statistic, by_draw: np.ndarray) -> tuple[float, float]:
        if self._source.relation == ALL:
            return self._context.student_t(by_draw)
        # The key leaves the proxy out, so that all are judged on the same resamples.
        key = "zcp_top_models", str(self._problem), self._source.series
        over_draws = mean_over_draws(statistic)
        low, high = self._context.bootstrap(over_draws, self._draws, self.accuracy, self._graphs, *key)
        return (low if statistic.metric == SPEARMAN else max(low, 0.0)), high


def _absent(problem: Problem, column: str, series: str, missing: str) -> Measured:
    """Return an entry of the first statistic without a value."""
    first = STATISTICS[0]
    return absent(f"{problem}: {first.row}", column, first.metric, series, missing)


TABLE = Table(
    paper="ZCP",
    title="ZCP: what proxies know of the best architectures",
    caption=(
        "Spearman's correlation of each proxy with accuracy within the tenth of the architectures that has "
        "the highest accuracy; and of the architectures that a proxy puts first, its best tenth or its best "
        f"{BEST}, the share that is among the best tenth or twentieth by accuracy. By chance, the shares are "
        ".1 and .05. A proxy that correlates negatively over all architectures is turned. Ties are broken in "
        "all ways, and the mean is shown. The vote is the sum of the ranks by synflow, jacob_cov and snip. "
        f"On a sample, the best {BEST} are a larger share than of the whole space, and a row is left out if "
        "they are more than the tenth or twentieth. The values that the paper prints are not at hand."
    ),
    measure=measure,
    best="row",
)
