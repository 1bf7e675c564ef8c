"""The package as a whole: its public names, its modules, its documents."""

import importlib
import inspect
import math
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import zcrepro
from jobs.benchmarks import TABLES
from zcrepro import provenance, registry
from zcrepro.files.json import write_sealed

ROOT = Path(__file__).parents[1]
MODULES = [
    m.name for m in pkgutil.walk_packages(zcrepro.__path__, "zcrepro.") if not m.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_imported_as_a_module_and_says_what_it_is_for(name):
    module = importlib.import_module(name)
    assert module.__name__ == name
    assert module.__doc__


def test_the_public_names_are_these():
    looking_up = ["get_space", "list_proxies", "list_spaces", "load_proxy"]
    assert sorted(zcrepro.__all__) == sorted(
        ["accuracies", "compare", *looking_up, "score", "scores", "search"]
    )
    with pytest.raises(AttributeError, match="no attribute 'scors'; it has accuracies, compare, get_space"):
        _ = zcrepro.scors


@pytest.mark.parametrize("name", zcrepro.__all__)
def test_a_public_name_is_a_function_whatever_was_imported(name):
    """Python sets an imported submodule as an attribute, so one of the same name would hide the function."""
    assert f"zcrepro.{name}" not in MODULES
    assert inspect.isfunction(getattr(zcrepro, name))
    assert getattr(zcrepro, name).__doc__


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, zcrepro, zcrepro.cli; print([m for m in ('torch', 'pandas', 'scipy', 'deap') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", sorted(provenance.PLUGINS))
def test_every_plugin_can_be_had_by_the_name_of_its_file(kind):
    assert registry.names(kind)
    for name in registry.names(kind):
        assert registry.get(kind, name) is not None


SCALES = {
    "synflow": {"mean": 2.0, "deviation": 0.5},
    "params": {"mean": 0.01, "deviation": 0.002},
    "snip": {"mean": -1.0, "deviation": 3.0},
    "nwot": {"mean": 4.0, "deviation": 0.1},
    "structure_paths": {"mean": 5.0, "deviation": 4.0},
}


def test_an_evolved_proxy_is_scored_like_any_other(tmp_path):
    found = {
        "method": "srgp",
        "training_set": "D",
        "repeat": 0,
        "formula": "add(log(synflow), mul(params, add(snip, structure_paths)))",
        "normalisation": {"kind": "training", "scales": SCALES},
        "counts_of": "operations",
        "replaced": {},
        "problems": ["embedded_cell/digits"],
        "split": {"seed": 0, "cutoffs": {}},
        "training_fitness": 0.5,
    }
    write_sealed(tmp_path / "seed-0.json", found)
    evolved = zcrepro.load_proxy(tmp_path / "seed-0.json")
    space = zcrepro.get_space("embedded_chain")
    network = space.network(space.parse("|conv_3x3|conv_1x1|conv_3x3|identity|identity|conv_3x3|"), "digits")
    images = torch.randn(8, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(8)
    scores = zcrepro.score(network, images, labels, ["snip", "params", "synflow", "structure_paths", evolved])
    raw = {"synflow": math.log(scores["synflow"]), "params": scores["params"] / 1e6, "snip": scores["snip"]}
    z = {
        name: (math.copysign(math.log1p(abs(value)), value) - SCALES[name]["mean"])
        / SCALES[name]["deviation"]
        for name, value in raw.items()
    }
    z["structure_paths"] = (scores["structure_paths"] - 5.0) / 4.0
    logarithm = math.copysign(math.log1p(abs(z["synflow"])), z["synflow"])
    expected = logarithm + z["params"] * (z["snip"] + z["structure_paths"])
    assert scores[evolved.name] == pytest.approx(expected, abs=1e-7)
    assert scores.status[evolved.name] == "ok"
    alone = zcrepro.score(network, images, labels, [evolved])
    assert dict(alone) == {evolved.name: scores[evolved.name]}


def test_an_evolved_proxy_says_which_of_its_terminals_is_undefined(tmp_path):
    found = {
        "method": "srgp",
        "training_set": "D",
        "repeat": 0,
        "formula": "add(nwot, snip)",
        "normalisation": {"kind": "training", "scales": SCALES},
        "counts_of": "",
        "replaced": {},
        "problems": [],
        "split": {"seed": 0, "cutoffs": {}},
        "training_fitness": 0.5,
    }
    write_sealed(tmp_path / "seed-0.json", found)
    evolved = zcrepro.load_proxy(tmp_path / "seed-0.json")
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2))
    scores = zcrepro.score(network, torch.ones(2, 1, 2, 2), torch.tensor([0, 1]), [evolved])
    assert scores[evolved.name] != scores[evolved.name]
    assert scores.status[evolved.name] == "nwot: the network runs no ReLU"


def test_a_formula_that_counts_modules_has_no_value_for_a_network(tmp_path):
    found = {
        "method": "srgp",
        "training_set": "macro",
        "repeat": 0,
        "formula": "structure_paths",
        "normalisation": {"kind": "training", "scales": {"structure_paths": {"mean": 1.0, "deviation": 1.0}}},
        "counts_of": "modules",
        "replaced": {},
        "problems": [],
        "split": {"seed": 0, "cutoffs": {}},
        "training_fitness": 0.5,
    }
    write_sealed(tmp_path / "seed-0.json", found)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2))
    with pytest.raises(ValueError, match="srgp/macro/seed-0 reads counts of whole modules"):
        zcrepro.score(
            network,
            torch.ones(2, 1, 2, 2),
            torch.tensor([0, 1]),
            [zcrepro.load_proxy(tmp_path / "seed-0.json")],
        )


def test_the_picture_of_the_workflow_shows_every_rule_of_it():
    rules = set(TABLES)  # one rule per kind of table, made in a loop
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        rules |= set(re.findall(r"^rule (\w+):", path.read_text(), flags=re.MULTILINE))
    shown = set(re.findall(r"<text[^>]*>(\w+)</text>", (ROOT / "docs/workflow.svg").read_text()))
    apart = {"train", "embedded_benchmark", "counts", "benchmarks", "live_searches"}
    assert shown == rules - apart | {"all"}, "run make pictures"  # apart are targets of their own


def test_links_in_the_documents_lead_somewhere():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("docs/**/*.md")]:
        if ".venv" not in document.parts:
            prose = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
            for link in re.findall(r"\]\(([^)#:]+)\)", prose):
                assert (document.parent / link).exists(), f"{document}: {link}"


def test_the_lock_pins_every_direct_dependency_and_names_no_build():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = {re.split("==", line)[0].lower() for line in lines}
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    optional = project["optional-dependencies"]
    wanted = [*project["dependencies"], *optional["dev"], *optional["cluster"]]
    for requirement in wanted:
        assert re.split(r"[<>=]", requirement)[0].lower() in pinned, requirement
