"""Jobs that evolve formulas, with any method, and judge them on every problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import static
from jobs.run import Run, Settings, Wildcards
from zcrepro import provenance
from zcrepro.problems.problem import Problem


@dataclass(frozen=True)
class Evolution:
    """The jobs of one run."""

    run: Run

    @property
    def methods(self) -> list[str]:
        """The methods that evolve a formula in this run."""
        return [name for name, section in self.run.config["evolution"].items() if section["train_on"]]

    def section(self, method: str) -> Mapping[str, Any]:
        """Return a method's section of the configuration."""
        found: Mapping[str, Any] = self.run.config["evolution"][method]
        return found

    def training_set(self, name: str) -> Mapping[str, Any]:
        """Return a training set of the configuration."""
        found: Mapping[str, Any] = self.run.config["training_sets"][name]
        return found

    def problems(self, wildcards: Wildcards) -> list[str]:
        """Return the problems of a training set."""
        return list(self.training_set(wildcards.training_set)["problems"])

    def scored_as(self, name: str) -> list[str]:
        """Return the problems whose scores are read, for each problem of a training set."""
        found = self.training_set(name)
        return [found["scored_as"].get(problem, problem) for problem in found["problems"]]

    def source(self, method: str, training_set: str) -> str:
        """Return which scores formulas of a training set are made of, released or features."""
        own = self.training_set(training_set)["scores"]
        return str(self.section(method)["scores"] if own == "method" else own)

    def inputs(self, method: str, training_set: str) -> list[str]:
        """Return the proxies that formulas of a training set are made of."""
        source = self.source(method, training_set)
        return list(self.training_set(training_set)["inputs"] or self.run.config[source]["proxies"])

    def completed(self, method: str, problems: Iterable[str]) -> list[str]:
        """Return those of ``problems`` for which our features fill what was not published."""
        return [problem for problem in self.section(method)["completed"] if problem in problems]

    def accuracies(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the accuracies that one evolution reads."""
        return self.run.accuracies(self.problems(wildcards))

    def scores(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the scores that one evolution reads."""
        source = self.source(wildcards.method, wildcards.training_set)
        return self.run.scores(source, self.scored_as(wildcards.training_set))

    def structure(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the structural counts that one evolution reads."""
        return self.run.structures(self.problems(wildcards))

    def computed(self, wildcards: Wildcards) -> list[str]:
        """Return the files of our features that one evolution reads beside published scores."""
        return self.run.scores("features", self.training_completed(wildcards))

    def training_completed(self, wildcards: Wildcards) -> list[str]:
        """Return the problems of a training set for which our features fill what was not published."""
        method, name = wildcards.method, wildcards.training_set
        if self.training_set(name)["missing"] != "computed" or self.source(method, name) != "released":
            return []
        return self.completed(method, self.scored_as(name))

    def evolve(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one evolution."""
        training_set = self.training_set(wildcards.training_set)
        source = self.source(wildcards.method, wildcards.training_set)
        return {
            "method": wildcards.method,
            "training_set": wildcards.training_set,
            "problems": [
                {"problem": problem, "architectures": architectures, "scored_as": scored_as}
                for (problem, architectures), scored_as in zip(
                    training_set["problems"].items(), self.scored_as(wildcards.training_set), strict=True
                )
            ],
            "source": source,
            "completed": self.training_completed(wildcards),
            "missing": "mean" if training_set["missing"] == "mean" else "masked",
            "inputs": self.inputs(wildcards.method, wildcards.training_set),
            "normalisation": training_set["normalisation"],
            "drawn_by": training_set["drawn_by"],
            "sample": int(wildcards.seed) if training_set["resampled"] else 0,
            "seed": self.run.config["seed"],
            "repeat": int(wildcards.seed),
            "max_undefined_share": self.run.config["max_undefined_share"],
            "options": self.options(wildcards.method, wildcards.training_set),
        }

    def options(self, method: str, training_set: str) -> dict[str, Any]:
        """Return the options of a method on a training set."""
        section = self.section(method)
        own = static.option_names(f"{provenance.PLUGINS['method']}.{method}")
        return {name: section[name] for name in own} | self.training_set(training_set)["options"]

    def formulas(self, method: str, training_sets: Iterable[str] | None = None) -> list[str]:
        """Return the files of a method's formulas, every repeat of its training sets or of some of them."""
        section = self.section(method)
        return [
            f"{self.folder(method)}/{training_set}/seed-{seed}.json"
            for training_set in (section["train_on"] if training_sets is None else training_sets)
            for seed in range(self.training_set(training_set)["repeats"] or section["repeats"])
        ]

    def folder(self, method: str) -> str:
        """Return where a method's formulas are: in the results, or in a tracked folder."""
        promoted = self.section(method)["promoted"]
        return str(self.run.here / promoted) if promoted else f"{self.run.results}/evolved/{method}"

    def results(self) -> list[str]:
        """Return the formulas of the run, how they were judged, and what both read."""
        made = []
        for method in self.methods:
            problems, scored = self.read_problems(method), self.scored_problems(method)
            if not self.section(method)["promoted"]:
                made += self.formulas(method)
            made += [*self.run.accuracies(problems), *self.run.structures(problems)]
            made += self.run.scores(self.section(method)["scores"], scored)
            made += self.run.scores("features", self.completed(method, scored))
            made.append(f"{self.run.results}/generalization/{method}.parquet")
        return made

    def read_problems(self, method: str) -> list[str]:
        """Return the problems that formulas of a method are judged on, and evolved on in this run."""
        trained = [
            problem for name in self._evolved_on(method) for problem in self.training_set(name)["problems"]
        ]
        return [*self.run.config["generalization"]["problems"], *trained]

    def scored_problems(self, method: str) -> list[str]:
        """Return the problems whose scores are read to evolve and to judge formulas of a method."""
        trained = [problem for name in self._evolved_on(method) for problem in self.scored_as(name)]
        return [*self.run.config["generalization"]["problems"], *trained]

    def _evolved_on(self, method: str) -> list[str]:
        """Return the training sets that a method evolves formulas on in this run."""
        section = self.section(method)
        return [] if section["promoted"] else list(section["train_on"])

    def counted_spaces(self) -> list[str]:
        """Return the spaces whose structural counts are computed."""
        problems = [problem for method in self.methods for problem in self.read_problems(method)]
        return list(dict.fromkeys(Problem.parse(problem).space for problem in problems))

    def judged_problems(self, wildcards: Wildcards) -> list[str]:
        """Return the problems that formulas are judged on."""
        del wildcards
        found: list[str] = self.run.config["generalization"]["problems"]
        return found

    def judged_scores(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the scores of the problems that formulas are judged on."""
        source = self.section(wildcards.method)["scores"]
        return self.run.scores(source, self.judged_problems(wildcards))

    def judged_computed(self, wildcards: Wildcards) -> list[str]:
        """Return the files of our features that fill what was not published of the judged problems."""
        completed = self.completed(wildcards.method, self.judged_problems(wildcards))
        return self.run.scores("features", completed)

    def generalize(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that judges the formulas of a method."""
        section, general = self.section(wildcards.method), self.run.config["generalization"]
        completed = self.completed(wildcards.method, self.judged_problems(wildcards))
        runs = [run for run in self.run.config["features"]["runs"] if run["problem"] in completed]
        ours = {name for run in runs for name in run["proxies"]}
        return dict(general) | {
            "handcrafted": section["handcrafted"],
            "later": [name for name in general["later"] if name in ours],
            "counts": section["counts"],
            "completed": completed,
            "source": section["scores"],
            "seed": self.run.config["seed"],
            "max_undefined_share": self.run.config["max_undefined_share"],
        }
