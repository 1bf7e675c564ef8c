"""The recipes for NAS-Bench-301 and for trained DARTS genotypes on the real files; a missing file fails."""

import numpy as np
import pytest
import torch

from zcrepro import registry
from zcrepro.benchmarks import darts_trained, suite_zero_nasbench301
from zcrepro.benchmarks._base import PROXIES
from zcrepro.benchmarks.nasbench301_surrogate import Surrogate
from zcrepro.benchmarks.suite_zero_nasbench301 import FIRST_RUN, FURTHER
from zcrepro.proxies.engine import Batch, compute
from zcrepro.ranking.correlation import spearman
from zcrepro.spaces._genotype import as_node
from zcrepro.spaces.base import Space
from zcrepro.spaces.nasbench301 import SPACE

pytestmark = pytest.mark.data

FURTHER_COUNTS = {"ninapro": 199, "svhn": 199, "scifar100": 199}
BUILT = 3  # networks of each task that are built whole


@pytest.fixture(scope="module")
def files(real):
    return {name: real(name) for name in (FIRST_RUN, FURTHER)}


@pytest.fixture(scope="module")
def released(files):
    return suite_zero_nasbench301.RECIPE.released(files)


@pytest.fixture(scope="module")
def trained(real):
    return darts_trained.RECIPE.accuracies({darts_trained.FILE: real(darts_trained.FILE)})


def graphs(texts):
    return texts.map(lambda text: SPACE.canonical(SPACE.parse(text)))


def test_every_task_has_its_architectures_all_of_different_graphs(files):
    frame = suite_zero_nasbench301.RECIPE.accuracies(files)
    assert frame["task"].value_counts().to_dict() == {"cifar10": 725} | FURTHER_COUNTS
    for _, rows in frame.groupby("task"):
        assert graphs(rows["arch"]).is_unique


def test_every_architecture_is_one_that_the_space_draws(released):
    for text in released["arch"].unique():
        assert all(SPACE.draws(node) for cell in SPACE.parse(text) for node in cell)


def test_trap_the_accuracies_on_cifar10_are_predictions_in_a_narrow_range(files):
    frame = suite_zero_nasbench301.RECIPE.accuracies(files)
    predicted = frame[frame["task"] == "cifar10"]
    assert set(predicted["source"]) == {"NAS-Bench-301 surrogate, NASLib first run"}
    assert predicted["accuracy"].min() == pytest.approx(91.24, abs=0.005)
    assert predicted["accuracy"].max() == pytest.approx(94.49, abs=0.005)


def test_predictions_of_another_surrogate_are_in_nearly_the_same_order(files, real):
    """The files say no order of the inputs. With that of the encoding, the correlation is .771."""
    frame = suite_zero_nasbench301.RECIPE.accuracies(files)
    published = frame[frame["task"] == "cifar10"]
    files = ("yahpo_nb301.onnx", "yahpo_nb301_encoding.json")
    surrogate = Surrogate(*(real(f"nasbench301/{name}") for name in files))
    predicted = np.array([surrogate.accuracy(SPACE.parse(text)) for text in published["arch"]])
    assert spearman(predicted, published["accuracy"].to_numpy()) == pytest.approx(0.905, abs=0.001)
    assert ((predicted > 80) & (predicted < 100)).all()


def test_only_zen_is_missing_and_only_from_the_first_run(released):
    missing = released.groupby("task")[list(PROXIES)].agg(lambda scores: scores.isna().sum())
    assert missing.loc["cifar10"].to_dict() == dict.fromkeys(PROXIES, 0) | {"zen": 725}
    assert not missing.drop(index="cifar10").any(axis=None)


def test_networks_that_are_built_whole_have_the_counts_too(released):
    for task, rows in released.groupby("task"):
        for row in rows[:BUILT].itertuples():
            arch = SPACE.parse(row.arch)
            assert Space.parameters(SPACE, arch, task) == round(row.params * 1e6)
            assert Space.flops(SPACE, arch, task) == round(row.flops * 1e6)


def with_poolings_exchanged(arch):
    other = {"max_pool_3x3": "avg_pool_3x3", "avg_pool_3x3": "max_pool_3x3"}
    return tuple(
        tuple(
            as_node([(source, other.get(operation, operation)) for source, operation in node])
            for node in cell
        )
        for cell in arch
    )


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_trap_counts_do_not_tell_the_two_poolings_apart_but_synflow_does(released):
    """The logarithm of synflow differs from the released score only by the random weights.

    With the poolings exchanged, it differs more.
    """
    rows = released[released["task"] == "cifar10"].sample(14, random_state=1)
    batch = Batch(torch.zeros(1, 3, 32, 32), torch.zeros(1, dtype=torch.long))
    proxy = registry.get("proxies", "synflow")

    def error(archs):
        ours = [compute(SPACE.network(arch, "cifar10"), batch, [proxy], 0)["synflow"] for arch in archs]
        return np.abs(np.log(ours) - rows["synflow"]).mean()

    archs = [SPACE.parse(text) for text in rows["arch"]]
    right, exchanged = error(archs), error(list(map(with_poolings_exchanged, archs)))
    assert right < 0.12
    assert exchanged > 2.5 * right


def test_the_trained_genotypes_are_1000_different_graphs_with_equal_cells(trained):
    assert len(trained) == 1000
    assert graphs(trained["arch"]).is_unique
    cells = trained["arch"].map(SPACE.parse)
    assert cells.map(lambda arch: arch[0] == arch[1]).all()


def test_trap_most_trained_genotypes_are_none_that_nasbench301_draws(trained):
    nodes = trained["arch"].map(lambda text: SPACE.parse(text)[0])
    with_none = nodes.map(lambda cell: any(op == "none" for node in cell for _, op in node)).sum()
    from_one_source = nodes.map(lambda cell: any(a == b for (a, _), (b, _) in cell)).sum()
    drawn = nodes.map(lambda cell: all(map(SPACE.draws, cell))).sum()
    assert (with_none, from_one_source) == (644, 811)
    assert drawn < 100


def test_trap_the_trained_networks_are_weaker_than_those_of_nasbench301(trained, files):
    predicted = suite_zero_nasbench301.RECIPE.accuracies(files)
    assert trained["accuracy"].max() == pytest.approx(86.61, abs=0.005)
    assert predicted[predicted["task"] == "cifar10"]["accuracy"].min() > 91
    assert (trained["accuracy"] < 11).sum() == 2  # at chance


def test_every_trained_genotype_builds(trained):
    """All architectures are counted; the first few are built."""
    task = darts_trained.TASK
    for text in trained["arch"]:
        assert SPACE.parameters(SPACE.parse(text), task) > 0
    for text in trained["arch"][:20]:
        with torch.device("meta"):
            outputs = SPACE.blueprint(SPACE.parse(text), task)(torch.zeros(2, 3, 32, 32))
        assert outputs.shape == (2, 10)
