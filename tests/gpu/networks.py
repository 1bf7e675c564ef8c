"""Networks of search spaces and of a model library, a batch for each, and their scores on a device."""

from functools import cache

import numpy as np
import torch

import zcrepro
from proxies.small_networks import OF_SPACES
from zcrepro.networks import libraries
from zcrepro.provenance import pass_groups

torchvision = libraries.module("torchvision")

CPU, GPU = torch.device("cpu"), torch.device("cuda")
ALL = sorted(set(zcrepro.list_proxies()) - OF_SPACES)
PROGRAMS = set(pass_groups(ALL)["layer_statistics"])
"""The published programs of EZNAS."""

SEED = 3
CLASSES = 10
IMAGES, SIDE = 8, 16

SPACES = {
    "embedded_cell": "digits",
    "embedded_chain": "digits",
    "nasbench201": "cifar10",
    "nasbench301": "cifar10",
    "nasbench_macro": "cifar10",
    "natsbench_sss": "cifar10",
    "transnasbench101_micro": "class_object",
}
"""One task per search space; the spaces differ in skeletons and operations."""


def of_space(name):
    def make():
        space = zcrepro.get_space(name)
        return space.network(space.sample(np.random.default_rng(5)), SPACES[name])

    return make


def of_cell(operation):
    """Return what makes the network of NAS-Bench-201 with one operation on every edge."""
    return lambda: zcrepro.get_space("nasbench201").network((operation,) * 6, "cifar10")


def resnet():
    block = torchvision.resnet.BasicBlock
    return torchvision.ResNet(block, [1, 1, 1, 1], num_classes=CLASSES)


def vision_transformer():
    model = torchvision.VisionTransformer(SIDE, 4, 2, 2, 32, 64, num_classes=CLASSES)
    torch.nn.init.normal_(model.heads.head.weight)  # zero when new, so that the logits are constants
    return model


NETWORKS = {name: of_space(name) for name in SPACES} | {
    "1x1 convolutions": of_cell("nor_conv_1x1"),
    "poolings": of_cell("avg_pool_3x3"),
    "ResNet": resnet,
    "ViT": vision_transformer,
}


def network_of(name, dtype):
    torch.manual_seed(0)
    return NETWORKS[name]().to(dtype)


def with_noise(network, seed):
    """Multiply every parameter by one plus noise of up to 64 roundings, and return the network."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            noise = 2 * torch.rand(weight.shape, generator=generator, dtype=weight.dtype) - 1
            weight.mul_(1 + 32 * torch.finfo(weight.dtype).eps * noise)
    return network


def batch_of(name, dtype):
    """Return images and labels; the numbers are those of float32, whatever ``dtype``."""
    channels = zcrepro.get_space(name).task_shape(SPACES[name]).input[0] if name in SPACES else 3
    images = torch.randn(IMAGES, channels, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    return images.to(dtype), torch.arange(IMAGES) % 3


def scored(network, batch, device):
    images, labels = (tensor.to(device) for tensor in batch)
    return zcrepro.score(network.to(device), images, labels, ALL, SEED)


@cache
def scores(name, dtype, device):
    """Return the scores of a network by all proxies."""
    return scored(network_of(name, dtype), batch_of(name, dtype), device)
