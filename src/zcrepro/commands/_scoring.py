"""What the commands that score share: proxies by name or file, and a batch of random images."""

import torch
from torch import Tensor

from zcrepro import seeds
from zcrepro.formulas.evolved import EvolvedProxy, load_proxy
from zcrepro.spaces.base import TaskShape


def random_batch(size: int, shape: TaskShape, seed: int) -> tuple[Tensor, Tensor]:
    """Return standard normal images, (size, *shape.input), and uniformly random labels, (size,)."""
    generator = torch.Generator().manual_seed(seeds.derive(seed, "random batch"))
    images = torch.randn((size, *shape.input), generator=generator)
    return images, torch.randint(shape.classes, (size,), generator=generator)


def proxy_named(name: str) -> str | EvolvedProxy:
    """Return the name of a hand-crafted proxy unchanged, or the evolved proxy in a JSON file."""
    return load_proxy(name) if name.endswith(".json") else name
