"""One forward pass of a classifier, and what its output must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro.networks.errors import WrongInputError, told
from zcrepro.networks.generators import undrawn


def logits(model: nn.Module, images: Tensor) -> Tensor:
    """Return the logits of one forward pass, (n, classes).

    The network gets a copy of the images, so that one that writes to its input changes no image.

    Raises
    ------
    DrewError
        If the network drew random numbers.
    WrongInputError
        If the network does not put out logits.
    """
    with undrawn(images.device):
        output = model(images.clone())
    return as_logits(output, len(images))


def as_logits(output: object, n: int) -> Tensor:
    """Return the logits in what a network put out: a tensor, or the first of several.

    Networks with auxiliary classifiers put out the main logits first, as a tuple or in a mapping as
    ``logits`` or ``out``. Raises WrongInputError if these are not (n, classes).
    """
    found = _main(output)
    if not isinstance(found, Tensor):
        raise WrongInputError(
            f"the network puts out {_described(output)}, but logits of (n, classes) are wanted"
        )
    if found.dim() != 2 or len(found) != n or not found.is_floating_point():
        raise WrongInputError(
            f"the network puts out {found.dtype} of shape {tuple(found.shape)} for {n} images, but logits of "
            "shape (n, classes) are wanted"
        )
    return found


def _main(output: object) -> object:
    if isinstance(output, Mapping):
        name = next((name for name in ("logits", "out") if name in output), None)
        return output[name] if name else next(iter(output.values()), None)
    if isinstance(output, Sequence):
        return output[0] if output else None
    return output


def _described(output: object) -> str:
    if isinstance(output, Mapping):
        return f"a {type(output).__name__} of {', '.join(map(repr, output)) or 'nothing'}"
    return f"a {type(output).__name__}"


def cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of logits. Raises WrongInputError if a label has no logit.

    NASLib takes log(softmax + 1e-5) on TransNAS-Bench-101: gradient scores there are 7e-4 to 9e-2 apart.
    """
    if int(labels.max()) >= outputs.shape[1]:
        raise WrongInputError(
            f"the largest label is {int(labels.max())}, but the network has {outputs.shape[1]} classes, "
            "numbered from 0"
        )
    return F.cross_entropy(outputs, labels)


def failure(model: nn.Module, images: Tensor) -> str | None:
    """Return why the network cannot process the images at all, in evaluation mode; None if it can."""
    try:
        with torch.no_grad():
            as_logits(model.eval()(images.clone()), len(images))
    except Exception as error:
        return told(error)
    return None
