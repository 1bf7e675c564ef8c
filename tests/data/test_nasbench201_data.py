"""The recipes for NAS-Bench-201 and CIFAR-10 on the real files. A missing file is a failure."""

import json
import os
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
import torch

from zcrepro import registry, seeds
from zcrepro.benchmarks import nasbench201, suite_zero_nasbench201
from zcrepro.benchmarks._base import PROXIES
from zcrepro.benchmarks.suite_zero_nasbench201 import FINAL, FIRST_RUN, ZEN, decoded, zen_scores
from zcrepro.datasets import fetch_settings, read_datasets
from zcrepro.fetch import fetch
from zcrepro.images.cifar10 import IMAGES
from zcrepro.proxies._engine import Batch, compute
from zcrepro.spaces.nasbench201 import SPACE, Network

pytestmark = pytest.mark.data

LIST = Path(__file__).parents[2] / "config" / "datasets.tsv"
DATA = Path(__file__).parents[2] / "data"
NETWORKS = 300  # how many a task are built and counted


def real(name: str) -> Path:
    """The file in the mirror; without a mirror, fetched to where the workflow would put it."""
    if folder := os.environ.get("ZCREPRO_MIRROR"):
        path = Path(folder) / name
        assert path.is_file(), f"{path} is missing"
        return path
    path = DATA / name
    if not path.is_file():
        with TemporaryDirectory() as scratch:
            settings_file = Path(scratch) / "settings.json"
            settings_file.write_text(json.dumps(fetch_settings(read_datasets(LIST)[name])))
            fetch(settings_file=settings_file, output=path)
    return path


def all_real(*names: str) -> dict[str, Path]:
    return {name: real(name) for name in names}


@pytest.fixture(scope="module")
def accuracies() -> pd.DataFrame:
    return nasbench201.RECIPE.accuracies(all_real(*nasbench201.NASGRAPH.values(), nasbench201.MECO))


@pytest.fixture(scope="module")
def released() -> pd.DataFrame:
    return suite_zero_nasbench201.RECIPE.released(all_real(*FINAL.values(), FIRST_RUN, ZEN))


def of(frame: pd.DataFrame, task: str, metric: str) -> pd.Series:
    chosen = frame[(frame["task"] == task) & (frame["metric"] == metric)]
    return chosen.set_index("arch")["accuracy"]


@pytest.mark.parametrize("name", list(read_datasets(LIST)))
def test_the_mirror_holds_what_the_list_pins(tmp_path, name):
    real(name)
    settings_file = tmp_path / "settings.json"
    settings_file.write_text(json.dumps(fetch_settings(read_datasets(LIST)[name])))
    fetch(settings_file=settings_file, output=tmp_path / "file")


def test_all_architectures_have_both_accuracies_on_all_tasks(accuracies):
    counts = accuracies.groupby(["task", "metric"])["arch"].nunique()
    assert counts.tolist() == [15_625] * 6
    assert accuracies["accuracy"].between(0, 100).all()


def test_the_best_accuracies_are_the_published_ones(accuracies):
    assert of(accuracies, "cifar10", "test").max() == pytest.approx(94.37, abs=0.005)
    assert of(accuracies, "cifar10", "validation").max() == pytest.approx(91.61, abs=0.005)
    assert of(accuracies, "cifar100", "test").max() == pytest.approx(73.51, abs=0.005)
    assert of(accuracies, "ImageNet16-120", "test").max() == pytest.approx(47.31, abs=0.005)


def test_trap_the_test_accuracy_of_half_trained_networks_is_another_and_not_used(accuracies):
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


def test_no_other_numbering_of_mecos_operations_or_edges_fits_better(accuracies):
    """The half-trained networks rank alike, unless two operations or two edges are exchanged."""
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


def test_trap_naslibs_val_accuracy_is_a_single_test_accuracy_of_half_trained_networks():
    table = pd.read_csv(real(nasbench201.NASGRAPH["cifar10"])).set_index("arch str")
    entries = suite_zero_nasbench201._zen_entries(real(ZEN), "cifar10")
    theirs = pd.Series({decoded(entry["arch"]): entry["val_accuracy"] for entry in entries})
    half = table.loc[theirs.index]
    same = {metric: (theirs - half[f"{metric} accuracy"]).abs() < 1e-6 for metric in ("test", "validation")}
    assert theirs.max() == pytest.approx(91.57)
    assert same["test"].mean() > 0.1  # those with one seed
    assert same["validation"].mean() < 0.01


def test_released_scores_cover_what_the_files_hold(released):
    assert released["task"].value_counts().to_dict() == {
        "cifar10": 9445,
        "ImageNet16-120": 9445,
        "cifar100": 725,
    }
    assert not released.duplicated(["task", "arch"]).any()


def test_trap_no_failure_mark_is_left_among_the_released_scores(released):
    assert released.select_dtypes("number").min(axis=None) > -1e7
    assert not np.isinf(released[list(PROXIES)]).any(axis=None)
    missing = released[list(PROXIES)].isna().groupby(released["task"]).sum()
    assert {proxy for proxy in PROXIES if missing[proxy].any()} == {"epe_nas", "jacov", "nwot", "zen"}
    assert (missing[["epe_nas", "jacov", "nwot", "zen"]] == 1).all(axis=None)  # one dead network a task


def test_the_tables_own_text_is_our_decoding():
    table = pd.read_csv(real(FINAL["cifar10"]))
    assert len(table) == 9445
    assert (table["net"].map(decoded) == table["net_str"]).all()


@pytest.mark.parametrize("task", ["cifar10", "cifar100", "ImageNet16-120"])
def test_the_params_proxy_is_the_parameter_count_of_our_network(released, task):
    scores = released[released["task"] == task].sort_values("arch").reset_index(drop=True)
    chosen = seeds.numpy_generator("test", task).choice(len(scores), NETWORKS, replace=False)
    for text, millions in zip(scores["arch"][chosen], scores["params"][chosen], strict=True):
        with torch.device("meta"):
            network = Network(SPACE.parse(text), SPACE.tasks[task].classes)
        assert sum(p.numel() for p in network.parameters()) == round(millions * 1e6), text


@pytest.mark.parametrize(("task", "side"), [("cifar10", 32), ("ImageNet16-120", 16)])
def test_our_flops_are_the_released_ones_to_the_unit(released, task, side):
    rows = released[released["task"] == task].sample(60, random_state=0)
    batch = Batch(torch.zeros(1, 3, side, side), torch.zeros(1, dtype=torch.long))
    proxy = registry.get("proxies", "flops")
    for text, millions in zip(rows["arch"], rows["flops"], strict=True):
        network = SPACE.network(SPACE.parse(text), task)
        assert compute(network, batch, [proxy], 0)["flops"] == round(millions * 1e6)


@pytest.mark.parametrize("task", ["cifar10", "cifar100", "ImageNet16-120"])
def test_trap_341_failed_zen_values_become_nan(task):
    values = np.array(list(zen_scores(real(ZEN), task).values()))
    assert len(values) == 15_625
    assert np.isnan(values).sum() == 341
    assert np.nanmin(values) > -1e7


def test_cifar10s_first_batch_is_read_whole():
    images = IMAGES.training([real("images/cifar10_data_batch_1.bin")])
    assert images.pixels.shape == (10_000, 3, 32, 32)
    assert np.bincount(images.labels).tolist() == [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981]
    assert np.abs(images.pixels.mean((0, 2, 3))).max() < 0.02  # normalised by the whole set's statistics
