"""NAS-Bench-Macro on its real file: every published count, and the meaning of the accuracies."""

import json

import numpy as np
import pandas as pd
import pytest

from zcrepro import seeds
from zcrepro.benchmarks.nasbench_macro import FILE, RECIPE
from zcrepro.spaces.base import Space
from zcrepro.spaces.nasbench_macro import SPACE

pytestmark = pytest.mark.data

NETWORKS = 60  # how many are counted whole, not added up from their parts


@pytest.fixture(scope="module")
def accuracies(real) -> pd.DataFrame:
    return RECIPE.accuracies({FILE: real(FILE)})


@pytest.fixture(scope="module")
def counts(real) -> pd.DataFrame:
    return RECIPE.counts({FILE: real(FILE)})


@pytest.mark.parametrize(("quantity", "ours"), [("params", SPACE.parameters), ("flops", SPACE.flops)])
def test_every_published_count_is_that_of_our_network(counts, quantity, ours):
    published = counts[counts["quantity"] == quantity].set_index("arch")["count"]
    assert len(published) == 6561
    wrong = [text for text, count in published.items() if ours(SPACE.parse(text), "cifar10") != count]
    assert wrong == []


def test_the_counts_that_are_added_up_are_those_of_whole_networks():
    arches = list(SPACE.architectures())
    for i in seeds.numpy_generator("test", "macro").choice(len(arches), NETWORKS, replace=False):
        assert SPACE.parameters(arches[i], "cifar10") == Space.parameters(SPACE, arches[i], "cifar10")
        assert SPACE.flops(arches[i], "cifar10") == Space.flops(SPACE, arches[i], "cifar10")


def test_all_architectures_have_the_mean_of_three_trainings(accuracies, real):
    means = pd.Series({text: e["mean_acc"] for text, e in json.loads(real(FILE).read_text()).items()})
    ours = accuracies.set_index("arch")["accuracy"]
    assert len(ours) == 6561
    assert np.allclose(ours, means[ours.index], atol=1e-9)
    assert accuracies["seeds"].eq(3).all()


def test_the_best_and_the_worst_are_the_published_ones(accuracies):
    ours = accuracies.set_index("arch")["accuracy"]
    assert ours.max() == pytest.approx(93.13, abs=0.005)
    assert ours.idxmin() == "00000000"
    assert ours.min() == pytest.approx(45.36, abs=0.005)


def test_trap_equal_graphs_share_one_result_and_no_others_do(real):
    """The file has 3,969 different results, one per graph."""
    results = pd.Series({text: str(entry) for text, entry in json.loads(real(FILE).read_text()).items()})
    graphs = pd.Series({text: SPACE.canonical(SPACE.parse(text)) for text in results.index})
    assert results.nunique() == graphs.nunique() == 3969
    assert results.groupby(graphs).nunique().eq(1).all()
