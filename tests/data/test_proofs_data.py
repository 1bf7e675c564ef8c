"""All published counts in the real files equal those of the networks, and the tracked proofs match them."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from zcrepro import registry
from zcrepro.benchmarks import proofs

pytestmark = pytest.mark.data

ROOT = Path(__file__).parents[2]
BENCHMARKS = yaml.safe_load((ROOT / "config/benchmarks.yaml").read_text())["benchmarks"]
COUNTED = {
    name: sources["pinned"]["counts"]
    for name, sources in BENCHMARKS.items()
    if "counts" in sources.get("pinned", {})
}


def test_every_space_of_the_papers_has_counts():
    assert len(COUNTED) > 10


@pytest.mark.parametrize("name", COUNTED)
def test_every_published_count_is_ours_to_the_unit(name, real, tmp_path):
    published = pd.concat(
        registry.get("recipes", recipe).counts({file: real(file) for file in files})
        for recipe, files in COUNTED[name].items()
    )
    space = registry.get("space", name)
    for (task, quantity), rows in published.groupby(["task", "quantity"]):
        ours = rows["arch"].map(proofs.counted(space, task, quantity, rows["arch"].unique()))
        wrong = rows[ours != rows["count"]]
        assert wrong.empty, f"{len(wrong)} of {len(rows)} {quantity} on {task}: {wrong.iloc[0].to_dict()}"
    kept = [proof for proof in proofs.read() if proof.space == name]
    assert proofs.record({name: published}, tmp_path) == kept
