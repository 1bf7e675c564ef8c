"""The networks have the published counts; checked without the published files."""

import pandas as pd
import pytest

from zcrepro import registry
from zcrepro.benchmarks import proofs
from zcrepro.benchmarks.proofs import Proof

KEPT = proofs.read()
TEXT = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|"


def counts(**change):
    row = {"task": "cifar10", "quantity": "params", "source": "someone", "arch": TEXT, "count": 1}
    return pd.DataFrame([row | change])


@pytest.mark.parametrize("proof", KEPT, ids=lambda p: f"{p.space}-{p.task}-{p.quantity}-{p.source}")
def test_the_counts_of_every_published_architecture_are_the_published_ones(proof):
    assert proofs.holds(proof)


def test_a_digest_is_of_the_sorted_pairs():
    assert proofs.digest({"b": 2, "a": 1}) == proofs.digest({"a": 1, "b": 2})
    assert proofs.digest({"a": 1}) == "9493985885f1acd67f91eb1c725fe4c30a6d46aff62b1e80d42dfb490bb84d4d"


def test_a_count_that_is_one_off_fails(tmp_path):
    space = registry.get("space", "nasbench201")
    right = space.parameters(space.parse(TEXT), "cifar10")
    for count, expected in ((right, True), (right + 1, False)):
        (proof,) = proofs.record({"nasbench201": counts(count=count)}, tmp_path)
        assert proofs.holds(proof, tmp_path) is expected
        proofs._listed.cache_clear()


def test_an_architecture_that_was_lost_fails(tmp_path):
    space = registry.get("space", "nasbench201")
    right = space.parameters(space.parse(TEXT), "cifar10")
    (proof,) = proofs.record({"nasbench201": counts(count=right)}, tmp_path)
    longer = Proof(**vars(proof) | {"architectures": 2})
    assert not proofs.holds(longer, tmp_path)


def test_recording_one_space_keeps_the_others(tmp_path):
    proofs.record({"nasbench201": counts()}, tmp_path)
    proofs.record({"embedded_cell": counts(task="digits")}, tmp_path)
    assert [proof.space for proof in proofs.read(tmp_path)] == ["embedded_cell", "nasbench201"]
    proofs.record({"nasbench201": counts(count=2)}, tmp_path)
    assert len(proofs.read(tmp_path)) == 2
