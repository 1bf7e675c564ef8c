"""Every stage refuses a damaged input by its name, or makes the same results: never others, never a traceback."""

import random
import shlex
from collections import Counter
from pathlib import Path

import pytest

from injection import CUTS, FLIPS, damaged
from zcrepro import cli

pytestmark = pytest.mark.workflow

OUTPUTS = ("--output", "--timings", "--csv", "--markdown", "--latex", "--picture", "--specification")


def words_by_option(command: str) -> dict[str, list[str]]:
    """Return the values of each option of a command of ``zcrepro stage``."""
    found: dict[str, list[str]] = {}
    for word in shlex.split(command)[3:]:
        if word.startswith("--"):
            option = found.setdefault(word, [])
        else:
            option.append(word)
    return found


def stage_commands(workflow) -> dict[str, str]:
    """Return one command of each stage of the finished workflow."""
    printed = workflow.snakemake("--dry-run", "--forceall", "--printshellcmds")
    lines = [line.removeprefix("Shell command: ") for line in printed.splitlines() if "zcrepro stage" in line]
    return {command.split()[2]: command.partition(" 2>&1")[0] for command in lines}


def faults_of(stage, command, capsys, flips, cuts):
    """Damage one input of each option of a command in turn, run it, and return the faults and a count."""
    options = words_by_option(command)
    made = [Path(word) for option in OUTPUTS if option in options for word in options[option]]
    if stage == "timings":
        made = [Path(options["--output"][0])]
    before = {path: path.read_bytes() for path in made}
    counts: Counter[str] = Counter()
    faults = []
    for option, words in options.items():
        named = [Path(word) for word in words if word.startswith("results/")]
        paths = [path for path in named if path not in made and path.is_file()]
        if not paths:
            continue
        path = random.Random(0).choice(paths)
        content = path.read_bytes()
        for name, copy in damaged(content, flips, cuts):
            path.write_bytes(copy)
            where = f"{stage} {option}: {name}"
            try:
                cli.main(shlex.split(command)[1:])
                changed = [str(each) for each in made if each.read_bytes() != before[each]]
                outcome = "silent" if changed else "equal"
                said = ", ".join(changed)
            except SystemExit as end:
                said = capsys.readouterr().err
                named = end.code == 1 and str(path) in said and "Traceback" not in said
                outcome = "refused" if named else "unnamed"
            except Exception as error:
                outcome, said = "traceback", f"{type(error).__name__}: {error}"
            counts[outcome] += 1
            if outcome not in ("refused", "equal"):
                faults.append(f"{outcome}: {where}: {said}")
        path.write_bytes(content)
    return faults, counts


@pytest.mark.parametrize(
    ("flips", "cuts"), [(3, 1), pytest.param(FLIPS, CUTS, marks=pytest.mark.faults)], ids=["few", "many"]
)
def test_no_stage_reads_a_damaged_input_without_a_word(workflow, monkeypatch, capsys, flips, cuts):
    commands = stage_commands(workflow)
    assert {
        "order",
        "structure",
        "extract",
        "features",
        "timings",
        "evolve",
        "generalize",
        "search",
        "searches",
        "train_reduced",
        "trainings",
    } <= set(commands)
    assert {"accuracies", "table", "deviations", "figure", "report"} <= set(commands)
    monkeypatch.chdir(workflow.folder)
    faults, counts = [], Counter()
    for stage, command in commands.items():
        found, number = faults_of(stage, command, capsys, flips, cuts)
        faults += found
        counts += number
        with capsys.disabled():
            print(f"\n{stage}: {dict(number)}", end="")
    assert faults == []
    assert counts["refused"] > 0.9 * counts.total()
