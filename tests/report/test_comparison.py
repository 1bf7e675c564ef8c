"""The rows of a table, and the file that holds them."""

import math
from pathlib import Path

import pandas as pd
import pytest

from zcrepro.files import record
from zcrepro.report import comparison
from zcrepro.report.comparison import COLUMNS
from zcrepro.report.entry import Measured, Reference, absent

CONTRACT = (
    "paper,table,row,column,metric,reference,paper_value,value,ci_low,ci_high,interval_kind,n,population,seeds,"
    "tolerance,verdict,note"
)


def ours(value: float, interval: tuple[float, float] = (0.57, 0.62)) -> Measured:
    return Measured(
        row="snip",
        column="cifar10",
        metric="spearman",
        value=value,
        n=100,
        population="all",
        series="ours",
        interval=interval,
        interval_kind="architectures",
    )


def paper(value: float, kind: str = "notebook") -> Reference:
    return Reference("snip", "cifar10", "spearman", kind, value, 0.03, "the seeds differ", "the notebook")


def compare(measured: list[Measured], references: list[Reference]) -> pd.DataFrame:
    return comparison.compare("ZCP", "t", measured, references, level=0.95)


def test_a_missing_input_is_named_and_has_no_value() -> None:
    frame = compare([absent("snip", "cifar10", "spearman", "ours", "no features")], [paper(0.594)])
    row = frame.iloc[0]
    assert (row["verdict"], row["n"], row["paper_value"]) == ("missing input", 0, 0.594)
    assert math.isnan(row["value"])
    assert (row["note"], row["population"]) == ("missing: no features", "ours: none")


def test_a_row_for_each_reference() -> None:
    frame = compare([ours(0.6)], [paper(0.594), paper(0.5, "printed")])
    assert tuple(frame.columns) == COLUMNS
    assert frame[["reference", "verdict"]].values.tolist() == [
        ["notebook", "reproduced"],
        ["printed", "differs"],
    ]


def test_the_columns_of_the_contract_come_first() -> None:
    assert COLUMNS[:17] == tuple(CONTRACT.split(","))


def test_a_reference_that_nothing_was_measured_for_is_shown() -> None:
    other = Reference("fisher", "cifar10", "spearman", "printed", 0.36, 0.03, "why", "where")
    frame = compare([ours(0.6)], [paper(0.594), other])
    row = frame[frame["row"] == "fisher"].iloc[0]
    assert (row["verdict"], row["note"]) == ("missing input", "missing: t does not measure it")
    assert (row["tolerance_reason"], row["source"]) == ("why", "where")


def test_an_entry_that_stands_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="stands twice"):
        compare([ours(0.6), ours(0.61)], [])


def test_rows_survive_the_file_and_have_six_digits(tmp_path: Path) -> None:
    entry = Measured(
        "snip",
        "cifar10",
        "spearman",
        1 / 3,
        100,
        "all",
        series="ours",
        notes=("one", "two"),
        interval=(0.3, 0.7),
        interval_kind="architectures",
        problem="nasbench201/cifar10",
        role="hand-crafted",
        name="snip",
        choice="chosen",
        cites=("nasbench201", "suite_zero"),
    )
    frame = comparison.compare("ZCP", "t", [entry], [], level=0.95, promoted=["resources/a"])
    comparison.write_csv(tmp_path / "t.csv", frame, {})
    text = (tmp_path / "t.csv").read_text()
    assert text.splitlines()[1] == (
        "ZCP,t,snip,cifar10,spearman,none,,0.333333,0.3,0.7,architectures,100,ours: all,,,no reference,"
        "one; two,,,ours,nasbench201/cifar10,hand-crafted,snip,chosen,nasbench201 suite_zero,resources/a"
    )
    read = comparison.read_csv(tmp_path / "t.csv")
    pd.testing.assert_frame_equal(read, frame.assign(value=0.333333), check_dtype=False)


def test_another_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    record.write([tmp_path / "t.csv"], {})
    with pytest.raises(ValueError, match="is not a table of comparisons: it has the columns a, b"):
        comparison.read_csv(tmp_path / "t.csv")


class TestReferences:
    COLUMNS = "paper,table,row,column,metric,reference,paper_value,tolerance,tolerance_reason,source"

    def test_a_misspelt_kind_names_the_nearest(self, tmp_path: Path) -> None:
        (tmp_path / "r.csv").write_text(
            f"{self.COLUMNS}\nZCP,t,snip,cifar10,spearman,notebok,0.5,0.03,why,where\n"
        )
        with pytest.raises(ValueError, match="did you mean 'notebook'"):
            comparison.read_references(tmp_path / "r.csv", "t")

    def test_the_papers_number_of_architectures_is_optional(self, tmp_path: Path) -> None:
        path = tmp_path / "r.csv"
        rows = (
            "snip,cifar10,spearman,notebook,0.5,0.03,why,where,50",
            "snip,b,spearman,notebook,0.5,0.03,why,where,",
        )
        path.write_text("\n".join([f"{self.COLUMNS},paper_n", *(f"ZCP,t,{row}" for row in rows)]))
        assert [reference.n for reference in comparison.read_references(path, "t")] == [50, None]
        path.write_text(f"{self.COLUMNS}\nZCP,t,snip,cifar10,spearman,notebook,0.5,0.03,why,where\n")
        assert comparison.read_references(path, "t")[0].n is None
