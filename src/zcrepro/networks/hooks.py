"""Hooks on modules that are removed when they have served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from torch.utils.hooks import RemovableHandle


@contextmanager
def hooked(handles: Iterable[RemovableHandle]) -> Iterator[None]:
    """Register hooks, and remove them on exit, also if the network raises.

    ``handles`` are the results of ``module.register_forward_hook`` and its like. Given a generator, the hooks
    are registered on entry, so that none is left behind if a registration fails.
    """
    with ExitStack() as registered:
        for handle in handles:
            registered.callback(handle.remove)
        yield
