"""Jobs that evolve formulas, with any method, and judge them on every problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import static
from jobs.run import Run, Settings, Wildcards
from zcrepro import provenance


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

    def problems(self, wildcards: Wildcards) -> list[str]:
        """Return the problems of a training set."""
        found: list[str] = self.run.config["training_sets"][wildcards.training_set]
        return found

    def accuracies(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the accuracies that one evolution reads."""
        return self.run.accuracies(self.problems(wildcards))

    def scores(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the scores that one evolution reads."""
        return self.run.scores(self.section(wildcards.method)["scores"], self.problems(wildcards))

    def evolve(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one evolution."""
        section = self.section(wildcards.method)
        own = static.options(f"{provenance.PLUGINS['method']}.{wildcards.method}")
        return {
            "method": wildcards.method,
            "training_set": wildcards.training_set,
            "problems": self.problems(wildcards),
            "source": section["scores"],
            "terminals": section["terminals"],
            "architectures": section["architectures"],
            "seed": self.run.config["seed"],
            "repeat": int(wildcards.seed),
            "max_undefined_share": self.run.config["max_undefined_share"],
            "options": {name: section[name] for name in own},
        }

    def formulas(self, method: str, training_sets: Iterable[str] | None = None) -> list[str]:
        """Return the files of a method's formulas, every repeat of its training sets or of some of them."""
        section = self.section(method)
        return [
            f"{self.folder(method)}/{training_set}/seed-{seed}.json"
            for training_set in (section["train_on"] if training_sets is None else training_sets)
            for seed in range(section["repeats"])
        ]

    def folder(self, method: str) -> str:
        """Return where a method's formulas are: in the results, or in a tracked folder."""
        promoted = self.section(method)["promoted"]
        return str(self.run.here / promoted) if promoted else f"{self.run.results}/evolved/{method}"

    def results(self) -> list[str]:
        """Return the formulas of the run, how they were judged, and what both read."""
        made = []
        for method in self.methods:
            source = self.section(method)["scores"]
            problems = self.run.config["generalization"]["problems"]
            if not self.section(method)["promoted"]:
                made += self.formulas(method)
                sets = self.run.config["training_sets"]
                problems = [
                    *problems,
                    *(each for name in self.section(method)["train_on"] for each in sets[name]),
                ]
            made += [*self.run.accuracies(problems), *self.run.scores(source, problems)]
            made.append(f"{self.run.results}/generalization/{method}.parquet")
        return made

    def judged_problems(self, wildcards: Wildcards) -> list[str]:
        """Return the problems that formulas are judged on."""
        del wildcards
        found: list[str] = self.run.config["generalization"]["problems"]
        return found

    def judged_scores(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the scores of the problems that formulas are judged on."""
        source = self.section(wildcards.method)["scores"]
        return self.run.scores(source, self.judged_problems(wildcards))

    def generalize(self, wildcards: Wildcards) -> Settings:
        """Return the settings of the job that judges the formulas of a method."""
        section = self.section(wildcards.method)
        return dict(self.run.config["generalization"]) | {
            "handcrafted": section["handcrafted"],
            "source": section["scores"],
            "seed": self.run.config["seed"],
            "max_undefined_share": self.run.config["max_undefined_share"],
        }
