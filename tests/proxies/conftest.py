"""Fixtures of the tests of single passes: one network of each kind."""

import pytest

from proxies.small_networks import KINDS, built, single_layer


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def network(request):
    return built(request.param())


@pytest.fixture(params=[*KINDS.values(), single_layer], ids=[*KINDS, "single layer"])
def any_network(request):
    return built(request.param())
