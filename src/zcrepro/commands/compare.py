"""``zcrepro compare``: rank a proxy of one's own beside all others, on the same architectures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.commands._files import existing
from zcrepro.commands._output import Listing, Output
from zcrepro.problems import rivals
from zcrepro.problems.rivals import YOURS
from zcrepro.problems.scores import STRUCTURE

DEFAULT = Output()

STATISTICS = ("kendall", "spearman", "lead")


def compare(
    file: Path,
    /,
    *,
    space: str,
    task: str | None = None,
    results: Path | None = None,
    lower_is_better: bool = False,
    output: Output = DEFAULT,
) -> None:
    """Rank a proxy of your own beside all others, on the same architectures.

    The others are those that were published, those that the project computed, and counts of the structure.
    ``lead`` is your Kendall's tau minus the absolute tau of the other one, on the ``n`` architectures for
    which both are defined. Intervals are of 95 percent, from resamples of distinct graphs, paired for a lead.

    Examples: ``zcrepro compare mine.csv --space embedded_cell`` and
    ``zcrepro compare mine.csv --space nasbench201 --task cifar100 --results results/paper``.

    Parameters
    ----------
    file
        A CSV file with the columns ``arch``, the text of an architecture, and ``score``.
    space
        The search space of the architectures.
    task
        The task of that space; the first one by default.
    results
        The folder of a run that has accuracies of the space, and scores if they are to be shown. Without it,
        the accuracies are those of the embedded benchmark.
    lower_is_better
        A lower score of yours means a better architecture.
    """
    scores = rivals.read_own_scores(existing(file))
    found = rivals.compare(scores, space, task, results, lower_is_better=lower_is_better)
    rows: list[Mapping[Any, Any]] = [*found.to_dict("records")]
    if output.for_people:
        rows = [_readable(row) for row in rows]
    title = _title(found, len(scores), space, lower_is_better)
    output.show(Listing("proxies", rows, title, whole=STATISTICS))


def _readable(row: Mapping[Any, Any]) -> dict[str, str | int]:
    """Return a row with each value and its interval in one cell."""
    cells = {
        name: f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]" for name in STATISTICS
    }
    if row["proxy"] == YOURS:
        cells["lead"] = ""
    return {"proxy": row["proxy"], "source": row["source"], "n": row["n"]} | cells


def _title(found: pd.DataFrame, given: int, space: str, lower_is_better: bool) -> str:
    yours = found[found["proxy"] == YOURS].iloc[0]
    said = [
        f"the best first, by Kendall's tau with {yours['metric']} accuracy: {yours['n']:,} of your {given:,} "
        f"architectures of {space} have one"
    ]
    if yours["kendall"] < 0:
        remedy = "leave out" if lower_is_better else "add"
        better = "higher" if lower_is_better else "lower"
        said.append(f"Your tau is negative: if a {better} score is better, {remedy} --lower-is-better")
    if set(found["source"]) <= {"", STRUCTURE}:
        said.append("To see other proxies too, name a run that has their scores with --results")
    return ". ".join(said)
