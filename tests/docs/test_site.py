"""The documentation site: its links lead somewhere, and opening it asks no other host for anything."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]

BUILD = ("--quiet", "--fail-on-warning", "--keep-going")
"""As `make docs` builds it."""

LOADED = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=\"([^\"]*)\"[^>]*>")


def build(source, conf, output):
    return subprocess.run(
        [sys.executable, "-m", "sphinx", *BUILD, "--conf-dir", conf, source, output],
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    output = tmp_path_factory.mktemp("site")
    done = build(ROOT, ROOT / "docs", output)
    assert done.returncode == 0, done.stderr[-3000:]
    return output


def test_the_first_page_leads_to_the_documentation(site):
    (page,) = re.findall(r"url=([^\"]+)", (site / "index.html").read_text())
    assert "Get started in ten minutes" in (site / page).read_text()


def test_opening_a_page_loads_nothing_from_another_host(site):
    pages = sorted(site.rglob("*.html"))
    loaded = {address for page in pages for address in LOADED.findall(page.read_text())}
    assert any(address.endswith(".css") or ".css?" in address for address in loaded)
    assert not [address for address in loaded if re.match(r"(https?:)?//", address)]
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text())


def test_the_public_names_are_described(site):
    import zcrepro

    page = (site / "docs/api.html").read_text()
    for name in zcrepro.__all__:
        assert f'id="zcrepro.{name}"' in page


def test_a_link_to_nowhere_is_an_error(tmp_path):
    (tmp_path / "docs").mkdir()
    for name in ("conf.py", "site"):
        (tmp_path / "docs" / name).symlink_to(ROOT / "docs" / name)
    (tmp_path / "docs/index.md").write_text("# Documentation\n[nowhere](nowhere.md) and [here](#there)\n")
    done = build(tmp_path, tmp_path / "docs", tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
    assert "there" in done.stderr


def test_notebooks_are_tracked_without_outputs():
    notebooks = [nbformat.read(path, as_version=4) for path in (ROOT / "docs/notebooks").glob("*.ipynb")]
    assert notebooks
    for cell in (cell for notebook in notebooks for cell in notebook.cells if cell.cell_type == "code"):
        assert (cell.outputs, cell.execution_count) == ([], None)
