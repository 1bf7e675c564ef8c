"""Less training as a proxy: correlations after each epoch, what they cost beside a score, and early stopping."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import zcrepro
from zcrepro.benchmarks._base import ACCURACIES, EPOCHS
from zcrepro.files import parquet
from zcrepro.report import comparison
from zcrepro.training import reduced_table

NAME = "zcp_econas"
RESOURCE = Path(__file__).parents[2] / "resources" / "papers" / f"{NAME}.csv"

SPACE = zcrepro.get_space("embedded_cell")
ARCHS = list(SPACE.architectures())[-9::-1500][:8]
TEXTS, GRAPHS = list(map(SPACE.text, ARCHS)), list(map(SPACE.canonical, ARCHS))
KNOWN = np.arange(10.0, 90.0, 10.0)
FULL = np.array([SPACE.flops(arch, "digits") for arch in ARCHS])

PROBLEM = "embedded_cell/digits"
READS = [f"trainings/short/{PROBLEM}", f"features/{PROBLEM}", "accuracies/embedded_cell"]

BACKWARDS = KNOWN[::-1]
NEARLY = KNOWN[[1, 0, 2, 3, 4, 5, 6, 7]]  # Spearman's rho is 1 - 6 * 2 / (8 * 63)


def one(frame: pd.DataFrame, row: str, column: str) -> pd.Series:
    found = frame[(frame["row"] == row) & (frame["column"] == column)]
    assert len(found) == 1, frame[["row", "column"]].values.tolist()
    return found.iloc[0]


def write_trainings(run: Any, recipe: str, accuracies: list[np.ndarray], share: float, images: int) -> None:
    """Write the trainings of the first networks: their accuracies by epoch, and their share of the full cost."""
    frame = pd.concat(
        pd.DataFrame({"arch": TEXTS[: len(of)], "graph": GRAPHS[: len(of)], "accuracy": of}).assign(
            epoch=epoch, images=epoch * images, multiply_adds=(share * FULL[: len(of)]).astype(np.int64)
        )
        for epoch, of in enumerate(accuracies, start=1)
    )
    path = run.results / "trainings" / recipe / f"{PROBLEM}.parquet"
    parquet.write(path, frame, reduced_table.SCHEMA, reduced_table.KEY, {})


@pytest.fixture
def trained(run: Any) -> Any:
    """Write eight networks with accuracies, trained for three epochs at the whole cost, and their scores."""
    frame = pd.DataFrame({"arch": TEXTS, "graph": GRAPHS, "task": "digits", "accuracy": KNOWN})
    both = pd.concat(
        [
            frame.assign(metric="test"),
            frame.assign(metric="validation", accuracy=BACKWARDS),
        ]
    ).assign(seeds=1, source="made up")
    path = run.results / "accuracies" / "embedded_cell.parquet"
    parquet.write(path, both, ACCURACIES, ["metric", "arch"], {})
    write_trainings(run, "short", [BACKWARDS, KNOWN, NEARLY], share=1, images=640)
    scores = pd.DataFrame({"arch": TEXTS, "graph": GRAPHS, "snip": NEARLY, "params": KNOWN, "zen": np.nan})
    scores["structure_paths"], scores["vkdnw"] = np.arange(8.0), np.arange(8.0)[::-1]
    scores.loc[6:, "snip"] = np.nan
    statuses = {f"{name}_status": "ok" for name in ("snip", "params", "zen", "structure_paths", "vkdnw")}
    run.write_features(PROBLEM, [scores.assign(**statuses)])
    return run


def test_the_accuracy_after_each_epoch_is_correlated_with_the_test_accuracy(trained: Any) -> None:
    made = trained.table(NAME, READS)
    row = f"{PROBLEM} short"
    values = {column: one(made, row, column)["value"] for column in ("epoch 1", "epoch 2", "epoch 3")}
    assert values == pytest.approx({"epoch 1": -1, "epoch 2": 1, "epoch 3": 1 - 12 / 504}, abs=1e-6)
    last = one(made, row, "epoch 3")
    assert (last["n"], last["metric"], last["interval_kind"]) == (8, "spearman", "architectures")
    assert last["ci_low"] <= last["value"] <= last["ci_high"]
    assert "with test accuracy of the full training" in last["note"]
    assert "embedded" in last["note"]


def test_long_trainings_have_columns_for_some_epochs_and_the_last(trained: Any) -> None:
    write_trainings(trained, "short", [KNOWN] * 7, share=1, images=640)
    made = trained.table(NAME, READS)
    columns = made[made["row"] == f"{PROBLEM} short"]["column"].tolist()
    assert columns == ["epoch 1", "epoch 2", "epoch 4", "epoch 5", "epoch 7", "cost in full epochs"]


@pytest.mark.parametrize(("share", "cost"), [(1, 3), (2, 6), (0.5, 1.5)])
def test_a_training_costs_its_epochs_by_the_multiply_adds_of_an_image(
    trained: Any, share: float, cost: float
) -> None:
    write_trainings(trained, "short", [KNOWN] * 3, share, images=640)
    row = one(trained.table(NAME, READS), f"{PROBLEM} short", "cost in full epochs")
    assert row["value"] == pytest.approx(cost, rel=1e-4)
    assert (row["metric"], row["n"], np.isnan(row["ci_low"])) == ("epochs", 8, True)


def test_scores_are_correlated_on_the_networks_that_were_trained(trained: Any) -> None:
    write_trainings(trained, "short", [KNOWN[:7]], share=1, images=640)
    made = trained.table(NAME, READS)
    params, snip = (one(made, f"{PROBLEM} {name}", "one score") for name in ("params", "snip"))
    assert (params["value"], params["n"]) == (pytest.approx(1), 7)
    assert (snip["value"], snip["n"]) == (pytest.approx(1 - 12 / (6 * 35), abs=1e-5), 6)
    assert one(made, f"{PROBLEM} vkdnw", "one score")["value"] == pytest.approx(-1)
    assert f"{PROBLEM} zen" not in set(made["row"])  # it is undefined everywhere


def test_the_rank_sum_of_zcps_voters_is_correlated_on_the_same_networks(trained: Any) -> None:
    voters = {"synflow_zcp": KNOWN, "jacov": NEARLY, "snip": KNOWN}
    scores = pd.DataFrame({"arch": TEXTS, "graph": GRAPHS, **voters})
    trained.write_features(PROBLEM, [scores.assign(**{f"{name}_status": "ok" for name in voters})])
    row = one(trained.table(NAME, READS), f"{PROBLEM} vote (rank sum)", "one score")
    assert (row["value"], row["n"]) == (pytest.approx(1), 8)  # 2 x 1 + 2 and 2 x 2 + 1: the order is kept


def test_the_cost_of_a_training_is_told_in_scores_of_a_batch(trained: Any) -> None:
    # 3 epochs of 640 images are 30 batches of 64, each of which costs a forward and a backward of two.
    forwards = 3 * 30
    made = trained.table(NAME, READS)
    column = "short costs, times a score"
    for name, forwards_of_a_score in (("snip", 7.1), ("params", 0.1), ("vkdnw", 1.1 * 10)):
        row = one(made, f"{PROBLEM} {name}", column)
        assert row["value"] == pytest.approx(forwards / forwards_of_a_score, rel=1e-5)
        assert row["metric"] == "ratio of costs"
    of_counts = made[made["row"] == f"{PROBLEM} structure_paths"]
    assert of_counts["column"].tolist() == ["one score"]  # it costs no forward


def test_recipes_of_a_problem_share_the_scores_on_the_networks_of_the_longest_sample(trained: Any) -> None:
    write_trainings(trained, "few", [KNOWN[:4]], share=0.5, images=640)
    made = trained.table(NAME, [f"trainings/few/{PROBLEM}", *READS])
    assert one(made, f"{PROBLEM} few", "epoch 1")["n"] == 4
    assert one(made, f"{PROBLEM} params", "one score")["n"] == 8
    ratios = [
        one(made, f"{PROBLEM} params", f"{recipe} costs, times a score")["value"]
        for recipe in ("few", "short")
    ]
    assert ratios == pytest.approx([3 * 10 * 0.5 / 0.1, 3 * 30 / 0.1], rel=1e-4)


def test_values_are_compared_with_the_papers(trained: Any, reference_file: Callable[..., Path]) -> None:
    row = f"{PROBLEM} short"
    references = reference_file(
        NAME,
        (row, "epoch 2", "spearman", "printed", 0.98, 0.05),
        (row, "epoch 1", "spearman", "printed", 0.61, 0.05),
        (row, "epoch 40", "spearman", "printed", 0.8, 0.05),
    )
    made = trained.table(NAME, READS, references)
    verdicts = {column: one(made, row, column)["verdict"] for column in ("epoch 1", "epoch 2", "epoch 40")}
    assert verdicts == {"epoch 1": "differs", "epoch 2": "reproduced", "epoch 40": "missing input"}


def test_without_scores_the_trainings_are_there_and_a_row_says_what_is_missing(trained: Any) -> None:
    made = trained.table(NAME, [READS[0], READS[2]])
    assert one(made, f"{PROBLEM} short", "epoch 2")["value"] == pytest.approx(1)
    missing = one(made, f"{PROBLEM} proxies", "one score")
    assert (
        missing["note"] == f"missing: the run makes no features/{PROBLEM}, which features.runs would ask for"
    )


def test_without_any_input_every_value_is_missing(run: Any) -> None:
    made = run.table(NAME, [], RESOURCE)
    assert set(made["verdict"]) == {"missing input"}
    assert (
        one(made, "reduced trainings", "one score")["note"]
        == "missing: the run makes no trainings/, which reduced_trainings.runs would ask for"
    )


def test_early_stopping_is_correlated_with_the_longest_training_of_the_benchmark(run: Any) -> None:
    by_epoch = {4: [1.0, 3.0, 2.0], 12: [3.0, 2.0, 1.0], 108: [10.0, 20.0, 30.0]}
    frame = pd.concat(
        pd.DataFrame({"arch": list("abc"), "graph": list("abc"), "accuracy": accuracy}).assign(
            epoch=epoch, seconds=[epoch, 2.0 * epoch, 6.0 * epoch]
        )
        for epoch, accuracy in by_epoch.items()
    ).assign(task="cifar10", source="made up")
    path = run.results / "epochs" / "nasbench101.parquet"
    parquet.write(path, frame, EPOCHS, ["epoch", "arch"], {})
    made = run.table(NAME, ["epochs/nasbench101"])
    row = "nasbench101/cifar10 early stopping"
    columns = ["epoch 4", "epoch 12", *(f"seconds, {epoch} epochs" for epoch in by_epoch)]
    found = [one(made, row, column) for column in columns]
    assert [each["value"] for each in found] == pytest.approx([0.5, -1, 4 * 3, 12 * 3, 108 * 3])
    assert [each["metric"] for each in found] == ["spearman"] * 2 + ["seconds"] * 3
    assert found[0]["population"] == "the 3 architectures with published accuracies"
    assert "with validation accuracy after 108 epochs" in found[0]["note"]
    assert "on the authors' TPU" in found[2]["note"]
    assert found[0]["cites"] == "nasbench101"


def test_references_have_a_source_and_a_tolerance() -> None:
    references = comparison.read_references(RESOURCE, NAME)
    assert len({(r.row, r.column, r.metric, r.kind) for r in references}) == len(references) == 7
    assert all(r.tolerance > 0 and r.reason and r.source and r.kind == "printed" for r in references)
    values = {(r.row, r.column): r.value for r in references}
    assert values["nasbench201/cifar10 r8c4", "epoch 20"] == 0.61
    assert values["nasbench201/cifar10 r16c8", "epoch 15"] == 0.8
