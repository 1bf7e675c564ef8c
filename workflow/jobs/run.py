"""A run: its configuration, the checkout it reads, and where its results go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from zcrepro.fetching.datasets import Row, listed_digest
from zcrepro.problems.problem import Problem

ACCURACIES, RELEASED = "accuracies", "released"
"""Which architectures of a problem are put into order: those with accuracies, or with published scores."""

Settings = Mapping[str, Any]
"""The settings of one job, as its JSON file holds them."""


class Wildcards(Protocol):
    """What Snakemake hands to a function: an attribute for each wildcard of the rule."""

    def __getattr__(self, name: str) -> str: ...


@dataclass(frozen=True)
class Run:
    """A run of the workflow.

    ``config`` is complete and checked; ``here`` is the checkout, relative to where Snakemake starts;
    ``datasets`` are the rows of config/datasets.tsv by name.
    """

    config: Mapping[str, Any]
    here: Path
    datasets: Mapping[str, Row] = field(default_factory=dict)

    @property
    def results(self) -> str:
        """The folder of the results, relative to where Snakemake starts."""
        return f"results/{self.config['run']}"

    def files(self, names: Iterable[str]) -> list[str]:
        """Return the paths of fetched files, and of tracked ones below resources/."""
        return [str(self.here / name) if name.startswith("resources/") else f"data/{name}" for name in names]

    def digests(self, names: Iterable[str]) -> dict[str, str]:
        """Return the listed digests of those files that are fetched, by name."""
        return {name: listed_digest(self.datasets[name]) for name in names if name in self.datasets}

    def accuracies(self, problems: Iterable[str]) -> list[str]:
        """Return the files of the accuracies of problems, one for each."""
        return [f"{self.results}/accuracies/{Problem.parse(text).space}.parquet" for text in problems]

    def order(self, problem: str, among: str) -> str:
        """Return the file of an order of a problem: of its architectures with accuracies, or with scores."""
        return f"{self.results}/order{'' if among == ACCURACIES else f'-{among}'}/{problem}.parquet"

    def scores(self, source: str, problems: Iterable[str]) -> list[str]:
        """Return the files of the scores of problems, published ones or our own features."""
        if source == "released":
            return [f"{self.results}/released/{Problem.parse(text).space}.parquet" for text in problems]
        return [f"{self.results}/features/{text}.parquet" for text in problems]

    def structures(self, problems: Iterable[str]) -> list[str]:
        """Return the files of the structural counts of problems, one for each."""
        return [f"{self.results}/structure/{Problem.parse(text).space}.parquet" for text in problems]

    def images_of(self, wildcards: Wildcards) -> Mapping[str, Any]:
        """Return the configuration of the task that a job is about: its images and their files."""
        found: Mapping[str, Any] = self.config["spaces"][wildcards.space]["tasks"][wildcards.task]
        return found
