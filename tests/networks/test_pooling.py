"""Average pooling by matrix products: the map of torch's own pooling, for every setting."""

from itertools import product

import pytest
import torch
from torch import nn

import zcrepro
from zcrepro.networks.pooling import LARGEST_SIDE, poolings_by_products
from zcrepro.networks.preserve import rerouted

SETTINGS = [
    (kernel, stride, padding, ceil_mode, count_include_pad)
    for kernel, stride, padding in [
        (3, 1, 1),
        (3, 2, 1),
        (2, 1, 0),
        (5, 3, 2),
        ((3, 2), (1, 2), (1, 0)),
        ((1, 4), (1, 3), (0, 2)),
    ]
    for ceil_mode, count_include_pad in product((False, True), repeat=2)
]


def images(*shape, dtype=torch.double):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.double).to(dtype)


def both(pool, x, upstream=None):
    """Return the results of torch's pooling and of the products, or their gradients for ``upstream``."""

    def value():
        if upstream is None:
            return pool(x)
        inputs = x.clone().requires_grad_()
        outputs = pool(inputs)
        return torch.autograd.grad(outputs, inputs, upstream(outputs.shape))[0]

    stock = value()
    quick = poolings_by_products(pool)
    assert list(quick) == [pool]
    with rerouted(quick):
        return stock, value()


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (2, 3, 11, 6), (3, 7, 9)], ids=str)
def test_values_equal_torchs_pooling(setting, shape):
    stock, ours = both(nn.AvgPool2d(*setting), images(*shape))
    torch.testing.assert_close(ours, stock, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_gradients_equal_torchs_pooling(setting):
    stock, ours = both(nn.AvgPool2d(*setting), images(2, 3, 11, 6), upstream=lambda shape: images(*shape))
    torch.testing.assert_close(ours, stock, rtol=1e-12, atol=1e-13)


def test_the_second_derivative_is_that_of_a_linear_map():
    pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    with rerouted(poolings_by_products(pool)):
        assert torch.autograd.gradgradcheck(pool, images(1, 2, 4, 5).requires_grad_())


@pytest.mark.parametrize("side", [8, 16, 32, 60])
def test_single_precision_is_within_the_roundings_of_a_mean_of_nine(side):
    x = images(4, 8, side, side, dtype=torch.float)
    stock, ours = both(nn.AvgPool2d(3, 1, 1, count_include_pad=False), x)
    assert (ours - stock).abs().max() <= 2 * 9 * 2**-24 * x.abs().max()  # nine roundings on either side


def test_large_images_and_other_precisions_are_left_to_torch():
    pool = nn.AvgPool2d(3, 1, 1)
    for x in (images(1, 1, 4, LARGEST_SIDE + 1), images(1, 2, 8, 8, dtype=torch.bfloat16)):
        assert torch.equal(*both(pool, x))


class Halved(nn.AvgPool2d):
    def forward(self, x):
        return super().forward(x) / 2


def test_poolings_that_gain_nothing_or_are_no_product_are_left_alone():
    replaced = nn.AvgPool2d(3, 1, 1)
    replaced.forward = lambda x: x
    left = [
        nn.AvgPool2d(2),
        nn.AvgPool2d(1, 2),
        nn.AvgPool2d(3, 1, divisor_override=2),
        Halved(3, 1),
        replaced,
    ]
    assert poolings_by_products(nn.Sequential(*left)) == {}


def test_a_size_that_torch_refuses_is_refused():
    pool = nn.AvgPool2d(5, 1)
    with rerouted(poolings_by_products(pool)), pytest.raises(RuntimeError, match="too small"):
        pool(images(1, 1, 8, 3))


def test_scores_are_those_of_torchs_pooling_and_the_model_keeps_its_forward():
    class SameMap(nn.AvgPool2d):
        """A subclass, which may compute something else, so it keeps its forward."""

    def network(pooling):
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()]
        layers += [pooling(3, 1, 1, count_include_pad=False), nn.Conv2d(6, 6, 1), nn.ReLU()]
        return nn.Sequential(
            *layers, nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)
        ).double()

    names = ["epe_nas", "fisher", "grad_norm", "grasp", "jacov", "nwot", "plain", "snip", "synflow", "zen"]
    batch = images(10, 3, 8, 8), torch.arange(10) % 5
    model = network(nn.AvgPool2d)
    ours = zcrepro.score(model, *batch, names)
    assert dict(ours) == pytest.approx(dict(zcrepro.score(network(SameMap), *batch, names)), rel=1e-10)
    assert "forward" not in vars(model[3])


def test_matrices_made_without_gradients_serve_later_passes_with_them():
    pool, x = nn.AvgPool2d(4, 1, 1), images(1, 1, 7, 7)  # a size that no other test uses
    with rerouted(poolings_by_products(pool)):
        with torch.inference_mode():
            pool(x)
        inputs = x.clone().requires_grad_()
        assert torch.autograd.grad(pool(inputs).sum(), inputs)[0].shape == x.shape
