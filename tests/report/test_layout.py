"""A table as people read it: lines, columns, and footnotes where they belong."""

from dataclasses import replace

import pandas as pd
import pytest

from zcrepro.report import _render, comparison
from zcrepro.report._layout import Layout, layout
from zcrepro.report.entry import Measured, Reference, absent


def entry(
    row: str, column: str, *notes: str, series: str = "", population: str = "x", metric: str = "kendall"
) -> Measured:
    return Measured(row, column, metric, 0.5, 9, population, series, notes)


def laid_out(*entries: Measured, references: tuple[Reference, ...] = ()) -> Layout:
    return layout(comparison.compare("ZCP", "t", entries, references, level=0.95))


def marks(shown: Layout) -> dict[str, str]:
    """Return the notes by their marks; those about the whole table have none."""
    return {note.text: note.mark for note in shown.notes}


def test_people_see_the_paper_above_each_series_and_the_most_exact_verdict() -> None:
    ours = Measured(
        "snip",
        "cifar10",
        "spearman",
        0.6,
        100,
        "all",
        "ours",
        interval=(0.57, 0.62),
        interval_kind="architectures",
    )
    references = tuple(
        Reference("snip", "cifar10", "spearman", kind, value, 0.03, "the seeds differ", f"the {kind}")
        for kind, value in (("printed", 0.5), ("notebook", 0.594))
    )
    shown = laid_out(ours, references=references)
    assert [(line.label, line.series, line.cells[0].text) for line in shown.lines] == [
        ("snip", "paper, notebook", "0.594"),
        ("", "paper, printed", "0.5"),
        ("", "ours", "0.600 [0.570, 0.620]"),
    ]
    assert shown.lines[2].cells[0].verdict == "reproduced"
    assert marks(shown) == {
        "all (n = 100)": "",
        "interval over architectures: bootstrap over distinct graphs, for a value on a sample of "
        "architectures": "",
        "tolerance 0.03: the seeds differ": "",
        "notebook: the notebook": "a",
        "printed: the printed": "b",
    }
    assert [line.cells[0].marks for line in shown.lines] == [("a",), ("b",), ()]


def test_a_note_about_one_cell_is_marked_at_the_cell() -> None:
    shown = laid_out(
        *(entry(row, column) for row in "rs" for column in "ab" if row + column != "ra"),
        entry("r", "a", "here"),
    )
    (mark,) = (note.mark for note in shown.notes if note.text == "here")
    cells = {
        (line.label, column.text): cell
        for line in shown.lines
        for column, cell in zip(shown.columns, line.cells, strict=True)
    }
    assert cells["r", "a"].marks == (mark,)
    assert sum(bool(cell.marks) for cell in cells.values()) == 1


def test_notes_about_whole_columns_and_lines_are_marked_there() -> None:
    shown = laid_out(
        entry("r", "a", "of a", "of r"),
        entry("r", "b", "of r"),
        entry("s", "a", "of a"),
        entry("s", "b", "of all but"),
    )
    found = marks(shown)
    assert [column.marks for column in shown.columns] == [(found["of a"],), ()]
    assert [line.marks for line in shown.lines] == [(found["of r"],), ()]
    assert shown.lines[1].cells[1].marks == (found["of all but"],)


def test_a_note_about_everything_has_no_mark() -> None:
    shown = laid_out(entry("r", "a", "of all"), entry("s", "a", "of all"))
    assert marks(shown) == {"x (n = 9)": "", "of all": ""}


def test_entries_without_a_value_do_not_break_a_line_into_cells() -> None:
    shown = laid_out(
        entry("r", "a", "of r"),
        absent("r", "b", "kendall", "", "no features"),
        entry("r", "c", "of r"),
        *(entry("s", column) for column in "abc"),
    )
    assert shown.lines[0].marks == (marks(shown)["of r"],)
    assert shown.lines[0].cells[1].marks == (marks(shown)["missing: no features"],)


