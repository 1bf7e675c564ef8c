"""EZNAS on NAS-Bench-201: which scores, which accuracies, which verdicts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.files import parquet
from zcrepro.ranking.correlation import kendall, spearman
from zcrepro.ranking.intervals import student_t
from zcrepro.report import comparison
from zcrepro.report.tables import eznas_nasbench201, eznas_nds, eznas_sss

NAME = "eznas_nasbench201"
READS = list(eznas_nasbench201.READS)
CIFAR10 = "nasbench201/cifar10"
PAPERS = Path(__file__).parents[2] / "resources" / "papers"
RESOURCE = PAPERS / f"{NAME}.csv"

EZNAS_A, VALIDATION = "EZNAS-A", "EZNAS-A, with validation accuracy"
NOISE, DATA = "EZNAS-A of the weight gradient on noise", "EZNAS-A of the weight gradient on data"


def features_of(run: Any, count: int) -> pd.DataFrame:
    """Return scores of the first architectures, with three readings of EZNAS-A in a shuffled order."""
    path = run.results / "features" / "embedded_cell" / "digits.parquet"  # of all 60
    frame = pd.read_parquet(path).drop(columns="draw")[:count]
    rng = np.random.default_rng(3)
    for name in ("eznas_a", "eznas_a_wtgradnoise", "eznas_a_wtgraddata"):
        frame[name] = run.accuracy[:count] + rng.normal(scale=30, size=count)
        frame[f"{name}_status"] = "ok"
    return frame.astype(dict.fromkeys([name for name in frame if name.endswith("_status")], object))


def one(frame: pd.DataFrame, row: str, column: str, reference: str | None = None) -> pd.Series:
    found = frame[(frame["row"] == row) & (frame["column"] == column)]
    if reference is not None:
        found = found[found["reference"] == reference]
    assert len(found) == 1
    return found.iloc[0]


class TestSample:
    """50 of 60 architectures are scored."""

    @pytest.fixture
    def features(self, run: Any) -> pd.DataFrame:
        return features_of(run, 50)

    @pytest.fixture
    def made(self, run: Any, features: pd.DataFrame) -> pd.DataFrame:
        run.write_features(CIFAR10, [features])
        return run.table(NAME, READS, RESOURCE)

    def test_values_are_rank_correlations_of_the_scores_that_the_released_code_computes(
        self, run: Any, features: pd.DataFrame, made: pd.DataFrame
    ) -> None:
        scores, accuracy = features["eznas_a"].to_numpy(), run.accuracy[:50]
        for statistic, of in (("Kendall", kendall), ("Spearman", spearman)):
            row = one(made, EZNAS_A, f"cifar10, {statistic}")
            assert row["value"] == pytest.approx(of(scores, accuracy), abs=1e-6)
            assert row["ci_low"] < row["value"] < row["ci_high"]
            assert (row["n"], row["seeds"], row["interval_kind"]) == (50, 1, "architectures")
        assert one(made, EZNAS_A, "cifar10, Kendall")["population"] == "a random sample of 50 of 60"

    @pytest.mark.parametrize(
        ("row", "score"),
        [
            (NOISE, "eznas_a_wtgradnoise"),
            (DATA, "eznas_a_wtgraddata"),
            ("jacob_cov", "jacov"),
            ("NASWOT", "nwot"),
        ],
    )
    def test_each_row_has_its_own_score(
        self, run: Any, features: pd.DataFrame, made: pd.DataFrame, row: str, score: str
    ) -> None:
        value = kendall(features[score].to_numpy(), run.accuracy[:50])
        assert one(made, row, "cifar10, Kendall")["value"] == pytest.approx(value, abs=1e-6)

    def test_the_population_of_a_row_is_that_which_has_its_score(
        self, run: Any, features: pd.DataFrame
    ) -> None:
        features.loc[20:, ["eznas_a_wtgradnoise", "eznas_a_wtgradnoise_status"]] = np.nan, "not computed"
        features.loc[[4, 5], ["eznas_a_wtgradnoise", "eznas_a_wtgradnoise_status"]] = np.nan, "one axis"
        run.write_features(CIFAR10, [features])
        made = run.table(NAME, READS, RESOURCE)
        row = one(made, NOISE, "cifar10, Kendall")
        kept = [place for place in range(20) if place not in (4, 5)]
        expected = kendall(features["eznas_a_wtgradnoise"].to_numpy()[kept], run.accuracy[kept])
        assert row["value"] == pytest.approx(expected, abs=1e-6)
        assert (row["n"], row["population"]) == (18, "a random sample of 20 of 60")
        assert "undefined scores are left out: 2" in row["note"]
        assert one(made, EZNAS_A, "cifar10, Kendall")["n"] == 50

    def test_the_authors_rerun_is_compared_with_validation_accuracy(
        self, run: Any, features: pd.DataFrame
    ) -> None:
        path = run.results / "accuracies" / "nasbench201.parquet"
        known = parquet.read(path)
        validation = known["metric"] == "validation"
        known.loc[validation, "accuracy"] = known.loc[validation, "accuracy"].to_numpy()[::-1]
        to_parquet(known, path)
        run.write_features(CIFAR10, [features])
        made = run.table(NAME, READS, RESOURCE)
        row = one(made, VALIDATION, "cifar10, Kendall")
        of = known[validation & (known["task"] == "cifar10")].set_index("arch")["accuracy"]
        expected = kendall(features["eznas_a"].to_numpy(), of[features["arch"]].to_numpy())
        assert row["value"] == pytest.approx(expected, abs=1e-6)
        assert (row["reference"], row["paper_value"]) == ("rerun", 0.619538)
        assert one(made, EZNAS_A, "cifar10, Kendall")["reference"] == "printed"

    def test_scores_on_other_images_are_never_compared(self, made: pd.DataFrame) -> None:
        for task in ("cifar100", "ImageNet16-120"):
            for row, statistic in ((EZNAS_A, "Kendall"), ("NASWOT", "Kendall"), ("snip", "Spearman")):
                found = one(made, row, f"{task}, {statistic}")
                assert found["verdict"] == "not comparable"
                assert "images: CIFAR-10" in found["note"]
        assert "images" not in one(made, "FLOPs", "cifar10, Kendall")["note"]

    def test_scores_that_read_no_images_are_compared_on_every_data_set(self, made: pd.DataFrame) -> None:
        for row, statistic in (("FLOPs", "Kendall"), ("Params", "Spearman"), ("synflow", "Spearman")):
            found = one(made, row, f"cifar100, {statistic}")
            assert found["verdict"] in ("reproduced", "differs", "undecided")
            assert "computed for the networks of CIFAR-10" in found["note"]
            assert "minibatch" not in found["note"]

    def test_a_program_says_its_batch_and_its_initialisation(self, made: pd.DataFrame) -> None:
        note = one(made, EZNAS_A, "cifar10, Kendall")["note"]
        assert "the first 16 images of the minibatch" in note
        assert "normal ones by fan out" in note
        assert "one fixed minibatch without augmentation" in note
        assert "the first 16 images" not in one(made, "NASWOT", "cifar10, Kendall")["note"]

    def test_synflow_is_that_of_zcp_if_there_is_one(self, run: Any, features: pd.DataFrame) -> None:
        run.write_features(CIFAR10, [features.assign(synflow_zcp=features["snip"], synflow_zcp_status="ok")])
        made = run.table(NAME, READS, RESOURCE)
        row, like = (one(made, name, "cifar10, Spearman") for name in ("synflow", "snip"))
        assert row["value"] == like["value"]
        assert "as NASLib defines it" not in row["note"]

    def test_angle_nas_is_missing_with_what_it_needs(self, made: pd.DataFrame) -> None:
        row = one(made, "AngleNAS", "cifar100, Kendall")
        assert (row["verdict"], row["paper_value"]) == ("missing input", 0.6)
        assert "the weights of trained supernets" in row["note"]

    def test_several_draws_give_their_mean_and_its_spread(self, run: Any, features: pd.DataFrame) -> None:
        again = features.assign(eznas_a=features["snip"])
        run.write_features(CIFAR10, [features, again])
        row = one(run.table(NAME, READS, RESOURCE), EZNAS_A, "cifar10, Kendall")
        by_draw = [kendall(draw["eznas_a"].to_numpy(), run.accuracy[:50]) for draw in (features, again)]
        assert row["value"] == pytest.approx(np.mean(by_draw), abs=1e-6)
        low, high = sorted(by_draw)
        assert f"mean over 2 draws of the scores, which range from {low:.3f} to {high:.3f}" in row["note"]

    def test_no_cell_of_the_table_holds_two_values(self, run: Any, made: pd.DataFrame) -> None:
        assert not made.duplicated(["row", "series", "column", "reference"]).any()
        assert "not comparable" in set(made["verdict"])
        assert (run.results / "tables" / f"{NAME}.md").exists()  # the layout refuses two values in one cell


class TestWholePopulation:
    """No architecture is left to draw, so that the interval is over initialisations."""

    def test_draws_are_judged_by_students_interval(
        self, run: Any, reference_file: Callable[..., Path]
    ) -> None:
        features = features_of(run, 60)
        again = features.assign(eznas_a=features["eznas_a"].to_numpy() + 0.2 * features["nwot"].to_numpy())
        run.write_features(CIFAR10, [features, again])
        made = run.table(NAME, READS, reference_file(NAME))
        row = one(made, EZNAS_A, "cifar10, Kendall")
        by_draw = [kendall(draw["eznas_a"].to_numpy(), run.accuracy) for draw in (features, again)]
        assert (row["population"], row["interval_kind"]) == ("all 60", "initialisations")
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(student_t(np.array(by_draw), 0.95), abs=1e-5)

    def test_what_is_counted_needs_no_second_draw(
        self, run: Any, reference_file: Callable[..., Path]
    ) -> None:
        features = features_of(run, 60)
        run.write_features(CIFAR10, [features])
        value = kendall(features["params"].to_numpy(), run.accuracy)
        column = "cifar10, Kendall"
        references = reference_file(
            NAME,
            ("Params", column, "kendall", "printed", value + 0.01, 0.02),
            (EZNAS_A, column, "kendall", "printed", 0.6, 0.02),
        )
        made = run.table(NAME, READS, references)
        row = one(made, "Params", column)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((value, value), abs=1e-5)
        assert row["verdict"] == "reproduced"
        assert pd.isna(row["seeds"])
        program = one(made, EZNAS_A, column)
        assert program["verdict"] == "undecided"
        assert "a second initialisation would tell" in program["note"]


def test_a_score_that_the_features_lack_is_missing(run: Any) -> None:
    made = run.table(NAME, READS, RESOURCE)
    row = one(made, EZNAS_A, "cifar10, Kendall")
    assert row["note"] == "missing: no score eznas_a in features/nasbench201/cifar10"
    assert one(made, "Params", "cifar10, Kendall")["value"] > 0


def test_without_any_input_every_value_is_missing(run: Any) -> None:
    made = run.table(NAME, [], RESOURCE)
    assert set(made["verdict"]) == {"missing input"}
    assert len(made) == len(eznas_nasbench201.METHODS) * 3 * 2


class TestElsewhere:
    """The tables whose accuracies or images are not among the pinned files."""

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("eznas_nds", "set spaces.nds_darts.source to official"),
            ("eznas_sss", "set spaces.natsbench_sss.source to official"),
            ("eznas_nds_imagenet", "The images of ImageNet, on which the paper scores"),
        ],
    )
    def test_every_value_of_the_paper_is_there_beside_what_is_missing(
        self, run: Any, name: str, said: str
    ) -> None:
        resource = PAPERS / f"{name}.csv"
        made = run.table(name, [], resource)
        assert set(made["verdict"]) == {"missing input"}
        references = comparison.read_references(resource, name)
        assert made["paper_value"].notna().sum() == len(references)
        assert made["note"].str.contains(said, regex=False).any()
        assert not made["note"].str.contains("measures nothing").any()

    @pytest.mark.parametrize(
        ("table", "problem", "column"),
        [(eznas_nds, "nds_darts/cifar10", "DARTS"), (eznas_sss, "natsbench_sss/cifar10", "cifar10")],
    )
    def test_features_are_used_if_there_are_any(
        self, run: Any, table: Any, problem: str, column: str
    ) -> None:
        space = problem.split("/")[0]
        known = parquet.read(run.results / "accuracies" / "nasbench201.parquet")
        to_parquet(known, run.results / "accuracies" / f"{space}.parquet")
        (run.results / "features" / space).mkdir()
        features = features_of(run, 50)
        run.write_features(problem, [features])
        made = run.table(table.NAME, [f"features/{problem}", f"accuracies/{space}"])
        row = one(made, EZNAS_A, f"{column}, Kendall")
        expected = kendall(features["eznas_a"].to_numpy(), run.accuracy[:50])
        assert row["value"] == pytest.approx(expected, abs=1e-6)
        others = made[~made["column"].str.startswith(column)]
        if table is eznas_nds:
            assert set(others["verdict"]) == {"missing input"}


@pytest.mark.parametrize(
    ("name", "count"), [(NAME, 46), ("eznas_nds", 40), ("eznas_sss", 8), ("eznas_nds_imagenet", 5)]
)
def test_references_have_a_source_and_a_tolerance(name: str, count: int) -> None:
    references = comparison.read_references(PAPERS / f"{name}.csv", name)
    assert len({(r.row, r.column, r.metric, r.kind) for r in references}) == len(references) == count
    assert all(r.tolerance > 0 and r.reason and r.source for r in references)
    printed = [r for r in references if r.kind == "printed"]
    assert all("at second hand" in r.source for r in printed)
    assert all("re-run" in r.source for r in references if r.kind == "rerun")


def test_the_values_of_the_paper_are_those_of_its_tables() -> None:
    values = {
        (r.row, r.column, r.kind): (r.value, r.n)
        for name in (NAME, "eznas_nds", "eznas_sss", "eznas_nds_imagenet")
        for r in comparison.read_references(PAPERS / f"{name}.csv", name)
        if name != "eznas_sss" or r.kind == "rerun"
    }
    assert values[EZNAS_A, "ImageNet16-120, Kendall", "printed"] == (0.61, None)
    assert values["fisher", "cifar100, Spearman", "printed"] == (0.39, None)
    assert values[EZNAS_A, "Amoeba, Kendall", "rerun"] == (0.413004, None)
    assert values[EZNAS_A, "NASNet, Spearman", "printed"] == (0.31, 40)
