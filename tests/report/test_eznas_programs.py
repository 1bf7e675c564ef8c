"""Programs of EZNAS beside the number of parameters, on the same architectures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.report import Report
from jobs.run import Run
from zcrepro.files.json import write_sealed
from zcrepro.problems.split import Split
from zcrepro.programs.names import of_tensor
from zcrepro.programs.published import PUBLISHED
from zcrepro.proxies.feature_table import DRAWN_IMAGES
from zcrepro.ranking.correlation import kendall, spearman
from zcrepro.report.tables import eznas_programs, eznas_spaces, eznas_tensors

PROGRAMS, SPACES, EVOLVED = "eznas_programs", "eznas_spaces", "eznas_evolved"
CIFAR10, DIGITS = "nasbench201/cifar10", "embedded_cell/digits"
READS = list(eznas_programs.READS)
OF_SPACES = [
    f"features-programs/{CIFAR10}",
    f"features-programs/{DIGITS}",
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


def spaces(run: Any, *further: str) -> pd.DataFrame:
    """Make the table of spaces from those of its inputs that the test wrote."""
    reads = [name for name in (*OF_SPACES, *further) if (run.results / f"{name}.parquet").exists()]
    return run.table(SPACES, reads)


class TestSpaces:
    @pytest.fixture
    def made(self, run: Any, features: pd.DataFrame) -> pd.DataFrame:
        run.write_features(CIFAR10, [features[:50]], variant="programs")
        random = features[BEHIND]
        run.write_features(DIGITS, [features.assign(**{AHEAD: random})], variant="programs")
        return spaces(run)

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
        run.write_features(CIFAR10, [features[:50]], variant="programs")
        run.write_features(
            "nasbench201/svhn", [features], variant="programs"
        )  # of which no accuracy is known
        assert set(spaces(run, "features-programs/nasbench201/svhn")["row"]) == {CIFAR10}

    def test_other_features_fill_what_the_features_lack(self, run: Any, features: pd.DataFrame) -> None:
        run.write_features(CIFAR10, [features.drop(columns=["nwot", "nwot_status"])], variant="programs")
        run.write_features(CIFAR10, [features])
        made = spaces(run, f"features/{CIFAR10}")
        expected = kendall(features["nwot"].to_numpy(), run.accuracy)
        assert cell(made, CIFAR10, "nwot")["value"] == pytest.approx(expected, abs=1e-6)

    def test_noise_and_the_numbers_of_images_are_told(self, run: Any, features: pd.DataFrame) -> None:
        images = [16.0] * 59 + [4.0]
        features = features.assign(eznas_images=images, eznas_images_status="ok")
        run.write_features(CIFAR10, [features], variant="programs", minibatch=DRAWN_IMAGES)
        made = spaces(run)
        assert cell(made, CIFAR10, "images, least")["value"] == 4
        assert cell(made, CIFAR10, "images, most")["value"] == 16
        assert "images: noise" in cell(made, CIFAR10, "eznas_a")["note"]

    def test_if_no_features_have_the_score_one_row_says_so(self, run: Any) -> None:
        made = spaces(run)
        assert made["verdict"].tolist() == ["missing input"]
        assert "features-programs of a problem with accuracies that have eznas_a" in made["note"].iloc[0]

    def test_it_reads_no_accuracies_of_a_space_without_features(self) -> None:
        class Made(Report):
            made = dict.fromkeys(["accuracies/a", "accuracies/b", "features-programs/a/x"], "")

        report = Made(Run({"report": {"tables": [SPACES], "figures": []}}, Path()), None)
        assert report.reads(eznas_spaces.NAME) == ["features-programs/a/x", "accuracies/a"]


@pytest.mark.parametrize(("name", "reads"), [(PROGRAMS, READS), (SPACES, OF_SPACES)])
def test_no_cell_holds_two_values(run: Any, features: pd.DataFrame, name: str, reads: list[str]) -> None:
    run.write_features(CIFAR10, [features])
    run.write_features(CIFAR10, [features], variant="programs")
    made = run.table(name, reads) if name == PROGRAMS else spaces(run)
    assert not made.duplicated(["row", "series", "column"]).any()


class TestEvolved:
    """Two runs on graphs of another space, of which the second evolved programs that rank by accuracy."""

    READS = (f"features-programs/{CIFAR10}", "accuracies/nasbench201")
    FILES = ("programs/cell/seed-0", "programs/cell/seed-1")

    @pytest.fixture
    def made(self, run: Any, features: pd.DataFrame) -> pd.DataFrame:
        rng = np.random.default_rng(2)
        scores = {
            "eznas/cell/seed-0": rng.normal(size=60),
            "eznas/cell/seed-0-median": np.where(np.arange(60) < 50, rng.normal(size=60), np.nan),
            "eznas/cell/seed-1": -run.accuracy,
            "eznas/cell/seed-1-median": features["params"].to_numpy(),
        }
        features = features.assign(**{AHEAD: features["params"] + rng.normal(scale=20, size=60)})
        for name, values in scores.items():
            features[name] = values
            features[f"{name}_status"] = np.where(np.isnan(values), "no value", "ok").astype(object)
        run.write_features(CIFAR10, [features], variant="programs")
        for repeat in (0, 1):
            path = run.results / "programs/cell" / f"seed-{repeat}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            of = {"size": 5 + repeat, "training_fitness": 0.5, "direction": "lower" if repeat else "higher"}
            split = {"seed": 1, "cutoffs": {"embedded_cell": "f" * 16}}
            median = of | {"direction": "higher", "training_fitness": 0.25}
            write_sealed(
                path, of | {"training_set": "cell", "repeat": repeat, "median": median, "split": split}
            )
        return run.table(EVOLVED, [*self.READS, *self.FILES])

    def test_a_program_is_correlated_in_the_direction_of_its_training(
        self, made: pd.DataFrame, features: pd.DataFrame, run: Any
    ) -> None:
        assert cell(made, "cell, seed 1, fittest", CIFAR10)["value"] == pytest.approx(1)
        params = kendall(features["params"].to_numpy(), run.accuracy)
        assert cell(made, "cell, seed 1, median", CIFAR10)["value"] == pytest.approx(params, abs=1e-6)
        assert cell(made, "cell, seed 1, median", "size")["value"] == 6
        assert cell(made, "cell, seed 0, median", "training fitness")["value"] == 0.25

    def test_architectures_on_which_a_program_is_undefined_are_left_out(self, made: pd.DataFrame) -> None:
        assert cell(made, "cell, seed 0, median", CIFAR10)["n"] == 50
        assert cell(made, "cell, seed 0, fittest", CIFAR10)["n"] == 60

    def test_the_mean_is_over_the_runs(self, made: pd.DataFrame) -> None:
        of = [cell(made, f"cell, seed {repeat}, fittest", CIFAR10)["value"] for repeat in (0, 1)]
        mean = cell(made, "fittest, mean", CIFAR10)
        assert mean["value"] == pytest.approx(np.mean(of), abs=1e-6)
        assert (mean["seeds"], mean["interval_kind"]) == (2, "runs")
        assert f"from {min(of):.3f} to {max(of):.3f}" in mean["note"]

    def test_the_runs_ahead_of_the_published_program_are_counted(self, made: pd.DataFrame) -> None:
        ahead = cell(made, f"fittest, ahead of {AHEAD}", CIFAR10)
        assert (ahead["value"], ahead["n"]) == (1, 2)
        assert "with the whole paired interval 1" in ahead["note"]
        assert "behind with the whole paired interval 1" in ahead["note"]
        # Equal ranks are not ahead.
        assert cell(made, "median, ahead of params", CIFAR10)["value"] == 0

    def test_graphs_that_were_evolved_on_are_left_out(self, run: Any, features: pd.DataFrame) -> None:
        digits = features.assign(**{AHEAD: features["params"]})
        for name in ("eznas/cell/seed-0", "eznas/cell/seed-0-median"):
            digits = digits.assign(**{name: run.accuracy, f"{name}_status": "ok"})
        run.write_features(DIGITS, [digits], variant="programs")
        graphs = digits["graph"].to_numpy(object)
        split = Split(1, {"embedded_cell": 2**62})
        of = {"size": 5, "training_fitness": 0.5, "direction": "higher"}
        path = run.results / "programs/cell/seed-0.json"
        path.parent.mkdir(parents=True)
        write_sealed(path, of | {"training_set": "cell", "repeat": 0, "median": of, "split": split.as_json()})
        reads = [f"features-programs/{DIGITS}", "accuracies/embedded_cell", "programs/cell/seed-0"]
        made = run.table(EVOLVED, reads)
        kept = int(split.held_out("embedded_cell", graphs).sum())
        assert 0 < kept < 60
        assert cell(made, "cell, seed 0, fittest", DIGITS)["n"] == kept

    def test_without_programs_one_row_says_so(self, run: Any) -> None:
        assert run.table(EVOLVED, [])["verdict"].tolist() == ["missing input"]


def test_the_tensors_and_the_conditions_are_compared_on_one_problem(run: Any, features: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    tensors = {of_tensor(AHEAD, "wt"): rng.normal(size=60), of_tensor(AHEAD, "actdata"): run.accuracy}
    for name, values in tensors.items():
        features = features.assign(**{name: values, f"{name}_status": "ok"})
    run.write_features(CIFAR10, [features], variant="images-16")
    noisy = features.assign(**{AHEAD: rng.normal(size=60)})
    run.write_features(CIFAR10, [noisy], variant="noise", minibatch=DRAWN_IMAGES)
    made = run.table("eznas_tensors", list(eznas_tensors.READS))
    assert cell(made, "actdata", "Kendall")["value"] == pytest.approx(1)
    expected = kendall(tensors[of_tensor(AHEAD, "wt")], run.accuracy)
    assert cell(made, "wt", "Kendall")["value"] == pytest.approx(expected, abs=1e-6)
    assert cell(made, "wt", "Kendall, minus eznas_a")["value"] == pytest.approx(expected - 1, abs=1e-6)
    assert cell(made, "preactdata", "Kendall")["verdict"] == "missing input"
    reads = [f"features-{variant}/{CIFAR10}" for variant in ("images-16", "noise")]
    made = run.table("eznas_conditions", [*reads, "accuracies/nasbench201"])
    assert cell(made, AHEAD, "16 images")["value"] == pytest.approx(1)
    expected = kendall(noisy[AHEAD].to_numpy(), run.accuracy)
    assert cell(made, AHEAD, "noise")["value"] == pytest.approx(expected, abs=1e-6)
    assert "images: noise" in cell(made, AHEAD, "noise")["note"]
    assert cell(made, AHEAD, "64 images")["verdict"] == "missing input"
