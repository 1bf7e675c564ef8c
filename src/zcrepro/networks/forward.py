"""Run one forward pass of a classifier, and check its output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro.networks.errors import FAILURES, UndefinedScoreError, WrongInputError, told
from zcrepro.networks.generators import undrawn
from zcrepro.networks.tokens import positions


def logits(model: nn.Module, images: Tensor) -> Tensor:
    """Return the logits of one forward pass, (n, classes), or (n, classes, positions) of tokens.

    The network receives a copy of the images, because it may write to its input.

    Raises
    ------
    DrewError
        If the network drew random numbers.
    WrongInputError
        If the output is not logits.
    """
    with undrawn(images.device):
        output = model(images.clone())
    return as_logits(output, images)


def as_logits(output: object, images: Tensor) -> Tensor:
    """Return the logits in the output of a network for ``images``, or for tokens.

    The output may be a tensor, a sequence or a mapping. Networks with auxiliary classifiers return the main
    logits first in a sequence, or under the key ``logits`` or ``out``.

    Raises WrongInputError if the result is not a floating-point tensor of shape (n, classes), or of shape
    (n, classes, positions) for tokens.
    """
    n, of_positions = len(images), positions(images)
    shape = "(n, classes, positions)" if of_positions else "(n, classes)"
    found = _main(output)
    if not isinstance(found, Tensor):
        raise WrongInputError(f"the network returns {_described(output)} instead of logits of shape {shape}")
    fits = found.dim() >= 2 and (len(found), *found.shape[2:]) == (n, *of_positions)
    if not fits or not found.is_floating_point():
        what = f"tokens of shape {tuple(images.shape)}" if of_positions else f"{n} images"
        raise WrongInputError(
            f"the network returns {found.dtype} of shape {tuple(found.shape)} for {what} instead of "
            f"logits of shape {shape}"
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


def require_finite_logits(outputs: Tensor) -> None:
    """Raise UndefinedScoreError if logits are infinite or not a number.

    A comparison with zero takes features that are not a number for inactive ones, so that a count of active
    units would be finite all the same.
    """
    if not outputs.isfinite().all():
        raise UndefinedScoreError("the logits are not finite")


def cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of ``outputs``, (n, classes), and ``labels``, (n,).

    Of tokens it is the mean over all positions, of (n, classes, positions) and (n, positions).

    Raises WrongInputError if a label is not below the number of classes.

    NASLib uses log(softmax + 1e-5) on TransNAS-Bench-101. Its gradient scores there differ from ours by
    relative 7e-4 to 9e-2.
    """
    if int(labels.max()) >= outputs.shape[1]:
        raise WrongInputError(
            f"the largest label is {int(labels.max())}, but the network has {outputs.shape[1]} classes, "
            "numbered from 0"
        )
    # torch computes the loss faster if the classes are the last axis.
    return F.cross_entropy(outputs.movedim(1, -1).flatten(0, -2), labels.flatten())


def failure(model: nn.Module, images: Tensor) -> str | None:
    """Return the error of a forward pass in evaluation mode, or None if it succeeds."""
    try:
        with torch.no_grad():
            as_logits(model.eval()(images.clone()), images)
    except FAILURES as error:
        return told(error)
    return None
