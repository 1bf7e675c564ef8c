"""Small networks in float64, a batch for them, and what the tests of the passes read off them."""

import copy
import math

import torch
from torch import nn
from torch.nn import functional as F

import zcrepro
from zcrepro.programs.published import PUBLISHED

SEED = 5

OF_SPACES = {
    f"structure_{name}" for name in ("l_skip", "l_edges", "n_none", "dead_conv", "out_in", "e_max", "e_min")
}
"""Proxies that are undefined for a network that no space has built."""

OF_EQUAL_SHAPES = {"eznas_pnas_labels"}
"""Programs that combine tensors which have different shapes in these networks."""

WITH_NOISE = {
    name
    for name, program in PUBLISHED.items()
    if any(terminal.endswith(("noise", "perturb")) for terminal in program.terminals)
}
"""Programs that see noise in place of the images, or added to them."""


def convolutional(norm=True, groups=1, stride=1):
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()]
    layers += [nn.Conv2d(4, 4, 3, stride, padding=1, groups=groups)]
    layers += [nn.BatchNorm2d(4)] if norm else []
    layers += [nn.ReLU(), nn.Conv2d(4, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 5)]
    return layers


def single_layer():
    return [nn.Flatten(), nn.Linear(3 * 6 * 6, 5)]


def pooled_alone():
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]


def built(layers):
    torch.manual_seed(0)
    network = nn.Sequential(*layers).double()
    for module in network.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return network


KINDS = {
    "BatchNorm": lambda: convolutional(),
    "no BatchNorm": lambda: convolutional(norm=False),
    "grouped": lambda: convolutional(groups=2),
    "strided": lambda: convolutional(stride=2),
}


def batch(size=8):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(size, 3, 6, 6, generator=generator, dtype=torch.double)
    return images, torch.arange(size) % 5


def score(model, name, images=None, labels=None, seed=SEED):
    drawn = batch()
    images, labels = drawn[0] if images is None else images, drawn[1] if labels is None else labels
    found = zcrepro.score(model, images, labels, [name], seed)
    return found[name]


def status(layers, name, size=8):
    """Return why the network of these layers has no score."""
    images, labels = batch(size)
    found = zcrepro.score(built(layers), images, labels % 3, [name], SEED)
    assert math.isnan(found[name])
    return found.status[name]


def outputs_of(model, modules, images):
    """Return what the modules put out, in the order of their calls."""
    found = []
    handles = [module.register_forward_hook(lambda *call: found.append(call[2])) for module in modules]
    model(images)
    for handle in handles:
        handle.remove()
    return found


def weight_gradients(model, images, labels):
    model.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    return [layer.weight.grad.clone().numpy() for layer in layers]


def kaiming(model):
    """Return a copy with weights drawn as AZ-NAS and VKDNW draw them, and noise of the shape of the batch."""
    drawn = copy.deepcopy(model)
    torch.manual_seed(SEED)
    for module in drawn.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            with torch.no_grad():
                module.weight.copy_(torch.randn_like(module.weight) * math.sqrt(2 / fan_in))
                module.bias.zero_()
    return drawn, torch.randn_like(batch()[0])


class Pointwise(nn.Module):
    """A stem, one block between feature maps, and a head."""

    def __init__(self, block):
        super().__init__()
        self.stem, self.block = nn.Conv2d(3, 4, 3, padding=1), block
        self.pool, self.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(4, 5)

    def forward(self, x):
        return self.classifier(self.pool(self.block(self.stem(x))).flatten(1))


class Copy(nn.Module):
    """Puts out a copy of its input."""

    def forward(self, x):
        return x.clone()


class Nothing(nn.Module):
    """Puts out zeros, whatever its input."""

    def forward(self, x):
        return torch.zeros_like(x)
