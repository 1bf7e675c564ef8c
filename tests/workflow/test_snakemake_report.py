"""What `snakemake --report` makes of a finished run."""

import json
import zipfile

import pytest

from zcrepro import registry

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def archive(finished, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "tiny.zip"
    finished.snakemake("--report", str(path))
    with zipfile.ZipFile(path) as opened:
        return {name.partition("/")[2]: opened.read(name) for name in opened.namelist()}


def assigned(archive, name):
    """Return the JSON that the script of the report assigns to a variable."""
    _, _, text = archive["report.html"].decode().partition(f"var {name} = {{")
    return json.JSONDecoder().raw_decode(f"{{{text}")[0]


def test_tables_figures_and_page_have_categories_of_their_own(archive):
    categories = assigned(archive, "categories")
    shown = {
        category: [path.removeprefix("results/tiny/") for paths in parts.values() for path in paths]
        for category, parts in categories.items()
    }
    names = ("generalization", "srgp_correlation", "srgp_runs", "zcp_search")
    assert shown == {
        "Tables": [f"tables/{name}.csv" for name in names],
        "Figures": ["figures/search.svg"],
        "Report": ["report.html"],
    }


def test_what_is_shown_has_its_title_and_a_caption(archive):
    results = assigned(archive, "results")
    table = results["results/tiny/tables/zcp_search.csv"]
    assert table["labels"] == {"table": "zcp_search", "title": registry.get("table", "zcp_search").title}
    assert "zcp_search</tt>: one row per value" in table["caption"]
    figure = results["results/tiny/figures/search.svg"]
    assert figure["labels"] == {"figure": "search", "title": registry.get("figure", "search").title}
    assert "before a reader chooses anything" in figure["caption"]
    assert "one page that needs no other file" in results["results/tiny/report.html"]["caption"]


def test_the_archive_holds_the_files_of_the_run(archive, finished):
    for path, shown in assigned(archive, "results").items():
        assert archive[shown["data_uri"]] == (finished.folder / path).read_bytes()
