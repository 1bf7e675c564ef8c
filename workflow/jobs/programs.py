"""Jobs that evolve EZNAS programs, and score architectures with them and with the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import static
from defaults import ALIASES
from jobs.features import Features, partition, spans_in
from jobs.run import Run, Settings, Wildcards
from zcrepro.problems.problem import Problem
from zcrepro.programs.names import program_name

PASS = "layer_statistics"
"""The pass of all programs, whose cost decides the size of chunks."""

OPTIONS = "zcrepro.evolve.programs"
"""The module of the options of an evolution."""


@dataclass(frozen=True)
class Programs:
    """The jobs of one run."""

    run: Run

    @property
    def section(self) -> Mapping[str, Any]:
        """The section of the configuration."""
        found: Mapping[str, Any] = self.run.config["programs"]
        return found

    @cached_property
    def features(self) -> Features:
        """The jobs that compute our own proxies."""
        return Features(self.run)

    @cached_property
    def judged(self) -> dict[str, int]:
        """The number of architectures that are scored of each problem."""
        return {of["problem"]: of["architectures"] for of in self.section["judged"]}

    @cached_property
    def published(self) -> list[str]:
        """The published programs; each is a proxy of the same name."""
        return list(ALIASES["eznas"])

    def training_set(self, name: str) -> Mapping[str, Any]:
        """Return a training set of the configuration."""
        found: Mapping[str, Any] = self.section["training_sets"][name]
        return found

    def problem(self, wildcards: Wildcards) -> Problem:
        """Return the problem of a training set."""
        return Problem.parse(self.training_set(wildcards.training_set)["problem"])

    def accuracies(self, wildcards: Wildcards) -> list[str]:
        """Return the file of the accuracies that one evolution reads."""
        return self.run.accuracies([str(self.problem(wildcards))])

    def images(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the images that one evolution reads."""
        return self.run.files(self._task(self.problem(wildcards))["files"])

    def evolve(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one evolution. All repeats evolve on the same networks."""
        problem = self.problem(wildcards)
        options = {name: self.section[name] for name in static.options(OPTIONS)}
        return (
            options
            | self._images(problem)
            | {
                "training_set": wildcards.training_set,
                "space": problem.space,
                "task": problem.task,
                "networks": self.training_set(wildcards.training_set)["networks"],
                "sample": 0,
                "seed": self.run.config["seed"],
                "repeat": int(wildcards.seed),
                "torch_threads": self.run.config["torch_threads"],
            }
        )

    def files(self) -> list[str]:
        """Return the files of the programs, every repeat of each training set."""
        promoted = self.section["promoted"]
        folder = self.run.here / promoted if promoted else f"{self.run.results}/programs"
        return [f"{folder}/{name}/seed-{seed}.json" for name, seed in self._repeats()]

    def score(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one chunk of the scores of a problem."""
        problem = Problem(wildcards.space, wildcards.task)
        return (
            self.features.how()
            | self._images(problem)
            | {
                "redraw": [],
                "draw": 0,
                "space": problem.space,
                "task": problem.task,
                "proxies": self.published,
                "programs": self._names(),
                "start": int(wildcards.start),
                "stop": int(wildcards.stop),
                "pass_seconds": self.run.config["features"]["pass_seconds"],
                "device": self.run.config["device"],
                "torch_threads": self.run.config["torch_threads"],
            }
        )

    def join(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that joins the chunks of a problem.

        Any share of the scores may be undefined: a program need not suit other spaces.
        """
        return self.features.how() | {
            "architectures": self.judged[f"{wildcards.space}/{wildcards.task}"],
            "draws": 1,
            "shards": False,
            "proxy_columns": [*self.published, *self._names()],
            "max_undefined_share": 1.0,
        }

    def chunks(self, wildcards: Wildcards) -> list[str]:
        """Return the chunks of the scores of a problem."""
        return self._chunks(f"{wildcards.space}/{wildcards.task}")

    def results(self) -> list[str]:
        """Return the programs of the run, the scores of the judged problems, and what both read."""
        made, read = [], [*self.judged]
        if not self.section["promoted"]:
            made += self.files()
            read += [self.training_set(name)["problem"] for name in self.section["train_on"]]
        for problem in self.judged:
            made += [*self._chunks(problem), f"{self._folder(problem)}.parquet"]
        return [*made, *self.run.accuracies(read), *self.run.orders(self.judged)]

    def _repeats(self) -> list[tuple[str, int]]:
        return [(name, seed) for name in self.section["train_on"] for seed in range(self.section["repeats"])]

    def _names(self) -> list[str]:
        return [program_name(name, seed) for name, seed in self._repeats()]

    def _task(self, problem: Problem) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.run.config["spaces"][problem.space]["tasks"][problem.task]
        return found

    def _images(self, problem: Problem) -> dict[str, Any]:
        task = self._task(problem)
        return {"images": task["images"], "digests": list(self.run.digests(task["files"]).values())}

    def _chunks(self, problem: str) -> list[str]:
        folder = self._folder(problem)
        size = self.features.chunk_size(problem, PASS)
        spans = partition(self.judged[problem], size, spans_in(Path(folder)))
        return [f"{folder}/{start}-{stop}.parquet" for start, stop in spans]

    def _folder(self, problem: str) -> str:
        return f"{self.run.results}/program_scores/{problem}"
