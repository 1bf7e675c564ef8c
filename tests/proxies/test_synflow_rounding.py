"""Networks without a score of SynFlow with BatchNorm, because its flow consists of rounding errors."""

import pytest
import torch
from torch import nn

import zcrepro

ALONE = "a normalisation sees a constant: the flow is rounding errors alone"
NAMES = ["synflow_bn", "synflow_zcp"]


def scored(network, channels=3, side=32):
    images, labels = torch.zeros(2, channels, side, side), torch.tensor([0, 1])
    return zcrepro.score(network, images, labels, NAMES)


def statuses(network, **shape):
    return list(scored(network, **shape).status.values())


def chain(*layers, classes=5):
    torch.manual_seed(0)
    return nn.Sequential(*(layer() for layer in layers), nn.LazyLinear(classes))


def pooled():
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def test_a_batchnorm_of_a_constant_has_no_score():
    network = chain(lambda: nn.Conv2d(1, 1, 1, bias=False), lambda: nn.BatchNorm2d(1), nn.Flatten)
    network(torch.randn(2, 1, 2, 2))
    assert statuses(network, channels=1, side=2) == [ALONE, "ok"]


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm2d, lambda n: nn.InstanceNorm2d(n, affine=True), lambda n: nn.GroupNorm(n, n)]
)
def test_a_norm_that_is_pooled_at_once_has_no_score(norm):
    network = chain(lambda: nn.Conv2d(3, 4, 3, padding=1), lambda: norm(4), pooled)
    network(torch.randn(2, 3, 8, 8))
    assert statuses(network, side=8)[0] == ALONE


@pytest.mark.parametrize(
    "norm", [nn.BatchNorm2d, lambda n: nn.InstanceNorm2d(n, affine=True), lambda n: nn.GroupNorm(n, n)]
)
def test_a_norm_of_what_varies_has_a_score(norm):
    network = chain(lambda: nn.Conv2d(3, 4, 3, padding=1), lambda: norm(4), nn.ReLU, pooled)
    network(torch.randn(2, 3, 8, 8))
    assert statuses(network, side=8) == ["ok", "ok"]


def test_a_network_without_a_path_keeps_its_zero():
    space = zcrepro.get_space("nasbench201")
    found = scored(space.network(("none",) * 6, "cifar10"))
    assert dict(found) == dict.fromkeys(NAMES, 0.0)
    assert set(found.status.values()) == {"ok"}


# Random networks of several spaces; whether each of NAMES is rounding errors alone.
NETWORKS = {
    ("nasbench201", "cifar10", "|nor_conv_1x1~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|nor_conv_1x1~2|"): (True, False),
    ("nasbench201", "cifar10", "|nor_conv_1x1~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_3x3~2|"): (False, False),
    ("nasbench201", "cifar10", "|avg_pool_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|"): (False, False),
    ("embedded_chain", "digits", "|conv_3x3|depthwise_3x3|conv_1x1|max_pool_3x3|max_pool_3x3|identity|"): (True, False),
    ("embedded_chain", "digits", "|identity|identity|identity|conv_3x3|depthwise_3x3|conv_3x3|"): (False, False),
    ("nasbench_macro", "cifar10", "21100000"): (False, False),
    ("natsbench_sss", "cifar10", "8:8:8:16:56"): (False, False),
    ("transnasbench101_micro", "class_object", "64-41414-3_22_110"): (True, False),
}  # fmt: skip


@pytest.mark.parametrize(("name", "task", "text"), NETWORKS)
def test_whether_rounding_is_all_does_not_depend_on_the_processor(name, task, text):
    space = zcrepro.get_space(name)
    channels, side, _ = space.task_shape(task).input
    network = space.network(space.parse(text), task)
    found = statuses(network, channels=channels, side=min(side, 64))
    assert found == [ALONE if alone else "ok" for alone in NETWORKS[name, task, text]]
