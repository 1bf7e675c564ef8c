"""What a run comes to in a few lines, read from its tables; the page and ``zcrepro summary`` show it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from zcrepro.report.comparison import COLUMNS, MISSING, NONE, NOT_COMPARABLE, VERDICTS

CORRELATION, SEARCH = "srgp_correlation", "zcp_search"
EVOLVED = "evolved on "
"""How the rows of ``srgp_correlation`` begin that are of evolved formulas."""


@dataclass(frozen=True)
class Best:
    """What is best on a problem, and its Kendall's tau or its accuracy in percent."""

    name: str
    value: float


@dataclass(frozen=True)
class Headline:
    """One problem; None where the tables say nothing of it."""

    problem: str
    handcrafted: Best | None
    evolved: Best | None
    search: Best | None

    @property
    def evolved_wins(self) -> bool:
        return bool(self.handcrafted and self.evolved and self.evolved.value > self.handcrafted.value)


def headlines(tables: Mapping[str, pd.DataFrame]) -> list[Headline]:
    """One a problem, from the tables by name; those that are not there are left out."""
    correlations = _defined(tables.get(CORRELATION))
    searches = _defined(tables.get(SEARCH))
    found = searches["row"].str.split(" ", n=1, expand=True, regex=False).reindex(columns=[0, 1])
    searches = searches.assign(problem=found[0], method=found[1])
    problems = dict.fromkeys([*correlations["column"], *searches["problem"]])
    return [
        Headline(
            problem,
            _handcrafted(correlations[correlations["column"] == problem]),
            _evolved(correlations[correlations["column"] == problem]),
            _search(searches[searches["problem"] == problem]),
        )
        for problem in problems
    ]


def verdicts(tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """How often each verdict was given on a figure of a paper."""
    rows = pd.concat(tables.values(), ignore_index=True) if tables else _defined(None)
    counts = rows.loc[rows["reference"] != NONE, "verdict"].value_counts()
    return {verdict: int(counts[verdict]) for verdict in VERDICTS if verdict in counts}


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """The run's results in words, for the head of the page."""
    found = [one for one in headlines(tables) if one.handcrafted and one.evolved]
    wins = sum(one.evolved_wins for one in found)
    said = []
    if found:
        said.append(
            f"The evolved formula ranks architectures better than every hand-crafted proxy on {wins} of "
            f"{len(found)} {_plural('problem', len(found))}."
        )
    counts = verdicts(tables)
    compared = sum(count for verdict, count in counts.items() if verdict not in (MISSING, NOT_COMPARABLE))
    if counts:
        each = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        total = sum(counts.values())
        said.append(f"Of {total} comparisons with figures of the papers {compared} can be judged: {each}.")
    return said


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _defined(frame: pd.DataFrame | None) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame(columns=COLUMNS, dtype=str)
    return frame[frame["value"].notna()]


def _handcrafted(rows: pd.DataFrame) -> Best | None:
    return _best(rows[~rows["row"].str.startswith(EVOLVED)])


def _evolved(rows: pd.DataFrame) -> Best | None:
    """The first row, the fittest formula of the first training set: never the best on the problem itself."""
    evolved = rows[rows["row"].str.startswith(EVOLVED)]
    return _best(evolved.iloc[:1])


def _search(rows: pd.DataFrame) -> Best | None:
    """The best one at the end of the budget; among equal ones the best one earlier."""
    if rows.empty:
        return None
    by_column = rows.pivot(index="method", columns="column", values="value")
    latest_first = list(dict.fromkeys(rows["column"]))[::-1]
    winner = by_column.sort_values(latest_first, ascending=False, kind="stable").iloc[0]
    return Best(str(winner.name), float(winner[latest_first[0]]))


def _best(rows: pd.DataFrame) -> Best | None:
    if rows.empty:
        return None
    row = rows.iloc[int(rows["value"].argmax())]
    return Best(str(row["row"]).removeprefix(EVOLVED), float(row["value"]))
