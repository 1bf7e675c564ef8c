"""What the page says of the files of the repository and of the versions that it was made with."""

import json
import platform
import subprocess

import pytest

import zcrepro
from zcrepro import checkout
from zcrepro.report.page import origins

MADE = {"versions": json.dumps({"torch": "2"}), "code": "c", "settings": "s"}


@pytest.fixture
def clone(tmp_path, monkeypatch):
    monkeypatch.setattr(checkout, "FOLDER", tmp_path)
    for name in ("released/a/b.parquet", "released/a/c/d.parquet", "released/README.md", "papers/t.csv"):
        path = tmp_path / "resources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def described(*names):
    return origins.origins([], names, {}, MADE).tracked


def printed(command, folder):
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def test_a_file_has_the_digest_that_sha256sum_prints(clone):
    (found,) = described("resources/papers/t.csv")
    assert found.files == 1
    assert found.digest == printed("sha256sum resources/papers/t.csv", clone)
    assert found.readme == ""


def test_a_folder_has_the_digest_of_what_sha256sum_prints_of_its_files(clone):
    (found,) = described("resources/released")
    files = "find resources/released -type f ! -name README.md | LC_ALL=C sort"
    assert found.files == 2
    assert found.digest == printed(f"{files} | xargs sha256sum | sha256sum", clone)


@pytest.mark.usefixtures("clone")
def test_the_readme_is_the_nearest_one():
    assert [each.readme for each in described("resources/released/a", "resources/released/a/b.parquet")] == [
        "resources/released/README.md"
    ] * 2


@pytest.mark.usefixtures("clone")
def test_what_an_installation_lacks_has_no_digest():
    assert described("resources/search") == [origins.Tracked("resources/search", 0, "", "", "Apache-2.0")]


def test_the_licence_is_that_of_the_readme_or_of_the_project(clone):
    (clone / "resources/papers/README.md").write_text(
        "# Figures\n\nLicence: MIT, that of a package\n\nMore.\n"
    )
    found = described("resources/papers/t.csv", "resources/released")
    assert [each.licence for each in found] == ["MIT, that of a package", "Apache-2.0"]


def test_the_versions_are_those_of_the_package_the_language_and_the_tools():
    found = origins.origins([], [], {}, MADE)
    assert list(found.versions) == ["zcrepro", "Python", "snakemake", "vl-convert-python", "torch"]
    assert found.versions["zcrepro"] == zcrepro.__version__
    assert found.versions["Python"] == platform.python_version()
    assert platform.node() not in found.platform.split(", ")
