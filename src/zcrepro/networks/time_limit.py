"""Interrupt what takes too long."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from zcrepro.networks.errors import TimeLimitError

SOONEST = 1e-3
"""Seconds until a timer fires that was to fire while another one was running."""


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise TimeLimitError if the code inside takes longer than ``seconds``; None sets no limit.

    A signal interrupts the code between two steps of the Python interpreter. A call that hangs inside a
    library in C is therefore interrupted only after it returns. Python handles signals in the main thread
    alone, so that there is no limit in any other thread.

    The signal is SIGALRM, repeated each ``seconds`` in case that the code swallows the error. On exit, its
    handler and its timer are as before.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        del number, frame
        raise TimeLimitError(f"takes more than {seconds:g} s")

    start, handler = time.monotonic(), signal.signal(signal.SIGALRM, interrupt)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            left = max(left - (time.monotonic() - start), SOONEST)
            signal.setitimer(signal.ITIMER_REAL, left, interval)
