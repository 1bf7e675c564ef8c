"""The files that describe the repository to tools agree with each other."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import yaml

import zcrepro
from zcrepro.report import citations

ROOT = Path(__file__).parents[2]


def read_yaml(name):
    return yaml.safe_load((ROOT / name).read_text())


def read_project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def imported(path):
    """Return the packages that a source imports, at any place in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in [*plain, *names]}


def test_every_library_that_the_package_imports_is_declared():
    """Else it is there only as long as another library needs it."""
    project = read_project()
    extras = (demand for extra in project["optional-dependencies"].values() for demand in extra)
    demands = [*project["dependencies"], *extras]
    declared = {re.match(r"[\w.-]+", demand)[0].lower() for demand in demands}
    distributions = packages_distributions()
    found = set().union(*(imported(path) for path in (ROOT / "src").rglob("*.py")))
    libraries = found - sys.stdlib_module_names - {"zcrepro"}
    assert {"numpy", "sklearn", "yaml"} <= libraries
    undeclared = {name for name in libraries if not declared & {each.lower() for each in distributions[name]}}
    assert undeclared == set()


def test_there_is_one_version():
    project = read_project()
    assert project["version"] == zcrepro.__version__ == read_yaml("CITATION.cff")["version"]


def test_the_citation_names_the_licence_of_the_package_and_the_three_papers():
    citation = read_yaml("CITATION.cff")
    project = read_project()
    assert citation["license"] == project["license"]
    assert [reference["year"] for reference in citation["references"]] == [2021, 2022, 2025]
    readme = (ROOT / "README.md").read_text()
    for reference in citation["references"]:
        assert reference["title"] in " ".join(readme.split())


def test_the_citation_gives_titles_and_addresses_as_the_page_does():
    references = read_yaml("CITATION.cff")["references"]
    for reference, (paper, text) in zip(references, citations.PAPERS.items(), strict=True):
        assert f" {reference['title']}. " in text
        assert reference["url"] == citations.URLS[paper]


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
