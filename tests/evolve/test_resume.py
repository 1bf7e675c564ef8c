"""An evolution that is killed goes on from its journal, and ends in the same bytes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sealing import to_parquet
from zcrepro.evolve import srgp
from zcrepro.evolve.stage import evolve
from zcrepro.files.journal import Journal
from zcrepro.files.json import write_sealed

GENERATIONS = 6
OPTIONS = {
    "functions": ["add", "sub", "mul"],
    "correlation": "kendall",
    "combine": "mean",
    "population": 30,
    "generations": GENERATIONS,
    "restarts": 1,
    "crossover": 0.8,
    "mutation": 0.3,
    "selection": "tournament",
    "tournament": 3,
    "price": 0.0,
    "max_size": 15,
    "minibatch": 1.0,
    "most_important": 0,
}
SETTINGS: dict[str, Any] = {
    "method": "srgp",
    "training_set": "D",
    "problems": [{"problem": "s/a", "architectures": 30, "scored_as": "s/a"}],
    "source": "features",
    "completed": [],
    "missing": "masked",
    "inputs": ["snip", "nwot"],
    "normalisation": "training",
    "sample": 0,
    "drawn_by": "graphs",
    "seed": 7,
    "repeat": 0,
    "options": OPTIONS,
    "max_undefined_share": 0.0,
}

MODES: dict[str, dict[str, Any]] = {
    "tournament": {},
    "pareto": {"selection": "pareto"},
    "minibatch": {"minibatch": 0.5},
    "minibatch and pareto": {"minibatch": 0.5, "selection": "pareto"},
    "restarts": {"restarts": 3, "generations": 2},
    "all": {"minibatch": 0.5, "selection": "pareto", "restarts": 3, "generations": 2, "price": 0.001},
}

KILLED = """
import os, signal, sys
from pathlib import Path
from zcrepro.evolve.stage import evolve
from zcrepro.files.journal import Journal

add, left = Journal.add, int(sys.argv[2])

def add_and_die(journal, value):
    global left
    add(journal, value)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)

Journal.add = add_and_die
folder = Path(sys.argv[1])
evolve(
    settings_file=folder / "settings.json",
    accuracies=[folder / "accuracies.parquet"],
    scores=[folder / "a.parquet"],
    structure=[folder / "structure.parquet"],
    output=folder / "out.json",
)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"arch": [f"arch {number:03}" for number in range(90)]})
    rows = rows.assign(graph=rows["arch"])
    scores = rows.assign(snip=rng.normal(size=90), nwot=rng.normal(size=90))
    to_parquet(scores.assign(snip_status="ok", nwot_status="ok"), tmp_path / "a.parquet")
    accuracy = scores["snip"] * scores["nwot"] + rng.normal(size=90)
    known = rows.assign(task="a", metric="validation", accuracy=accuracy, seeds=1, source="test")
    to_parquet(known, tmp_path / "accuracies.parquet")
    to_parquet(rows.assign(structure_paths=1.0), tmp_path / "structure.parquet")
    write_sealed(tmp_path / "settings.json", SETTINGS)
    return tmp_path


def run(folder: Path) -> bytes:
    """The bytes of the result; the journal must be gone."""
    evolve(
        settings_file=folder / "settings.json",
        accuracies=[folder / "accuracies.parquet"],
        scores=[folder / "a.parquet"],
        structure=[folder / "structure.parquet"],
        output=folder / "out.json",
    )
    assert not file(folder).exists()
    return (folder / "out.json").read_bytes()


def file(folder: Path) -> Path:
    return folder / ".out.json.journal"


@contextmanager
def killed_after(generations: int) -> Iterator[None]:
    """The stage is interrupted when it has written so many generations."""
    add, left = Journal.add, generations

    def add_and_stop(journal: Journal, value: Any) -> None:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        add(journal, value)
        left -= 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "add", add_and_stop)
        try:
            yield
        except KeyboardInterrupt:
            return
    pytest.fail("the stage was not interrupted")


def undisturbed(folder: Path) -> bytes:
    found = run(folder)
    (folder / "out.json").unlink()
    return found


def lines(folder: Path) -> int:
    return file(folder).read_bytes().count(b"\n")


@contextmanager
def counted(evaluated: list[tuple[str, ...]]) -> Iterator[None]:
    """Note the formulas whose values are computed."""

    fitness = srgp.fitness

    def counting(*args: Any) -> Any:
        found = fitness(*args)
        values = found.of_all._values
        found.of_all._values = lambda formula: (evaluated.append(formula), values(formula))[1]
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zcrepro.evolve.srgp.fitness", counting)
        yield


@pytest.mark.parametrize("generation", range(GENERATIONS + 1))
def test_resumes_after_every_generation(folder: Path, generation: int) -> None:
    expected = undisturbed(folder)
    with killed_after(generation):
        run(folder)
    assert not (folder / "out.json").exists()
    assert not generation or lines(folder) == generation + 1
    assert run(folder) == expected


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("generation", range(GENERATIONS + 1))
def test_resumes_in_every_mode(folder: Path, mode: str, generation: int) -> None:
    write_sealed(folder / "settings.json", SETTINGS | {"options": OPTIONS | MODES[mode]})
    expected = undisturbed(folder)
    with killed_after(generation):
        run(folder)
    assert run(folder) == expected


