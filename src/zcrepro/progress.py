"""Show progress and the estimated time to go: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from threading import Event, Thread
from typing import TypeVar

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")

SECONDS_BETWEEN_LINES = 5.0


def track(items: Sequence[Item], what: str, seconds: float | None = None) -> Iterator[Item]:
    """Yield the items while showing their count and the estimated time to go on standard error.

    ``what`` describes the work. In a log, a line is printed every few seconds, so short work prints none.
    After ``seconds``, no further item is yielded.
    """
    kept = items if seconds is None else _until(items, seconds)
    yield from (_on_terminal if sys.stderr.isatty() else _lines)(kept, len(items), what, seconds)


def _until(items: Iterable[Item], seconds: float) -> Iterator[Item]:
    """Yield the items until the time is over."""
    start = time.monotonic()
    yield from takewhile(lambda _: time.monotonic() - start < seconds, items)


def _on_terminal(items: Iterable[Item], total: int, what: str, seconds: float | None) -> Iterator[Item]:
    columns = MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("to go:"), TimeRemainingColumn()
    described = what if seconds is None else f"{what} for {seconds:.0f} s"
    with Progress(TextColumn("{task.description}"), BarColumn(), *columns, transient=True) as bar:
        yield from bar.track(items, total=None if seconds else total, description=described)


def _lines(items: Iterable[Item], total: int, what: str, seconds: float | None) -> Iterator[Item]:
    count, ended = _Count(total, what, seconds), Event()
    # A thread prints, because a single item may take longer than the interval between lines.
    printing = Thread(target=count.print_until, args=(ended,), daemon=True)
    printing.start()
    try:
        for item in items:
            yield item
            count.done += 1
    finally:
        ended.set()
        printing.join()
    if count.is_shown:
        count.print()


class _Count:
    """Number of finished items out of ``total``, printed as a line of a log.

    If the work ends after ``limit`` seconds, the total is not told.
    """

    def __init__(self, total: int, what: str, limit: float | None = None) -> None:
        self.done, self.is_shown = 0, False
        self._total, self._what, self._limit, self._start = total, what, limit, time.monotonic()

    def print_until(self, ended: Event) -> None:
        """Print the count at fixed intervals until ``ended`` is set."""
        while not ended.wait(SECONDS_BETWEEN_LINES):
            self.print()

    def print(self) -> None:
        """Print the count, with an estimate of the time to go if at least one item is done."""
        self.is_shown = True
        count = str(self.done) if self._limit else f"{self.done}/{self._total}"
        print(f"{self._what}: {count}, {self._time_to_go()}", file=sys.stderr, flush=True)

    def _time_to_go(self) -> str:
        passed, left = time.monotonic() - self._start, self._total - self.done
        if self._limit is not None:
            return f"{max(self._limit - passed, 0):.0f} s to go"
        return f"{passed / self.done * left:.0f} s to go" if self.done else f"{passed:.0f} s so far"
