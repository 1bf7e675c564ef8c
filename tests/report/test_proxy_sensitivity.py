"""How far correlations move with weights, images and minibatches, on the same architectures."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from zcrepro.proxies.suite_zero import SUITE_ZERO
from zcrepro.ranking.correlation import kendall

NAME, PROBLEM = "proxy_sensitivity", "nasbench201/cifar10"
SCORES, ACCURACIES = f"features/{PROBLEM}", "accuracies/nasbench201"
VARIANTS = ("batch-16", "batches")


def drawn(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Return random scores of the first architectures by all 13 proxies."""
    archs = {
        "arch": [f"arch-{i:02d}" for i in range(count)],
        "graph": [f"graph-{i:02d}" for i in range(count)],
    }
    scores = {name: rng.normal(size=count) for name in SUITE_ZERO}
    return pd.DataFrame(archs | scores | {f"{name}_status": "ok" for name in SUITE_ZERO})


def one(frame: pd.DataFrame, row: str, column: str, metric: str = "kendall") -> pd.Series:
    found = frame[(frame["row"] == row) & (frame["column"] == column) & (frame["metric"] == metric)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture
def scored(run: Any) -> Any:
    """Write three draws of weights of 50 architectures, and two conditions of 40 of them."""
    rng = np.random.default_rng(0)
    plain = [drawn(rng, 50) for _ in range(3)]
    small = [drawn(rng, 40)]
    images = [drawn(rng, 40) for _ in range(3)]
    run.write_features(PROBLEM, plain)
    run.write_features(PROBLEM, small, variant="batch-16")
    run.write_features(PROBLEM, images, variant="batches")
    return run, plain, small, images


def taus(run: Any, draws: list[pd.DataFrame], proxy: str, count: int) -> list[float]:
    return [kendall(draw[proxy].to_numpy()[:count], run.accuracy[:count]) for draw in draws]


def test_every_condition_is_correlated_on_the_architectures_that_all_of_them_have(scored: Any) -> None:
    run, plain, small, images = scored
    made = run.table(NAME, [SCORES, *(f"features-{each}/{PROBLEM}" for each in VARIANTS), ACCURACIES])
    for column, draws in {"tau": plain, "16 images": small}.items():
        found = one(made, "snip", column)
        assert found["value"] == pytest.approx(taus(run, draws, "snip", 40)[0], abs=1e-6)
        assert (found["n"], found["interval_kind"]) == (40, "architectures")
    for column, draws in {"other weights": plain, "other images": images}.items():
        found = one(made, "snip", column, "range of kendall")
        assert found["value"] == pytest.approx(np.ptp(taus(run, draws, "snip", 40)), abs=1e-6)
        assert (found["seeds"], found["interval_kind"]) == (3, "")


def test_conditions_that_the_run_does_not_make_are_named(scored: Any) -> None:
    run, plain, *_ = scored
    made = run.table(NAME, [SCORES, ACCURACIES])
    assert one(made, "zen", "tau")["value"] == pytest.approx(taus(run, plain, "zen", 50)[0], abs=1e-6)
    missing = one(made, "zen", "256 images")
    assert missing["verdict"] == "missing input"
    assert f"features-batch-256/{PROBLEM}" in missing["note"]


def test_without_all_proxies_the_table_says_so(run: Any) -> None:
    (made,) = run.table(NAME, []).to_dict("records")
    assert made["verdict"] == "missing input"
    assert f"features/{PROBLEM} with all 13 proxies" in made["note"]
