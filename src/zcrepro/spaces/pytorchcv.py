"""Models of the package ``pytorchcv`` for CIFAR-10 (ZCP, Abdelfattah et al., ICLR 2021).

An architecture is a model, written by its name in the package, ``resnet20_cifar10``. There are the 70 models
whose error rate on CIFAR-10 the package publishes. They are of many families, and no edit leads from one to
another: all other models are neighbours of a model.

The weights are drawn by the package's own initialisation, as in the paper, since a model without pretrained
weights has these. The package is an optional dependency.
"""

from typing import ClassVar

import torch
from torch import nn

from zcrepro import seeds
from zcrepro.networks import libraries
from zcrepro.networks.generators import seeded
from zcrepro.settings import unknown_name
from zcrepro.spaces.base import Arch, CategoricalSpace, TaskShape

DATA_SET = "cifar10"

FAMILIES = {
    "nin": ("",),
    "resnet": ("20", "56", "110", "164bn", "272bn", "542bn", "1001", "1202"),
    "preresnet": ("20", "56", "110", "164bn", "272bn", "542bn", "1001", "1202"),
    "resnext": ("29_32x4d", "29_16x64d", "272_1x64d", "272_2x32d"),
    "seresnet": ("20", "56", "110", "164bn", "272bn", "542bn"),
    "sepreresnet": ("20", "56", "110", "164bn", "272bn", "542bn"),
    "pyramidnet": (
        "110_a48",
        "110_a84",
        "110_a270",
        "164_a270_bn",
        "200_a240_bn",
        "236_a220_bn",
        "272_a200_bn",
    ),
    "densenet40": ("_k12", "_k12_bc", "_k24_bc", "_k36_bc"),
    "densenet": ("100_k12", "100_k24", "100_k12_bc", "190_k40_bc", "250_k24_bc"),
    "xdensenet": ("40_2_k24_bc", "40_2_k36_bc"),
    "wrn": ("16_10", "28_10", "40_8", "20_10_1bit", "20_10_32bit"),
    "ror": ("3_56", "3_110", "3_164"),
    "rir": ("",),
    "shakeshakeresnet": ("20_2x16d", "26_2x32d"),
    "diaresnet": ("20", "56", "110", "164bn"),
    "diapreresnet": ("20", "56", "110", "164bn"),
}
"""The depths and widths of each family of models."""


class PyTorchCV(CategoricalSpace):
    """The models of the package ``pytorchcv`` for CIFAR-10."""

    name = "pytorchcv"
    tasks: ClassVar = {DATA_SET: TaskShape((3, 32, 32), (10,))}
    operations = tuple(f"{family}{size}_{DATA_SET}" for family, sizes in FAMILIES.items() for size in sizes)
    length = 1

    def text(self, arch: Arch) -> str:
        return str(arch[0])

    def parse(self, text: str) -> Arch:
        if text not in self.operations:
            raise ValueError(f"{self.name}: {unknown_name('model', text, self.operations)}")
        return (text,)

    def canonical(self, arch: Arch) -> str:
        return self.text(arch)

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        """Return the network of the package. Raises ValueError if the package is not installed."""
        return libraries.network("pytorchcv", self.text(arch), self.task_shape(task).classes)

    def network(self, arch: Arch, task: str, seed: int = 0, *, channels: int | None = None) -> nn.Module:
        """Return the network with the package's initialisation, which draws from the global generators."""
        if channels:
            return super().network(arch, task, seed, channels=channels)
        with seeded(nn.Identity(), seeds.derive(seed, self.name, task, self.canonical(arch))):
            return self.blueprint(arch, task)

    def flops(self, arch: Arch, task: str) -> int:
        """Return the multiply-adds for one example.

        They are counted in a forward on the CPU, where some models put a tensor whatever the device is.
        """
        images = torch.zeros(1, *self.task_shape(task).input)
        return self.count_flops(self.network(arch, task), images)


SPACE = PyTorchCV()
