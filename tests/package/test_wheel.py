"""The wheel alone, in an environment of its own and an empty folder: what people run away from a clone."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from zcrepro.problems.lookup import accuracies

ROOT = Path(__file__).parents[2]

TWO_PARAMETER_LAYERS = """\
from torch import nn

def make():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 30 * 30, 10))
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and the empty folder in which its commands run."""

    environment: Path
    folder: Path

    def run(self, *command, fails=False):
        """Return what a command of the environment prints, or its error message if it ``fails``."""
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        program = self.environment / "bin" / command[0]
        done = subprocess.run(
            [program, *command[1:]], cwd=self.folder, env=variables, capture_output=True, text=True
        )
        assert (done.returncode != 0) == fails, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stderr if fails else done.stdout

    def zcrepro(self, *words):
        return json.loads(self.run("zcrepro", *words, "--format", "json"))

    def python(self, code):
        return self.run("python", "-c", code)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The wheel is built and installed without the network: libraries are those of the running environment."""
    folder = tmp_path_factory.mktemp("package")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-index", "--no-deps"]
    subprocess.run(
        [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", folder, ROOT],
        check=True,
    )
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    (site,) = environment.glob("lib/*/site-packages")
    # A folder that a .pth file names has no .pth files of its own, so the clone is not on the path.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [*pip, "--python", environment / "bin/python", "install", *offline, "--force-reinstall", wheel],
        check=True,
    )
    empty = folder / "empty"
    empty.mkdir()
    return Installed(environment, empty)


def test_python_imports_the_wheel_and_not_the_clone(installed):
    printed = installed.python("import zcrepro; print(zcrepro.__file__)")
    assert Path(printed.strip()).is_relative_to(installed.environment)


def test_every_library_that_the_package_imports_is_a_requirement_of_the_wheel(installed):
    """What only functions import is of an extra, such as the model libraries."""
    code = "import importlib.metadata, json; print(json.dumps(importlib.metadata.requires('zcrepro')))"
    requirements = [each for each in json.loads(installed.python(code)) if "extra ==" not in each]
    required = {re.match(r"[\w.-]+", each)[0].lower() for each in requirements}
    distributions = packages_distributions()
    statements = [
        node for path in (ROOT / "src/zcrepro").rglob("*.py") for node in ast.parse(path.read_text()).body
    ]
    modules = [alias.name for node in statements if isinstance(node, ast.Import) for alias in node.names]
    modules += [str(node.module) for node in statements if isinstance(node, ast.ImportFrom)]
    imported = {module.partition(".")[0] for module in modules} - {*sys.stdlib_module_names, "zcrepro"}
    assert "torch" in imported
    assert {
        name for name in imported if not required & {each.lower() for each in distributions[name]}
    } == set()


def test_proxies_are_listed(installed):
    found = installed.zcrepro("proxies")
    assert {"snip", "synflow", "eznas_a"} <= {row["proxy"] for row in found["proxies"]}
    assert "structure_paths" in {row["proxy"] for row in found["structural_counts"]}


def test_spaces_are_listed_with_their_sources_and_proofs(installed):
    found = installed.zcrepro("spaces")
    (nasbench201,) = (row for row in found["spaces"] if row["space"] == "nasbench201")
    assert nasbench201["architectures"] == 15625
    assert "pinned" in nasbench201["recipes"]
    proofs = [row for row in found["proofs"] if row["space"] == "nasbench101"]
    assert 30001 in {row["architectures"] for row in proofs}


def test_a_network_of_a_module_in_the_folder_is_scored(installed):
    (installed.folder / "mine.py").write_text(TWO_PARAMETER_LAYERS)
    (rows,) = installed.zcrepro("score", "mine:make", "--proxies", "params", "snip").values()
    scores = {row["proxy"]: row["score"] for row in rows}
    assert scores["params"] == (3 * 9 * 4 + 4) + (4 * 30 * 30 * 10 + 10)
    assert scores["snip"] > 0


def test_a_space_is_searched(installed):
    words = "--proxy", "structure_l_conv", "--evaluations", "40"
    result = installed.zcrepro("search", "nasbench201", *words)
    rows = result["architectures"]
    assert result["found"]["evaluations"] == 40
    scores = [row["structure_l_conv"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert 4 <= scores[0] <= rows[0]["architecture"].count("nor_conv")


def test_a_proxy_of_the_users_is_compared_on_the_embedded_benchmark(installed):
    mine = accuracies("embedded_cell", "digits")[["arch"]].drop_duplicates()
    mine["score"] = mine["arch"].str.count("conv_3x3")
    mine.to_csv(installed.folder / "mine.csv", index=False)
    (rows,) = installed.zcrepro("compare", "mine.csv", "--space", "embedded_cell").values()
    kendall = {row["proxy"]: row["kendall"] for row in rows}
    assert kendall["yours"] == pytest.approx(0.664, abs=5e-4)  # as docs/own_project.md says
    assert kendall["structure_d3_max"] > kendall["yours"]


def test_the_first_steps_of_the_documentation_run_away_from_a_clone(installed):
    text = (ROOT / "docs/start.md").read_text()
    _, _, steps = text.partition("## 1. ")[2].partition("```console\n$ pip install .\n```")
    blocks = re.findall(
        r"^```(\w+)\n(.*?)^```", steps.partition("\n## 2. ")[0], flags=re.MULTILINE | re.DOTALL
    )
    assert [language for language, _ in blocks] == ["python", "console", "python", "console"]
    (installed.folder / "mymodel.py").write_text(blocks[0][1])
    installed.python(blocks[2][1])
    lines = [
        line.removeprefix("$ ")
        for language, of in blocks
        if language == "console"
        for line in of.splitlines()
    ]
    printed = {words[1]: installed.run(*words) for words in map(shlex.split, lines)}
    assert list(printed) == ["proxies", "score", "compare"]
    assert "eznas_a" in printed["proxies"]
    assert "synflow" in printed["score"]
    assert "yours" in printed["compare"]


def test_tracked_scores_and_recipes_of_networks_come_along(installed):
    printed = installed.python(
        "import numpy as np, zcrepro\n"
        "print(len(zcrepro.scores('nasbench201', 'cifar10')))\n"
        "space = zcrepro.get_space('nasbenchnlp')\n"
        "print(space.text(space.sample(np.random.default_rng(0))) != '')\n"
    )
    rows, sampled = printed.split()
    assert int(rows) >= 15625
    assert sampled == "True"


def test_what_needs_a_clone_says_so(installed):
    error = installed.run("zcrepro", "promote", "results/sample", fails=True)
    assert error.startswith(
        "zcrepro: error: Snakefile is a part of the repository that the installed zcrepro"
    )
    assert "clone the repository" in error
