"""Progress and time to go: a bar on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Item = TypeVar("Item")

SECONDS_BETWEEN_LINES = 10.0


def track(items: Sequence[Item], what: str) -> Iterator[Item]:
    """The items, one by one, while their count and the time to go are shown on standard error."""
    if not sys.stderr.isatty():
        yield from _lines(items, what)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, transient=True) as bar:
        yield from bar.track(items, description=what)


def _lines(items: Sequence[Item], what: str) -> Iterator[Item]:
    start = shown = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - shown >= SECONDS_BETWEEN_LINES or done == len(items):
            shown = now
            to_go = (now - start) / done * (len(items) - done)
            print(f"{what}: {done}/{len(items)}, {to_go:.0f} s to go", file=sys.stderr, flush=True)
