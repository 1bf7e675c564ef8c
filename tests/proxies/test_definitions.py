"""The 13 proxies of NAS-Bench-Suite-Zero in float64 against their plain definitions."""

import math

import numpy as np
import pytest
import torch
from torch import nn

import zcrepro
from proxies.plain import PLAIN, SEED, copied


def chain(*layers, classes=5):
    torch.manual_seed(0)
    return nn.Sequential(*(layer() for layer in layers), nn.LazyLinear(classes))


def pooled():
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def convolution(**options):
    return lambda: nn.Conv2d(4, 4, 3, padding=1, **options)


def stem():
    return nn.Conv2d(3, 4, 3, padding=1)


class Disconnected(nn.Module):
    """Has layers, but constant logits."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.convolution, self.norm, self.relu = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()
        self.pool, self.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(4, 5)

    def forward(self, x):
        x = self.relu(self.norm(self.convolution(x))) * 0
        return self.classifier(self.pool(x).flatten(1))


class Tied(nn.Module):
    """Uses one convolution and one BatchNorm twice."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.again, self.pool, self.classifier = self.first, nn.AdaptiveAvgPool2d(1), nn.Linear(3, 5)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.relu(self.norm(self.first(x)))
        x = self.norm(self.again(x))
        return self.classifier(self.pool(x).flatten(1))


class Branches(nn.Module):
    """Has poolings of both kinds in parallel, and an in-place activation of their difference."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.norm, self.relu = stem(), nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        self.average = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        self.maximum = nn.MaxPool2d(3, stride=1, padding=1)
        self.out = nn.Sequential(pooled(), nn.Linear(4, 5))

    def forward(self, x):
        x = self.relu(self.norm(self.stem(x)))
        return self.out(self.relu(self.average(x) - self.maximum(x) + 0.3))


ODD = {
    "plain": lambda: chain(stem, nn.ReLU, convolution(), lambda: nn.BatchNorm2d(4), nn.ReLU, pooled),
    "no BatchNorm": lambda: chain(stem, nn.ReLU, convolution(), nn.ReLU, pooled),
    "no bias": lambda: chain(stem, nn.ReLU, convolution(bias=False), nn.ReLU, pooled),
    "in-place ReLU": lambda: chain(stem, lambda: nn.ReLU(inplace=True), convolution(), nn.ReLU, pooled),
    "grouped convolution": lambda: chain(stem, nn.ReLU, convolution(groups=2), nn.ReLU, pooled),
    "depthwise convolution": lambda: chain(stem, nn.ReLU, convolution(groups=4), nn.ReLU, pooled),
    "no convolution": lambda: chain(nn.Flatten, lambda: nn.LazyLinear(6), nn.ReLU),
    "a single layer": lambda: chain(nn.Flatten),
    "disconnected output": Disconnected,
    "modules used twice": Tied,
    "pooling branches": Branches,
}

SPACES = {
    "embedded_cell": "digits",
    "embedded_chain": "digits",
    "nasbench101": "cifar10",
    "nasbench201": "cifar10",
    "nasbench301": "cifar10",
    "nasbench_macro": "cifar10",
    "natsbench_sss": "cifar10",
    "nds_resnet": "cifar10",
    "transnasbench101_micro": "class_object",
}
"""One task per search space; the spaces differ in skeletons and operations."""


def batch(size, side, channels=3):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(size, channels, side, side, generator=generator, dtype=torch.double)
    return images, torch.arange(size) % 3


def check(model, images, labels):
    found = zcrepro.score(model, images, labels, list(PLAIN), SEED)
    for name, function in PLAIN.items():
        expected = function(copied(model), images, labels)
        assert found[name] == pytest.approx(expected, rel=1e-7, abs=1e-12, nan_ok=True), name
        assert (found.status[name] == "ok") == (not math.isnan(expected)), name
    return found


@pytest.mark.parametrize("size", [8, 1], ids=["batch of eight", "batch of one"])
@pytest.mark.parametrize("name", ODD)
def test_networks_of_odd_kinds_score_by_the_definitions(name, size):
    images, labels = batch(size, 6)
    model = ODD[name]().double()
    model(batch(2, 6)[0])  # its lazy layers take their shape
    check(model, images, labels)


def test_modules_that_are_used_twice_keep_their_parameters():
    model = Tied().double()
    parameters = list(model.parameters())
    found = zcrepro.score(model, *batch(8, 6), list(PLAIN))
    assert all(one is other for one, other in zip(parameters, model.parameters(), strict=True))
    assert found.status["zen"] == found.status["synflow"] == "ok"


def test_a_batchnorm_of_a_single_vector_leaves_undefined_what_needs_it():
    images, labels = batch(1, 6)
    model = chain(nn.Flatten, nn.LazyBatchNorm1d, nn.ReLU).double()
    model(batch(2, 6)[0])
    found = zcrepro.score(model, images, labels, list(PLAIN))
    reason = "a normalisation sees a single value of each channel, which has no variance"
    defined = {name for name, status in found.status.items() if status != reason}
    assert defined == {"params", "l2_norm", "synflow"}


def test_a_constant_sum_of_logits_leaves_no_jacobian_to_correlate():
    space = zcrepro.get_space("transnasbench101_micro")
    model = space.network(space.sample(np.random.default_rng(5)), "class_object")
    for dtype in (torch.float32, torch.float64):
        images, labels = batch(16, 16)
        found = zcrepro.score(model.to(dtype), images.to(dtype), labels, ["jacov", "epe_nas", "snip"])
        reason = "the sum of the logits is constant: its gradient is rounding errors alone"
        assert found.status == {"jacov": reason, "epe_nas": reason, "snip": "ok"}


@pytest.mark.parametrize("name", SPACES)
def test_networks_of_the_search_spaces_score_by_the_definitions(name):
    space, task = zcrepro.get_space(name), SPACES[name]
    arch = space.sample(np.random.default_rng(5))
    channels, *_ = space.task_shape(task).input
    model = space.network(arch, task).double()
    found = check(model, *batch(6, 16, channels))
    assert found["grad_norm"] > 0


def test_a_cell_without_any_path_scores_by_the_definitions():
    space = zcrepro.get_space("nasbench201")
    arch = space.parse("|none~0|+|none~0|nor_conv_3x3~1|+|none~0|avg_pool_3x3~1|skip_connect~2|")
    found = check(space.network(arch, "cifar10").double(), *batch(6, 16))
    assert found["synflow"] == 0
    assert "do not depend" in found.status["jacov"]
