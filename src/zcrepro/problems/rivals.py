"""Rank a proxy of your own beside every other one whose scores are in reach, on the same architectures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zcrepro import seeds
from zcrepro.files.csv import read_csv
from zcrepro.problems.accuracies import REPORTING, of_task
from zcrepro.problems.lookup import NotInReachError, accuracies, scores
from zcrepro.problems.scores import FEATURES, RELEASED, STRUCTURE
from zcrepro.progress import track
from zcrepro.proxies.feature_table import proxies_in
from zcrepro.ranking.intervals import Options
from zcrepro.ranking.resampled import Correlations, correlations
from zcrepro.spaces.base import Space
from zcrepro.spaces.lookup import get_space
from zcrepro.spaces.structural_counts import PREFIX, structural_counts

ARCH, SCORE = "arch", "score"

YOURS = "yours"
"""The name of the proxy that the others are compared with."""

OURS = "zcrepro"
"""The source of the scores that the project computed."""

MINIMUM = 10
"""Number of architectures below which nothing is compared."""

EXAMPLES = 3
"""How many unknown architectures an error names."""


def compare(
    scores: pd.DataFrame,
    space: str,
    task: str | None = None,
    results: Path | str | None = None,
    *,
    lower_is_better: bool = False,
) -> pd.DataFrame:
    """Rank scores of your own beside those of all other proxies and beside structural counts.

    The others are the proxies that were published for the space, those that the project computed (the first
    draw of the weights), and the counts of operations and paths. Each is compared with yours on the
    architectures for which both are defined, and these differ from proxy to proxy.

    Parameters
    ----------
    scores
        Your scores: ``arch``, the text of an architecture, and ``score``, a finite number. Other columns are
        ignored, and so are architectures that the benchmark did not train.
    space
        Name of the search space (see ``zcrepro.list_spaces()``).
    task
        The task of the space; the first one by default.
    results
        The folder of a run, for example ``results/paper``, which has the accuracies and may have scores.
        Without it, the accuracies are those that the repository tracks, of the embedded benchmark.
    lower_is_better
        Whether a lower score of yours means a better architecture.

    Returns
    -------
    pandas.DataFrame
        One row per proxy, the best first: ``proxy``, with yours as ``yours``; ``source``, the publication,
        ``zcrepro`` for our own scores, or ``structure`` for counts; ``n``, the number of architectures;
        ``kendall`` and ``spearman`` with accuracy, and the ends of their intervals, ``kendall_low`` and so
        on; and ``lead``, your Kendall's tau minus the absolute tau of that proxy on the same architectures,
        with the ends of its paired interval. Rows are sorted by ``lead``, and that of yours is 0. The
        intervals are of 95 percent, from 200 resamples of distinct graphs. ``metric`` is the kind of
        accuracy, ``test`` if the benchmark has it, or ``validation``.

    Raises
    ------
    ValueError
        If there is no such space or task, if its accuracies are not there, if a column is missing, a score
        is not a finite number, an architecture is not of the space or occurs twice, if fewer than 10
        architectures have an accuracy, or if their scores are all equal.
    """
    of = get_space(space)
    task = next(iter(of.tasks)) if task is None else task
    metric, known = of_task(accuracies(space, task, results), task, REPORTING)
    yours = _checked(scores, of)
    rows = known.merge(yours, on=ARCH, validate="one_to_one").sort_values(ARCH, ignore_index=True)
    if len(rows) < MINIMUM:
        raise ValueError(
            f"{len(rows)} of your {len(yours)} architectures have an accuracy on {space}/{task}, and a "
            f"comparison needs at least {MINIMUM}"
        )
    if rows[SCORE].nunique() == 1:
        raise ValueError(f"your scores of the {len(rows)} architectures are all equal, so they rank nothing")
    if lower_is_better:
        rows[SCORE] = -rows[SCORE]
    rivals = [rival for rival in _rivals(of, task, results, rows[ARCH]) if rival.has_order]
    found = pd.DataFrame(_compared(rows, rivals, f"{space}/{task}"))
    return found.sort_values("lead", kind="stable", ignore_index=True).assign(metric=metric)


def read_own_scores(path: Path) -> pd.DataFrame:
    """Return the table in a CSV file with the columns arch and score. Raises ValueError for another file."""
    # The text of an architecture may look like a number or like an undefined value.
    remedy = f"it must be a CSV file with the columns {ARCH} and {SCORE}"
    return read_csv(path, remedy, dtype={ARCH: str}, keep_default_na=False, skipinitialspace=True)


def _checked(scores: pd.DataFrame, space: Space) -> pd.DataFrame:
    """Return arch, as the space writes it, and score, float64. Raises ValueError for what is wrong."""
    for column in (ARCH, SCORE):
        if column not in scores:
            raise ValueError(
                f"your scores have no column {column!r}, but {', '.join(map(str, scores.columns))}"
            )
    values = pd.to_numeric(scores[SCORE], errors="coerce").to_numpy(np.float64)
    if len(wrong := np.flatnonzero(~np.isfinite(values))):
        row = wrong[0]
        raise ValueError(
            f"row {row + 1} of your scores, {scores[ARCH].iloc[row]}, has the score "
            f"{str(scores[SCORE].iloc[row])!r}, which is not a finite number; leave such rows out "
            f"({len(wrong)} in all)"
        )
    arch = _as_written(scores[ARCH], space)
    if (repeated := arch.duplicated()).any():
        raise ValueError(
            f"{repeated.sum()} of your architectures occur twice, such as {arch[repeated].iloc[0]}"
        )
    return pd.DataFrame({ARCH: arch, SCORE: values})


def _as_written(texts: pd.Series[str], space: Space) -> pd.Series[str]:
    """Return the texts of architectures as the space writes them. Raises ValueError for others."""
    written, unknown = [], []
    for text in map(str, texts):
        try:
            written.append(space.text(space.parse(text)))
        except ValueError:
            unknown.append(text)
    if unknown:
        some = ", ".join(map(repr, unknown[:EXAMPLES]))
        raise ValueError(
            f"{len(unknown)} of your {len(texts)} architectures are none of {space.name}, such as {some}; "
            f"an architecture is written like {space.text(space.sample(np.random.default_rng(0)))}"
        )
    return pd.Series(written, dtype=object)


@dataclass(frozen=True)
class Rival:
    """The scores of another proxy on the architectures of yours, (n,); NaN if it has none."""

    proxy: str
    source: str
    values: np.ndarray

    @property
    def defined(self) -> np.ndarray:
        """The architectures with a score, boolean, (n,)."""
        return np.isfinite(self.values)

    @property
    def has_order(self) -> bool:
        """Whether enough architectures have a score, and not all the same."""
        values = self.values[self.defined]
        return len(values) >= MINIMUM and bool((values != values[0]).any())


def _rivals(space: Space, task: str, results: Path | str | None, arch: pd.Series[str]) -> Iterator[Rival]:
    """Yield the published proxies by publication, our own, and the structural counts if the space has any."""
    published = _in_reach(space.name, task, results, RELEASED)
    for source, of in published.groupby("source") if len(published) else ():
        names = [name for name in of.columns if of[name].dtype == np.float64]
        yield from _of_table(of, names, str(source), arch)
    ours = _in_reach(space.name, task, results, FEATURES)
    if len(ours):
        names = [name for name in proxies_in(ours.columns) if not name.startswith(PREFIX)]
        yield from _of_table(ours[ours["draw"] == 0], names, OURS, arch)
    if not space.has_graph:
        return
    counts = pd.DataFrame([structural_counts(space.graph(space.parse(text))) for text in arch], dtype=float)
    for name in counts.columns:
        yield Rival(PREFIX + name, STRUCTURE, counts[name].to_numpy())


def _in_reach(space: str, task: str, results: Path | str | None, source: str) -> pd.DataFrame:
    """Return the scores of a run, or those that the repository tracks; an empty frame if there are none."""
    for where in (results, None):
        with suppress(NotInReachError):
            return scores(space, task, where, source)
    return pd.DataFrame()


def _of_table(table: pd.DataFrame, names: list[str], source: str, arch: pd.Series[str]) -> Iterator[Rival]:
    rows = table.set_index(ARCH)[names].reindex(arch)
    for name in names:
        yield Rival(name, source, rows[name].to_numpy(np.float64))


def _compared(rows: pd.DataFrame, rivals: list[Rival], problem: str) -> Iterator[dict[str, Any]]:
    """Yield your row, and one per rival.

    Rivals that are defined for the same architectures are compared on the same resamples of these.
    """
    every = np.ones(len(rows), bool)
    alike: dict[bytes, list[Rival]] = defaultdict(list, {every.tobytes(): []})
    for rival in rivals:
        alike[rival.defined.tobytes()].append(rival)
    chosen = Options()
    for mask, of_mask in track(list(alike.items()), f"comparing on {problem}"):
        of = rows[np.frombuffer(mask, bool)]
        values = [rival.values[rival.defined] for rival in of_mask]
        found = correlations(
            np.stack([of[SCORE].to_numpy(), *values])[:, np.newaxis],
            of["accuracy"].to_numpy(np.float64),
            of["graph"].to_numpy(object),
            chosen.resamples,
            chosen.level,
            seeds.numpy_generator(0, "compare", problem),
        )
        if mask == every.tobytes():
            yield {"proxy": YOURS, "source": "", "n": len(of)} | _values(found, 0)
        for place, rival in enumerate(of_mask, start=1):
            yield {"proxy": rival.proxy, "source": rival.source, "n": len(of)} | _values(found, place)


def _values(found: Correlations, place: int) -> dict[str, float]:
    kendall, spearman = (found.interval(place, statistic) for statistic in (0, 1))
    lead, (low, high) = found.lead(0, place) if place else (0.0, (0.0, 0.0))
    return {
        "kendall": found.value(place, 0),
        "kendall_low": kendall[0],
        "kendall_high": kendall[1],
        "spearman": found.value(place, 1),
        "spearman_low": spearman[0],
        "spearman_high": spearman[1],
        "lead": lead,
        "lead_low": low,
        "lead_high": high,
    }
