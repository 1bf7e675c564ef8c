"""The stage that evolves programs: on networks of the embedded benchmark, killed, and with a full disk."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import zcrepro
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.evolve import _statistics, programs
from zcrepro.evolve._statistics import Network, kept
from zcrepro.evolve.program_stage import evolve_program
from zcrepro.files import parquet
from zcrepro.files.journal import Journal
from zcrepro.files.json import write_sealed
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.layer_statistics import NAMES, inputs, planned, statistics
from zcrepro.networks.pooling import poolings_by_products
from zcrepro.networks.preserve import rerouted
from zcrepro.networks.training import training
from zcrepro.problems.split import Split
from zcrepro.programs.evolved import load_program

SPACE = zcrepro.get_space("embedded_cell")
GENERATIONS = 3
SETTINGS: dict[str, Any] = {
    "training_set": "cell",
    "space": "embedded_cell",
    "task": "digits",
    "images": "digits",
    "digests": [],
    "networks": 12,
    "sample": 0,
    "seed": 7,
    "repeat": 0,
    "torch_threads": 1,
    "population": 8,
    "mu": 4,
    "tournament": 2,
    "crossover": 0.4,
    "mutation": 0.4,
    "max_height": 10,
    "generations": GENERATIONS,
    "batch_size": 1,
}

KILLED = """
import os, signal, sys
from pathlib import Path
from zcrepro.evolve.program_stage import evolve_program
from zcrepro.files.journal import Journal

add = Journal.add

def add_and_die(journal, value):
    add(journal, value)
    if value["line"]["generation"] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

Journal.add = add_and_die
folder = Path(sys.argv[1])
evolve_program(
    settings_file=folder / "settings.json",
    accuracies=folder / "accuracies.parquet",
    output=folder / "out.json",
)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    known = zcrepro.accuracies("embedded_cell", "digits")
    parquet.write(tmp_path / "accuracies.parquet", known, ACCURACIES, ["metric", "arch"], {})
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    return tmp_path


def run(folder: Path, **changes: Any) -> dict[str, Any]:
    write_sealed(folder / "settings.json", SETTINGS | changes)
    output = folder / "out.json"
    evolve_program(
        settings_file=folder / "settings.json", accuracies=folder / "accuracies.parquet", output=output
    )
    assert not journal(folder).exists()
    found: dict[str, Any] = json.loads(output.read_text())
    return found


def journal(folder: Path) -> Path:
    return folder / ".out.json.journal"


def test_the_file_says_what_was_evolved_and_on_what(folder: Path) -> None:
    found = run(folder)
    loaded = load_program(folder / "out.json")
    assert loaded.name == "eznas/cell/seed-0"
    for program, of in ((loaded.fittest, found), (loaded.median, found["median"])):
        assert (str(program.program), program.direction) == (of["program"], of["direction"])
        assert (of["size"], of["depth"]) == (program.program.size, program.program.depth)
    assert (found["method"], found["problem"], found["metric"]) == (
        "eznas",
        "embedded_cell/digits",
        "validation",
    )
    assert found["training_fitness"] == min(map(abs, found["taus"])) == found["history"]["best"][-1]
    assert found["direction"] == ("higher" if sum(found["taus"]) >= 0 else "lower")
    assert found["settings"] == SETTINGS
    assert found["provenance"]["stage"] == "evolve_program"
    assert found["front"][-1]["program"] == found["program"]
    assert len(found["history"]["generation"]) == GENERATIONS + 1


def test_the_sets_are_disjoint_and_their_graphs_are_not_held_out(folder: Path) -> None:
    found = run(folder)
    known = zcrepro.accuracies("embedded_cell", "digits").drop_duplicates("arch").set_index("arch")
    assert [len(texts) for texts in found["sets"]] == [3] * 4
    texts = [text for of in found["sets"] for text in of]
    graphs = known.loc[texts, "graph"].to_numpy(object)
    assert len(set(graphs)) == 12
    split = Split.from_json(load_program(folder / "out.json").split)
    assert not split.held_out("embedded_cell", graphs).any()
    every = known["graph"].to_numpy(object)
    assert split.held_out("embedded_cell", every).sum() == len(known) - np.isin(every, graphs).sum()


def test_validation_accuracy_decides(folder: Path) -> None:
    expected = run(folder)
    known = parquet.read(folder / "accuracies.parquet")
    known["accuracy"] = known["accuracy"].where(known["metric"] == "validation", -known["accuracy"])
    parquet.write(folder / "accuracies.parquet", known, ACCURACIES, ["metric", "arch"], {})
    assert run(folder)["taus"] == expected["taus"]


@pytest.mark.parametrize("changes", [{"seed": 8}, {"repeat": 1}, {"sample": 1}], ids=str)
def test_seed_repeat_and_sample_decide_the_run(folder: Path, changes: dict[str, int]) -> None:
    first, other = run(folder), run(folder, **changes)
    assert first["history"] != other["history"]
    assert (first["sets"] == other["sets"]) == ("repeat" in changes)


