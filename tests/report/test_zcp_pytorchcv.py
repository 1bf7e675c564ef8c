"""The models of PyTorchCV: correlations of the six proxies and the vote, and what is missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import zcrepro
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.ranking import vote
from zcrepro.ranking.correlation import spearman

NAME = "zcp_pytorchcv"
READS = ["features-zoo/pytorchcv/cifar10", "accuracies/pytorchcv"]
RESOURCE = Path(__file__).parents[2] / "resources" / "papers" / f"{NAME}.csv"

SPACE = zcrepro.get_space("pytorchcv")
PROXIES = ["grad_norm", "snip", "grasp", "fisher", "synflow", "jacov"]
MODELS = [SPACE.text(arch) for arch in SPACE.architectures()][:12]
SCORED = MODELS[:9]


def one(frame: pd.DataFrame, row: str, column: str) -> pd.Series:
    found = frame[(frame["row"] == row) & (frame["column"] == column)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture
def scored(run: Any) -> Any:
    """Write the accuracies of twelve models, and two draws of the scores of nine."""
    known = pd.DataFrame({"arch": MODELS, "graph": MODELS, "task": "cifar10", "metric": "test"})
    known = known.assign(accuracy=np.arange(12.0), seeds=pd.NA, source="made up")
    path = run.results / "accuracies" / "pytorchcv.parquet"
    parquet.write(path, known, ACCURACIES, ["arch"], {})
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(2):
        scores = {name: rng.normal(size=9) for name in PROXIES} | {"flops": np.arange(1.0, 10.0) * 1e6}
        statuses = {f"{name}_status": "ok" for name in scores}
        drawn.append(pd.DataFrame({"arch": SCORED, "graph": SCORED, **scores, **statuses}))
    drawn[1].loc[8, "grasp"] = np.nan
    run.write_features("pytorchcv/cifar10", drawn, variant="zoo")
    return run, drawn


def test_values_are_means_over_the_draws_of_absolute_rank_correlations(scored: Any) -> None:
    run, draws = scored
    made = run.table(NAME, READS, RESOURCE)
    for row, column in {"snip": "snip", "synflow": "synflow", "jacob_cov": "jacov"}.items():
        expected = np.mean([abs(spearman(draw[column].to_numpy(), np.arange(9.0))) for draw in draws])
        found = one(made, row, "cifar10")
        assert found["value"] == pytest.approx(expected, abs=1e-6)
        assert (found["n"], found["seeds"], found["interval_kind"]) == (9, 2, "architectures")
        assert found["population"] == "9 of 12 models"
        assert "9 of 12 models, those of at most 9 million multiply-adds" in found["note"]


def test_the_vote_is_the_share_of_pairs_that_the_majority_orders_rightly(scored: Any) -> None:
    run, draws = scored
    voters = [draw[["synflow", "jacov", "snip"]].to_numpy().T for draw in draws]
    expected = np.mean([vote.pair_agreement(each, np.arange(9.0)) for each in voters])
    found = one(run.table(NAME, READS, RESOURCE), "vote (pairs)", "cifar10")
    assert found["value"] == pytest.approx(expected, abs=1e-6)
    assert found["verdict"] == "no reference"


def test_a_model_that_one_draw_leaves_undefined_is_left_out_of_both(scored: Any) -> None:
    run, draws = scored
    found = one(run.table(NAME, READS, RESOURCE), "grasp", "cifar10")
    expected = np.mean([abs(spearman(draw["grasp"].to_numpy()[:8], np.arange(8.0))) for draw in draws])
    assert (found["n"], found["value"]) == (8, pytest.approx(expected, abs=1e-6))
    assert "undefined scores are left out: 1" in found["note"]


def test_the_published_values_are_of_other_models_and_most_inputs_are_missing(scored: Any) -> None:
    made = scored[0].table(NAME, READS, RESOURCE)
    compared = made[made["reference"] == "notebook"]
    assert len(compared) == 6 * 4 * 2
    here = compared["column"] == "cifar10"
    assert set(compared[here]["verdict"]) == {"not comparable"}
    assert set(compared[~here]["verdict"]) == {"missing input"}
    assert one(made, "synflow", "cifar10")["paper_value"] == 0.455
    assert one(made, "synflow", "svhn")["paper_value"] == 0.8262
    assert one(made, "synflow", "ImageNet1k, pretrained")["paper_value"] == 0.691


def test_without_scores_every_entry_says_what_is_missing(run: Any) -> None:
    made = run.table(NAME, [], RESOURCE)
    assert set(made["verdict"]) == {"missing input"}
    assert "features-zoo/pytorchcv/cifar10" in one(made, "snip", "cifar10")["note"]
