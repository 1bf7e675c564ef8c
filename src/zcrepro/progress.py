"""Show progress and the estimated time to go: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterator, Sequence
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


def track(items: Sequence[Item], what: str) -> Iterator[Item]:
    """Yield the items while showing their count and the estimated time to go on standard error.

    ``what`` describes the work. In a log, a line is printed every few seconds, so short work prints none.
    """
    if not sys.stderr.isatty():
        yield from _lines(items, what)
        return
    columns = MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("to go:"), TimeRemainingColumn()
    with Progress(TextColumn("{task.description}"), BarColumn(), *columns, transient=True) as bar:
        yield from bar.track(items, description=what)


def _lines(items: Sequence[Item], what: str) -> Iterator[Item]:
    count, ended = _Count(len(items), what), Event()
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
    """Number of finished items out of ``total``, printed as a line of a log."""

    def __init__(self, total: int, what: str) -> None:
        self.done, self.is_shown = 0, False
        self._total, self._what, self._start = total, what, time.monotonic()

    def print_until(self, ended: Event) -> None:
        """Print the count at fixed intervals until ``ended`` is set."""
        while not ended.wait(SECONDS_BETWEEN_LINES):
            self.print()

    def print(self) -> None:
        """Print the count, with an estimate of the time to go if at least one item is done."""
        self.is_shown = True
        passed, left = time.monotonic() - self._start, self._total - self.done
        time_to_go = f"{passed / self.done * left:.0f} s to go" if self.done else f"{passed:.0f} s so far"
        print(f"{self._what}: {self.done}/{self._total}, {time_to_go}", file=sys.stderr, flush=True)
