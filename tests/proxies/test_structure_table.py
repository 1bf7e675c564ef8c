"""The table of structural counts of a space."""

import json

import numpy as np
import pandas as pd
import pytest

import zcrepro
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.proxies.structure import structure
from zcrepro.spaces.structural_counts import COUNTS, structural_counts

SPACES = ["nasbench201", "nasbench101", "nasbench301", "transnasbench101_macro"]


def made(folder, name, texts, tasks=("first", "second")):
    """Run the stage on accuracies of two tasks, in the order of ``texts``."""
    rows = [{"arch": text, "graph": f"graph of {text}", "task": task} for task in tasks for text in texts]
    frame = pd.DataFrame(rows).assign(metric="test", accuracy=50.0, seeds=1, source="made up")
    parquet.write(folder / "accuracies.parquet", frame, ACCURACIES, ["task", "arch"], {})
    (folder / "settings.json").write_text(json.dumps({"space": name}))
    output = folder / "structure.parquet"
    structure(settings_file=folder / "settings.json", accuracies=folder / "accuracies.parquet", output=output)
    return output


@pytest.mark.parametrize("name", SPACES)
def test_the_table_holds_the_counts_of_each_architecture_once(tmp_path, name):
    space, rng = zcrepro.get_space(name), np.random.default_rng(0)
    texts = {space.text(space.sample(rng)) for _ in range(40)}
    found = parquet.read(made(tmp_path, name, texts))
    assert list(found.columns) == ["arch", "graph", *(f"structure_{count}" for count in COUNTS)]
    assert found["arch"].tolist() == sorted(texts)
    assert found["graph"].tolist() == [f"graph of {text}" for text in sorted(texts)]
    counts = found.drop(columns=["arch", "graph"])
    assert set(counts.dtypes) == {np.dtype(float)}
    expected = [structural_counts(space.graph(space.parse(text))) for text in found["arch"]]
    assert counts.to_numpy().tolist() == [list(map(float, each.values())) for each in expected]


def test_the_same_accuracies_in_any_order_give_the_same_bytes(tmp_path):
    space, rng = zcrepro.get_space("nasbench201"), np.random.default_rng(0)
    texts = sorted({space.text(space.sample(rng)) for _ in range(20)})
    first = made(tmp_path, "nasbench201", texts).read_bytes()
    assert made(tmp_path, "nasbench201", texts[::-1], tasks=("second", "first")).read_bytes() == first


def test_the_table_says_how_it_was_made(tmp_path):
    path = made(tmp_path, "embedded_chain", [f"|{'|'.join(['identity'] * 6)}|"])
    assert parquet.metadata(path)["stage"] == "structure"
