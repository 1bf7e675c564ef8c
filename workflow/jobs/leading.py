"""Jobs that compare formulas, models and single proxies on the same few labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jobs.evolution import Evolution
from jobs.run import Run, Settings, Wildcards


@dataclass(frozen=True)
class Leading:
    """The jobs of one run."""

    run: Run

    @cached_property
    def evolution(self) -> Evolution:
        return Evolution(self.run)

    def section(self, name: str) -> Mapping[str, Any]:
        """Return the section of a leaderboard."""
        return self.sections[name]

    @cached_property
    def sections(self) -> dict[str, Mapping[str, Any]]:
        """The leaderboards of the run, by name."""
        return {section["name"]: section for section in self.run.config["leaderboard"]}

    def training_set(self, name: str) -> Mapping[str, Any]:
        """Return the first training set of a leaderboard, whose problems the others have too."""
        return self.evolution.training_set(self.section(name)["training_sets"][0])

    def problems(self, wildcards: Wildcards) -> list[str]:
        """Return the problems of a leaderboard."""
        return list(self.training_set(wildcards.name)["problems"])

    def scored_as(self, wildcards: Wildcards) -> list[str]:
        """Return the problems whose scores are read, one for each problem."""
        other = self.training_set(wildcards.name)["scored_as"]
        return [other.get(problem, problem) for problem in self.problems(wildcards)]

    def scores(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the scores, one for each problem."""
        return self.run.scores(self._source(wildcards), self.scored_as(wildcards))

    def formulas(self, wildcards: Wildcards) -> list[str]:
        """Return the files of all formulas."""
        section = self.section(wildcards.name)
        return self.evolution.formulas(section["method"], section["training_sets"])

    def completed(self, wildcards: Wildcards) -> list[str]:
        """Return the problems for which our features fill what was not published."""
        if self._source(wildcards) != "released":
            return []
        return self.evolution.completed(self.section(wildcards.name)["method"], self.scored_as(wildcards))

    def computed(self, wildcards: Wildcards) -> list[str]:
        """Return the files of our features that are read beside published scores."""
        return self.run.scores("features", self.completed(wildcards))

    def lead(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one leaderboard."""
        section, method = self.section(wildcards.name), self._method(wildcards)
        sets = {name: self.evolution.training_set(name) for name in section["training_sets"]}
        source = self._source(wildcards)
        scores = self.run.config[source]["proxies"]
        return {
            "name": wildcards.name,
            "problems": dict(zip(self.problems(wildcards), self.scored_as(wildcards), strict=True)),
            "architectures": dict(self.training_set(wildcards.name)["problems"]),
            "drawn_by": self.training_set(wildcards.name)["drawn_by"],
            "inputs": {name: of["inputs"] or scores for name, of in sets.items()},
            "source": source,
            "completed": self.completed(wildcards),
            "population": section["population"],
            "handcrafted": method["handcrafted"],
            "counts": method["counts"],
            "seed": self.run.config["seed"],
            "max_undefined_share": self.run.config["max_undefined_share"],
        }

    def tables(self) -> dict[str, str]:
        """Return the files of all leaderboards, by name."""
        return {
            f"leaderboard/{name}": f"{self.run.results}/leaderboard/{name}.parquet" for name in self.sections
        }

    def results(self) -> list[str]:
        """Return every file that is made for the leaderboards of the run."""
        made = list(self.tables().values())
        for name, section in self.sections.items():
            if not self.evolution.section(section["method"])["promoted"]:
                made += self.evolution.formulas(section["method"], section["training_sets"])
            problems = list(self.training_set(name)["problems"])
            made += [*self.run.accuracies(problems), *self.run.structures(problems)]
        return made

    def _source(self, wildcards: Wildcards) -> str:
        section = self.section(wildcards.name)
        return self.evolution.source(section["method"], section["training_sets"][0])

    def _method(self, wildcards: Wildcards) -> Mapping[str, Any]:
        return self.evolution.section(self.section(wildcards.name)["method"])
