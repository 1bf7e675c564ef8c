"""Table 1 of the zero-cost proxies: which architectures, which accuracies, which verdicts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zcrepro import seeds
from zcrepro.proxies.feature_table import DRAWN_IMAGES, NOT_COMPUTED
from zcrepro.ranking import vote
from zcrepro.ranking.correlation import mean_over_draws, spearman
from zcrepro.ranking.intervals import bootstrap, student_t
from zcrepro.report import comparison

ALL_READS = ["accuracies/nasbench201", "released/nasbench201", "features/nasbench201/cifar10"]

CIFAR10 = "nasbench201/cifar10"

RESOURCE = Path(__file__).parents[2] / "resources" / "papers" / "zcp_table1.csv"


@pytest.fixture
def made(run: Any) -> pd.DataFrame:
    return run.table("zcp_table1", ALL_READS, RESOURCE)


def features_of(run: Any) -> pd.DataFrame:
    """Return the run's own scores on CIFAR-10, of the 50 first architectures."""
    return pd.read_parquet(run.results / "features" / f"{CIFAR10}.parquet").drop(columns="draw")


def one(frame: pd.DataFrame, row: str, column: str, series: str, reference: str = "notebook") -> pd.Series:
    """Return the one row of an entry."""
    found = frame[
        (frame["row"] == row)
        & (frame["column"] == column)
        & (frame["reference"] == reference)
        & frame["population"].str.startswith(series)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_values_are_absolute_rank_correlations_with_test_accuracy(run: Any, made: pd.DataFrame) -> None:
    features = features_of(run)
    row = one(made, "snip", "cifar10", "our scores")
    assert row["value"] == pytest.approx(
        abs(spearman(features["snip"].to_numpy(), run.accuracy[:50])), abs=1e-6
    )
    assert row["ci_low"] < row["value"] < row["ci_high"]
    assert (row["n"], row["interval_kind"], row["seeds"]) == (50, "architectures", 1)


def test_jacob_cov_is_the_column_jacov(run: Any, made: pd.DataFrame) -> None:
    features = features_of(run)
    row = one(made, "jacob_cov", "cifar10", "our scores")
    assert row["value"] == pytest.approx(
        abs(spearman(features["jacov"].to_numpy(), run.accuracy[:50])), abs=1e-6
    )
    assert "jacov as NASLib defines it" in row["note"]


def test_the_note_says_how_the_minibatch_and_the_weights_were_drawn(run: Any, made: pd.DataFrame) -> None:
    fixed, shared = "one fixed minibatch without augmentation", "equal graphs share their initial weights"
    note = one(made, "snip", "cifar10", "our scores")["note"]
    assert fixed in note
    assert shared in note
    run.write_features(CIFAR10, [features_of(run)], augmented=True, shared=False)
    note = one(run.table("zcp_table1", ALL_READS, RESOURCE), "snip", "cifar10", "our scores")["note"]
    assert "plain networks" in note
    assert fixed not in note
    assert shared not in note


def test_draws_count_that_have_the_score_of_some_architecture(run: Any, made: pd.DataFrame) -> None:
    features = features_of(run)
    without = features.assign(snip=np.nan, snip_status=NOT_COMPUTED)
    run.write_features(CIFAR10, [features, without])
    again = run.table("zcp_table1", ALL_READS, RESOURCE)
    before, after = (one(frame, "snip", "cifar10", "our scores") for frame in (made, again))
    assert (after["value"], after["n"], after["seeds"]) == (before["value"], before["n"], 1)
    assert one(again, "grasp", "cifar10", "our scores")["seeds"] == 2


def test_of_a_complete_first_draw_the_later_ones_add_their_differences(run: Any) -> None:
    features = pd.read_parquet(run.results / "features" / "embedded_cell" / "digits.parquet")  # of all 60
    features = features.drop(columns="draw")
    rng = np.random.default_rng(5)
    second = features[:30].assign(snip=features["snip"][:30] + rng.normal(scale=0.2, size=30))
    run.write_features(CIFAR10, [features, second])
    found = one(run.table("zcp_table1", ALL_READS, RESOURCE), "snip", "cifar10", "our scores")
    first, of_30 = (abs(spearman(features["snip"][:n].to_numpy(), run.accuracy[:n])) for n in (60, 30))
    difference = abs(spearman(second["snip"].to_numpy(), run.accuracy[:30])) - of_30
    assert found["value"] == pytest.approx(first + difference / 2, abs=1e-6)
    assert (found["n"], found["interval_kind"], found["seeds"]) == (60, "initialisations", 2)
    assert found["population"] == "our scores: all 60"
    assert "of draws after the first, a random sample of 30" in found["note"]


@pytest.mark.parametrize(
    ("minibatch", "note"),
    [(DRAWN_IMAGES, "images: noise"), ("[4, 2] look-alikes of CIFAR-10", "images: look-alikes of CIFAR-10")],
)
def test_scores_of_other_images_are_not_comparable_unless_they_read_none(
    run: Any, minibatch: str, note: str
) -> None:
    features = features_of(run)
    run.write_features(CIFAR10, [features], minibatch=minibatch)
    made = run.table("zcp_table1", ALL_READS, RESOURCE)
    snip, synflow = (one(made, row, "cifar10", "our scores") for row in ("snip", "synflow"))
    assert (snip["verdict"], note in snip["note"]) == ("not comparable", True)
    assert (synflow["verdict"] == "not comparable", note in synflow["note"]) == (False, False)
    assert note in one(made, "vote (pairs)", "cifar10", "our scores")["note"]


def test_the_papers_synflow_is_that_of_its_code(run: Any, made: pd.DataFrame) -> None:
    assert "synflow without BatchNorm, as NASLib" in one(made, "synflow", "cifar10", "our scores")["note"]
    features = features_of(run)
    with_norms = features.assign(synflow_zcp=features["snip"] ** 2, synflow_zcp_status="ok")
    run.write_features(CIFAR10, [with_norms])
    made = run.table("zcp_table1", ALL_READS, RESOURCE)
    for row, column, reference in (
        ("synflow", "synflow_zcp", "notebook"),
        ("synflow without BatchNorm", "synflow", "none"),
    ):
        found = one(made, row, "cifar10", "our scores", reference)
        expected = abs(spearman(with_norms[column].to_numpy(), run.accuracy[:50]))
        assert found["value"] == pytest.approx(expected, abs=1e-6)
    assert "as NASLib" not in one(made, "synflow", "cifar10", "our scores")["note"]
    scores = with_norms[["synflow_zcp", "jacov", "snip"]].to_numpy(np.float64).T
    pairs = one(made, "vote (pairs)", "cifar10", "our scores")
    assert pairs["value"] == pytest.approx(vote.pair_agreement(scores, run.accuracy[:50]), abs=1e-6)


def test_both_kinds_of_vote_are_there(run: Any, made: pd.DataFrame) -> None:
    features = features_of(run)
    scores = features[["synflow", "jacov", "snip"]].to_numpy(np.float64).T
    pairs = one(made, "vote (pairs)", "cifar10", "our scores")
    rank_sum = one(made, "vote (rank sum)", "cifar10", "our scores", "none")
    assert pairs["value"] == pytest.approx(vote.pair_agreement(scores, run.accuracy[:50]), abs=1e-6)
    assert rank_sum["value"] == pytest.approx(spearman(vote.rank_sum(scores), run.accuracy[:50]), abs=1e-6)
    assert pairs["ci_low"] <= pairs["value"] <= pairs["ci_high"]
    assert (pairs["metric"], rank_sum["metric"]) == ("pair_agreement", "abs_spearman")


def test_populations_are_named_and_decide_the_verdict(made: pd.DataFrame) -> None:
    final = one(made, "synflow", "cifar10", "released scores")
    first_run = one(made, "synflow", "cifar100", "released scores")
    sample = one(made, "synflow", "cifar10", "our scores")
    assert final["population"].startswith("released scores: the 40 of 60 without unreachable operations")
    assert (final["verdict"], final["interval_kind"]) == ("not comparable", "architectures")
    assert first_run["population"].startswith("released scores: 30 of 60, taken for a random sample")
    assert first_run["verdict"] == "differs"  # 1.0 against .763
    assert sample["population"] == "our scores: a random sample of 50 of 60"


def test_an_entry_of_several_draws_is_their_mean_on_the_rows_that_all_have(run: Any) -> None:
    first = features_of(run)
    again = first.assign(snip=np.random.default_rng(1).permutation(first["snip"]), jacov=first["snip"])
    again.loc[10:, ["snip", "snip_status"]] = np.nan, "not computed"
    run.write_features(CIFAR10, [first, again])
    made = run.table("zcp_table1", ALL_READS, RESOURCE)
    accuracy = run.accuracy[:50]

    row = one(made, "jacob_cov", "cifar10", "our scores")
    by_draw = [abs(spearman(draw["jacov"].to_numpy(), accuracy)) for draw in (first, again)]
    assert row["value"] == pytest.approx(np.mean(by_draw), abs=1e-6)
    assert (row["n"], row["seeds"]) == (50, 2)
    bounds = bootstrap(
        mean_over_draws(spearman),
        np.stack([draw["jacov"].to_numpy() for draw in (first, again)]),
        accuracy,
        first["graph"].to_numpy(object),
        50,
        seeds.numpy_generator(0, "table", "zcp_table1", "cifar10", "our scores"),
        0.95,
    )
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(bounds, abs=1e-5)
    low, high = sorted(by_draw)
    assert f"mean over 2 draws of the scores, which range from {low:.3f} to {high:.3f}" in row["note"]

    row = one(made, "snip", "cifar10", "our scores")
    by_draw = [abs(spearman(draw["snip"].to_numpy()[:10], accuracy[:10])) for draw in (first, again)]
    assert row["value"] == pytest.approx(np.mean(by_draw), abs=1e-6)
    assert row["population"] == "our scores: a random sample of 10 of 60"
    assert "undefined" not in row["note"]

    pairs = one(made, "vote (pairs)", "cifar10", "our scores")
    votes = [draw[["synflow", "jacov", "snip"]].to_numpy(np.float64).T[:, :10] for draw in (first, again)]
    expected = [vote.pair_agreement(scores, accuracy[:10]) for scores in votes]
    assert pairs["value"] == pytest.approx(np.mean(expected), abs=1e-6)
    assert pairs["ci_low"] <= pairs["value"] <= pairs["ci_high"]


def test_undefined_scores_are_left_out_and_counted(made: pd.DataFrame) -> None:
    row = one(made, "grasp", "cifar10", "our scores")
    assert row["n"] == 49
    assert "undefined scores are left out: 1" in row["note"]


@pytest.mark.parametrize(
    ("column", "series", "missing"),
    [
        (
            "cifar100",
            "our scores",
            "the run makes no features/nasbench201/cifar100, which features.runs would ask for",
        ),
        ("ImageNet16-120", "released scores", "released/nasbench201 has no scores for ImageNet16-120"),
    ],
)
def test_what_a_run_does_not_make_is_a_row_that_says_so(
    made: pd.DataFrame, column: str, series: str, missing: str
) -> None:
    row = one(made, "snip", column, series)
    assert row["verdict"] == "missing input"
    assert np.isnan(row["value"])
    assert row["note"] == f"missing: {missing}"


def test_without_any_input_every_value_is_missing(run: Any) -> None:
    frame = run.table("zcp_table1", [], RESOURCE)
    assert set(frame["verdict"]) == {"missing input"}
    # Sources and tasks; two references each but for the rank sum and, on two tasks, the vote. Ours have
    # synflow in two variants, one of which has no reference.
    assert len(frame) == 2 * (3 * (7 * 2 + 1) - 2) + 3


class TestWholePopulation:
    """No architecture is left to draw, so that the interval is over initialisations."""

    READS = ("accuracies/nasbench201", "features/nasbench201/cifar100")

    @pytest.fixture
    def features(self, run: Any) -> pd.DataFrame:
        """Return scores of all 60 architectures."""
        path = run.results / "features" / "embedded_cell" / "digits.parquet"
        return pd.read_parquet(path).drop(columns="draw")

    @pytest.fixture
    def references(self, reference_file: Callable[..., Path]) -> Path:
        return reference_file(
            "zcp_table1",
            ("synflow", "cifar100", "abs_spearman", "notebook", 0.98, 0.03),
            ("snip", "cifar100", "abs_spearman", "notebook", 0.1, 0.03),
            ("vote (pairs)", "cifar100", "pair_agreement", "notebook", 0.1, 0.03),
        )

    def test_one_draw_is_undecided_and_a_second_would_tell(
        self, run: Any, features: pd.DataFrame, references: Path
    ) -> None:
        run.write_features("nasbench201/cifar100", [features])
        row = one(run.table("zcp_table1", self.READS, references), "snip", "cifar100", "our scores: all 60")
        assert (row["verdict"], row["interval_kind"]) == ("undecided", "")
        assert "a second initialisation would tell" in row["note"]

    def test_draws_are_judged_by_students_interval(
        self, run: Any, features: pd.DataFrame, references: Path
    ) -> None:
        nearly = features["snip"].to_numpy().copy()
        nearly[[10, 11]] = nearly[[11, 10]]
        run.write_features("nasbench201/cifar100", [features, features.assign(snip=nearly)])
        made = run.table("zcp_table1", self.READS, references)
        row = one(made, "snip", "cifar100", "our scores: all 60")
        by_draw = [abs(spearman(scores, run.accuracy)) for scores in (features["snip"].to_numpy(), nearly)]
        expected = student_t(np.array(by_draw), 0.95)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, abs=1e-6)
        assert (row["interval_kind"], row["seeds"], row["verdict"]) == ("initialisations", 2, "differs")
        assert one(made, "synflow", "cifar100", "our scores: all 60")["verdict"] == "reproduced"
        votes = one(made, "vote (pairs)", "cifar100", "our scores: all 60")
        assert (votes["interval_kind"], votes["verdict"]) == ("initialisations", "differs")


