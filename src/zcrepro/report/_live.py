"""Records of live searches, as the tables read them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from zcrepro import registry
from zcrepro.problems.problem import Problem
from zcrepro.report._inputs import Inputs
from zcrepro.searching.live import FORMULA, OBJECTIVE, PROBLEM

LIVE = "live"
SECONDS = "-seconds"


@dataclass(frozen=True)
class LiveSearch:
    """Searches by one objective: their trace with the seconds, and what its metadata say."""

    problem: Problem
    trace: pd.DataFrame
    made: dict[str, str]

    @property
    def repeats(self) -> list[pd.DataFrame]:
        """The trace of each search."""
        return [rows for _, rows in self.trace.groupby("repeat", sort=True)]

    def best_first(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows of the trace with the best score first, and undefined scores last."""
        return rows.sort_values("score", ascending=self._lower_is_better, kind="stable", ignore_index=True)

    @property
    def _lower_is_better(self) -> bool:
        """Whether the best score is the smallest; of a formula, it is the largest."""
        return not self.made[FORMULA] and registry.get("proxies", self.made[OBJECTIVE]).direction == "lower"


def live_searches(inputs: Inputs) -> Iterator[LiveSearch]:
    """Yield the live searches of a run."""
    for name in inputs.names(LIVE):
        if not name.endswith(SECONDS):
            made = inputs.metadata(name)
            seconds = inputs.frame(f"{name}{SECONDS}")
            trace = inputs.frame(name).merge(seconds, on=["repeat", "place"])
            yield LiveSearch(Problem.parse(made[PROBLEM]), trace, made)
