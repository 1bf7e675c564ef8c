"""The Python of the pages runs as it stands, and prints what they say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", flags=re.MULTILINE | re.DOTALL)
"""A listing, and the output that is shown below it, if there is any."""

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")

PAGES = sorted(page for page in (ROOT / "docs").glob("*.md") if BLOCK.search(page.read_text()))


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
