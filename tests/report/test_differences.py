"""What differs between the tables of two runs, and in how they were made."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from zcrepro.files.json import write_sealed
from zcrepro.report.comparison import compare, write_csv
from zcrepro.report.differences import Difference, differences, origin, read_tables
from zcrepro.report.entry import ARCHITECTURES, Measured, Reference

MADE = {"stage": "table", "settings": "s", "code": "c", "versions": json.dumps({"numpy": "2.4.6"})}


def measured(row: str, value: float, half: float = 0.1, n: int = 10, **more: str) -> Measured:
    interval = (value - half, value + half)
    return Measured(row, "digits", "kendall", value, n, f"{n} of 60", interval=interval,
                    interval_kind=ARCHITECTURES, **more)  # fmt: skip


def write(
    run: Path, table: str, *entries: Measured, made: Mapping[str, str] = MADE, paper: float | None = None
) -> Path:
    """Write a table with the value of a paper for its first row, if there is one."""
    known = [] if paper is None else [
        Reference(entries[0].row, "digits", "kendall", "printed", paper, 0.2, "a reason", "a paper")
    ]  # fmt: skip
    path = run / "tables" / f"{table}.csv"
    write_csv(path, compare("ZCP", table, entries, known, level=0.95), made)
    return path


def found(first: Path, second: Path) -> list[Difference]:
    return list(differences(read_tables(first), read_tables(second)))


def test_equal_tables_do_not_differ_whatever_their_records_say(tmp_path: Path) -> None:
    for name, code in (("a", "c"), ("b", "d")):
        write(tmp_path / name, "t", measured("snip", 0.5), made=MADE | {"code": code})
    assert found(tmp_path / "a", tmp_path / "b") == []


def test_undefined_values_are_equal(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / name, "t", Measured("snip", "digits", "kendall", float("nan"), 0, "none"))
    assert found(tmp_path / "a", tmp_path / "b") == []


@pytest.mark.parametrize(
    ("value", "half", "within"),
    [(0.55, 0.1, "both"), (0.65, 0.3, "the first"), (0.58, 0.01, "the second"), (0.9, 0.1, "neither")],
)
def test_a_value_that_differs_is_placed_in_the_interval_of_the_other(
    tmp_path: Path, value: float, half: float, within: str
) -> None:
    write(tmp_path / "a", "t", measured("snip", 0.5), measured("zen", 0.2, series="ours"))
    write(tmp_path / "b", "t", measured("snip", value, half), measured("zen", 0.2, series="ours"))
    (one,) = found(tmp_path / "a", tmp_path / "b")
    assert one == Difference("t", "snip", "digits", "kendall", 0.5, value, within, "", "ci_low, ci_high")


def test_a_verdict_that_changes_and_further_columns_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a", "t", measured("snip", 0.5), paper=0.5)
    write(tmp_path / "b", "t", measured("snip", 0.5, n=20), paper=0.9)
    (one,) = found(tmp_path / "a", tmp_path / "b")
    assert one.of == "kendall, printed"
    assert one.verdict == "reproduced → differs"
    # The population tells the n of the sample, and still it is the same row.
    assert one.also.split(", ")[:3] == ["paper_value", "n", "population"]
    assert (one.first, one.second, one.within) == (0.5, 0.5, "both")


def test_rows_and_tables_of_one_run_alone_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a", "t", measured("snip", 0.5), measured("zen", 0.2))
    write(tmp_path / "b", "t", measured("zen", 0.2), measured("nwot", 0.3))
    write(tmp_path / "b", "u", measured("zen", 0.2))
    write(tmp_path / "a", "deviations", measured("zen", 0.1))
    assert found(tmp_path / "a", tmp_path / "b") == [
        Difference("t", "snip", "digits", "kendall", first=0.5, also="only in the first"),
        Difference("t", "nwot", "digits", "kendall", second=0.3, also="only in the second"),
        Difference("u", also="only in the second"),
    ]


def test_a_kept_table_has_no_record_and_a_table_with_one_must_be_as_it_was(tmp_path: Path) -> None:
    kept = write(tmp_path / "kept", "t", measured("snip", 0.5))
    made = write(tmp_path / "made", "t", measured("snip", 0.5))
    kept.with_suffix(".json").unlink()
    assert found(tmp_path / "kept", tmp_path / "made") == []
    made.write_text(made.read_text().replace("0.5", "0.7"))
    with pytest.raises(ValueError, match="differs from its record"):
        found(tmp_path / "kept", tmp_path / "made")


class TestOrigin:
    def of(self, tmp_path: Path, made: Mapping[str, str]) -> str:
        write(tmp_path / "a", "t", measured("snip", 0.5))
        write(tmp_path / "b", "t", measured("snip", 0.6), made=made)
        return origin(read_tables(tmp_path / "a"), read_tables(tmp_path / "b"))

    def test_it_names_what_differs_in_the_records(self, tmp_path: Path) -> None:
        other = {"code": "d", "versions": json.dumps({"numpy": "2.5.0"})}
        said = self.of(tmp_path, MADE | other)
        assert said == "how they were made differs in code, versions (numpy 2.4.6 → 2.5.0)"

    def test_if_nothing_differs_it_was_in_the_inputs(self, tmp_path: Path) -> None:
        assert self.of(tmp_path, MADE).endswith("are equal: what differs was in their inputs")

    def test_of_kept_tables_it_is_not_known(self, tmp_path: Path) -> None:
        path = write(tmp_path / "c", "t", measured("snip", 0.5))
        path.with_suffix(".json").unlink()
        tables = read_tables(tmp_path / "c")
        assert "is not known: kept tables have no record" in origin(tables, tables)

    def test_without_a_table_in_common_there_is_nothing_to_say(self, tmp_path: Path) -> None:
        write(tmp_path / "a", "t", measured("snip", 0.5))
        write(tmp_path / "b", "u", measured("snip", 0.5))
        assert "no table in common" in origin(read_tables(tmp_path / "a"), read_tables(tmp_path / "b"))


@pytest.mark.parametrize(("name", "message"), [("run", "has no tables; name"), ("lost", "is not a folder;")])
def test_a_folder_without_tables_is_an_error_that_says_what_to_name(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(ValueError, match=message):
        read_tables(tmp_path / name)


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    write(tmp_path / "a", "t", measured("snip", 0.5))
    (other := tmp_path / "b" / "tables").mkdir(parents=True)
    (other / "t.csv").write_text("arch,score\nx,1\n")
    with pytest.raises(ValueError, match=r"t\.csv is not a table of comparisons"):
        found(tmp_path / "a", tmp_path / "b")
    write_sealed(other / "t.json", {"csv": "0"})
    with pytest.raises(ValueError, match=r"t\.csv .*differs from its record"):
        found(tmp_path / "a", tmp_path / "b")
