"""What the commands that score have in common: proxies by name or file, and a batch for want of images."""

import torch
from torch import Tensor

from zcrepro import seeds
from zcrepro.formulas.evolved import EvolvedProxy, load_proxy
from zcrepro.spaces.base import TaskShape


def random_batch(size: int, shape: TaskShape, seed: int) -> tuple[Tensor, Tensor]:
    """Standard normal images, (size, *shape.input), and random labels."""
    generator = torch.Generator().manual_seed(seeds.derive(seed, "random batch"))
    images = torch.randn((size, *shape.input), generator=generator)
    return images, torch.randint(shape.classes, (size,), generator=generator)


def proxy_named(name: str) -> str | EvolvedProxy:
    """The name of a hand-crafted proxy as it is, or the evolved proxy in a JSON file."""
    return load_proxy(name) if name.endswith(".json") else name
