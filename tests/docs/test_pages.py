"""The Python of the pages runs as it stands, and prints what they say."""

import re
from pathlib import Path

import pandas as pd
import pytest

from zcrepro import registry
from zcrepro.formulas.functions import FUNCTIONS
from zcrepro.report.entry import INTERVAL_KINDS
from zcrepro.report.verdict import VERDICTS

ROOT = Path(__file__).parents[2]

TABLES = ROOT / "docs/reproduction/sample/tables"

BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", flags=re.MULTILINE | re.DOTALL)
"""A listing, and the output that is shown below it, if there is any."""

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")

PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if BLOCK.search(page.read_text())
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_listings_of_a_page_run_in_their_order(page, tmp_path, monkeypatch, capsys):
    (tmp_path / "resources").symlink_to(ROOT / "resources")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": page.stem}
    for code, shown in BLOCK.findall(page.read_text()):
        exec(compile(code, str(page), "exec"), names)
        printed = capsys.readouterr().out
        if shown:
            assert words(printed) == words(shown)
            assert numbers(printed) == pytest.approx(numbers(shown), rel=0.01)


def words(text):
    return NUMBER.sub("#", text).split()


def numbers(text):
    return [float(number) for number in NUMBER.findall(text)]


def test_the_pages_with_listings_are_found():
    assert {"language", "numbers", "own_project", "peers", "verdicts"} <= {page.stem for page in PAGES}


@pytest.mark.parametrize(
    ("page", "names"),
    [("language", FUNCTIONS), ("numbers", INTERVAL_KINDS), ("verdicts", VERDICTS), ("report", VERDICTS)],
    ids=["language", "numbers", "verdicts", "report"],
)
def test_a_page_that_explains_names_explains_all_of_them(page, names):
    text = (ROOT / "docs" / f"{page}.md").read_text()
    assert [name for name in names if name not in text] == []


def test_every_table_is_named_where_papers_are_reproduced():
    text = (ROOT / "docs/reproduce.md").read_text()
    assert [name for name in registry.names("table") if f"`{name}`" not in text] == []


def test_every_metric_of_the_published_tables_is_explained():
    metrics = {metric for path in TABLES.glob("*.csv") for metric in pd.read_csv(path)["metric"]}
    assert "kendall" in metrics
    _, _, section = (ROOT / "docs/numbers.md").read_text().partition("## Metrics\n")
    assert [name for name in sorted(metrics) if f"`{name}`" not in section] == []


def test_the_marks_in_the_report_are_explained():
    rows = re.findall(r"^\| (\S) \| ([a-z ]+) \|", (ROOT / "docs/report.md").read_text(), flags=re.MULTILINE)
    assert {verdict: mark for mark, verdict in rows} == {
        verdict: shown.mark for verdict, shown in VERDICTS.items() if shown.mark
    }