def test_a_formula_that_did_not_survive_is_not_computed_again(folder: Path) -> None:
    """With NSGA-II most children leave no trace in the population."""
    options = OPTIONS | {"selection": "pareto", "generations": 12, "max_size": 3}
    write_sealed(folder / "settings.json", SETTINGS | {"options": options})
    expected = undisturbed(folder)
    with killed_after(8):
        run(folder)
    assert run(folder) == expected


@pytest.mark.parametrize("mode", MODES)
def test_a_torn_last_line_in_every_mode(folder: Path, mode: str) -> None:
    write_sealed(folder / "settings.json", SETTINGS | {"options": OPTIONS | MODES[mode]})
    expected = undisturbed(folder)
    with killed_after(5):
        run(folder)
    whole = file(folder).read_bytes()
    file(folder).write_bytes(whole[:-100])
    assert lines(folder) == 5
    assert run(folder) == expected


def test_killed_again_and_again(folder: Path) -> None:
    expected = undisturbed(folder)
    for generation in range(GENERATIONS):
        with killed_after(1):
            run(folder)
        assert lines(folder) == generation + 2
    assert run(folder) == expected


def test_nothing_is_evaluated_twice(folder: Path) -> None:
    whole: list[tuple[str, ...]] = []
    with counted(whole):
        expected = undisturbed(folder)
    written = json.loads(expected)["history"]["evaluations"][3]
    assert 0 < written < len(whole)
    with killed_after(4):
        run(folder)
    resumed: list[tuple[str, ...]] = []
    with counted(resumed):
        assert run(folder) == expected
    assert resumed == whole[written:]


def test_killed_when_the_output_was_being_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = undisturbed(folder)

    def full(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("zcrepro.evolve.stage.write_sealed", full)
        with pytest.raises(OSError, match="disk full"):
            run(folder)
    assert lines(folder) == GENERATIONS + 2
    evaluated: list[tuple[str, ...]] = []
    with counted(evaluated):
        assert run(folder) == expected
    assert evaluated == []


def test_a_real_kill_and_fresh_processes(folder: Path) -> None:
    expected = undisturbed(folder)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHASHSEED"}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)

    def process(generations: int) -> int:
        command = [sys.executable, "-c", KILLED, str(folder), str(generations)]
        return subprocess.run(command, env=environment, check=False).returncode

    assert process(3) == -signal.SIGKILL
    assert not (folder / "out.json").exists()
    assert lines(folder) == 4
    assert process(2) == -signal.SIGKILL
    assert lines(folder) == 6
    assert process(GENERATIONS + 1) == 0
    assert (folder / "out.json").read_bytes() == expected
    assert not file(folder).exists()


def test_a_torn_last_line(folder: Path) -> None:
    expected = undisturbed(folder)
    with killed_after(4):
        run(folder)
    whole = file(folder).read_bytes()
    for cut in (1, 100, len(whole.splitlines()[-1]), len(whole) // 2, len(whole)):
        file(folder).write_bytes(whole[:-cut])
        assert run(folder) == expected


def test_a_damaged_journal(folder: Path) -> None:
    expected = undisturbed(folder)
    with killed_after(4):
        run(folder)
    whole = file(folder).read_bytes()
    for place in range(0, len(whole), len(whole) // 12):
        file(folder).write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert run(folder) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 8},
        {"repeat": 1},
        {"sample": 1},
        {"normalisation": "population"},
        {"options": OPTIONS | {"tournament": 2}},
    ],
    ids=["seed", "repeat", "sample", "normalisation", "options"],
)
def test_a_journal_of_other_settings_is_discarded(folder: Path, changes: dict[str, Any]) -> None:
    first = undisturbed(folder)
    write_sealed(folder / "settings.json", SETTINGS | changes)
    expected = undisturbed(folder)
    assert expected != first
    write_sealed(folder / "settings.json", SETTINGS)
    with killed_after(4):
        run(folder)
    write_sealed(folder / "settings.json", SETTINGS | changes)
    assert run(folder) == expected


def test_a_journal_of_other_code_is_discarded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with killed_after(4):
        run(folder)
    monkeypatch.setattr("zcrepro.provenance.code_digest", lambda _: "0" * 16)
    with killed_after(1):
        run(folder)
    assert lines(folder) == 2


@pytest.mark.parametrize("name", ["accuracies.parquet", "a.parquet", "structure.parquet"])
def test_a_journal_of_other_inputs_is_discarded(folder: Path, name: str) -> None:
    first = undisturbed(folder)
    with killed_after(4):
        run(folder)
    frame = pd.read_parquet(folder / name)
    column = next(column for column in ("accuracy", "nwot", "structure_paths") if column in frame)
    to_parquet(frame.assign(**{column: -frame[column]}), folder / name)
    with killed_after(1):
        run(folder)
    assert lines(folder) == 2
    continued = run(folder)
    assert continued == undisturbed(folder)
    assert (continued != first) == (column != "structure_paths")  # counts are no inputs here
