"""The errors that a network, a pass or a proxy can cause, and their text for users."""

import torch

FAILURES = (Exception, SystemExit)
"""What code of others may raise at the cost of a score. A KeyboardInterrupt still ends the program."""


class UndefinedScoreError(Exception):
    """A proxy has no value for this network. The message gives the reason and becomes the status."""


class WrongInputError(ValueError):
    """The network does not fit the images or the labels. The message names what is wrong."""


class DrewError(Exception):
    """A forward pass drew random numbers, so its result depends on the seed."""


class TimeLimitError(BaseException):
    """Something takes longer than it may. The message says how long that is.

    It is not an Exception, so that ``except Exception`` in the interrupted code does not swallow it.
    """


def told(error: BaseException) -> str:
    """Return the class and the first line of the message of an error."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def of_the_machine(error: BaseException) -> bool:
    """Return whether an error says nothing about the network: memory is short, or the GPU has failed.

    After an error of a GPU, every further call on it fails in the same process.
    """
    return out_of_memory(error) or isinstance(error, torch.AcceleratorError)


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory is short."""
    # torch raises OutOfMemoryError on a GPU, but a plain RuntimeError on a CPU.
    known = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return known or "DefaultCPUAllocator" in str(error)
