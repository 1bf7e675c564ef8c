"""The recipes for NAS-Bench-101 on the real files; a missing file fails."""

import json
import zipfile
from collections import defaultdict

import pandas as pd
import pytest
import torch

from zcrepro import registry, seeds
from zcrepro.benchmarks import nasbench101, suite_zero_nasbench101
from zcrepro.benchmarks._base import PROXIES
from zcrepro.benchmarks.suite_zero_nasbench101 import FIRST_RUN, ZEN, draws, written
from zcrepro.proxies.engine import Batch, compute
from zcrepro.ranking.correlation import spearman
from zcrepro.spaces import nasbench101_graph as graph
from zcrepro.spaces.nasbench101 import SPACE, Network, count_parameters, naslib_flops

pytestmark = pytest.mark.data

NETWORKS = 60  # how many are built and counted
LIGHT = 1_800_000  # parameters of the networks that are run for zen


@pytest.fixture(scope="module")
def files(real):
    return {name: real(name) for name in (*nasbench101.TABLES, nasbench101.CELLS, FIRST_RUN)}


@pytest.fixture(scope="module")
def accuracies(files) -> pd.DataFrame:
    return nasbench101.RECIPE.accuracies(files)


@pytest.fixture(scope="module")
def counts(files) -> pd.Series:
    """Return the published parameters by architecture."""
    return nasbench101.RECIPE.counts(files).set_index("arch")["count"]


@pytest.fixture(scope="module")
def epochs(files) -> pd.DataFrame:
    return nasbench101.RECIPE.epochs(files)


@pytest.fixture(scope="module")
def drawn(files) -> pd.DataFrame:
    return draws(files[FIRST_RUN])


@pytest.fixture(scope="module")
def released(real) -> pd.DataFrame:
    return suite_zero_nasbench101.RECIPE.released({name: real(name) for name in (FIRST_RUN, ZEN)})


def test_30001_cells_have_accuracies_after_four_numbers_of_epochs(epochs, accuracies):
    by_epoch = epochs.pivot(index="arch", columns="epoch", values="accuracy")
    assert by_epoch.columns.tolist() == [4, 12, 36, 108]
    assert len(by_epoch) == 30_001
    known = accuracies[accuracies["file"] != FIRST_RUN].set_index("arch")["accuracy"]
    assert by_epoch[108].sort_index().equals(known.sort_index().rename(108))
    medians = by_epoch.median().tolist()
    assert medians == sorted(medians)
    # The longer the training, the closer its order to that of 108 epochs.
    rho = [spearman(by_epoch[epoch].to_numpy(), by_epoch[108].to_numpy()) for epoch in (4, 12, 36)]
    assert 0.2 < rho[0] < rho[1] < rho[2] < 0.95
    seconds = epochs.groupby("epoch")["seconds"].mean()
    assert 1000 < seconds[108] < 10_000
    assert seconds[4] == pytest.approx(seconds[108] / 27)


def test_30267_cells_have_an_accuracy(accuracies):
    assert accuracies["file"].value_counts().to_dict() == {
        nasbench101.TABLES[1]: 20_001,
        nasbench101.TABLES[0]: 10_000,
        FIRST_RUN: 266,
    }
    assert accuracies["arch"].is_unique
    assert accuracies["accuracy"].between(9, 95).all()


def test_accuracies_are_of_single_trainings(accuracies):
    """Accuracies are multiples of 1 / 9,984, the number of images; means of trainings would not be."""
    images = accuracies["accuracy"] * 9984 / 100
    assert (images - images.round()).abs().max() < 0.001


def test_the_hashes_are_two_whole_ranges_of_all_423624(files):
    """The tables contain all cells in their ranges of hashes, so they are unbiased; takes 40 seconds."""
    hashes = sorted(map(SPACE.canonical, SPACE.architectures()))
    for name, start in zip(nasbench101.TABLES, (36_202, 0), strict=True):
        keys = json.loads(files[name].read_text())["key"]
        assert hashes[start : start + len(keys)] == keys


def test_all_30001_parameter_counts_are_ours(counts):
    assert len(counts) == 30_001
    assert counts.tolist() == [SPACE.parameters(SPACE.parse(text), "cifar10") for text in counts.index]


