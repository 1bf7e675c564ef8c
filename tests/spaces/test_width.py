"""Networks of a space with another number of channels, for images of another side."""

import numpy as np
import pytest
import torch

import zcrepro

WIDTHS = {"nasbench201": ("cifar10", 16), "embedded_cell": ("digits", 8), "embedded_chain": ("digits", 8)}
"""A task of each space that defines networks of other widths, and the channels of its own first layer."""

EVERY = pytest.mark.parametrize(("name", "task", "channels"), [(name, *of) for name, of in WIDTHS.items()])

NONE = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def sample(name):
    space = zcrepro.get_space(name)
    return space, space.sample(np.random.default_rng(0))


def parameters(module):
    return sum(weights.numel() for weights in module.parameters())


@EVERY
def test_a_network_of_the_spaces_own_width_is_that_of_the_benchmark(name, task, channels):
    space, arch = sample(name)
    own, same = space.network(arch, task, 3), space.network(arch, task, 3, channels=channels)
    assert own.state_dict().keys() == same.state_dict().keys()
    for key, weights in own.state_dict().items():
        assert torch.equal(weights, same.state_dict()[key]), key
    assert parameters(space.blueprint_of_width(arch, task, channels)) == space.parameters(arch, task)


@EVERY
def test_every_convolution_of_half_the_width_has_half_the_channels(name, task, channels):
    space, arch = sample(name)
    whole, half = (space.network(arch, task, channels=each) for each in (channels, channels // 2))
    convolutions = [
        (a, b) for a, b in zip(whole.modules(), half.modules(), strict=True) if isinstance(a, torch.nn.Conv2d)
    ]
    assert len(convolutions) > 2
    assert all(a.out_channels == 2 * b.out_channels for a, b in convolutions)
    assert all(a.in_channels == 2 * b.in_channels for a, b in convolutions[1:])  # the first reads an image


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        # The stem, two reduction blocks, the last BatchNorm and the classifier.
        (16, 464 + 14_464 + 57_600 + 128 + 650),
        (4, 116 + 928 + 3_648 + 32 + 170),
    ],
)
def test_the_parameters_of_an_empty_cell_are_those_counted_by_hand(channels, expected):
    space = zcrepro.get_space("nasbench201")
    arch = space.parse(NONE)
    assert parameters(space.blueprint_of_width(arch, "cifar10", channels)) == expected


@EVERY
def test_multiply_adds_at_full_width_and_side_are_the_flops_and_smaller_ones_cost_less(name, task, channels):
    space, arch = sample(name)
    side = space.task_shape(task).input[-1]
    full = space.multiply_adds(arch, task, channels, side)
    assert full == space.flops(arch, task)
    # A layer costs in proportion to its pixels, a quarter of them or a few more where pooling rounds up.
    assert full / 4 < space.multiply_adds(arch, task, channels, side // 2) < full / 3
    assert full / 4 < space.multiply_adds(arch, task, channels // 2, side) < full / 2


@EVERY
def test_a_small_network_maps_small_images_to_logits(name, task, channels):
    space, arch = sample(name)
    shape = space.task_shape(task)
    network = space.network(arch, task, channels=channels // 2)
    images = torch.randn(2, shape.channels, 8, 8, generator=torch.Generator().manual_seed(0))
    assert network(images).shape == (2, shape.classes)
    assert network(images).isfinite().all()


@pytest.mark.parametrize("name", sorted({*zcrepro.list_spaces()} - {*WIDTHS}))
def test_a_space_without_other_widths_is_named(name):
    space, arch = sample(name)
    task = next(iter(space.tasks))
    for build in (space.network, space.blueprint_of_width):
        with pytest.raises(ValueError, match=f"space {name} does not define networks of another number of"):
            build(arch, task, channels=4)
    with pytest.raises(ValueError, match=f"space {name} does not define"):
        space.multiply_adds(arch, task, 4, 8)
