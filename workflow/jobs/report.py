"""Jobs that make tables, figures and the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

import static
from jobs.benchmarks import Benchmarks
from jobs.evolution import Evolution
from jobs.features import COSTS, Features
from jobs.leading import Leading
from jobs.live import Live
from jobs.programs import Programs
from jobs.reduced import ReducedTrainings
from jobs.run import Run, Settings, Wildcards
from jobs.searching import Searching
from zcrepro import provenance, registry
from zcrepro.fetching.datasets import listed_digest
from zcrepro.programs.names import is_score

PAPERS = ("zcp", "eznas", "srgp")

SPECIFICATION = "vl.json"
"""How the name of a figure's specification ends, as Vega-Lite's own tools name it."""

VALUES = "resources/papers/{}.csv"
"""The file of the values that a paper gives for a table."""

TRAININGS = "trainings/"
OF_A_SPACE = ("features", "structure/", TRAININGS)
"""How the names of results begin whose spaces a later pattern of a table may name by ``{space}``."""


@dataclass(frozen=True)
class Report:
    """The jobs of one run."""

    run: Run
    benchmarks: Benchmarks

    @property
    def section(self) -> Mapping[str, Any]:
        """The section of the configuration."""
        found: Mapping[str, Any] = self.run.config["report"]
        return found

    def table(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that makes a table."""
        return {"table": wildcards.name, **self._context(wildcards.name)}

    def figure(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that draws a figure."""
        return {"figure": wildcards.name, **self._context(wildcards.name)}

    def page(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the page."""
        del wildcards
        return {
            "title": self.section["title"],
            "run": self.run.config["run"],
            "description": self.section["description"],
            "table": self.section["tables"],
            "figure": self.section["figures"],
            "proxies": self._proxies(),
            **self._origins(),
            "configuration": self.run.config,
        }

    def _proxies(self) -> list[str]:
        """Return the proxies whose scores the run computes on any problem, sorted."""
        computed = {name for run in Features(self.run).runs.values() for name in run["proxies"]}
        return sorted(filter(is_score, computed))

    def _origins(self) -> Settings:
        """Return the fetched and the tracked files that the tables of the spaces and their images need."""
        config = self.run.config
        recipes = [
            recipe
            for space in config["spaces"]
            for table in self.benchmarks.known(space).values()
            for recipe in table.values()
        ]
        images = [task["files"] for space in config["spaces"].values() for task in space["tasks"].values()]
        names = sorted({name for files in [*recipes, *images] for name in files})
        listed = [self.run.datasets[name] for name in names if name in self.run.datasets]
        shown = ("name", "url", "bytes", "licence", "citation")
        return {
            "datasets": [{key: row[key] for key in shown} | {"digest": listed_digest(row)} for row in listed],
            "tracked": sorted({name for name in names if name not in self.run.datasets} | self._tracked()),
        }

    def _tracked(self) -> set[str]:
        """Return the files and folders of the repository that hold results or values of papers.

        Scores are read by each run that names them, other results only by the tables that show them.
        """
        tables = self.section["tables"]
        values = {name for table in tables if (self.run.here / (name := VALUES.format(table))).exists()}
        read = [self.made[each] for name in self._shown() for each in self.reads(name)]
        promoted = {
            folder
            for folder in _named(self.run.config, "promoted")
            if any(path.startswith(f"{self.run.here / folder}/") for path in read)
        }
        costs = {COSTS} if str(self.run.here / COSTS) in read else set()
        return {*values, *costs, *_named(self.run.config, "shards"), *promoted}

    def table_labels(self, wildcards: Wildcards) -> dict[str, str]:
        """Return the name and the title of a table, for ``snakemake --report``."""
        return {"table": wildcards.name, "title": registry.get("table", wildcards.name).title}

    def figure_labels(self, wildcards: Wildcards) -> dict[str, str]:
        """Return the name and the title of a figure, for ``snakemake --report``."""
        return {"figure": wildcards.name, "title": registry.get("figure", wildcards.name).title}

    def files(self, wildcards: Wildcards) -> list[str]:
        """Return the files that a table or a figure reads."""
        return [self.made[name] for name in self.reads(wildcards.name)]

    def references(self, wildcards: Wildcards) -> list[str]:
        """Return the file of a table's published values, none if there are none."""
        path = self.run.here / VALUES.format(wildcards.name)
        return [str(path)] if path.exists() else []

    def paths(self, kind: str, suffix: str) -> list[str]:
        """Return the files of all ``tables`` or ``figures`` of the run."""
        return [f"{self.run.results}/{kind}/{name}.{suffix}" for name in self.section[kind]]

    def results(self) -> list[str]:
        """Return the tables and figures of the run with the page, and the results that they read."""
        results = self.run.results
        made = [f"{results}/report.html", *(f"{results}/tables/deviations.{end}" for end in ("csv", "json"))]
        for name in self.section["tables"]:
            made += self.table_files(name)
        made += [*self.paths("figures", "svg"), *self.paths("figures", SPECIFICATION)]
        read = [self.made[each] for name in self._shown() for each in self.reads(name)]
        return [*made, *(path for path in read if path.startswith(f"{results}/"))]

    def table_files(self, name: str) -> list[str]:
        """Return the files of a table: for programs, for people, for a paper, and the record of these."""
        return [f"{self.run.results}/tables/{name}.{end}" for end in ("csv", "md", "tex", "json")]

    def _shown(self) -> list[str]:
        return [*self.section["tables"], *self.section["figures"]]

    def targets(self) -> dict[str, list[str]]:
        """Return what can be asked for by name: the tables of each paper, and each table."""
        tables = {name: self.table_files(name) for name in self.section["tables"]}
        papers = {
            paper: [path for name, files in tables.items() if name.startswith(f"{paper}_") for path in files]
            for paper in PAPERS
        }
        return {paper: paths for paper, paths in papers.items() if paths} | tables

    def reads(self, name: str) -> list[str]:
        """Return the names of the results that a table or a figure reads, of those that the run makes.

        Its file says so with patterns; what matches an earlier pattern comes first. ``{space}`` in a pattern
        stands for each space whose features, variants, structural counts or trainings match a pattern before
        it.
        """
        kind = "table" if name in self.section["tables"] else "figure"
        found: list[str] = []
        for pattern in static.literal(f"{provenance.PLUGINS[kind]}.{name}", "READS"):
            spaces = dict.fromkeys(_space(read) for read in found if read.startswith(OF_A_SPACE))
            patterns = (
                [pattern.format(space=space) for space in spaces] if "{space}" in pattern else [pattern]
            )
            found += [made for made in self.made if any(fnmatch(made, each) for each in patterns)]
        return list(dict.fromkeys(found))

    @cached_property
    def made(self) -> dict[str, str]:
        """The results that the run makes, by name: the path below its folder, without suffix.

        With them go the costs of a forward pass, ``costs``.
        """
        results, evolution = self.run.results, Evolution(self.run)
        paths = [
            *self.benchmarks.tables(),
            *(f"{results}/{table}.parquet" for table in Features(self.run).tables),
            *(f"{results}/structure/{space}.parquet" for space in evolution.counted_spaces()),
            *(f"{results}/generalization/{method}.parquet" for method in evolution.methods),
            *(f"{results}/{table}.parquet" for table in Features(self.run).timed),
        ]
        made = {path.removeprefix(f"{results}/").removesuffix(".parquet"): path for path in paths}
        for method in evolution.methods:
            for path in evolution.formulas(method):
                name = path.removeprefix(f"{evolution.folder(method)}/").removesuffix(".json")
                made[f"evolved/{method}/{name}"] = path
        made |= {f"tables/{name}": f"{results}/tables/{name}.csv" for name in self.section["tables"]}
        made["costs"] = str(self.run.here / COSTS)
        for path in Programs(self.run).files():
            made[f"programs/{Path(path).parent.name}/{Path(path).stem}"] = path
        others = (Leading(self.run), Searching(self.run), ReducedTrainings(self.run), Live(self.run))
        return made | {name: path for each in others for name, path in each.tables().items()}

    def _context(self, name: str) -> Settings:
        return {
            "reads": self.reads(name),
            "seed": self.run.config["seed"],
            "resamples": self.section["resamples"],
            "level": self.section["level"],
        }


def _space(name: str) -> str:
    """Return the space of a result whose name begins like one of OF_A_SPACE."""
    return name.split("/")[2 if name.startswith(TRAININGS) else 1]


def _named(config: Any, key: str) -> Iterator[str]:
    """Yield what a configuration gives for ``key`` at any depth, except empty texts."""
    if isinstance(config, Mapping):
        for name, value in config.items():
            yield from [value] if name == key and value else _named(value, key)
    elif isinstance(config, list):
        for value in config:
            yield from _named(value, key)
