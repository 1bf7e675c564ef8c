"""What can be wrong with a network: each has a class of its own, and a text for people."""

import torch


class UndefinedScoreError(Exception):
    """A proxy has no value for this network; the message says why and becomes its status."""


class WrongInputError(ValueError):
    """The network, the images or the labels do not fit together; the message names what is wrong."""


class DrewError(Exception):
    """A forward pass drew random numbers, so its result depends on the seed."""


def told(error: BaseException) -> str:
    """Return the class and the first line of the message of an error."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory is short. A GPU has a class for it, a CPU a text alone."""
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or "DefaultCPUAllocator" in str(error)
