"""``zcrepro summary``: the short table at the end of a run."""

import math
from pathlib import Path

import pytest

from zcrepro.commands.summary import summary
from zcrepro.report.comparison import compare, write_csv
from zcrepro.report.entry import EVOLVED, HANDCRAFTED, SEARCH, Measured

PROBLEM = "embedded_cell/digits"


def write(results: Path, table: str, *entries: tuple[str, str, str, float]) -> None:
    """Write the CSV of a table with entries of one problem: (role, name, column, value)."""
    rows = [
        Measured(f"row of {name}", column, "kendall", value, 10, "x", problem=PROBLEM, role=role, name=name)
        for role, name, column, value in entries
    ]
    write_csv(results / "tables" / f"{table}.csv", compare("SRGP", table, rows, [], level=0.95), {})


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "80")
    folder = tmp_path / "quickstart"
    write(
        folder,
        "srgp_correlation",
        (HANDCRAFTED, "snip", PROBLEM, 0.5),
        (HANDCRAFTED, "synflow", PROBLEM, 0.61),
        (HANDCRAFTED, "plain", PROBLEM, math.nan),
        (EVOLVED, "D (fittest)", PROBLEM, 0.72),
        (EVOLVED, "D (best)", PROBLEM, 0.99),
    )
    write(
        folder,
        "zcp_search",
        (SEARCH, "random_search", "10 models", 90.0),
        (SEARCH, "random_search", "100% of the budget", 95.0),
        (SEARCH, "aging_evolution+synflow", "10 models", 94.0),
        (SEARCH, "aging_evolution+synflow", "100% of the budget", 95.0),
    )
    return folder


def test_it_shows_the_best_of_each_kind_for_a_problem(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary(results)
    lines = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("│")
    ]
    # The formula is the fittest one, not the best on the problem; equal searches are told apart early.
    assert lines == [
        ["embedded_cell/digits", "synflow", "D (fittest)", "aging_evolution+synflow"],
        ["", "0.610", "0.720", "95.00 %"],
    ]


def test_it_says_where_the_report_is(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary(results)
    assert f"Report: not made yet: snakemake makes {results / 'report.html'}" in capsys.readouterr().out
    (results / "report.html").touch()
    summary(results)
    said = capsys.readouterr().out
    assert f"Report: {results / 'report.html'}" in said
    assert (results / "report.html").as_uri() in said.splitlines()
    assert "Of the hand-crafted proxies synflow ranks best on 1 of 1 problem" in said


def test_a_run_without_searches_has_a_summary(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (results / "tables" / "zcp_search.csv").unlink()
    summary(results)
    assert "0.610" in capsys.readouterr().out


def test_a_folder_without_tables_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no tables yet .* run snakemake first"):
        summary(tmp_path)
