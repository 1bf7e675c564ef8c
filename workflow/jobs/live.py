"""Jobs that search a space live, building and scoring networks until the time is over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import static
from jobs.evolution import Evolution
from jobs.run import Run, Settings, Wildcards
from zcrepro import provenance
from zcrepro.problems.problem import Problem

SECONDS = re.compile(r"live/(\w+)-seconds\.parquet")
"""The output of a live search that says what it costs."""


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
        return self.options(wildcards.live) | {
            "space": problem.space,
            "task": problem.task,
            "images": images["images"],
            "digests": list(self.run.digests([*images["files"], *of["surrogate"]]).values()),
            "guides": [of["guide"]] if of["guide"] else [],
            "seed": self.run.config["seed"],
            "device": self.run.config["device"],
            "torch_threads": self.run.config["torch_threads"],
        }

    def options(self, name: str) -> dict[str, Any]:
        """Return the options of one search."""
        known = static.option_names(provenance.STAGES["live_search"])
        return {option: self.section[option] for option in known} | dict(self.of(name)["options"])

    def evaluations(self, name: str) -> int:
        """Return how many architectures the repeats of a search propose at most."""
        options = self.options(name)
        return int(options["evaluations"] * options["repeats"])

    def clock_seconds(self, name: str) -> float:
        """Return after how many seconds the repeats of a search end by the clock; 0 if they do not."""
        options = self.options(name)
        return float(60 * options["minutes"] * options["repeats"])

    def passes(self, name: str) -> dict[str, list[str]]:
        """Return the proxies that a search computes, by their passes: its guide, or its formula's inputs."""
        of = self.of(name)
        inputs = [of["guide"]] if of["guide"] else self._evolution.inputs(of["evolved_by"], of["evolved_on"])
        return provenance.pass_groups(inputs)

    def costed_as(self, output: str) -> list[str]:
        """Return the names by which the file of costs knows an output.

        A search that stops by evaluations has one for each of its proxies, of which the dearest counts:
        ``live/evaluations/<space>/<pass>/<proxy>``.
        """
        match = SECONDS.fullmatch(output)
        if match is None or self.clock_seconds(match[1]):
            return [output]
        space = Problem.parse(self.of(match[1])["problem"]).space
        passes = self.passes(match[1]).items()
        return [f"live/evaluations/{space}/{of}/{proxy}" for of, proxies in passes for proxy in proxies]

    def images(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the images."""
        return self.run.files(self._images(self.of(wildcards.live))["files"])

    def formulas(self, wildcards: Wildcards) -> list[str]:
        """Return the formulas of which the best is the objective, none if a proxy is."""
        of = self.of(wildcards.live)
        if of["guide"]:
            return []
        return self._evolution.formulas(of["evolved_by"], [of["evolved_on"]])

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

    @property
    def _evolution(self) -> Evolution:
        return Evolution(self.run)

    def _images(self, of: Mapping[str, Any]) -> Mapping[str, Any]:
        problem = Problem.parse(of["problem"])
        found: Mapping[str, Any] = self.run.config["spaces"][problem.space]["tasks"][problem.task]
        return found
