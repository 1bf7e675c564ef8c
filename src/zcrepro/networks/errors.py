"""The errors that a network can cause, and their text for users."""

import torch


class UndefinedScoreError(Exception):
    """A proxy has no value for this network. The message gives the reason and becomes the status."""


class WrongInputError(ValueError):
    """The network does not fit the images or the labels. The message names what is wrong."""


class DrewError(Exception):
    """A forward pass drew random numbers, so its result depends on the seed."""


def told(error: BaseException) -> str:
    """Return the class and the first line of the message of an error."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory is short."""
    # torch raises OutOfMemoryError on a GPU, but a plain RuntimeError on a CPU.
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or "DefaultCPUAllocator" in str(error)
