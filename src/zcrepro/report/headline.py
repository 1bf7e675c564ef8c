"""Results of a run in a few lines, from its tables; the page and ``zcrepro summary`` show them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from zcrepro.generalization.table import MINUS_HANDCRAFTED
from zcrepro.report._layout import most_exact
from zcrepro.report._wins import OVER
from zcrepro.report.comparison import COLUMNS, NONE
from zcrepro.report.entry import EVOLVED, HANDCRAFTED
from zcrepro.report.entry import SEARCH as SEARCHED
from zcrepro.report.verdict import DIFFERS, MISSING, REPRODUCED, VERDICTS

CORRELATION, SEARCH = "srgp_correlation", "zcp_search"
"""The tables that the lines are taken from."""

DECIDED = (REPRODUCED, DIFFERS)

OF_OTHER_FILES = (
    "The {} values that the papers give for these tables are of benchmarks whose files this run does not "
    "read: snakemake --cores 2 --configfile config/sample.yaml fetches them and compares."
)
"""What is said of a run that has no value beside any of a paper."""


@dataclass(frozen=True)
class Best:
    """What is best on a problem, and its Kendall's tau or its accuracy in percent."""

    name: str
    value: float


@dataclass(frozen=True)
class Headline:
    """The best of each kind on one problem; None if the tables have none."""

    problem: str
    handcrafted: Best | None
    evolved: Best | None
    search: Best | None

    @property
    def evolved_wins(self) -> bool:
        return bool(self.handcrafted and self.evolved and self.evolved.value > self.handcrafted.value)


def headlines(tables: Mapping[str, pd.DataFrame]) -> list[Headline]:
    """Return one headline per problem, from the tables by name. A table may be absent."""
    correlations, searches = _defined(tables.get(CORRELATION)), _defined(tables.get(SEARCH))
    problems = dict.fromkeys([*correlations["problem"], *searches["problem"]])
    problems.pop("", None)  # of an entry about several problems
    return [
        Headline(
            problem,
            _best(_of(correlations, problem, HANDCRAFTED)),
            # The first formula is the fittest one of the first training set. It was chosen without a look
            # at the problem, which the best formula on the problem was not.
            _best(_of(correlations, problem, EVOLVED).iloc[:1]),
            _search(_of(searches, problem, SEARCHED)),
        )
        for problem in problems
    ]


def verdicts(tables: Mapping[str, pd.DataFrame]) -> dict[str, int]:
    """Return how often each verdict was given on a value that a paper gives too.

    A value counts once, with the verdict on its most exact reference.
    """
    compared = (most_exact(rows[rows["reference"] != NONE]) for rows in tables.values())
    counts = Counter(verdict for rows in compared for verdict in rows["verdict"])
    return {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the run's results in words, for the head of the page."""
    by_problem = headlines(tables)
    found = [one for one in by_problem if one.handcrafted and one.evolved]
    wins = sum(one.evolved_wins for one in found)
    said = list(_strongest(by_problem))
    if found:
        said.append(
            f"The evolved formula ranks architectures better than every hand-crafted proxy on {wins} of "
            f"{len(found)} {_plural('problem', len(found))}.{_surely(tables[CORRELATION])}"
        )
    return said


def compared(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return a sentence that counts the verdicts, or says which inputs a comparison would need."""
    counts = verdicts(tables)
    if not counts:
        return ""
    if not counts.keys() - {MISSING}:
        return OF_OTHER_FILES.format(counts[MISSING])
    decided = {verdict: count for verdict, count in counts.items() if verdict in DECIDED}
    others = {verdict: count for verdict, count in counts.items() if verdict not in DECIDED}
    are = f"{_counted(decided)} are decided" if decided else "none is decided"
    are_not = f", {_counted(others)} are not" if others else ""
    return f"Of {sum(counts.values())} comparisons with values of the papers, {are}{are_not}."


def _counted(counts: Mapping[str, int]) -> str:
    """Return the number of comparisons and, in brackets, that of each verdict."""
    return f"{sum(counts.values())} ({', '.join(f'{count} {verdict}' for verdict, count in counts.items())})"


def _strongest(found: Sequence[Headline]) -> Iterator[str]:
    """Yield which hand-crafted proxy is the best one of most problems, and where its tau is the largest."""
    best = [(one.handcrafted, one.problem) for one in found if one.handcrafted]
    if best:
        names = Counter(proxy.name for proxy, _ in best)
        name, count = names.most_common(1)[0]
        value, problem = max((proxy.value, problem) for proxy, problem in best if proxy.name == name)
        yield (
            f"Of the hand-crafted proxies {name} ranks best on {count} of {len(best)} "
            f"{_plural('problem', len(best))}: its Kendall's tau on {problem} is {value:.3f}."
        )


def _surely(correlations: pd.DataFrame) -> str:
    """Return how many problems the first formula wins and loses by more than the interval of its lead."""
    wins = correlations[correlations["column"] == OVER[MINUS_HANDCRAFTED]]
    if wins.empty:
        return ""
    first = wins.iloc[0]
    return (
        f" The whole paired interval of its lead is above 0 on {first['ci_low']:.0f} and below 0 on "
        f"{first['n'] - first['ci_high']:.0f} of {first['n']}."
    )


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"


def _defined(frame: pd.DataFrame | None) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame(columns=COLUMNS, dtype=str)
    return frame[frame["value"].notna()]


def _of(rows: pd.DataFrame, problem: str, role: str) -> pd.DataFrame:
    return rows[(rows["problem"] == problem) & (rows["role"] == role)]


def _search(rows: pd.DataFrame) -> Best | None:
    """Return the search that is best at the largest budget at which all have a value, None without one.

    Of equal ones, it is the one that is better at smaller budgets.
    """
    if rows.empty:
        return None
    columns = list(dict.fromkeys(rows["column"]))
    by_column = rows.pivot(index="name", columns="column", values="value")[columns].dropna(axis="columns")
    if not len(by_column.columns):
        return None
    latest_first = [*by_column.columns][::-1]
    winner = by_column.sort_values(latest_first, ascending=False, kind="stable").iloc[0]
    return Best(str(winner.name), float(winner[latest_first[0]]))


def _best(rows: pd.DataFrame) -> Best | None:
    if rows.empty:
        return None
    row = rows.iloc[int(rows["value"].argmax())]
    return Best(str(row["name"]), float(row["value"]))
