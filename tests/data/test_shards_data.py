"""The tracked scores of NAS-Bench-201, recomputed on the minibatch of CIFAR-10 that was used."""

import json
from pathlib import Path

import pandas as pd
import pytest

import zcrepro
from zcrepro import provenance
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.fetching.datasets import listed_digest, read_datasets
from zcrepro.files import parquet
from zcrepro.proxies import extract as stage
from zcrepro.proxies.feature_table import proxies_in
from zcrepro.proxies.order import order

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "resources/released/nasbench201/cifar10"
IMAGES = "images/cifar10_data_batch_1.bin"
SPACE = zcrepro.get_space("nasbench201")
COUNT = 2

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def whole_order(tmp_path_factory):
    texts = [SPACE.text(arch) for arch in SPACE.architectures()]
    frame = pd.DataFrame({"arch": texts, "graph": "", "task": "cifar10", "metric": "test"})
    path = tmp_path_factory.mktemp("shards") / "accuracies.parquet"
    known = frame.assign(accuracy=50.0, seeds=1, source="made up")
    parquet.write(path, known, ACCURACIES, ["arch"], {})
    settings = path.with_name("settings.json")
    settings.write_text(json.dumps({"space": "nasbench201", "task": "cifar10"}))
    order(settings_file=settings, accuracies=path, output=path.with_name("order.parquet"))
    return path.with_name("order.parquet")


@pytest.mark.parametrize("draw", range(3))
def test_the_first_architectures_score_as_they_did(
    real, whole_order, tmp_path, draw, monkeypatch, disturbed, single_precision_bound
):
    """Weights and minibatch are equal, but another processor rounds sums differently."""

    def extracted(name):
        output = tmp_path / f"{name}.parquet"
        stage.extract(
            settings_file=tmp_path / "settings.json",
            order=whole_order,
            images=[real(IMAGES)],
            output=output,
            timings=tmp_path / "timings.parquet",
        )
        return parquet.read(output).set_index("arch")

    def extracted_disturbed(seed):
        compute = stage.compute
        with monkeypatch.context() as patch:
            patch.setattr(stage, "compute", lambda network, *rest: compute(disturbed(network, seed), *rest))
            return extracted("disturbed")

    for shard in sorted(FOLDER.glob("*.parquet")):
        tracked = parquet.read(shard, where=("draw", [draw])).set_index("arch")
        proxies = proxies_in(tracked.columns)
        assert list(provenance.pass_groups(proxies)) == [shard.stem]
        settings = {
            "space": "nasbench201",
            "task": "cifar10",
            "images": "cifar10",
            "digests": [listed_digest(read_datasets(ROOT / "config/datasets.tsv")[IMAGES])],
            "proxies": proxies,
            "start": 0,
            "stop": COUNT,
            "batch_size": 64,
            "share_equal_graphs": True,
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
        several = [extracted_disturbed(seed) for seed in range(2)]
        assert len(again) == COUNT
        for arch, scores in again[proxies].iterrows():
            bounds = single_precision_bound(scores, [other.loc[arch] for other in several])
            for name, score in scores.items():
                both = 2 * bounds[name]  # the tracked score errs too
                assert score == pytest.approx(tracked.loc[arch, name], rel=0, abs=both, nan_ok=True), name
        made, made_before = (parquet.metadata(p) for p in (tmp_path / "again.parquet", shard))
        assert made["minibatch"] == made_before["minibatch"]
