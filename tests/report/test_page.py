"""The page: whole, self-contained, and safe whatever the texts in its tables are."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from zcrepro.files import record
from zcrepro.report.entry import INTERVAL_KINDS
from zcrepro.report.page import inlined, report
from zcrepro.report.verdict import VERDICTS

SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'


class Elements(HTMLParser):
    """All tags with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(html)
    return parser.found


def page(run: Any, title: str = "A small run", description: str = "What the tests need.") -> str:
    """Makes the page of whatever tables and figures there are."""
    output = run.results / "report.html"
    tables = sorted((run.results / "tables").glob("*.csv"))
    figures = sorted((run.results / "figures").glob("*.svg"))
    shown = {"table": [path.stem for path in tables], "figure": [path.stem for path in figures]}
    settings = run.settings({"title": title, "run": "small", "description": description, **shown})
    report(settings_file=settings, tables=tables, figures=figures, output=output)
    return output.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def full(
    copied: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory, evolved_reads: list[str]
) -> Any:
    """A run with all tables and three figures."""
    run = copied(tmp_path_factory.mktemp("page"))
    generalization = ["generalization/srgp", *evolved_reads]
    searches = ["search/zcp/embedded_cell-digits", "search/zcp/nasbench201-cifar100"]
    resource = Path(__file__).parents[2] / "resources" / "papers" / "zcp_table1.csv"
    run.table("zcp_table1", ["accuracies/nasbench201", "released/nasbench201"], resource)
    run.table("srgp_correlation", generalization)
    run.table("generalization", generalization)
    run.table("srgp_runs", evolved_reads)
    run.table("zcp_search", searches)
    run.figure("correlation", generalization)
    run.figure("search", searches)
    run.figure("evolution", evolved_reads)
    return run


@pytest.fixture(scope="module")
def made(full: Any) -> str:
    """Its page."""
    return page(full)


def test_it_needs_nothing_else(made: str) -> None:
    for tag, attributes in elements(made):
        assert tag not in {"script", "link", "iframe", "img", "object", "base"}
        for name, value in attributes.items():
            if name in {"href", "src", "xlink:href"}:
                assert (value or "").startswith("#"), (tag, name, value)
    assert "@import" not in made
    assert not re.search(r"url\((?!#)", made)


def test_every_table_and_figure_is_there_and_linked(made: str) -> None:
    ids = {attributes["id"] for _, attributes in elements(made) if "id" in attributes}
    links = {attributes["href"] for tag, attributes in elements(made) if tag == "a"}
    tables = ("zcp_table1", "srgp_correlation", "generalization", "srgp_runs", "zcp_search")
    names = {f"table-{name}" for name in tables} | {"correlation", "search", "evolution"}
    assert names <= ids
    assert {f"#{name}" for name in names} <= links
    assert made.count("<svg") == 3


def test_ids_are_unique_and_references_resolve(made: str) -> None:
    ids = [attributes["id"] for _, attributes in elements(made) if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'href="#([^"]+)"', made)) | set(re.findall(r"url\(#([^)]+)\)", made))
    assert used <= set(ids)


def test_cells_show_value_interval_mark_and_verdict(made: str) -> None:
    assert re.search(
        r'<td class="entry differs" title="differs">1.000 ✗(<sup>[a-z,]+</sup>)?<small>\[1.000, 1.000\]</small>',
        made,
    )
    assert re.search(r'<td class="entry missing-input" title="missing input">missing<sup>[a-z]+</sup>', made)
    assert '<td class="entry paper">0.763</td>' in made


def test_marks_of_notes_stand_in_the_table(made: str) -> None:
    start = made.index('<section id="table-zcp_table1">')
    table, notes = made[start : made.index("</section>", start)].split("<details>")
    marks = re.findall(r"<li><sup>([a-z]+)</sup>", notes)
    shown = {mark for group in re.findall(r"<sup>([a-z,]+)</sup>", table) for mark in group.split(",")}
    assert marks
    assert shown == set(marks)


def test_every_verdict_and_kind_of_interval_is_explained(made: str) -> None:
    for shown in VERDICTS.values():
        assert str(escape(shown.explanation)) in made
    for explanation in INTERVAL_KINDS.values():
        assert str(escape(explanation)) in made


def test_the_head_says_what_came_out(made: str) -> None:
    assert "better than every hand-crafted proxy on 2 of 2 problems" in made
    assert "The whole paired interval of its lead is above 0 on 2 and below 0 on 0 of 2." in made
    assert "Of 80 comparisons with values of the papers" in made
    assert "random_search+synflow warmup 100<small>75.00 %</small>" in made
    assert "Values marked <em>embedded</em>" in made


def test_papers_and_data_are_cited(made: str) -> None:
    for authors in ("M. S. Abdelfattah", "Q. M. Phan", "X. Dong, Y. Yang", "A. Krishnakumar"):
        assert authors in made


def test_equal_inputs_give_an_equal_page(full: Any, made: str) -> None:
    assert page(full) == made


def test_texts_are_escaped(run: Any) -> None:
    run.table("zcp_search", ["search/zcp/nasbench201-cifar100"])
    path = run.results / "tables" / "zcp_search.csv"
    path.write_text(path.read_text().replace("random_search,", "<script>alert(1)</script>,"))
    record.write([path], {})
    html = page(run, title="<b>bold</b>", description='"quoted" & <i>so on</i>')
    assert "<script" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<title>&lt;b&gt;bold&lt;/b&gt;</title>" in html


def test_a_run_without_tables_and_figures_has_a_page_too(run: Any) -> None:
    html = page(run)
    assert "A small run" in html
    assert "In short" not in html


def test_a_figure_with_a_script_is_refused() -> None:
    with pytest.raises(ValueError, match="figure f holds script"):
        inlined(SVG.format("<script>1</script>"), "f")


def test_a_broken_figure_is_named() -> None:
    with pytest.raises(ValueError, match="figure f is not well-formed SVG"):
        inlined("<svg><g></svg>", "f")


def test_ids_and_rules_of_a_figure_become_its_own() -> None:
    inner = '<style>*{fill: red}</style><g id="a"/><use href="#a" clip-path="url(#a)"/>'
    prolog = '<?xml version="1.0"?>\n<!DOCTYPE svg>\n'
    assert inlined(prolog + SVG.format(inner), "f") == SVG.format(
        '<style>#f *{fill: red}</style><g id="f-a"/><use href="#f-a" clip-path="url(#f-a)"/>'
    )
