"""The best architectures by each proxy: which rows there are, their values, and what is missing."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro import seeds
from zcrepro.ranking.correlation import mean_over_draws, spearman
from zcrepro.ranking.intervals import bootstrap, student_t
from zcrepro.ranking.top import spearman_of_best
from zcrepro.ranking.vote import rank_sum
from zcrepro.report.tables.zcp_top_models import COLUMNS, STATISTICS

EMBEDDED = "embedded_cell/digits"
READS = ["accuracies/embedded_cell", f"features/{EMBEDDED}"]

WITHIN, TENTHS, IN_TENTH, IN_TWENTIETH = (statistic.row for statistic in STATISTICS)

COUNT = 1400
TWINS = 2
"""Every graph has two architectures."""


@pytest.fixture
def accuracy(run: Any) -> np.ndarray:
    """Write accuracies of 1,400 architectures, the later the better, and return them."""
    values = np.linspace(10, 90, COUNT)
    frame = pd.DataFrame({"arch": names(), "graph": [name[:-1] for name in names()], "accuracy": values})
    frame = frame.assign(task="digits", metric="test", seeds=3, source="made up")
    path = run.results / "accuracies" / "embedded_cell.parquet"
    path.unlink()
    to_parquet(frame, path)
    return values


def names() -> list[str]:
    return [f"arch-{place // TWINS:03d}{'ab'[place % TWINS]}" for place in range(COUNT)]


def write(run: Any, *draws: dict[str, np.ndarray]) -> None:
    """Write scores of the run's own, in the order of ``names``; every proxy is snip unless given."""
    frames = []
    for draw in draws:
        columns = dict.fromkeys(("grad_norm", "grasp", "fisher", "synflow", "jacov"), draw["snip"]) | draw
        frame = pd.DataFrame({"arch": names(), "graph": [name[:-1] for name in names()]} | columns)
        frames.append(frame.assign(**dict.fromkeys((f"{name}_status" for name in columns), "ok")))
    (run.results / f"features/{EMBEDDED}.parquet").unlink()
    run.write_features(EMBEDDED, frames)


def one(frame: pd.DataFrame, row: str, column: str, problem: str = EMBEDDED) -> pd.Series:
    found = frame[(frame["row"] == f"{problem}: {row}") & (frame["column"] == column)]
    assert len(found) == 1
    return found.iloc[0]


def test_shares_are_of_what_a_proxy_puts_first(run: Any, accuracy: np.ndarray) -> None:
    scores = accuracy.copy()
    # Of the best 64, 16 go below all: then 140 - 16 of the best tenth are left, and 16 others come in.
    scores[-16:] = -np.arange(16.0)
    write(run, {"snip": scores}, {"snip": scores})
    made = run.table("zcp_top_models", READS)
    assert one(made, TENTHS, "snip")["value"] == pytest.approx(124 / 140, abs=1e-6)
    # The proxy's best 64 are the places 17 to 80 by accuracy; the best twentieth are 70.
    assert one(made, IN_TENTH, "snip")["value"] == 1
    assert one(made, IN_TWENTIETH, "snip")["value"] == pytest.approx(54 / 64, abs=1e-6)
    assert set(made.loc[made["problem"] == EMBEDDED, "n"]) == {COUNT}


def test_a_proxy_is_turned_by_its_correlation_over_all(run: Any, accuracy: np.ndarray) -> None:
    scores = -accuracy
    scores[-140:] = scores[-140:][::-1]  # among the best tenth it is right, and so the turned one is wrong
    write(run, {"snip": scores})
    made = run.table("zcp_top_models", READS)
    assert one(made, WITHIN, "snip")["value"] == -1
    assert one(made, TENTHS, "snip")["value"] == 1
    assert one(made, IN_TWENTIETH, "snip")["value"] == 0


