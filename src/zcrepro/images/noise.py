"""Standard normal images, or random tokens, with random labels: for tasks whose images are not at hand."""

from __future__ import annotations

import torch
from torch import Tensor

from zcrepro import seeds
from zcrepro.images.base import Images


def random_batch(size: int, shape: tuple[int, ...], classes: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return standard normal images, (size, *shape), and uniformly random labels below ``classes``, (size,).

    A ``shape`` with one axis is that of a sequence of tokens. These and their labels, (size, *shape), are
    random classes.

    Images are float32, and the others int64, on the CPU, whatever the defaults of torch are. Raises
    MemoryError if memory is short.
    """
    generator = torch.Generator().manual_seed(seeds.derive(seed, "random batch"))
    try:
        if len(shape) == 1:
            tokens = torch.randint(classes, (2, size, *shape), generator=generator, device="cpu")
            return tokens[0], tokens[1]
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
        """Return ``size`` images of ``shape``, (channels, height, width), or tokens, and their labels."""
        images, labels = random_batch(size, shape, classes, seed)
        return Images(images.numpy(), labels.numpy())


IMAGES = Noise()
