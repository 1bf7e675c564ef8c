"""Every proxy against the scores of the two peer implementations for seven NAS-Bench-201 networks.

``nasbench201_peer_scores.json`` holds their scores, the recipe for the weights and the batch, and
the commits of the peers (NASLib and zero-cost-nas). All are compared in float64, where no score depends
on the processor. Its dead network tests what is undefined.

    python tests/proxies/test_reference_scores.py

prints the relative errors.
"""

import json
import math
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from rich.table import Table

import zcrepro
from zcrepro import registry
from zcrepro.proxies.engine import Batch, compute

REFERENCE = json.loads((Path(__file__).parent / "nasbench201_peer_scores.json").read_text())["archs"]
SPACE = zcrepro.get_space("nasbench201")
RECIPE_SEED = 20240501
MILLIONS = {"params", "flops"}

NAMES = ["fisher", "grad_norm", "grasp", "jacov", "plain", "snip", "epe_nas", "l2_norm", "nwot"]
PEERS = {
    "naslib": {name: name for name in (*NAMES, "flops", "params", "synflow")},
    "foresight": {"synflow_zcp": "synflow", "synflow_bn": "synflow_bn"},
}
"""Our proxies and their names in each peer of the file; foresight is the package of zero-cost-nas."""

PAIRS = [(peer, name) for peer, names in PEERS.items() for name in names]

NETWORKS = ("dead", "skip", "pool", "1x1", "3x3", "3x3, skip", "mixed")

CLOSE = 1e-12
# NASLib repeats the Fisher information of each channel for all of its weights in torch.Tensor, which is
# float32. The double backward of the BatchNorms of 1x1 convolutions divides what is nearly constant by its tiny
# deviation. The correlation matrix of jacov is nearly singular for poolings, so roundings of its eigenvalues are
# divided by its k of 1e-5.
TOLERANCE = {"fisher": 1e-6, "grasp": 1e-10, "jacov": 1e-10}

ROUNDING_ALONE = {("synflow_bn", "1x1")}


def network_of(index):
    """Return the network that the recipe makes."""
    network = SPACE.network(SPACE.parse(REFERENCE[index]["arch"]), "cifar10")
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.dim() > 1:
                rng = np.random.default_rng([RECIPE_SEED, zlib.crc32(name.encode())])
                scale = math.sqrt(2 / math.prod(parameter.shape[1:]))
                parameter.copy_(torch.from_numpy(rng.standard_normal(tuple(parameter.shape)) * scale))
        network.classifier.bias.zero_()
    return network


def batch_of(dtype):
    """Return the batch that the recipe makes; its numbers are float32, whatever ``dtype``."""
    images = np.random.default_rng([RECIPE_SEED, 1]).standard_normal((64, 3, 32, 32)).astype(np.float32)
    labels = np.random.default_rng([RECIPE_SEED, 2]).integers(0, 10, 64)
    return Batch(torch.from_numpy(images).to(dtype), torch.from_numpy(labels))


def scored(network, batch, names):
    return compute(network, batch, [registry.get("proxies", name) for name in names], seed=RECIPE_SEED)


@cache
def scores(index):
    """Score a network in float64."""
    names = dict.fromkeys(name for _, name in PAIRS)
    return scored(network_of(index).double(), batch_of(torch.float64), names)


def zen_of(index):
    return scored(network_of(index), batch_of(torch.float32), ["zen"])


def both(peer, name, index):
    """Return the peer's score and ours, in its unit."""
    theirs = REFERENCE[index][peer][PEERS[peer][name]]
    return theirs, scores(index)[name] * (1e-6 if name in MILLIONS else 1)


@pytest.mark.parametrize("index", range(len(REFERENCE)), ids=NETWORKS)
@pytest.mark.parametrize(("peer", "name"), PAIRS)
def test_scores_equal_the_peers(peer, name, index):
    theirs, ours = both(peer, name, index)
    if not math.isfinite(theirs) or (name, NETWORKS[index]) in ROUNDING_ALONE:
        assert math.isnan(ours)
        assert scores(index).status[name] != "ok"
    else:
        assert ours == pytest.approx(theirs, rel=TOLERANCE.get(name, CLOSE), abs=1e-30)
        assert scores(index).status[name] == "ok"


@pytest.mark.parametrize("index", range(1, len(REFERENCE)), ids=NETWORKS[1:])
def test_zen_agrees_within_the_spread_of_its_random_weights(index):
    # The peer draws its weights in another order, so only the size of the score can be compared.
    assert zen_of(index)["zen"] == pytest.approx(REFERENCE[index]["zen"], rel=0.03)


def test_zen_of_a_disconnected_network_is_undefined_and_says_why():
    assert math.isnan(zen_of(0)["zen"])
    assert zen_of(0).status["zen"] == "the features do not depend on the input"


def test_parameters_are_the_published_counts():
    assert [int(scores(i)["params"]) for i in range(len(REFERENCE))] == [
        entry["params"] for entry in REFERENCE
    ]


def small_batch(dtype):
    batch = batch_of(dtype)
    return Batch(batch.images[:8, :, ::2, ::2], batch.labels[:8])


@pytest.mark.parametrize("index", range(1, len(REFERENCE)), ids=NETWORKS[1:])
def test_single_precision_errs_as_far_as_the_conditioning_of_the_network_lets_it(
    index, disturbed, single_precision_bound
):
    def double(network):
        return scored(network.double(), small_batch(torch.float64), NAMES)

    exact = double(network_of(index))
    bounds = single_precision_bound(exact, [double(disturbed(network_of(index), seed)) for seed in range(4)])
    single = scored(network_of(index), small_batch(torch.float32), NAMES)
    for name, bound in bounds.items():
        assert abs(single[name] - exact[name]) <= bound, name


def errors():
    """Return one row per proxy and peer, with the relative error on each network."""
    table = Table("proxy", "peer", *NETWORKS)
    for peer, name in PAIRS:
        cells = []
        for index in range(len(REFERENCE)):
            theirs, ours = both(peer, name, index)
            if math.isnan(ours):
                cells.append("undefined")
            else:
                cells.append("0" if ours == theirs else f"{abs(ours - theirs) / abs(theirs):.0e}")
        table.add_row(name, {"naslib": "NASLib", "foresight": "zero-cost-nas"}[peer], *cells)
    return table


if __name__ == "__main__":
    Console(width=120).print(errors())
