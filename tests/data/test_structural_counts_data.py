"""How structural counts rank architectures by published accuracies; a missing file fails.

Each value is Kendall's tau. Architectures of equal graphs, of which TransNAS-Bench-101 micro has many, are all
included: on one architecture per graph the values there are smaller.
"""

from collections.abc import Iterable

import numpy as np
import pytest

from zcrepro.benchmarks import nasbench201, suite_zero_nasbench101, suite_zero_nasbench301
from zcrepro.benchmarks._suite_zero import json_scores
from zcrepro.benchmarks.suite_zero_nasbench201 import FURTHER
from zcrepro.benchmarks.suite_zero_transnasbench101 import MACRO, MICRO
from zcrepro.ranking.correlation import kendall
from zcrepro.spaces.base import Space
from zcrepro.spaces.graph import NONE
from zcrepro.spaces.lookup import get_space
from zcrepro.spaces.structural_counts import structural_counts

pytestmark = pytest.mark.data


def tau(space: Space, name: str, texts: Iterable[str], accuracies: Iterable[float]) -> float:
    counts = [structural_counts(space.graph(space.parse(text)))[name] for text in texts]
    return kendall(np.array(counts, float), np.array(accuracies, float))


def test_live_convolutions_on_nasbench201_cells_without_dead_edges(real):
    """Test the 9,445 cells in which every edge other than none is live, on validation accuracy."""
    space = get_space("nasbench201")
    frame = nasbench201.RECIPE.accuracies(
        {name: real(name) for name in (*nasbench201.NASGRAPH.values(), nasbench201.MECO, FURTHER)}
    )
    validation = frame[frame["metric"] == "validation"]
    graphs = {text: space.graph(space.parse(text)) for text in validation["arch"].unique()}
    chosen = {
        text
        for text, graph in graphs.items()
        if all(edge.operation == NONE or edge in graph.live_edges() for edge in graph.edges)
    }
    assert len(chosen) == 9_445
    found = {}
    for task in ("cifar10", "cifar100", "ImageNet16-120"):
        rows = validation[(validation["task"] == task) & validation["arch"].isin(chosen)]
        found[task] = tau(space, "l_conv", rows["arch"], rows["accuracy"])
    assert found == pytest.approx({"cifar10": 0.599, "cifar100": 0.649, "ImageNet16-120": 0.608}, abs=5e-4)


def test_3x3_convolutions_on_the_longest_path_of_500_nasbench101_cells(real):
    drawn = suite_zero_nasbench101.draws(real(suite_zero_nasbench101.FIRST_RUN))
    assert len(drawn) == 500
    found = tau(get_space("nasbench101"), "d3_max", drawn["arch"], drawn["val_accuracy"])
    assert found == pytest.approx(0.687, abs=5e-4)


def test_poolings_on_the_paths_of_nasbench301_genotypes(real):
    files = {name: real(name) for name in (suite_zero_nasbench301.FIRST_RUN, suite_zero_nasbench301.FURTHER)}
    frame = suite_zero_nasbench301.RECIPE.accuracies(files)
    rows = frame[frame["task"] == "cifar10"]
    found = tau(get_space("nasbench301"), "p_mean", rows["arch"], rows["accuracy"])
    assert found == pytest.approx(-0.470, abs=5e-4)


@pytest.mark.parametrize(
    ("of", "name", "expected"),
    [
        (MICRO, "d3_max", (0.510, 0.643, 0.475, 0.369)),
        (MACRO, "l_stride", (-0.631, -0.377, -0.341, -0.246)),
    ],
)
def test_one_count_on_the_first_run_of_transnasbench101(real, of, name, expected):
    found = []
    for task in ("class_object", "class_scene", "jigsaw", "room_layout"):
        rows = json_scores(real(of.first_run), task, of.decode)
        found.append(tau(of.space, name, rows["arch"], rows["val_accuracy"]))
    assert found == pytest.approx(expected, abs=6e-4)
