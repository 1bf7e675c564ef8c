"""Standard normal images with random labels, of any task: for those whose images are not at hand."""

from __future__ import annotations

import torch
from torch import Tensor

from zcrepro import seeds
from zcrepro.images.base import Images


def random_batch(size: int, shape: tuple[int, ...], classes: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return standard normal images, (size, *shape), and uniformly random labels below ``classes``, (size,).

    They are float32 and int64 on the CPU, whatever the defaults of torch are. Raises MemoryError if memory is
    short.
    """
    generator = torch.Generator().manual_seed(seeds.derive(seed, "random batch"))
    try:
        images = torch.randn((size, *shape), generator=generator, dtype=torch.float32, device="cpu")
        return images, torch.randint(classes, (size,), generator=generator, device="cpu")
    except (RuntimeError, TypeError, ValueError) as error:  # what torch raises for a size beyond its limits
        raise MemoryError(
            f"no memory for {size} images of shape {shape} with labels of {classes} classes: use "
            "fewer or smaller images"
        ) from error


class Noise:
    """Images that are drawn in the shape that a task asks for."""

    def of_shape(self, size: int, shape: tuple[int, ...], classes: int, seed: int) -> Images:
        """Return ``size`` images of ``shape``, (channels, height, width), and labels of ``classes``."""
        images, labels = random_batch(size, shape, classes, seed)
        return Images(images.numpy(), labels.numpy())


IMAGES = Noise()