def test_it_goes_on_after_a_kill_and_ends_in_the_same_bytes(folder: Path) -> None:
    run(folder)
    expected = (folder / "out.json").read_bytes()
    (folder / "out.json").unlink()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", KILLED, str(folder), "1"]
    done = subprocess.run(
        command, env=environment | {"TMPDIR": str(folder / "scratch")}, stderr=subprocess.DEVNULL, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert journal(folder).read_bytes().count(b"\n") == 3
    assert list((folder / "scratch").iterdir()) == []  # also after a kill
    run(folder)
    assert (folder / "out.json").read_bytes() == expected


@pytest.mark.parametrize("generation", [0, GENERATIONS])
def test_it_goes_on_after_the_first_and_the_last_generation(
    folder: Path, generation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(folder)
    expected = (folder / "out.json").read_bytes()
    add = Journal.add

    def add_and_stop(of: Journal, value: Any) -> None:
        add(of, value)
        if value["line"]["generation"] == generation:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", add_and_stop)
        with pytest.raises(KeyboardInterrupt):
            run(folder)
    run(folder)
    assert (folder / "out.json").read_bytes() == expected


class TestStatistics:
    """What is kept of networks, and what becomes of the file."""

    IMAGES = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))

    def networks(self, number: int = 2) -> list[Network]:
        texts = zcrepro.accuracies("embedded_cell", "digits")["arch"].unique()[:number]
        return [Network(text, partial(SPACE.network, SPACE.parse(text), "digits", 3), 11) for text in texts]

    def test_they_are_those_that_a_pass_records(self) -> None:
        networks = self.networks()
        found = kept(networks, self.IMAGES)
        assert found.size == 4 * sum(
            tensor.numel() for layers in found.networks for layer in layers for tensor in layer.values()
        )
        for network, layers in zip(networks, found.networks, strict=True):
            model = network.build()
            with rerouted(poolings_by_products(model)), training(model, network.seed):
                three = inputs(self.IMAGES, torch.Generator().manual_seed(network.seed))
                expected = list(statistics(model, three, planned(model, self.IMAGES)))
            assert len(layers) == len(expected)
            for layer, other in zip(layers, expected, strict=True):
                assert tuple(layer) == tuple(other)
                assert set(layer) == set(NAMES)
                assert all(torch.equal(layer[name], other[name]) for name in NAMES)

    def test_the_size_is_printed_and_nothing_is_left_in_the_folder(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        seen: list[list[Path]] = []

        def recorded(*args: Any) -> Any:
            seen.append(list((folder / "scratch").iterdir()))
            return statistics(*args)

        monkeypatch.setattr(_statistics, "statistics", recorded)
        kept(self.networks(3), self.IMAGES)
        assert seen == [[], [], []]
        assert list((folder / "scratch").iterdir()) == []
        printed = capsys.readouterr().err
        assert f"layer statistics of 3 networks: 0.00 GiB in {folder / 'scratch'}\n" in printed

    @pytest.mark.parametrize("step", ["statistics", "evolve"])
    def test_nothing_is_left_after_a_failure(
        self, folder: Path, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("broken")

        monkeypatch.setattr(programs if step == "evolve" else _statistics, step, broken)
        with pytest.raises((RuntimeError, ValueError), match="broken"):
            run(folder)
        assert list((folder / "scratch").iterdir()) == []

    def test_a_disk_without_room_is_named_with_size_and_remedy(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**20))
        monkeypatch.setattr(_statistics, "statistics", self.never)
        with pytest.raises(
            OSError,
            match=r"of 40 networks take 0\.0\d GiB, but .*/scratch has 0\.00 GiB free; make room, set TMPDIR",
        ):
            run(folder, networks=40)

    @staticmethod
    def never(*_: object) -> None:
        raise AssertionError("the recording began")

    def test_a_network_without_layer_statistics_is_named(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refused(*_: object) -> None:
            raise UndefinedScoreError("the network has no layers")

        monkeypatch.setattr(_statistics, "planned", refused)
        with pytest.raises(ValueError, match=r"no layer statistics of '\S.*': .*the network has no layers"):
            run(folder)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"networks": 7}, "networks: .* 8"),
        ({"networks": 199}, "199 architectures .* were asked for"),
        ({"poplation": 4}, "unknown key 'poplation'; did you mean 'population'"),
        ({"mu": 1}, "mu: .* 2"),
        ({"space": "embedded_chian"}, "unknown space 'embedded_chian'; did you mean 'embedded_chain'"),
        ({"images": "digit"}, "unknown images 'digit'; did you mean 'digits'"),
        ({"task": "letters"}, "no validation or test accuracy for the task 'letters'"),
    ],
)
def test_errors(folder: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        run(folder, **changes)
    assert not (folder / "out.json").exists()
