"""Extraction on a GPU: scores depend neither on the size of chunks nor on what was scored before."""

import json

import numpy as np
import pandas as pd
import pytest

import zcrepro
from gpu.networks import ALL
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.provenance import pass_groups
from zcrepro.proxies.extract import extract
from zcrepro.proxies.order import order

pytestmark = pytest.mark.gpu

GROUPS = pass_groups(ALL)
COUNT = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpu")
    space, rng = zcrepro.get_space("embedded_cell"), np.random.default_rng(0)
    texts = [space.text(space.sample(rng)) for _ in range(COUNT)]
    frame = pd.DataFrame({"arch": texts, "graph": "", "task": "digits", "metric": "test"})
    frame = frame.assign(accuracy=50.0, seeds=1, source="made up")
    parquet.write(folder / "accuracies.parquet", frame, ACCURACIES, ["arch"], {})
    (folder / "order.json").write_text(
        json.dumps({"space": "embedded_cell", "task": "digits", "among": "accuracies", "max_flops": 0})
    )
    order(
        settings_file=folder / "order.json",
        known=folder / "accuracies.parquet",
        output=folder / "order.parquet",
    )
    return folder


def extracted(folder, group, start, stop):
    """Return the table of a chunk, and its metadata."""
    chosen = {
        "space": "embedded_cell",
        "task": "digits",
        "images": "digits",
        "digests": [],
        "proxies": GROUPS[group],
        "start": start,
        "stop": stop,
        "batch_size": 64,
        "share_equal_graphs": True,
        "initialisation": "default",
        "augmented_batches": False,
        "draw": 0,
        "redraw": [],
        "pass_seconds": 600.0,
        "seed": 1,
        "device": "cuda",
        "torch_threads": 1,
    }
    (folder / "settings.json").write_text(json.dumps(chosen))
    output = folder / "chunk.parquet"
    extract(
        settings_file=folder / "settings.json",
        order=folder / "order.parquet",
        output=output,
        timings=folder / "timings.parquet",
    )
    table = parquet.read(output)
    statuses = {name: str for name in table if name.endswith("_status")}
    return table.astype(statuses), parquet.metadata(output)


@pytest.mark.parametrize("group", GROUPS)
def test_scores_depend_neither_on_chunks_nor_on_what_was_scored_before(folder, group):
    whole, metadata = extracted(folder, group, 0, COUNT)
    # The last chunk comes first.
    parts = [extracted(folder, group, place, place + 2)[0] for place in range(COUNT - 2, -1, -2)]
    joined = pd.concat(parts).sort_values("arch", ignore_index=True)
    pd.testing.assert_frame_equal(joined, whole, check_exact=True)
    assert metadata["device"] == "cuda"