def test_the_vote_is_the_sum_of_three_ranks(run: Any, accuracy: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    voters = {name: accuracy + rng.normal(0, 30, COUNT) for name in ("snip", "synflow_zcp", "jacov")}
    write(run, voters)
    value = one(run.table("zcp_top_models", READS), WITHIN, "vote (rank sum)")["value"]
    summed = rank_sum(np.stack([*voters.values()]))
    assert value == pytest.approx(spearman(summed[-140:], accuracy[-140:]), abs=1e-6)


def test_on_a_sample_the_interval_is_over_graphs(run: Any, accuracy: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    draws = [accuracy + rng.normal(0, 20, COUNT) for _ in range(2)]
    write(run, *({"snip": scores} for scores in draws))
    path = run.results / f"features/{EMBEDDED}.parquet"
    features = pd.read_parquet(path)
    kept = np.arange(COUNT) < 1000
    frames = [of[kept] for _, of in features.groupby("draw")]
    path.unlink()
    run.write_features(EMBEDDED, frames)
    row = one(run.table("zcp_top_models", READS), WITHIN, "snip")

    def within(x: np.ndarray, y: np.ndarray) -> float:
        return spearman_of_best(x, y, round(len(y) / 10))

    scores, graphs = np.stack(draws)[:, :1000], np.array([name[:-1] for name in names()[:1000]], object)
    stream = seeds.numpy_generator(0, "table", "zcp_top_models", EMBEDDED, "our scores")
    expected = bootstrap(mean_over_draws(within), scores, accuracy[:1000], graphs, 50, stream, 0.95)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=1e-5)
    assert (row["interval_kind"], row["seeds"]) == ("architectures", 2)
    assert row["population"] == "our scores: a random sample of 1,000 of 1,400"


def test_of_a_whole_population_the_interval_is_over_initialisations(run: Any, accuracy: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    draws = [accuracy + rng.normal(0, 20, COUNT) for _ in range(3)]
    write(run, *({"snip": scores} for scores in draws))
    row = one(run.table("zcp_top_models", READS), WITHIN, "snip")
    by_draw = [spearman(scores[-140:], accuracy[-140:]) for scores in draws]
    assert row["value"] == pytest.approx(np.mean(by_draw), abs=1e-6)
    expected = student_t(np.array(by_draw), 0.95)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=1e-5)
    assert row["interval_kind"] == "initialisations"
    assert "embedded" in row["note"]


def test_the_share_of_a_selection_that_is_larger_than_the_good_ones_is_left_out(run: Any) -> None:
    made = run.table("zcp_top_models", READS)
    rows = made.loc[made["problem"] == EMBEDDED, "row"]  # of 60 architectures
    assert list(dict.fromkeys(rows)) == [f"{EMBEDDED}: {WITHIN}", f"{EMBEDDED}: {TENTHS}"]
    assert list(made.loc[rows.index, "column"]) == [name for name in COLUMNS for _ in range(2)]


def test_published_scores_stand_beside_ours(run: Any) -> None:
    reads = ["accuracies/nasbench201", "released/nasbench201", "features/nasbench201/cifar10"]
    made = run.table("zcp_top_models", reads)
    problem = "nasbench201/cifar10"
    rows = made[(made["row"] == f"{problem}: {TENTHS}") & (made["column"] == "synflow")]
    assert list(rows["series"]) == ["released scores", "our scores"]
    assert list(rows["value"]) == [1, 1]
    assert list(rows["n"]) == [40, 50]
    assert rows["note"].str.contains("synflow without BatchNorm, as NASLib").all()
    assert set(made["verdict"]) == {"no reference", "missing input"}


def test_undefined_scores_are_left_out_and_counted(run: Any) -> None:
    row = one(run.table("zcp_top_models", READS), WITHIN, "grasp")
    assert row["n"] == 59
    assert "undefined scores are left out: 1" in row["note"]


def test_validation_accuracy_serves_where_there_is_no_other(run: Any) -> None:
    path = run.results / "accuracies" / "embedded_cell.parquet"
    known = pd.read_parquet(path)
    path.unlink()
    to_parquet(known[known["metric"] == "validation"], path)
    assert (
        "validation accuracy, since none" in one(run.table("zcp_top_models", READS), WITHIN, "snip")["note"]
    )


@pytest.mark.parametrize("lost", [["snip"], ["snip", "grad_norm", "grasp", "fisher", "synflow", "jacov"]])
def test_a_proxy_without_scores_is_named_and_all_of_them_once(run: Any, lost: list[str]) -> None:
    path = run.results / f"features/{EMBEDDED}.parquet"
    kept = pd.read_parquet(path).drop(columns=["draw", *lost, *(f"{name}_status" for name in lost)])
    path.unlink()
    run.write_features(EMBEDDED, [kept])
    made = run.table("zcp_top_models", READS)
    missing = made[made["row"].str.startswith(EMBEDDED) & (made["verdict"] == "missing input")]
    if len(lost) == 1:
        assert list(missing["column"]) == ["snip", "vote (rank sum)"]
        place = f"features/{EMBEDDED}, which features.runs of the configuration lists"
        assert f"no score snip in {place}" in missing["note"].iloc[0]
    else:
        assert list(missing["column"]) == ["grad_norm"]
        assert "no score of these proxies" in missing["note"].iloc[0]


def test_without_any_input_each_source_says_once_what_is_missing(run: Any) -> None:
    made = run.table("zcp_top_models", [])
    assert len(made) == 4 * 2
    assert set(made["verdict"]) == {"missing input"}
    assert set(made["row"].str.partition(": ")[2]) == {WITHIN}