def test_a_correlation_near_0_lies_within_the_interval_of_its_absolute_value(run: Any) -> None:
    features = features_of(run)
    there_and_back = np.concatenate([np.arange(25.0), np.arange(25.0)[::-1]])
    run.write_features(CIFAR10, [features.assign(snip=there_and_back)])
    row = one(run.table("zcp_table1", ALL_READS, RESOURCE), "snip", "cifar10", "our scores")
    assert row["value"] < 0.02
    assert row["ci_low"] == 0
    assert row["ci_high"] > 0.1


def test_equal_inputs_give_equal_files(run: Any) -> None:
    kinds = ("csv", "md", "tex")
    contents = []
    for _ in range(2):
        run.table("zcp_table1", ALL_READS, RESOURCE)
        contents.append([(run.results / "tables" / f"zcp_table1.{kind}").read_bytes() for kind in kinds])
    assert contents[0] == contents[1]


def test_the_references_are_the_two_published_roundings() -> None:
    references = comparison.read_references(RESOURCE, "zcp_table1")
    values = {(r.row, r.column, r.kind): r.value for r in references}
    assert len(values) == len(references) == 40
    assert values["grasp", "cifar10", "notebook"] == 0.514
    assert values["grasp", "cifar10", "printed"] == 0.48
    assert values["vote (pairs)", "cifar10", "notebook"] == 0.817082
    assert all(r.tolerance > 0 and r.reason and r.source for r in references)
