"""The tracked scores of NAS-Bench-201, computed again on the true minibatch."""

import json
from pathlib import Path

import pandas as pd
import pytest

import zcrepro
from zcrepro import provenance, storage
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.proxies._extract import extract

FOLDER = Path(__file__).parents[2] / "resources/released/nasbench201/cifar10"
SPACE = zcrepro.get_space("nasbench201")
COUNT = 2
# Other kernels of another machine: the weights and the batch are the same, the sums are not quite.
CLOSE = 1e-3

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def accuracies(tmp_path_factory):
    texts = [SPACE.text(arch) for arch in SPACE.architectures()]
    frame = pd.DataFrame({"arch": texts, "graph": "", "task": "cifar10", "metric": "test"})
    path = tmp_path_factory.mktemp("shards") / "accuracies.parquet"
    known = frame.assign(accuracy=50.0, seeds=1, source="made up")
    storage.write_parquet(path, known, ACCURACIES, ["arch"], {})
    return path


@pytest.mark.parametrize("draw", range(3))
def test_the_first_architectures_score_as_they_did(real, accuracies, tmp_path, draw):
    for shard in sorted((FOLDER / f"draw-{draw}").glob("*.parquet")):
        tracked = storage.read_parquet(shard).set_index("arch")
        proxies = [name for name in tracked.columns if f"{name}_status" in tracked]
        assert list(provenance.pass_groups(proxies)) == [shard.stem]
        settings = {
            "space": "nasbench201",
            "task": "cifar10",
            "images": "cifar10",
            "proxies": proxies,
            "start": 0,
            "count": COUNT,
            "batch_size": 64,
            "share_equal_graphs": True,
            "augmented_batches": False,
            "draw": draw,
            "redraw": ["weights"],
            "seed": 2026,
            "device": "cpu",
            "torch_threads": 1,
        }
        (tmp_path / "settings.json").write_text(json.dumps(settings))
        extract(
            settings_file=tmp_path / "settings.json",
            accuracies=accuracies,
            images=[real("images/cifar10_data_batch_1.bin")],
            output=tmp_path / "again.parquet",
            timings=tmp_path / "timings.parquet",
        )
        again = storage.read_parquet(tmp_path / "again.parquet").set_index("arch")
        expected = tracked.loc[again.index]
        assert len(again) == COUNT
        pd.testing.assert_frame_equal(again[proxies], expected[proxies], rtol=CLOSE)
        made, made_before = (storage.parquet_metadata(p) for p in (tmp_path / "again.parquet", shard))
        assert made["minibatch"] == made_before["minibatch"]
