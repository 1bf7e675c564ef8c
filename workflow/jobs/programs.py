"""Jobs that evolve EZNAS programs, and the chunks of features that programs without a file score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import static
from jobs.features import PROGRAMS, Features, table_of
from jobs.run import Run, Settings, Wildcards
from zcrepro.problems.problem import Problem
from zcrepro.programs.names import is_evolved, is_program

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
        options = {name: self.section[name] for name in static.option_names(OPTIONS)}
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
        """Return the files of the evolved programs, every repeat of each training set."""
        promoted = self.section["promoted"]
        folder = self.run.here / promoted if promoted else f"{self.run.results}/programs"
        return [
            f"{folder}/{name}/seed-{repeat}.json"
            for name in self.section["train_on"]
            for repeat in range(self.section["repeats"])
        ]

    def read(self, wildcards: Wildcards) -> list[str]:
        """Return the files of evolved programs that a chunk reads, none if it has no evolved ones."""
        return self.files() if any(map(is_evolved, self._programs(wildcards))) else []

    def score(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one chunk of programs."""
        named = self._programs(wildcards)
        return {
            **self.features.chunk(wildcards),
            "proxies": [name for name in named if not is_program(name)],
            "programs": [name for name in named if is_program(name)],
            "program_images": self.features.tables[table_of(wildcards)]["program_images"],
        }

    def results(self) -> list[str]:
        """Return the programs that the run evolves, and the accuracies that they read."""
        if self.section["promoted"]:
            return []
        read = [self.training_set(name)["problem"] for name in self.section["train_on"]]
        return [*self.files(), *self.run.accuracies(read)]

    def _programs(self, wildcards: Wildcards) -> list[str]:
        """Return the programs of a chunk, published ones first."""
        return self.features.groups(table_of(wildcards))[PROGRAMS]

    def _task(self, problem: Problem) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.run.config["spaces"][problem.space]["tasks"][problem.task]
        return found

    def _images(self, problem: Problem) -> dict[str, Any]:
        task = self._task(problem)
        return {"images": task["images"], "digests": list(self.run.digests(task["files"]).values())}
