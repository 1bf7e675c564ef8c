"""Programs of EZNAS beside the number of parameters, on the same architectures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.report import Report
from jobs.run import Run
from zcrepro.programs.published import PUBLISHED
from zcrepro.ranking.correlation import kendall, spearman
from zcrepro.report.tables import eznas_programs, eznas_spaces

PROGRAMS, SPACES = "eznas_programs", "eznas_spaces"
CIFAR10, DIGITS = "nasbench201/cifar10", "embedded_cell/digits"
READS = list(eznas_programs.READS)
OF_SPACES = [
    f"features/{CIFAR10}",
    f"features/{DIGITS}",
    "accuracies/nasbench201",
    "accuracies/embedded_cell",
]

AHEAD, BEHIND, SHUFFLED = "eznas_a", "eznas_pnas_labels", "eznas_topprog_labels"
BEATEN = "the number of parameters ranks better"


@pytest.fixture
def features(run: Any) -> pd.DataFrame:
    """All 60 architectures: one program ranks as accuracy does, one at random, and params in between."""
    frame = pd.read_parquet(run.results / "features" / "embedded_cell" / "digits.parquet")
    frame = frame.drop(columns="draw").assign(grasp=0.0)
    accuracy, rng = run.accuracy, np.random.default_rng(1)
    frame["params"] = np.exp((accuracy + rng.normal(scale=15, size=60)) / 20)
    scores = {AHEAD: accuracy, BEHIND: rng.normal(size=60), SHUFFLED: frame["params"].to_numpy()}
    for name, values in scores.items():
        frame[name], frame[f"{name}_status"] = values, "ok"
    statuses = [name for name in frame if name.endswith("_status")]
    return frame.astype(dict.fromkeys(statuses, object))


def cell(frame: pd.DataFrame, row: str, column: str) -> pd.Series:
    (found,) = (line for _, line in frame[(frame["row"] == row) & (frame["column"] == column)].iterrows())
    return found


def programs(run: Any, *draws: pd.DataFrame) -> pd.DataFrame:
    run.write_features(CIFAR10, list(draws))
    return run.table(PROGRAMS, READS)


def test_the_programs_are_the_published_ones() -> None:
    assert tuple(PUBLISHED) == eznas_programs.PROGRAMS


def test_a_row_has_the_correlations_of_the_program_and_of_simple_scores(
    run: Any, features: pd.DataFrame
) -> None:
    made = programs(run, features)
    values = features[BEHIND].to_numpy()
    for column, of in (("Kendall", kendall), ("Spearman", spearman)):
        row = cell(made, BEHIND, column)
        assert row["value"] == pytest.approx(of(values, run.accuracy), abs=1e-6)
        assert row["ci_low"] < row["value"] < row["ci_high"]
    for name in ("params", "flops", "synflow", "nwot"):
        expected = kendall(features[name].to_numpy(), run.accuracy)
        assert cell(made, BEHIND, f"Kendall, {name}")["value"] == pytest.approx(expected, abs=1e-6)


def test_a_program_that_params_beat_says_so(run: Any, features: pd.DataFrame) -> None:
    made = programs(run, features)
    params = kendall(features["params"].to_numpy(), run.accuracy)
    beaten = cell(made, BEHIND, "Kendall, minus params")
    expected = kendall(features[BEHIND].to_numpy(), run.accuracy) - params
    assert beaten["value"] == pytest.approx(expected, abs=1e-6)
    assert beaten["ci_high"] < 0
    assert BEATEN in beaten["note"]
    ahead = cell(made, AHEAD, "Kendall, minus params")
    assert ahead["value"] == pytest.approx(1 - params, abs=1e-6)
    assert ahead["ci_low"] > 0
    assert "number of parameters" not in ahead["note"]


def test_a_difference_is_paired(run: Any, features: pd.DataFrame) -> None:
    row = cell(programs(run, features), SHUFFLED, "Kendall, minus params")
    # The program is the number of parameters: both put every resample into the same order.
    assert (row["value"], row["ci_low"], row["ci_high"]) == (0, 0, 0)
    assert "undecided against the number of parameters" in row["note"]


def test_params_are_turned_if_they_fall_with_accuracy(run: Any, features: pd.DataFrame) -> None:
    made = programs(run, features.assign(params=1 / features["params"]))
    row = cell(made, AHEAD, "Kendall, minus params")
    params = kendall(features["params"].to_numpy(), run.accuracy)
    assert row["value"] == pytest.approx(1 - params, abs=1e-6)
    assert "the sign of the number of parameters is turned" in row["note"]


def test_architectures_without_a_score_are_counted_with_the_reason(run: Any, features: pd.DataFrame) -> None:
    lost = [2, 3, 5, 8]
    features.loc[lost, [AHEAD, f"{AHEAD}_status"]] = np.nan, "no layer is left; the weight has one axis"
    features.loc[[5, 40], "nwot"] = np.nan
    features.loc[50:, [AHEAD, f"{AHEAD}_status"]] = np.nan, "not computed"
    made = programs(run, features)
    without = cell(made, AHEAD, "without a score")
    assert without["value"] == 4
    assert "no layer is left, the weight has one axis" in without["note"]
    assert "left out too, as another score of the row is undefined: 1" in without["note"]
    kept = [place for place in range(50) if place not in (*lost, 40)]
    assert cell(made, AHEAD, "architectures")["value"] == 45
    for column in ("Kendall", "Kendall, params", "Kendall, minus params"):
        assert cell(made, AHEAD, column)["n"] == 45
    expected = kendall(features["params"].to_numpy()[kept], run.accuracy[kept])
    assert cell(made, AHEAD, "Kendall, params")["value"] == pytest.approx(expected, abs=1e-6)
    others = cell(made, BEHIND, "without a score")
    assert (others["value"], cell(made, BEHIND, "architectures")["value"]) == (0, 58)


def test_draws_are_averaged(run: Any, features: pd.DataFrame) -> None:
    again = features.assign(**{AHEAD: features[BEHIND]})
    row = cell(programs(run, features, again), AHEAD, "Kendall")
    other = kendall(features[BEHIND].to_numpy(), run.accuracy)
    assert row["value"] == pytest.approx((1 + other) / 2, abs=1e-6)
    assert row["seeds"] == 2


def test_a_score_that_is_equal_everywhere_has_no_correlation(run: Any, features: pd.DataFrame) -> None:
    made = programs(run, features.assign(**{BEHIND: 0.0}))
    row = cell(made, BEHIND, "Kendall")
    assert np.isnan(row["value"])
    assert "the score is equal on all architectures" in row["note"]
    assert np.isnan(cell(made, BEHIND, "Kendall, minus params")["value"])


def test_what_features_lack_is_missing(run: Any, features: pd.DataFrame) -> None:
    made = programs(run, features.drop(columns=["synflow", "synflow_status", "params", "params_status"]))
    assert cell(made, "eznas_a_wtgraddata", "Kendall")["verdict"] == "missing input"
    assert "no score synflow" in cell(made, AHEAD, "Kendall, synflow")["note"]
    assert not (made["column"] == "Kendall, minus params").any()
    assert set(run.table(PROGRAMS, [])["verdict"]) == {"missing input"}


class TestSpaces:
    @pytest.fixture
    def made(self, run: Any, features: pd.DataFrame) -> pd.DataFrame:
        run.write_features(CIFAR10, [features[:50]])
        random = features[BEHIND]
        run.write_features(DIGITS, [features.assign(**{AHEAD: random})])
        return run.table(SPACES, OF_SPACES)

    def test_every_problem_with_the_score_is_a_row(self, made: pd.DataFrame) -> None:
        assert list(dict.fromkeys(made["row"])) == [CIFAR10, DIGITS]
        for row, count in ((CIFAR10, 50), (DIGITS, 60)):
            assert cell(made, row, "architectures")["value"] == count
        assert "embedded: a small benchmark" in cell(made, DIGITS, "eznas_a")["note"]

    def test_values_are_recomputed(self, run: Any, made: pd.DataFrame, features: pd.DataFrame) -> None:
        for row, score, count in ((CIFAR10, AHEAD, 50), (DIGITS, BEHIND, 60)):
            accuracy = run.accuracy[:count]
            tau = kendall(features[score].to_numpy()[:count], accuracy)
            params = kendall(features["params"].to_numpy()[:count], accuracy)
            assert cell(made, row, "eznas_a")["value"] == pytest.approx(tau, abs=1e-6)
            assert cell(made, row, "params")["value"] == pytest.approx(params, abs=1e-6)
            lead = cell(made, row, "eznas_a minus params")
            assert lead["value"] == pytest.approx(tau - params, abs=1e-6)
            assert (BEATEN in lead["note"]) == (score == BEHIND)

    def test_the_paper_of_eznas_is_cited(self, made: pd.DataFrame) -> None:
        assert cell(made, CIFAR10, "eznas_a")["cites"].split() == ["nasbench201", "eznas"]
        assert cell(made, DIGITS, "eznas_a")["cites"].split() == ["embedded", "eznas"]

    def test_features_without_the_score_or_without_accuracies_are_no_row(
        self, run: Any, features: pd.DataFrame
    ) -> None:
        run.write_features(CIFAR10, [features[:50]])
        run.write_features("nasbench201/svhn", [features])  # of which no accuracy is known
        reads = [*OF_SPACES, "features/nasbench201/svhn"]
        assert set(run.table(SPACES, reads)["row"]) == {CIFAR10}

    def test_if_no_features_have_the_score_one_row_says_so(self, run: Any) -> None:
        made = run.table(SPACES, OF_SPACES)
        assert made["verdict"].tolist() == ["missing input"]
        assert "features of a problem with accuracies that have eznas_a" in made["note"].iloc[0]

    def test_it_reads_no_accuracies_of_a_space_without_features(self) -> None:
        class Made(Report):
            made = dict.fromkeys(["accuracies/a", "accuracies/b", "features/a/x"], "")

        report = Made(Run({"report": {"tables": [SPACES], "figures": []}}, Path()), None)
        assert report.reads(eznas_spaces.NAME) == ["features/a/x", "accuracies/a"]


@pytest.mark.parametrize(("name", "reads"), [(PROGRAMS, READS), (SPACES, OF_SPACES)])
def test_no_cell_holds_two_values(run: Any, features: pd.DataFrame, name: str, reads: list[str]) -> None:
    run.write_features(CIFAR10, [features])
    made = run.table(name, reads)
    assert not made.duplicated(["row", "series", "column"]).any()
