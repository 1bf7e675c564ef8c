"""The tracked scores on CIFAR-10, recomputed on the minibatch that was used."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch

import zcrepro
from zcrepro import provenance
from zcrepro.benchmarks import suite_zero_nasbench101, suite_zero_nasbench301
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.fetching.datasets import listed_digest, read_datasets
from zcrepro.files import parquet
from zcrepro.proxies import extract as stage
from zcrepro.proxies.feature_table import proxies_in
from zcrepro.proxies.order import order
from zcrepro.spaces.order import random_order

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "resources/released"
IMAGES = "images/cifar10_data_batch_1.bin"
COUNTS = {"nasbench201": 2, "nasbench101": 1, "nasbench301": 1}  # networks that are scored again
DRAWS = [("nasbench201", draw) for draw in range(3)] + [("nasbench101", 0), ("nasbench301", 0)]

STATISTICS = "layer_statistics"

OF_PROGRAMS = 1e-2
"""Relative error of programs in float32 on any processor, as tests/proxies/test_layer_statistics.py bounds it."""

pytestmark = pytest.mark.data


def shards(space):
    return sorted((RELEASED / space / "cifar10").glob("*.parquet"))


def scored(space):
    """The architectures that any pass has scored."""
    return sorted({arch for shard in shards(space) for arch in parquet.read(shard)["arch"]})


def written_order(folder, space):
    """Write the order of the tracked architectures, which starts as that of all does; return its path."""
    frame = pd.DataFrame({"arch": scored(space), "graph": "", "task": "cifar10", "metric": "test"})
    known = frame.assign(accuracy=50.0, seeds=1, source="made up")
    parquet.write(folder / "accuracies.parquet", known, ACCURACIES, ["arch"], {})
    settings = folder / "order.json"
    settings.write_text(
        json.dumps({"space": space, "task": "cifar10", "among": "accuracies", "max_flops": 0})
    )
    order(settings_file=settings, known=folder / "accuracies.parquet", output=folder / "order.parquet")
    return folder / "order.parquet"


def published(space, real):
    """The architectures with published scores of all proxies but few, in their random order."""
    if space == "nasbench101":
        texts = suite_zero_nasbench101.draws(real(suite_zero_nasbench101.FIRST_RUN))["arch"].unique()
    else:
        names = (suite_zero_nasbench301.FIRST_RUN, suite_zero_nasbench301.FURTHER)
        found = suite_zero_nasbench301.RECIPE.released({name: real(name) for name in names})
        texts = found[found["task"] == "cifar10"]["arch"]
    return random_order(zcrepro.get_space(space), texts)


@pytest.mark.parametrize("space", ["nasbench101", "nasbench301"])
def test_scores_that_the_published_files_lack_are_of_their_first_architectures(real, space):
    texts = published(space, real)
    for shard in shards(space):
        found = parquet.read(shard)["arch"]
        assert set(found) == set(texts[: len(found)])


def with_disturbed_weights(network, seed):
    """Multiply weights by one plus noise of 64 roundings of float32, as the fixture does what layers put out."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            noise = 2 * torch.rand(weight.shape, generator=generator, dtype=weight.dtype) - 1
            weight.mul_(1 + 64 * 2.0**-24 * noise)
    return network


@pytest.mark.parametrize(("space", "draw"), DRAWS)
def test_the_first_architectures_score_as_they_did(
    real, tmp_path, space, draw, monkeypatch, disturbed, single_precision_bound
):
    """Weights and minibatch are equal, but another processor rounds sums differently."""
    places, count = written_order(tmp_path, space), COUNTS[space]

    def extracted(name):
        output = tmp_path / f"{name}.parquet"
        stage.extract(
            settings_file=tmp_path / "settings.json",
            order=places,
            images=[real(IMAGES)],
            output=output,
            timings=tmp_path / "timings.parquet",
        )
        return parquet.read(output).set_index("arch")

    def extracted_disturbed(disturb, seed):
        compute = stage.compute
        with monkeypatch.context() as patch:
            patch.setattr(stage, "compute", lambda network, *rest: compute(disturb(network, seed), *rest))
            return extracted("disturbed")

    for shard in shards(space):
        tracked = parquet.read(shard, where=("draw", [draw])).set_index("arch")
        if tracked.empty:
            continue
        proxies = proxies_in(tracked.columns)
        assert list(provenance.pass_groups(proxies)) == [shard.stem]
        settings = {
            "space": space,
            "task": "cifar10",
            "images": "cifar10",
            "digests": [listed_digest(read_datasets(ROOT / "config/datasets.tsv")[IMAGES])],
            "proxies": proxies,
            "start": 0,
            "stop": count,
            "batch_size": 64,
            "share_equal_graphs": True,
            "initialisation": "default",
            "pass_seconds": 600,
            "augmented_batches": False,
            "draw": draw,
            "redraw": ["weights"],
            "seed": 2026,
            "device": "cpu",
            "torch_threads": 1,
        }
        (tmp_path / "settings.json").write_text(json.dumps(settings))
        again = extracted("again")
        # Layer statistics follow tensors from layer to layer, so that nothing may be computed between these.
        disturb = with_disturbed_weights if shard.stem == STATISTICS else disturbed
        several = [extracted_disturbed(disturb, seed) for seed in range(2)]
        assert len(again) == count
        for arch, scores in again[proxies].iterrows():
            bounds = single_precision_bound(scores, [other.loc[arch] for other in several])
            for name, score in scores.items():
                least = OF_PROGRAMS * abs(score) if shard.stem == STATISTICS else 0.0
                both = 2 * max(bounds[name], least)  # the tracked score errs too
                assert score == pytest.approx(tracked.loc[arch, name], rel=0, abs=both, nan_ok=True), name
        made, made_before = (parquet.metadata(p) for p in (tmp_path / "again.parquet", shard))
        assert made["minibatch"] == made_before["minibatch"]
