"""Progress on standard error: nothing for short work, a line at intervals even within one item."""

import threading
import time

import pytest

from zcrepro import progress


def test_short_work_is_silent(capsys):
    assert list(progress.track([1, 2], "counting")) == [1, 2]
    assert capsys.readouterr().err == ""


def test_a_long_item_is_not_silent_and_the_end_is_told(monkeypatch, capfd):
    shown = threading.Event()

    def say(count: progress._Count) -> None:
        original(count)
        shown.set()

    original = progress._Count.print
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.001)
    monkeypatch.setattr(progress._Count, "print", say)
    for _ in progress.track(["long"], "counting"):
        assert shown.wait(20)
    first, *_, last = capfd.readouterr().err.splitlines()
    assert first.startswith("counting: 0/1, ")
    assert first.endswith(" s so far")
    assert last == "counting: 1/1, 0 s to go"


def test_work_that_ends_by_the_clock_tells_the_time_that_is_left(monkeypatch, capfd):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.01)
    done = []
    for item in progress.track(range(10**6), "searching", seconds=0.2):
        done.append(item)
        time.sleep(0.02)
    assert 1 <= len(done) <= 10
    *_, last = capfd.readouterr().err.splitlines()
    assert last == f"searching: {len(done)}, 0 s to go"


def test_an_error_in_the_work_ends_the_lines():
    before = threading.active_count()
    with pytest.raises(ValueError, match="broken"):  # noqa: PT012
        for item in progress.track([1], "counting"):
            raise ValueError(f"broken {item}")
    assert threading.active_count() == before
