"""The rule for the verdict, and the rows that it is written to."""

import math
from pathlib import Path

import pandas as pd
import pytest

from zcrepro.report import comparison
from zcrepro.report._layout import layout
from zcrepro.report.comparison import (
    ALL,
    COLUMNS,
    OTHER,
    SAMPLE,
    Measured,
    Reference,
    absent,
    compare,
    verdict,
)


def ours(value: float, relation: str = ALL, interval: tuple[float, float] = (0.4, 0.7)) -> Measured:
    return Measured(
        row="snip",
        column="cifar10",
        metric="spearman",
        value=value,
        n=100,
        population="ours: all",
        interval=interval,
        interval_kind="architectures",
        relation=relation,
    )


def paper(value: float, kind: str = "notebook") -> Reference:
    return Reference("snip", "cifar10", "spearman", kind, value, 0.03, "the seeds differ", "the notebook")


@pytest.mark.parametrize(
    ("value", "relation", "reference", "expected"),
    [
        (0.564, ALL, 0.594, "reproduced"),  # the tolerance itself, whatever binary fractions say
        (0.563, ALL, 0.594, "differs"),
        (0.55, ALL, 0.69, "differs"),  # an interval of the whole population is no excuse
        (0.55, SAMPLE, 0.55, "not comparable"),  # however near: an interval so wide tells nothing
        (0.55, SAMPLE, 0.581, "not comparable"),
        (0.55, SAMPLE, 0.73, "not comparable"),
        (0.55, SAMPLE, 0.731, "differs"),
        (0.594, OTHER, 0.594, "not comparable"),  # then they agree by chance
        (math.nan, ALL, 0.594, "not comparable"),
    ],
)
def test_the_verdict_follows_from_value_tolerance_and_population(
    value: float, relation: str, reference: float, expected: str
) -> None:
    assert verdict(ours(value, relation), paper(reference)) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [(0.64, "reproduced"), (0.641, "differs"), (0.46, "reproduced"), (0.459, "differs")],
)
def test_a_narrow_interval_of_a_sample_is_widened_by_the_tolerance(reference: float, expected: str) -> None:
    assert verdict(ours(0.55, SAMPLE, (0.49, 0.61)), paper(reference)) == expected


def test_a_sample_without_interval_tells_nothing() -> None:
    undefined = (math.nan, math.nan)
    assert verdict(ours(0.6, SAMPLE, undefined), paper(0.6)) == "not comparable"


def test_without_a_reference_there_is_nothing_to_reproduce() -> None:
    assert verdict(ours(0.6), None) == "no reference"


def test_a_missing_input_is_named_and_has_no_value() -> None:
    frame = compare(
        "ZCP", "t", [absent("snip", "cifar10", "spearman", "ours", "no features")], [paper(0.594)]
    )
    row = frame.iloc[0]
    assert (row["verdict"], row["n"], row["paper_value"]) == ("missing input", 0, 0.594)
    assert math.isnan(row["value"])
    assert row["note"].startswith("missing: no features; tolerance 0.03")


def test_a_row_for_each_reference() -> None:
    frame = compare("ZCP", "t", [ours(0.6)], [paper(0.594), paper(0.5, "printed")])
    assert tuple(frame.columns) == COLUMNS
    assert frame[["reference", "verdict"]].values.tolist() == [
        ["notebook", "reproduced"],
        ["printed", "differs"],
    ]


def test_a_reference_that_nothing_was_measured_for_is_shown() -> None:
    other = Reference("fisher", "cifar10", "spearman", "printed", 0.36, 0.03, "why", "where")
    frame = compare("ZCP", "t", [ours(0.6)], [paper(0.594), other])
    row = frame[frame["row"] == "fisher"].iloc[0]
    assert (row["verdict"], row["note"]) == (
        "missing input",
        "missing: t measures nothing for it; tolerance 0.03: why; printed: where",
    )


def test_a_wide_interval_is_named() -> None:
    wide = compare("ZCP", "t", [ours(0.6, SAMPLE, (0.4, 0.7))], [paper(0.594)])
    narrow = compare("ZCP", "t", [ours(0.6, SAMPLE, (0.58, 0.62))], [paper(0.594)])
    assert "a small sample" in wide["note"].iloc[0]
    assert "a small sample" not in narrow["note"].iloc[0]


def test_a_figure_that_stands_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="stands twice"):
        compare("ZCP", "t", [ours(0.6), ours(0.7)], [])


def test_rows_survive_the_file_and_have_six_digits(tmp_path: Path) -> None:
    frame = compare("ZCP", "t", [ours(1 / 3)], [])
    comparison.write_csv(tmp_path / "t.csv", frame)
    text = (tmp_path / "t.csv").read_text()
    assert text.splitlines()[1] == (
        "ZCP,t,snip,cifar10,spearman,none,,0.333333,0.4,0.7,architectures,100,ours: all,,,no reference,"
    )
    read = comparison.read_csv(tmp_path / "t.csv")
    pd.testing.assert_frame_equal(read, frame.assign(value=0.333333), check_dtype=False)


def test_another_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="no table of comparisons: it has the columns a, b"):
        comparison.read_csv(tmp_path / "t.csv")


def test_a_misspelt_kind_of_reference_names_the_nearest(tmp_path: Path) -> None:
    columns = "paper,table,row,column,metric,reference,paper_value,tolerance,tolerance_reason,source"
    (tmp_path / "r.csv").write_text(f"{columns}\nZCP,t,snip,cifar10,spearman,notebok,0.5,0.03,why,where\n")
    with pytest.raises(ValueError, match="did you mean 'notebook'"):
        comparison.read_references(tmp_path / "r.csv", "t")


def test_people_see_the_paper_above_each_series_and_the_most_exact_verdict() -> None:
    frame = compare("ZCP", "t", [ours(0.6)], [paper(0.5, "printed"), paper(0.594)])
    shown = layout(frame)
    assert [(line.label, line.series, line.cells[0].text) for line in shown.lines] == [
        ("snip", "paper, notebook", "0.594"),
        ("", "paper, printed", "0.5"),
        ("", "ours", "0.600 [0.400, 0.700]"),
    ]
    assert shown.lines[2].cells[0].verdict == "reproduced"
    assert shown.notes == [
        "ours: all (n = 100)",
        "tolerance 0.03: the seeds differ",
        "printed: the notebook",
        "notebook: the notebook",
    ]


def test_a_footnote_names_what_it_is_about() -> None:
    one = Measured("snip", "a", "kendall", 0.5, 9, "x", note="of snip; of both")
    other = Measured("grasp", "b", "kendall", 0.4, 8, "y", note="of both")
    assert layout(compare("ZCP", "t", [one, other], [])).notes == [
        "a: x (n = 9)",
        "b: y (n = 8)",
        "snip, a: of snip",
        "of both",
    ]


def test_two_figures_in_one_cell_are_an_error() -> None:
    one = Measured("snip", "a", "kendall", 0.5, 9, "x")
    other = Measured("snip", "a", "spearman", 0.5, 9, "x")
    with pytest.raises(ValueError, match="two figures in one cell"):
        layout(compare("ZCP", "t", [one, other], []))
