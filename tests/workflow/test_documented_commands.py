"""Every command line that the documentation shows is understood as it stands there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from zcrepro import registry
from zcrepro.cli import app

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.workflow

DOCUMENTS = sorted(
    {
        *ROOT.glob("*.md"),
        *ROOT.glob("*/README.md"),
        *ROOT.glob("config/*.yaml"),
        *ROOT.glob("profiles/*/*.yaml"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("resources/**/*.md"),
    }
)
BLOCK = re.compile(r"^```.*?\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)

FEWER_JOBS = ["--config", "features={chunk_seconds: 600000}"]
"""Makes the plan of the full size quicker."""

CHECKOUT = "path/to/zcrepro"
"""Stands for the folder of the repository."""

NEEDS_NO_CORES = {"--dry-run", "--unlock"}

NEEDS_RESULTS = "--report"
"""What shows a finished run: test_snakemake_report.py has one."""

ADDED = "root_params"
"""The proxy that docs/add/proxy.md adds: test_additions.py scores by it."""


def documented(program: str) -> list[list[str]]:
    """The words of each command line of ``program`` in code blocks and between backticks, each once."""
    lines = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for block in BLOCK.findall(text):
            lines += [line.removeprefix("$ ") for line in block.replace("\\\n", " ").splitlines()]
        lines += re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))
    commands = [line for line in lines if line.startswith(f"{program} ")]
    words = [shlex.split(command, comments=True)[1:] for command in commands]
    return [list(each) for each in dict.fromkeys(map(tuple, words))]


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_commands_of_the_readme_are_found():
    assert ["quickstart"] in documented("make")
    assert ["--cores", "2", "--configfile", "config/quickstart.yaml"] in documented("snakemake")
    assert ["info", "FILE"] in documented("zcrepro")


def test_an_unknown_table_is_answered_with_the_list():
    done = subprocess.run(
        ["make", "--dry-run", "table", "NAME=zcp_tabel1"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "there is no table 'zcp_tabel1'" in done.stderr
    for name in registry.names("table"):
        assert name in done.stderr


def test_every_table_is_one_of_the_sample():
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    assert set(registry.names("table")) == set(config["report"]["tables"])
    assert "tables" not in yaml.safe_load((ROOT / "config/sample.yaml").read_text())["report"]


def plans() -> list[list[str]]:
    """The words of each documented command of Snakemake once, whatever its number of cores."""
    commands = [words for words in documented("snakemake") if NEEDS_RESULTS not in words]
    on_two = [re.sub(r"--cores (\d+|N)(?= |$)", "--cores 2", shlex.join(words)) for words in commands]
    return [shlex.split(command) for command in dict.fromkeys(on_two)]


@pytest.mark.parametrize("words", plans(), ids=shlex.join)
def test_a_documented_snakemake_command_can_be_planned(fresh, words):
    assert "--cores" in words or NEEDS_NO_CORES & set(words)
    words = [word.replace(CHECKOUT, str(fresh.folder)) for word in words]
    words += ["--dry-run"] if "--config" in words else ["--dry-run", *FEWER_JOBS]
    run(sys.executable, "-m", "snakemake", *words, cwd=fresh.folder)


@pytest.mark.parametrize("words", documented("make"), ids=shlex.join)
def test_a_documented_make_command_has_a_recipe(words):
    run("make", "--dry-run", *words, cwd=ROOT)


@pytest.mark.parametrize("words", documented("zcrepro"), ids=shlex.join)
def test_a_documented_zcrepro_command_is_understood(words):
    words = ["params" if word == ADDED else word for word in words]
    app.parse_args(words, print_error=False, exit_on_error=False)
