"""Count the problems on which a formula is ahead of the best hand-crafted proxy, or of the best count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from zcrepro.generalization.table import MINUS_COUNT, MINUS_HANDCRAFTED, MINUS_SOUND
from zcrepro.problems.problem import Problem
from zcrepro.report._formulas import Formulas
from zcrepro.report.entry import EVERY_RUN, PROBLEMS, Measured

METRIC = "problems"

OVER = {
    MINUS_HANDCRAFTED: "wins over hand-crafted",
    MINUS_SOUND: "wins over sound hand-crafted",
    MINUS_COUNT: "wins over counts",
}
"""The columns of wins, by the lead that is counted."""

RIVALS = (
    "A rival is the best hand-crafted proxy of a problem, or the best structural count, chosen on these very "
    "architectures with the sign that suits it, which favours it. Sound proxies are all but the published "
    "jacov and epe_nas of NAS-Bench-301 and TransNAS-Bench-101, which are mostly rounding errors."
)
"""What a caption says of rivals."""

OF_ONE = (
    "Wins are written 9 [6, 11]: on 9 problems the formula is ahead of the best rival, on 6 of them with the "
    "whole paired interval over architectures above 0, and on all but 11 it is behind with the whole "
    "interval below 0 or has no value. The problems between the two ends are undecided."
)
"""What a caption says of the wins of one formula."""

OF_RUNS = (
    "Wins are the number of problems on which a run is ahead of the best rival: median over the runs, lowest "
    "and highest run."
)
"""What a caption says of the wins of several runs."""


@dataclass(frozen=True)
class Wins:
    """The number of ``problems`` of which some are won by value, surely won, and surely lost.

    A problem is surely won if the whole interval of the lead lies above 0, and surely lost if it lies below,
    or if the lead is undefined.
    """

    won: int
    surely_won: int
    surely_lost: int
    problems: int

    @property
    def interval(self) -> tuple[float, float]:
        """The least and the largest number of wins that the intervals of the leads allow."""
        return float(self.surely_won), float(self.problems - self.surely_lost)


def wins(leads: pd.DataFrame) -> Wins:
    """Return the wins of leads with their intervals, one row per problem."""
    return Wins(
        won=int((leads["value"] > 0).sum()),
        surely_won=int((leads["ci_low"] > 0).sum()),
        surely_lost=int(((leads["ci_high"] < 0) | leads["value"].isna()).sum()),
        problems=len(leads),
    )


def of_one(
    formulas: Formulas,
    row: str,
    leads: Mapping[Problem, Mapping[str, pd.Series]],
    notes: tuple[str, ...] = (),
) -> Iterator[Measured]:
    """Yield the wins of one formula. ``leads`` are the rows of its leads, by problem and kind."""
    for metric, column in OVER.items():
        rows = {problem: of[metric] for problem, of in leads.items() if metric in of}
        if rows:
            found = wins(pd.DataFrame(list(rows.values())))
            yield Measured(
                row=row,
                column=column,
                metric=METRIC,
                value=found.won,
                n=found.problems,
                population="problems",
                notes=notes,
                interval=found.interval,
                interval_kind=PROBLEMS,
                seeds=1,
                cites=formulas.cites(*rows),
            )


def of_runs(
    formulas: Formulas, training_set: str, row: str, notes: tuple[str, ...] = ()
) -> Iterator[Measured]:
    """Yield the median of the wins over the runs of a training set, with the lowest and the highest run."""
    for metric, column in OVER.items():
        won = won_by_run(formulas, training_set, metric)
        if len(won):
            yield Measured(
                row=row,
                column=column,
                metric=METRIC,
                value=float(won.quantile(0.5, interpolation="lower")),
                n=len(formulas.problems),
                population="problems",
                notes=notes,
                interval=(float(won.min()), float(won.max())),
                interval_kind=EVERY_RUN,
                seeds=len(won),
                cites=formulas.cites(*formulas.problems),
            )


def won_by_run(formulas: Formulas, training_set: str, metric: str) -> pd.Series:
    """Return the number of problems that each run of a training set wins by value, by repeat."""
    leads = pd.concat(
        [formulas.of_training_set(problem, training_set, metric) for problem in formulas.problems]
    )
    return (leads["value"] > 0).groupby(leads["repeat"]).sum()


def leads_of_run(formulas: Formulas, training_set: str, repeat: int) -> dict[Problem, dict[str, pd.Series]]:
    """Return the rows of the leads of one run, by problem and kind."""
    return leads_of(
        formulas,
        (
            (problem, rows[rows["repeat"] == repeat].iloc[0])
            for problem in formulas.problems
            if (rows := formulas.of_training_set(problem, training_set))["repeat"].eq(repeat).any()
        ),
    )


def leads_of(
    formulas: Formulas, chosen: Iterable[tuple[Problem, pd.Series]]
) -> dict[Problem, dict[str, pd.Series]]:
    """Return the rows of the leads of the formulas in rows of tau, by problem and kind."""
    found: dict[Problem, dict[str, pd.Series]] = {}
    for problem, row in chosen:
        for metric in OVER:
            rows = formulas.of_training_set(problem, str(row["training_set"]), metric)
            rows = rows[rows["name"] == row["name"]]
            if not rows.empty:
                found.setdefault(problem, {})[metric] = rows.iloc[0]
    return found
