"""Every proxy on the GPU against the CPU of the same machine."""

import math
from functools import cache

import pytest
import torch

from gpu.networks import (
    ALL,
    CPU,
    GPU,
    NETWORKS,
    PROGRAMS,
    batch_of,
    network_of,
    scored,
    scores,
    with_noise,
)
from zcrepro import registry

pytestmark = pytest.mark.gpu

CLOSE = 1e-10
SUMMED = 2e-5
"""Relative tolerance in float32 for sums in another order: a device adds up millions of terms in its own."""
TOLERANCE = {
    # The spread of a weight's gradient between two halves of a batch may be as small as its rounding error,
    # and is divided by.
    "zico": 1e-5,
    # Gradients that are zero except for rounding errors have random signs. In networks whose last BatchNorm is
    # pooled at once, as in NAS-Bench-301, single images have many of them.
    "grad_sign": 1e-2,
    # In a network of 1x1 convolutions alone its BatchNorm divides by deviations that are nearly zero.
    "synflow_bn": 1e-5,
}
"""Relative tolerances in float64 of proxies that do not keep CLOSE."""

OF_ROUNDING_ERRORS = {
    (network, program)
    for network in ("nasbench301", "transnasbench101_micro")
    for program in PROGRAMS
    if "grad" in registry.get("proxies", program).formula
}
"""Networks whose last BatchNorm is pooled at once, so that gradients before it are zero except for rounding
errors, and programs that read these."""

OF_SIGNS = 1e-2
"""Relative tolerance in float32 of programs, which may read signs: one that flips moves a score further than
small disturbances show. The scores of their authors are met within the same on every processor."""


@pytest.mark.parametrize("proxy", ALL)
@pytest.mark.parametrize("network", NETWORKS)
def test_in_double_precision_scores_equal_those_of_the_cpu(network, proxy):
    expected, found = (scores(network, torch.float64, device) for device in (CPU, GPU))
    assert found.status[proxy] == expected.status[proxy]
    if (network, proxy) in OF_ROUNDING_ERRORS:
        return
    tolerance = TOLERANCE.get(proxy, CLOSE)
    assert found[proxy] == pytest.approx(expected[proxy], rel=tolerance, abs=1e-30, nan_ok=True)


@pytest.fixture(scope="module")
def bounds(disturbed, single_precision_bound):
    """Return a function from the name of a network to the bounds of its errors in float32, by proxy."""

    @cache
    def of_network(name):
        """Programs look for convolutions beside a BatchNorm, and hooks that disturb would hide these."""
        dtype, expected = torch.float32, scores(name, torch.float32, CPU)

        def bound(disturb):
            several = [
                scored(disturb(network_of(name, dtype), seed), batch_of(name, dtype), CPU)
                for seed in range(2)
            ]
            return single_precision_bound(expected, several)

        of_programs = {
            name: each + OF_SIGNS * abs(expected[name]) for name, each in bound(with_noise).items()
        }
        return bound(disturbed) | {name: of_programs[name] for name in PROGRAMS}

    return of_network


@pytest.mark.parametrize("proxy", ALL)
@pytest.mark.parametrize("network", NETWORKS)
def test_in_single_precision_scores_differ_as_far_as_conditioning_lets_them(network, proxy, bounds):
    expected, found = (scores(network, torch.float32, device) for device in (CPU, GPU))
    assert found.status[proxy] == expected.status[proxy]
    if not math.isnan(expected[proxy]) and (network, proxy) not in OF_ROUNDING_ERRORS:
        bound = bounds(network)[proxy] + SUMMED * abs(expected[proxy])
        assert abs(found[proxy] - expected[proxy]) <= 2 * bound  # both devices err
