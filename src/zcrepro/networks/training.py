"""Training mode on few images, where a normalisation may have nothing to take a variance of."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from zcrepro.networks.preserve import preserved
from zcrepro.networks.undefined import UndefinedScoreError

REFUSAL = "Expected more than 1"
"""How torch begins its ValueError where a BatchNorm or InstanceNorm sees one value of each channel."""


@contextmanager
def training(model: nn.Module, seed: int) -> Iterator[None]:
    """``preserved``; a normalisation that sees a single value of each channel leaves the score undefined."""
    with preserved(model, seed):
        try:
            yield
        except ValueError as error:
            if not str(error).startswith(REFUSAL):
                raise
            raise UndefinedScoreError(
                "a normalisation sees a single value of each channel, which has no variance"
            ) from error
