"""The page: whole, self-contained, and safe whatever the texts in its tables are."""

import base64
import gzip
import hashlib
import json
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from markupsafe import escape

from zcrepro import registry
from zcrepro.files import record
from zcrepro.programs.names import is_score
from zcrepro.report import comparison
from zcrepro.report.entry import INTERVAL_KINDS
from zcrepro.report.page.packing import packed
from zcrepro.report.page.papers import _in_a_line, papers
from zcrepro.report.page.stage import report
from zcrepro.report.page.tables import best
from zcrepro.report.tables.leaderboard_nasbench201 import KENDALL_BEHIND
from zcrepro.report.verdict import VERDICTS


class Elements(HTMLParser):
    """All tags with their attributes, and the texts of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(html)
    return parser.found


def unpacked(text: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def part(html: str, name: str) -> str:
    """The section of a table."""
    start = html.index(f'<section id="{name}"')
    return html[start : html.index("</section>", start)]


def test_it_needs_nothing_else(made: str) -> None:
    for tag, attributes in elements(made):
        assert tag not in {"link", "iframe", "img", "object", "base"}
        assert "src" not in attributes
        for name, value in attributes.items():
            if name == "href" and not str(value).startswith("#"):
                assert tag == "a"  # nothing is fetched before a reader follows it
                assert str(value).startswith("https://")
    styles = re.findall(r"<style>(.*?)</style>", made, flags=re.DOTALL)
    assert len(styles) == 1
    assert "@import" not in styles[0]
    assert "url(" not in styles[0]


def test_the_policy_allows_no_request_and_no_script_but_its_own(made: str) -> None:
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', made)
    assert "default-src &#39;none&#39;" in policy or "default-src 'none'" in policy
    scripts = re.findall(r"<script>(.*?)</script>", made, flags=re.DOTALL)
    assert len(scripts) == 2  # Vega, and the page's own
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "unsafe-eval" not in policy


def test_every_table_and_figure_is_there(made: str) -> None:
    ids = {attributes["id"] for _, attributes in elements(made) if "id" in attributes}
    tables = ("zcp_table1", "srgp_correlation", "generalization", "srgp_runs", "zcp_search")
    assert {f"table-{name}" for name in tables} <= ids
    figures = ("correlation", "search", "evolution", "front", "scatter", "agreement")
    assert {f"figure-{name}" for name in figures} <= ids


def test_ids_are_unique_and_links_resolve(made: str) -> None:
    ids = [attributes["id"] for _, attributes in elements(made) if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {str(attributes["href"]) for tag, attributes in elements(made) if tag == "a"}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_a_paper_is_introduced_with_its_link_and_the_proxies_in_a_line_each(made: str) -> None:
    zcp = part(made, "zcp")
    assert 'href="https://arxiv.org/abs/2101.08134"' in zcp
    assert "M. S. Abdelfattah" in zcp
    assert "<dt><code>snip</code></dt><dd>how much the loss would change without each weight" in zcp
    assert "Kendall&#39;s tau" in part(made, "srgp") or "Kendall's tau" in part(made, "srgp")


def test_each_section_introduces_its_own_proxies_and_the_last_those_that_are_left() -> None:
    proxies = ["eznas_a", "meco", "nwot", "snip", "synflow", "zen"]

    def introduced(*names: str) -> dict[str, list[str]]:
        tables = [SimpleNamespace(described=registry.get("table", name)) for name in names]
        return {each.key: [name for name, _ in each.proxies] for each in papers(tables, proxies)}

    assert introduced("zcp_table1", "eznas_nasbench201", "srgp_runs", "zcp_search_cost") == {
        "ZCP": ["snip", "synflow"],
        "EZNAS": ["eznas_a"],
        "SRGP": ["nwot", "zen"],
        "zcrepro": ["meco"],
    }
    assert introduced("zcp_table1") == {"ZCP": proxies}
    assert introduced() == {}


def test_sections_whose_values_are_tau_say_what_it_means_and_where_to_read_more(made: str) -> None:
    for name in ("srgp", "zcrepro"):
        head = part(made, name).partition('<section id="table-')[0]
        assert "Kendall's tau: 1 if" in head
        assert 'href="#reading"' in head


def test_the_line_of_a_proxy_says_what_it_measures_and_not_only_whose_it_is() -> None:
    programs = [name for name in registry.names("proxies") if name.startswith("eznas_") and is_score(name)]
    lines = [_in_a_line(name) for name in ("synflow_zcp", "log_synflow", *programs)]
    assert len(set(lines)) == len(lines) == 13
    assert not [line for line in lines if re.search("author|released|NAS", line)]


def test_cells_show_value_interval_sign_and_verdict(made: str) -> None:
    table = part(made, "table-zcp_table1")
    assert re.search(
        r'<td class="differs[^"]*"><button[^>]*>1\.000<span class="sign" aria-hidden="true"> ✗</span>'
        r'<span class="hidden">, differs</span>.*?<small>\[1\.000, 1\.000\]</small>',
        table,
    )
    assert re.search(r'<td class="missing-input"><button[^>]*>missing', table)
    assert '<td class="paper">0.763</td>' in table


def test_a_value_of_a_paper_has_its_reason_at_the_cell(made: str) -> None:
    table = part(made, "table-zcp_table1")
    (data,) = re.findall(r'<script type="text/plain" class="packed">([^<]*)</script>', table)
    found = unpacked(data)
    keys = {int(key) for key in re.findall(r'data-reason="(\d+)"', table)}
    assert keys == set(range(len(found["reasons"])))
    (synflow,) = [
        reason for reason in found["reasons"] if reason["title"] == "synflow, cifar10, released scores"
    ]
    assert synflow["ours"] == "1.000"
    assert [paper["kind"] for paper in synflow["papers"]] == ["notebook", "printed"]
    assert all(paper["tolerance"] and paper["why"] and paper["source"] for paper in synflow["papers"])


def test_the_csv_of_a_table_is_the_file_itself(full: Any, made: str) -> None:
    (data,) = re.findall(r'class="packed">([^<]*)</script>', part(made, "table-zcp_search"))
    assert unpacked(data)["csv"].splitlines()[0] == ",".join(comparison.COLUMNS)
    file = (full.results / "tables" / "zcp_search.csv").read_text()
    assert len(unpacked(data)["csv"].splitlines()) == len(file.splitlines())


def test_marks_of_notes_stand_in_the_table(made: str) -> None:
    table, notes = part(made, "table-zcp_table1").split('<details class="notes">')
    marks = re.findall(r"<li><sup>([a-z]+)</sup>", notes)
    shown = {mark for group in re.findall(r"<sup>([a-z,]+)</sup>", table) for mark in group.split(",")}
    assert marks
    assert shown == set(marks)


def test_the_best_value_of_a_column_is_marked_in_words_too(full: Any, made: str) -> None:
    frame = comparison.read_csv(full.results / "tables" / "srgp_correlation.csv")
    places = best(frame, "column")
    digits = [place for place in places if place[2] == "embedded_cell/digits"]
    rows = frame[(frame["column"] == "embedded_cell/digits") & (frame["metric"] == "kendall")]
    assert {frame.set_index(["row", "column"])["value"][row, column] for row, _, column in digits} == {
        rows["value"].max()
    }
    assert part(made, "table-srgp_correlation").count(", best</span>") == len(places)


@pytest.mark.parametrize(
    ("metric", "of"),
    [
        ("share", "high"),
        ("ratio of medians", "high"),
        ("median of models", "low"),
        ("regret", "low"),
        (KENDALL_BEHIND, "low"),
    ],
)
def test_the_best_value_is_the_largest_or_the_smallest_as_the_metric_wants(metric: str, of: str) -> None:
    rows = [("low", 1.0), ("middle", 2.0), ("high", 3.0), ("unknown", math.nan)]
    frame = pd.DataFrame(rows, columns=["row", "value"]).assign(
        series="", column="it", metric=metric, problem="a/b"
    )
    assert best(frame, "column") == {(of, "", "it")}
    across = frame.rename(columns={"row": "column", "column": "row"})
    assert best(across, "row") == {("it", "", of)}


def test_a_metric_without_a_direction_and_a_single_value_have_no_best() -> None:
    frame = pd.DataFrame({"row": ["a", "b"], "value": [1.0, 2.0]}).assign(series="", column="it", problem="")
    assert best(frame.assign(metric="nodes"), "column") == frozenset()
    assert best(frame.assign(metric="regret")[:1], "column") == frozenset()


def test_the_tables_of_what_is_best_among_proxies_mark_it_in_each_row() -> None:
    named = {name for name in registry.names("table") if registry.get("table", name).best == "row"}
    assert named == {"structure_controls", "suite_zero_28_tasks", "zcp_top_models"}


def test_every_verdict_and_kind_of_interval_is_explained(made: str) -> None:
    for shown in VERDICTS.values():
        assert str(escape(shown.explanation)) in made
    for explanation in INTERVAL_KINDS.values():
        assert str(escape(explanation)) in made


def test_the_head_says_what_came_out(made: str) -> None:
    assert "better than every hand-crafted proxy on 2 of 2 problems" in made
    assert "The whole paired interval of its lead is above 0 on 2 and below 0 on 0 of 2." in made
    assert "Of the hand-crafted proxies zen ranks best on 2 of 2 problems" in made
    assert "random_<wbr>search+<wbr>synflow warmup 100<small>75.00 %</small>" in made
    assert "Values marked <em>embedded</em>" in made


def test_tiles_count_the_lines_of_the_comparisons(made: str) -> None:
    tiles = dict(re.findall(r'data-tile="([a-z-]+)"><strong>(\d+)</strong>', made))
    lines = part(made, "comparisons")
    counts = {verdict: lines.count(f'class="mark {verdict}"') for verdict in tiles}
    assert {verdict: int(count) for verdict, count in tiles.items()} == counts
    total = sum(counts.values())
    assert f"Of {total} comparisons with values of the papers, " in made
    assert f"{total} of {total} rows" in lines


def test_a_run_without_the_files_of_the_papers_says_so_in_one_sentence(run: Any) -> None:
    resource = Path(__file__).parents[2] / "resources" / "papers" / "zcp_table1.csv"
    run.table("zcp_table1", [], resource)
    html = run.page().read_text()
    assert "snakemake --cores 2 --configfile config/sample.yaml fetches them and compares." in html
    assert 'class="tiles"' not in html
    assert 'id="comparisons"' not in html


def test_papers_data_and_provenance_are_given(made: str) -> None:
    for authors in ("M. S. Abdelfattah", "Q. M. Phan", "X. Dong, Y. Yang", "A. Krishnakumar"):
        assert authors in made
    data = part(made, "data")
    assert 'href="https://example.org/cifar10.csv"' in data
    for text in ("MIT", "2.4 MB", "sha256:0123", "resources/embedded/x.parquet", "torch", "2026"):
        assert text in data
    assert "&#34;seed&#34;: 2026" in data


def test_equal_inputs_give_an_equal_page(full: Any, made: str) -> None:
    assert full.page().read_text() == made


def test_packed_values_are_the_same_on_every_run_and_hold_no_nan() -> None:
    assert packed({"b": 1, "a": [2]}) == packed({"a": [2], "b": 1})
    assert unpacked(packed({"a": "<&é"})) == {"a": "<&é"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        packed([float("nan")])


def test_time_and_memory_are_added_up_by_stage_with_the_most_expensive_first(run: Any) -> None:
    assert 'id="stages"' not in run.page().read_text()
    run.write_benchmark("extract/a/0-8.tsv", seconds=2, cpu_seconds=1.5, memory=300)
    run.write_benchmark("extract-zoo/b/0-4.tsv", seconds=50, cpu_seconds=40, memory=200)
    run.write_benchmark("deviations.tsv", seconds=0.3, cpu_seconds="NA", memory="-")
    run.write_benchmark("table/x.tsv", seconds=120, cpu_seconds=90, memory=1000)
    (run.results / "benchmarks/figure.tsv").write_text("")  # of a job that was killed
    html = part(run.page().read_text(), "stages")
    rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t", row) for row in html.split("<tbody>")[1].split("<tr>")[1:]]
    assert rows == [
        ["table", "1", "90.0", "120.0", "120.0", "1000"],
        ["extract", "2", "41.5", "52.0", "50.0", "300"],
        ["deviations", "1", "0.0", "0.3", "0.3", "0"],
        ["figure", "1", "0.0", "0.0", "0.0", "0"],
    ]
    assert "the 5 jobs of this run" in html
    assert "2.2 CPU minutes" in html


def test_texts_are_escaped(run: Any) -> None:
    run.table("zcp_search", ["search/zcp/nasbench201-cifar100"])
    path = run.results / "tables" / "zcp_search.csv"
    path.write_text(path.read_text().replace("random_search,", "<script>alert(1)</script>,"))
    record.write([path], {})
    html = run.page(title="<b>bold</b>", description='"quoted" & <i>so on</i>').read_text()
    assert "<script>alert" not in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;alert(1)&lt;/<wbr>script&gt;" in html
    assert "<title>&lt;b&gt;bold&lt;/b&gt;</title>" in html


def test_a_run_without_tables_and_figures_has_a_page_too(run: Any) -> None:
    html = run.page().read_text()
    assert "A small run" in html
    assert "What came out" not in html


def test_files_other_than_those_of_the_settings_are_refused(run: Any, tmp_path: Path) -> None:
    settings = run.page_settings("A page", "What the tests need.", ["zcp_search"], [])
    with pytest.raises(ValueError, match=r"shows the tables \['zcp_search'\], but was given \[\]"):
        report(settings_file=settings, output=tmp_path / "report.html")


@pytest.fixture
def broken(copied: Callable[[Path], Any], tmp_path: Path) -> Any:
    """A run whose figure was edited by hand."""
    run = copied(tmp_path)
    run.figure("search", ["search/zcp/embedded_cell-digits"])
    path = run.results / "figures" / "search.vl.json"
    path.write_text(path.read_text().replace("accuracy", "precision"))
    return run


def test_a_figure_that_was_edited_is_refused(broken: Any) -> None:
    with pytest.raises(ValueError, match=r"search\.vl\.json"):
        broken.page()
