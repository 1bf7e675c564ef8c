"""The leaderboard: formulas, models and single proxies that learnt from the same few labels.

See docs/reproduction/leaderboard_nasbench201.md for the protocol.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from zcrepro.leaderboard import CEILING, COUNT, FORMULA, PROXY
from zcrepro.problems.problem import EMBEDDED, Problem
from zcrepro.report import citations
from zcrepro.report._base import Table
from zcrepro.report._not_made import not_made
from zcrepro.report.context import Context
from zcrepro.report.entry import EVOLVED, HANDCRAFTED, SPLITS, Measured, absent, stated

READS = ("leaderboard/*",)

LEADERBOARD = "leaderboard"

KENDALL, BEST_TENTH = "kendall", "kendall among the best tenth"
COLUMNS = {KENDALL: "kendall", BEST_TENTH: "best_tenth"}

MEAN, BEHIND = "mean", "behind the first"
KENDALL_BEHIND = f"{KENDALL} {BEHIND}"
"""A metric of its own, since less of it is better."""

AMONG_BEST = ", best tenth"

SHOWN = {PROXY: 3, COUNT: 3}
"""Of single proxies and counts, so many of the best are shown."""

QUOTED = {
    "VKDNW_agg (Tybl and Neumann, CVPR 2025; 15,625 architectures, no labels)": (0.750, 0.753, 0.743),
    "AZ-NAS (Lee and Ham, CVPR 2024; 15,625, no labels; CIFAR-10 in the authors' notebook)": (
        0.741,
        0.723,
        0.710,
    ),
    "XGBoost on 12 proxies with 400 labels (authors of VKDNW, re-run)": (0.794, 0.794, 0.788),
    "GRAF with proxies and VKDNW, supervised (authors of VKDNW, re-run)": (0.859, 0.847, 0.842),
}
"""What others report for CIFAR-10, CIFAR-100 and ImageNet16-120, on other architectures and accuracies."""


def measure(context: Context) -> Iterator[Measured]:
    """Yield the entries of each leaderboard, the best first, and last the ceiling."""
    names = context.inputs.names(LEADERBOARD)
    if not names:
        yield absent("all entries", "all problems", KENDALL, "", not_made(f"{LEADERBOARD}/"))
    for name in names:
        yield from _of_leaderboard(context.inputs.frame(name), context, len(names) > 1)


def _of_leaderboard(frame: pd.DataFrame, context: Context, several: bool) -> Iterator[Measured]:
    by_entry = frame.groupby(["kind", "entry", "inputs"], sort=True)
    means = by_entry["kendall"].mean().sort_values(ascending=False, kind="stable")
    ranked = [key for key in means.index if key[0] != CEILING and not np.isnan(means[key])]
    shown = [
        key
        for key in ranked
        if sum(other[0] == key[0] for other in ranked[: ranked.index(key)]) < SHOWN.get(key[0], len(ranked))
    ]
    first = by_entry.get_group(shown[0])
    for key in [*shown, *(key for key in means.index if key[0] == CEILING)]:
        rows = by_entry.get_group(key)
        yield from _values(key, rows, context, several)
        if key[0] != CEILING:
            yield _behind(key, rows, first, context, several)


def _values(
    key: tuple[str, str, str], rows: pd.DataFrame, context: Context, several: bool
) -> Iterator[Measured]:
    """Yield tau on each problem and over all problems, then tau among the best tenth, over the samples."""
    for metric, column in COLUMNS.items():
        suffix = "" if metric == KENDALL else AMONG_BEST
        parts = [(problem, of) for problem, of in rows.groupby("problem", sort=False)]
        for name, of in [*parts, (MEAN, rows)]:
            further = _variance_over_graphs(_resampled(of)) if metric == KENDALL else 0.0
            values = _by_sample(of, column).to_numpy()
            yield _entry(key, f"{name}{suffix}", metric, values, of, context, several, further)


def _behind(
    key: tuple[str, str, str], rows: pd.DataFrame, first: pd.DataFrame, context: Context, several: bool
) -> Measured:
    """Return the mean tau of the first entry minus that of this one, paired by sample and resample."""
    values = (_by_sample(first) - _by_sample(rows)).to_numpy()
    further = _variance_over_graphs(_resampled(first) - _resampled(rows))
    return _entry(key, BEHIND, KENDALL_BEHIND, values, rows, context, several, further)


def _by_sample(rows: pd.DataFrame, column: str = "kendall") -> pd.Series:
    """Return the mean over the problems, by sample."""
    return rows.groupby("sample")[column].mean()


def _resampled(rows: pd.DataFrame) -> np.ndarray:
    """Return tau on resamples of the graphs, the mean over the problems: (samples, resamples)."""
    of_sample = [np.stack(of["resampled"].tolist()).mean(axis=0) for _, of in rows.groupby("sample")]
    return np.stack(of_sample)


def _variance_over_graphs(resampled: np.ndarray) -> float:
    return float(np.var(resampled, axis=1, ddof=1).mean())


def _entry(
    key: tuple[str, str, str],
    column: str,
    metric: str,
    values: np.ndarray,
    rows: pd.DataFrame,
    context: Context,
    several: bool,
    further: float,
) -> Measured:
    kind, entry, inputs = key
    problems = [Problem.parse(text) for text in dict.fromkeys(rows["problem"])]
    population = str(rows["population"].iloc[0])
    spread = len(values) > 1 and (further > 0 or np.ptp(values) > 0)
    interval = context.student_t(values, further) if spread else (float("nan"), float("nan"))
    return Measured(
        row=f"{entry} of {inputs}" if inputs else entry,
        column=column,
        metric=metric,
        value=float(np.mean(values)),
        n=int(rows["n"].min()),
        population=population,
        series=population if several else "",
        notes=stated(
            [
                f"{rows['labels'].max()} labels" if rows["labels"].max() else "no labels",
                EMBEDDED if any(problem.is_embedded for problem in problems) else "",
            ]
        ),
        interval=interval,
        interval_kind=SPLITS if spread else "",
        seeds=int(rows["sample"].nunique()),
        problem=column if column in set(rows["problem"]) else "",
        role=EVOLVED if kind == FORMULA else HANDCRAFTED,
        name=f"{entry} {inputs}".strip(),
        cites=(*citations.of_problems(problems), citations.RELEASED, citations.GRAF),
    )


def _quoted() -> str:
    return "; ".join(
        f"{name} {' / '.join(f'{value:.3f}'.lstrip('0') for value in values)}"
        for name, values in QUOTED.items()
    )


TABLE = Table(
    paper="zcrepro",
    title="Leaderboard: what a few labels can rank",
    caption=(
        "Kendall's tau with test accuracy on the graphs that a sample of labels does not hold, the mean over "
        "the samples with an interval over samples and graphs, and the same among the best tenth, with an "
        "interval over the samples. Entries are sorted by the mean over the problems. The column 'behind the "
        "first' is the difference to the first entry on the same samples and resamples of graphs. Ceilings: "
        "validation accuracy, and the accuracy of an architecture with an equal graph, which was trained "
        "apart. Formulas and models learn from the same labels, and the signs of single proxies and counts "
        "are chosen by them. Of these, the best three are shown, which favours them. "
        "The protocol is docs/reproduction/leaderboard_nasbench201.md. Not ranked, since the architectures "
        f"and accuracies differ (CIFAR-10 / CIFAR-100 / ImageNet16-120): {_quoted()}."
    ),
    measure=measure,
)
