"""Evolved programs are read from their files, and other files are refused."""

from pathlib import Path
from typing import Any

import pytest

from zcrepro.files.json import sealed_text, write_sealed
from zcrepro.programs.evolved import NamedProgram, load_program
from zcrepro.programs.program import Program

SAVED: dict[str, Any] = {
    "program": "mean(abs(wt))",
    "direction": "lower",
    "median": {"program": "mean(wt)", "direction": "higher"},
    "training_set": "cells",
    "repeat": 3,
    "problem": "s/t",
    "split": {"seed": 1, "cutoffs": {"s": "00ff"}},
    "training_fitness": 0.25,
}


def test_a_program_is_what_its_file_says(tmp_path: Path) -> None:
    write_sealed(tmp_path / "x.json", SAVED | {"size": 3, "history": {}})
    found = load_program(tmp_path / "x.json")
    of = "evolved on s/t"
    assert found.fittest == NamedProgram("eznas/cells/seed-3", Program.parse("mean(abs(wt))"), "lower", of)
    assert found.median == NamedProgram("eznas/cells/seed-3-median", Program.parse("mean(wt)"), "higher", of)
    assert (found.name, found.repeat, found.training_fitness) == ("eznas/cells/seed-3", 3, 0.25)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"program": "meen(wt)"}, "unknown operator 'meen'; did you mean 'mean'"),
        ({"direction": "up"}, "direction: .*'lower'"),
        ({"median": {"program": "meen(wt)", "direction": "lower"}}, "unknown operator 'meen'"),
        ({"median": {"program": "mean(wt)", "direction": "up"}}, "median.direction: .*'lower'"),
        ({"median": {}}, "median.program: Field required"),
        ({"training_fitness": -0.5}, "training_fitness: .* 0"),
        ({"repeat": -1}, "repeat: .* 0"),
    ],
)
def test_files_that_hold_something_else_are_refused(
    tmp_path: Path, changes: dict[str, Any], complaint: str
) -> None:
    write_sealed(tmp_path / "x.json", SAVED | changes)
    with pytest.raises(ValueError, match=complaint):
        load_program(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "it holds no digest"),
        (sealed_text({}), "is not the file of an evolved program: missing program"),
    ],
)
def test_other_files_are_no_programs(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(ValueError, match=complaint):
        load_program(tmp_path / "x.json")