def test_a_note_about_the_only_value_of_a_line_is_marked_at_the_value() -> None:
    shown = laid_out(
        entry("r", "a", "here"),
        absent("r", "b", "kendall", "", "no features"),
        entry("s", "a"),
        entry("s", "b"),
    )
    assert shown.lines[0].cells[0].marks == (marks(shown)["here"],)
    assert shown.lines[0].marks == ()


def test_what_is_said_of_values_and_of_undefined_ones_is_said_once() -> None:
    undefined = replace(entry("r", "b", "of both", "why not"), value=float("nan"))
    shown = laid_out(entry("r", "a", "of both"), undefined, entry("s", "a"), entry("s", "b"))
    assert [note.text for note in shown.notes if note.text in ("of both", "why not")] == [
        "of both",
        "why not",
    ]
    assert shown.lines[0].cells[1].text == "undefined"
    assert shown.lines[0].cells[1].marks == (marks(shown)["why not"],)


def test_populations_are_marked_like_notes() -> None:
    shown = laid_out(*(entry(row, column, population=text) for row in "rs" for column, text in ("ax", "by")))
    assert [column.marks for column in shown.columns] == [("a",), ("b",)]
    assert marks(shown) == {"x (n = 9)": "a", "y (n = 9)": "b"}


def test_equal_populations_of_several_series_are_one_note() -> None:
    shown = laid_out(entry("r", "a", series="one"), entry("r", "a", series="two"))
    assert marks(shown) == {"x (n = 9)": ""}


def test_what_was_chosen_stands_beside_its_value() -> None:
    chosen = Measured(
        "r", "a", "kendall", 0.5, 9, "x", choice="snip", interval=(0.3, 0.7), interval_kind="runs"
    )
    nothing = Measured("r", "b", "kendall", float("nan"), 9, "x", choice="snip")
    assert [cell.text for cell in laid_out(chosen, nothing).lines[0].cells] == [
        "0.500 snip [0.300, 0.700]",
        "undefined",
    ]


@pytest.mark.parametrize("metric", ["nodes", "problems", "architectures", "pairs"])
def test_what_is_counted_is_written_without_decimals(metric: str) -> None:
    counted = Measured("r", "a", metric, 12345, 9, "x")
    assert laid_out(counted).lines[0].cells[0].text == "12,345"


def test_markdown_and_latex_carry_the_marks() -> None:
    shown = laid_out(entry("r", "a", "here"), entry("r", "b"), entry("s", "a"), entry("s", "b"))
    markdown, latex = _render.markdown(shown, "T", "C"), _render.latex(shown, "T", "C")
    assert "| r | 0.500<sup>a</sup> | 0.500 |" in markdown
    assert "- <sup>a</sup> here" in markdown
    assert r"r & 0.500\textsuperscript{a} & 0.500 \\" in latex
    assert r"\par {\footnotesize \textsuperscript{a}here}" in latex


def test_many_notes_have_marks_of_two_letters() -> None:
    cells = [entry(f"r{number}", column, f"note {number}{column}") for number in range(14) for column in "ab"]
    assert marks(laid_out(*cells))["note 13b"] == "ab"


def test_two_values_in_one_cell_are_an_error() -> None:
    with pytest.raises(ValueError, match="two values in one cell"):
        laid_out(entry("snip", "a"), entry("snip", "a", metric="spearman"))


def test_notes_of_the_less_exact_reference_are_not_shown() -> None:
    ours = Measured("r", "a", "kendall", 0.5, 9, "x", interval=(0.3, 0.7), interval_kind="architectures")
    references = tuple(
        Reference("r", "a", "kendall", kind, value, 0.03, "why", "where")
        for kind, value in (("printed", 0.52), ("notebook", 0.51))
    )
    frame: pd.DataFrame = comparison.compare("ZCP", "t", [ours], references, level=0.95)
    assert frame["note"].str.contains("printed").any()
    texts = [note.text for note in layout(frame).notes]
    assert any(text.startswith("undecided against 0.51 (notebook)") for text in texts)
    assert not any(text.startswith("undecided against 0.52") for text in texts)