def test_trap_the_tables_hold_the_best_of_three_trainings(accuracies, drawn):
    """The 26 cells that both files have are never better in the file of draws."""
    table = accuracies[accuracies["file"] != FIRST_RUN].set_index("arch")["accuracy"]
    trainings = defaultdict(set)
    for text, accuracy in zip(drawn["arch"], drawn["val_accuracy"], strict=True):
        if text in table.index:
            trainings[text].add(accuracy)
    behind = pd.Series({text: table[text] - max(found) for text, found in trainings.items()})
    assert len(behind) == 26
    assert behind.min() > -1e-6
    assert (behind < 1e-6).sum() == 12  # of three the draws know all trainings
    assert all(behind[text] < 1e-6 for text, found in trainings.items() if len(found) == 3)


def test_trap_the_500_draws_are_292_cells(drawn):
    assert len(drawn) == 500
    assert drawn["arch"].nunique() == 292
    assert (drawn["arch"] == "output~0").sum() == 55


def test_trap_draws_are_numbered_as_drawn_and_their_counts_are_of_that_numbering(drawn):
    published = (drawn["params"] * 1e6).round().astype(int)
    as_drawn = drawn["written"].map(lambda text: count_parameters(graph.read(text), 10))
    as_trained = drawn["arch"].map(lambda text: count_parameters(SPACE.parse(text), 10))
    assert (published == as_drawn).all()
    assert (drawn["written"] != drawn["arch"]).sum() == 90
    assert (published != as_trained).sum() == 28
    assert (published / as_trained - 1).abs().max() < 0.01


def test_flops_of_the_draws_are_ours_to_the_unit(drawn):
    renumbered = drawn[drawn["written"] != drawn["arch"]]
    chosen = pd.concat(
        [renumbered.sample(NETWORKS // 2, random_state=0), drawn.sample(NETWORKS // 2, random_state=0)]
    )
    for text, millions in zip(chosen["written"], chosen["flops"], strict=True):
        with torch.device("meta"):
            network, images = Network(graph.read(text), 10), torch.zeros(1, 3, 32, 32)
        assert naslib_flops(network, images) == round(millions * 1e6), text


def test_released_scores_cover_what_the_files_hold(released):
    assert released["source"].value_counts().to_dict() == {
        "NASLib nb101_zen": 10_250,
        "NASLib first run": 292,
    }
    assert not released.duplicated(["arch", "source"]).any()
    run = released[released["source"] == "NASLib first run"]
    missing = run[list(PROXIES)].isna().all()
    assert set(missing.index[missing]) == {"nwot", "zen"}
    assert run[list(PROXIES)].isna().sum().sum() == 2 * 292
    assert released.select_dtypes("number").min(axis=None) > -1e7


def test_zen_is_of_the_first_cells_by_hash_in_the_published_numbering(files, real, released):
    with zipfile.ZipFile(real(ZEN)) as archive:
        encodings = {
            int(entry["idx"]): entry["arch"]
            for name in archive.namelist()
            if name.endswith(".json")
            for entry in json.loads(archive.read(name))
        }
    assert sorted(encodings) == list(range(10_250))
    cells = [written(encodings[place]) for place in range(10_250)]
    scores = released[released["source"] == "NASLib nb101_zen"]
    assert {SPACE.text(cell) for cell in cells} == set(scores["arch"])
    keys = json.loads(files[nasbench101.TABLES[1]].read_text())["key"][:10_250]
    assert [graph.module_hash(cell) for cell in cells] == keys


def test_our_zen_is_the_released_one(released):
    """Random weights and noise cause a small difference; another network would cause a larger one."""
    scores = released[released["source"] == "NASLib nb101_zen"].set_index("arch")["zen"]
    light = [text for text in sorted(scores.index) if SPACE.parameters(SPACE.parse(text), "cifar10") < LIGHT]
    chosen = seeds.numpy_generator("test", "zen").choice(len(light), 2, replace=False)
    batch = Batch(torch.zeros(8, 3, 32, 32), torch.zeros(8, dtype=torch.long))
    proxy = registry.get("proxies", "zen")
    for text in (light[place] for place in chosen):
        ours = compute(SPACE.network(SPACE.parse(text), "cifar10"), batch, [proxy], 0)["zen"]
        assert ours == pytest.approx(scores[text], rel=0.03), text


def test_accuracies_rise_with_parameters(accuracies, counts):
    """A wrong join of hashes and cells would destroy the correlation."""
    table = accuracies.set_index("arch")["accuracy"].reindex(counts.index)
    assert table.corr(counts, method="spearman") > 0.3
