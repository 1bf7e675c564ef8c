"""Jobs that search a space live, building and scoring networks until the time is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import static
from jobs.evolution import Evolution
from jobs.run import Run, Settings, Wildcards
from zcrepro import provenance
from zcrepro.problems.problem import Problem


@dataclass(frozen=True)
class Live:
    """The jobs of one run."""

    run: Run

    @property
    def section(self) -> Mapping[str, Any]:
        """The section of the configuration."""
        found: Mapping[str, Any] = self.run.config["live"]
        return found

    def of(self, name: str) -> Mapping[str, Any]:
        """Return the search of a name."""
        found: Mapping[str, Any] = next(of for of in self.section["runs"] if of["name"] == name)
        return found

    def search(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one search."""
        of = self.of(wildcards.live)
        problem = Problem.parse(of["problem"])
        images = self._images(of)
        options = {name: self.section[name] for name in static.options(provenance.STAGES["live_search"])}
        return (
            options
            | dict(of["options"])
            | {
                "space": problem.space,
                "task": problem.task,
                "images": images["images"],
                "digests": list(self.run.digests([*images["files"], *of["surrogate"]]).values()),
                "guides": [of["guide"]] if of["guide"] else [],
                "seed": self.run.config["seed"],
                "device": self.run.config["device"],
                "torch_threads": self.run.config["torch_threads"],
            }
        )

    def images(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the images."""
        return self.run.files(self._images(self.of(wildcards.live))["files"])

    def formulas(self, wildcards: Wildcards) -> list[str]:
        """Return the formulas of which the best is the objective, none if a proxy is."""
        of = self.of(wildcards.live)
        if of["guide"]:
            return []
        return Evolution(self.run).formulas(of["evolved_by"], [of["evolved_on"]])

    def accuracies(self, wildcards: Wildcards) -> list[str]:
        """Return the accuracies of the benchmark, none if a surrogate predicts them."""
        of = self.of(wildcards.live)
        return [] if of["surrogate"] else self.run.accuracies([of["problem"]])

    def surrogate(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the surrogate."""
        return self.run.files(self.of(wildcards.live)["surrogate"])

    def tables(self) -> dict[str, str]:
        """Return the records that tables read, by name: those of the run, or tracked ones."""
        return {name: path for of in self.section["runs"] for name, path in self.files(of).items()}

    def files(self, of: Mapping[str, Any]) -> dict[str, str]:
        """Return the record of a search and its seconds, by name: in the results, or in a tracked folder."""
        where = str(self.run.here / of["promoted"]) if of["promoted"] else f"{self.run.results}/live"
        names = (of["name"], f"{of['name']}-seconds")
        return {f"live/{name}": f"{where}/{name}.parquet" for name in names}

    def results(self) -> list[str]:
        """Return the records that the run makes by itself: not those that are tracked."""
        made = [of for of in self.section["runs"] if not of["promoted"]]
        return [path for of in made for path in self.files(of).values()]

    def records(self) -> list[str]:
        """Return the records of all searches, which are made when they are asked for."""
        return [f"{self.run.results}/live/{of['name']}.parquet" for of in self.section["runs"]]

    def _images(self, of: Mapping[str, Any]) -> Mapping[str, Any]:
        problem = Problem.parse(of["problem"])
        found: Mapping[str, Any] = self.run.config["spaces"][problem.space]["tasks"][problem.task]
        return found
