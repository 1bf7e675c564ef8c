"""Jobs that fetch files and make tidy tables of what is known of each space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jobs.run import Run, Settings, Wildcards
from zcrepro.fetching.datasets import fetch_settings

TABLES = ("accuracies", "released", "counts", "epochs")
"""The tables that recipes make, each a stage of this name."""


@dataclass(frozen=True)
class Benchmarks:
    """The jobs of one run."""

    run: Run

    def fetch(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that fetches one file."""
        return fetch_settings(self.run.datasets[wildcards.name])

    def known(self, space: str) -> Mapping[str, Mapping[str, list[str]]]:
        """Return, for each table that is known of a space, its recipes and the files that they read."""
        found: Mapping[str, Mapping[str, list[str]]] = self.run.config["benchmarks"][space][
            self.run.config["spaces"][space]["source"]
        ]
        return found

    def settings(self, table: str) -> Callable[[Wildcards], Settings]:
        """Return the settings of the jobs that make one kind of table."""

        def of(wildcards: Wildcards) -> Settings:
            recipes = self.known(wildcards.space)[table]
            return {
                "space": wildcards.space,
                "recipes": list(recipes),
                "files": list(recipes.values()),
                "digests": self.run.digests(name for names in recipes.values() for name in names),
            }

        return of

    def files(self, table: str) -> Callable[[Wildcards], list[str]]:
        """Return the inputs of the jobs that make one kind of table."""

        def of(wildcards: Wildcards) -> list[str]:
            recipes = self.known(wildcards.space)[table]
            return self.run.files(name for names in recipes.values() for name in names)

        return of

    def tables(self) -> list[str]:
        """Return every table of the configured spaces."""
        return [
            f"{self.run.results}/{table}/{space}.parquet"
            for space in self.run.config["spaces"]
            for table in self.known(space)
        ]
