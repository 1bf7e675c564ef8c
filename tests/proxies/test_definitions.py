"""The thirteen in float64 against a plain implementation: one at a time, each on a copy of the network.

``PLAIN`` shares nothing with the engine: no pass, no closed form, no product in place of a pooling.
"""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import zcrepro

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
SEED = 3
ROUNDING = 1e-10  # of a gradient in float64


def copied(model):
    model = copy.deepcopy(model).train()
    for module in model.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return model


def layers_of(model):
    return [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def derivatives(scalar, tensors, **options):
    if not scalar.requires_grad:
        return [torch.zeros_like(tensor) for tensor in tensors]
    found = torch.autograd.grad(scalar, tensors, allow_unused=True, **options)
    return [
        torch.zeros_like(tensor) if gradient is None else gradient
        for tensor, gradient in zip(tensors, found, strict=True)
    ]


def weights_and_gradients(model, images, labels):
    weights = [layer.weight for layer in layers_of(model)]
    return weights, derivatives(F.cross_entropy(model(images), labels), weights)


def grad_norm(model, images, labels):
    return sum(g.norm().item() for g in weights_and_gradients(model, images, labels)[1])


def snip(model, images, labels):
    pairs = zip(*weights_and_gradients(model, images, labels), strict=True)
    return sum((w * g).abs().sum().item() for w, g in pairs)


def plain(model, images, labels):
    pairs = zip(*weights_and_gradients(model, images, labels), strict=True)
    return sum((w * g).sum().item() for w, g in pairs)


def grasp(model, images, labels):
    weights = [layer.weight for layer in layers_of(model)]
    gradients = derivatives(F.cross_entropy(model(images), labels), weights, create_graph=True)
    inner = sum((g.detach() * g).sum() for g in gradients)
    return sum(-(w * h).sum().item() for w, h in zip(weights, derivatives(inner, weights), strict=True))


def fisher(model, images, labels):
    calls = []
    for layer in layers_of(model):
        layer.register_forward_hook(lambda module, _, output: calls.append((module, output)))
    loss = F.cross_entropy(model(images), labels)
    gradients = derivatives(loss, [output for _, output in calls])
    total = 0.0
    for (layer, output), gradient in zip(calls, gradients, strict=True):
        for channel, weights in enumerate(layer.weight):
            of_images = (output[:, channel] * gradient[:, channel]).reshape(len(images), -1).sum(1)
            total += weights.numel() * 0.5 * (of_images**2).mean().item()
    return total


def jacobian_of(model, images):
    images = images.clone().requires_grad_()
    (jacobian,) = derivatives(model(images).sum(), [images])
    return jacobian.reshape(len(images), -1) if jacobian.abs().max() > ROUNDING else None


def jacov(model, images, labels):
    del labels
    if len(images) == 1 or (jacobian := jacobian_of(model, images)) is None:
        return math.nan
    values = np.linalg.eigvalsh(np.corrcoef(jacobian.numpy())) + 1e-5
    return float(-(np.log(values) + 1 / values).sum())


def epe_nas(model, images, labels):
    if len(set(labels.tolist())) == len(labels) or (jacobian := jacobian_of(model, images)) is None:
        return math.nan
    total = 0.0
    for label in set(labels.tolist()):
        correlations = np.atleast_2d(np.corrcoef(jacobian[labels == label].numpy()))
        total += abs(np.log(np.abs(correlations) + 1e-5).sum())
    return float(total)


def nwot(model, images, labels):
    del labels
    kernel = np.zeros((len(images), len(images)))

    def add(module, inputs, output):
        del module, inputs
        on = (output > 0).reshape(len(output), -1).double().numpy()
        kernel[:] += on @ on.T + (1 - on) @ (1 - on).T

    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    for relu in relus:
        relu.register_forward_hook(add)
    model(images)
    full = np.linalg.matrix_rank(kernel) == len(kernel)
    return float(np.linalg.slogdet(kernel)[1]) if relus and full else math.nan


def synflow(model, images, labels):
    del labels
    for module in model.modules():
        if isinstance(module, NORMS):
            module.forward = lambda x: x
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.abs_()
    weights = [layer.weight for layer in layers_of(model)]
    gradients = derivatives(model(torch.ones_like(images[:1])).sum(), weights)
    return sum((w * g).abs().sum().item() for w, g in zip(weights, gradients, strict=True))


@torch.no_grad()
def zen(model, images, labels):
    del labels
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_parameters()
        norm.reset_running_stats()
    torch.manual_seed(SEED)
    for layer in layers_of(model):
        layer.weight.normal_()
        if layer.bias is not None:
            layer.bias.zero_()
    noise = torch.randn_like(images)
    pooled = []
    for module in model.modules():
        if isinstance(module, nn.AdaptiveAvgPool2d):
            module.register_forward_pre_hook(lambda _, inputs: pooled.append(inputs[0]))
    model(noise)
    before = pooled[-1] if pooled else None
    model(noise + 0.01 * torch.randn_like(images))
    if before is None or not (pooled[-1] - before).any():
        return math.nan
    distance = (pooled[-1] - before).abs().flatten(1).sum(1).mean().item()
    ran = [norm.running_var.mean().item() for norm in norms if norm.num_batches_tracked]
    return math.log(distance) + sum(math.log(math.sqrt(variance)) for variance in ran)


def params(model, images, labels):
    del images, labels
    return sum(parameter.numel() for parameter in model.parameters())


def l2_norm(model, images, labels):
    del images, labels
    return sum(layer.weight.norm().item() for layer in layers_of(model))


FUNCTIONS = (grad_norm, snip, plain, grasp, fisher, jacov, epe_nas, nwot, synflow, zen, params, l2_norm)
PLAIN = {function.__name__: function for function in FUNCTIONS}
"""All of the thirteen but flops, whose definition is each space's and is proved by published counts."""


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
    """The logits are constants, though there are layers."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.convolution, self.norm, self.relu = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()
        self.pool, self.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(4, 5)

    def forward(self, x):
        x = self.relu(self.norm(self.convolution(x))) * 0
        return self.classifier(self.pool(x).flatten(1))


class Tied(nn.Module):
    """One convolution and one BatchNorm, both used twice."""

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
    """Poolings of both kinds side by side, an in-place activation of their sum."""

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
"""A task of each of several spaces, with other skeletons and operations."""


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
