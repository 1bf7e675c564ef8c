"""The recipe for NDS on the real files of the cell-based spaces; a missing file fails."""

import json

import pytest

from zcrepro import registry
from zcrepro.benchmarks.nds import RECIPE
from zcrepro.spaces.base import Space

pytestmark = pytest.mark.data

RECORDS = {
    "DARTS_in": 121,
    "DARTS_fix-w-d_in": 499,
    "Amoeba_in": 124,
    "ENAS_in": 117,
    "NASNet_in": 122,
    "PNAS_in": 119,
}
BUILT = 3  # networks of each file that are built whole


@pytest.fixture(scope="module", params=RECORDS)
def name(request):
    return f"nds/{request.param}.json"


@pytest.fixture(scope="module")
def records(name, real):
    return json.loads(real(name).read_text())


@pytest.fixture(scope="module")
def space(name):
    stem = name.removeprefix("nds/").removesuffix("_in.json").removesuffix("_fix-w-d")
    return registry.get("space", f"nds_{stem.lower()}")


def test_every_record_is_an_architecture_of_its_own_on_imagenet(name, real, space):
    frame = RECIPE.accuracies({name: real(name)})
    task = "ImageNet-fix-w-d" if "fix-w-d" in name else "ImageNet"
    assert set(frame["task"]) == {task}
    assert len(frame) == frame["arch"].nunique() == RECORDS[name[4:-5]]
    assert frame["arch"].map(lambda text: space.canonical(space.parse(text))).nunique() == len(frame)
    assert set(frame["seeds"]) == {1}
    assert frame["accuracy"].between(0, 100).all()


def test_networks_that_are_built_whole_have_the_counts_too(records, space):
    for record in records[:BUILT]:
        arch = space.from_net(record["net"])
        assert Space.parameters(space, arch, "ImageNet") == record["params"]
        assert Space.flops(space, arch, "ImageNet") == record["flops"]


def test_trap_the_best_epoch_is_up_to_a_quarter_point_better_than_the_last(records):
    gaps = [record["test_ep_top1"][-1] - record["min_test_top1"] for record in records]
    assert min(gaps) >= 0
    assert max(gaps) < 0.23
    assert all(record["min_test_top1"] == min(record["test_ep_top1"]) for record in records)


def test_trap_the_sweep_of_fixed_width_and_depth_is_of_another_protocol(name, records):
    epochs = {len(record["test_ep_top1"]) for record in records}
    settings = {json.dumps(record["optim"], sort_keys=True) for record in records}
    sizes = {(record["net"]["width"], record["net"]["depth"]) for record in records}
    assert len(settings) == 1
    if "fix-w-d" in name:
        assert (epochs, sizes) == ({5}, {(32, 22)})
    else:
        assert epochs == {50}
        assert len(sizes) >= 10


def test_no_record_has_an_auxiliary_head_or_drops_paths(records):
    assert {(record["net"]["aux"], record["net"]["drop_prob"]) for record in records} == {(False, 0.0)}


def test_imagenet_has_the_widths_and_depths_that_the_space_names(records):
    assert {record["net"]["width"] for record in records} <= {32, 48, 64, 80, 96}
    assert {record["net"]["depth"] for record in records} <= {6, 10, 14, 18, 22}
