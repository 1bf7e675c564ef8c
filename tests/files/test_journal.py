"""A journal gives back what was added before a kill or a fault, and nothing else."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from zcrepro.files.atomic import remove_leftovers
from zcrepro.files.journal import Journal

MADE = {"settings": "a", "code": "b"}
VALUES: list[Any] = [{"x": [1, 0.1, 2**200]}, {"x": "zwölf \u2028 \x85 \n lines"}, {"x": None}, {"x": []}]


def journal(folder: Path, made: dict[str, str] = MADE) -> Journal:
    return Journal(folder / "out.json", made, [folder / "input"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The journal of a job that was killed when it had added VALUES."""
    (tmp_path / "input").write_text("1")
    killed = journal(tmp_path)
    for value in VALUES:
        killed.add(value)
    return tmp_path / ".out.json.journal"


def added(file: Path) -> list[Any]:
    return journal(file.parent).values()


def test_values_survive_the_process(file: Path) -> None:
    assert added(file) == VALUES
    again = journal(file.parent)
    again.add("more")
    again.add("still more")
    assert again.values() == added(file) == [*VALUES, "more", "still more"]


def test_it_lies_beside_the_output_until_that_is_written(file: Path) -> None:
    assert remove_leftovers(file.parent) == []
    assert file.is_file()
    journal(file.parent).remove()
    assert [path.name for path in file.parent.iterdir()] == ["input"]
    journal(file.parent).remove()


def test_reading_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "input").write_text("1")
    assert journal(tmp_path).values() == []
    assert [path.name for path in tmp_path.iterdir()] == ["input"]


def test_a_journal_of_another_job_is_discarded(file: Path) -> None:
    other = journal(file.parent, MADE | {"settings": "c"})
    assert other.values() == []
    other.add(1)
    assert other.values() == [1]
    assert added(file) == []


def test_a_journal_of_other_inputs_is_discarded(file: Path) -> None:
    (file.parent / "input").write_text("2")
    assert added(file) == []
    (file.parent / "input").write_text("1")
    assert added(file) == VALUES


def test_a_torn_end_is_dropped(file: Path) -> None:
    whole = file.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    assert len(ends) == len(VALUES) + 1
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        count = max(0, sum(end <= length for end in ends) - 1)
        assert added(file) == VALUES[:count]
    file.write_bytes(whole[:-5])
    repaired = journal(file.parent)
    repaired.add(VALUES[-1])
    assert file.read_bytes() == whole


def test_a_flipped_bit_ends_the_journal(file: Path) -> None:
    whole = file.read_bytes()
    lines = whole.splitlines(keepends=True)
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        damaged = next(k for k in range(len(lines)) if place < len(b"".join(lines[: k + 1])))
        assert added(file) == VALUES[: max(0, damaged - 1)]


@pytest.mark.parametrize("order", [[0, 2, 3, 4], [0, 1, 1, 2], [0, 1, 3, 2]])
def test_lines_that_do_not_follow_each_other_end_the_journal(file: Path, order: list[int]) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[place] for place in order))
    intact = next(k for k, place in enumerate(order) if k != place)
    assert added(file) == VALUES[: intact - 1]


def test_lines_of_two_processes_do_not_mix(file: Path) -> None:
    one, other = journal(file.parent), journal(file.parent)
    one.add("one")
    other.add("other")
    one.add("one more")
    assert added(file) == [*VALUES, "other"]


def test_a_value_is_on_disk_when_it_is_added(file: Path) -> None:
    going = journal(file.parent)
    sizes = []
    for value in range(3):
        going.add(value)
        sizes.append(hashlib.sha256(file.read_bytes()).hexdigest())
        assert added(file) == [*VALUES, *range(value + 1)]
    assert len(set(sizes)) == 3


def test_a_journal_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "input").write_text("1")
    going = journal(tmp_path)
    going.add(1)
    (tmp_path / ".out.json.journal").unlink()
    (tmp_path / ".out.json.journal").mkdir()
    with pytest.raises(OSError, match=r"cannot write .*/\.out\.json\.journal"):
        going.add(2)
