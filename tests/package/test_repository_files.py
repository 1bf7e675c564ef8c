"""The files that describe the repository to tools agree with each other."""

import re
import tomllib
from pathlib import Path

import yaml

import zcrepro

ROOT = Path(__file__).parents[2]


def read_yaml(name):
    return yaml.safe_load((ROOT / name).read_text())


def test_there_is_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == zcrepro.__version__ == read_yaml("CITATION.cff")["version"]


def test_the_citation_names_the_licence_of_the_package_and_the_three_papers():
    citation = read_yaml("CITATION.cff")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["license"] == project["license"]
    assert [reference["year"] for reference in citation["references"]] == [2021, 2022, 2025]
    readme = (ROOT / "README.md").read_text()
    for reference in citation["references"]:
        assert reference["title"] in " ".join(readme.split())


def test_the_hooks_before_a_commit_run_the_versions_of_the_lock():
    hooks = [hook for repo in read_yaml(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    lock = (ROOT / "requirements.lock").read_text()
    for hook in hooks:
        assert hook["language"] == "system"
        (program,) = re.findall(r"^\.venv/bin/([a-z]+)", hook["entry"])
        assert f"\n{program}==" in lock


def test_the_demands_of_the_workflow_catalogue_are_met():
    """Those of its documentation for workflows whose Snakefile is at the root, and the usage that it shows."""
    readme = (ROOT / "README.md").read_text().lower()
    assert "snakemake" in readme
    assert "workflow" in readme
    assert (ROOT / "Snakefile").is_file()
    assert list((ROOT / "workflow/rules").glob("*.smk"))
    assert (ROOT / "config/README.md").is_file()
    usage = read_yaml(".snakemake-workflow-catalog.yml")["usage"]
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    option, config = usage["mandatory-flags"]["flags"].split()
    assert option == "--configfile"
    assert (ROOT / config).is_file()


def test_the_container_copies_what_the_package_is_built_from():
    """Otherwise its environment is built anew after every change, or not at all."""
    lines = (ROOT / "Containerfile").read_text().splitlines()
    copied = next(line for line in lines if line.startswith("COPY requirements.lock")).split()[1:-1]
    for name in copied:
        assert (ROOT / name).is_file()
    assert "COPY src src" in lines
