"""Jobs that search the true accuracies of a benchmark, one for each algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import static
from jobs.evolution import Evolution
from jobs.run import Run, Settings, Wildcards
from zcrepro import provenance
from zcrepro.spaces.structural_counts import PREFIX


@dataclass(frozen=True)
class Searching:
    """The jobs of one run."""

    run: Run

    @property
    def experiments(self) -> Mapping[str, Mapping[str, Any]]:
        """The experiments by name."""
        found: Mapping[str, Mapping[str, Any]] = self.run.config["search"]
        return found

    def tables(self) -> dict[str, str]:
        """Return the searches of the run by name, in its results or in a tracked folder."""
        return {
            f"search/{experiment}/{name}": f"{self._folder(experiment)}/{name}.parquet"
            for experiment, section in self.experiments.items()
            for name in (run["problem"].replace("/", "-") for run in section["runs"])
        }

    def _folder(self, experiment: str) -> str:
        promoted = self.experiments[experiment]["promoted"]
        return str(self.run.here / promoted) if promoted else f"{self.run.results}/search/{experiment}"

    def problem(self, wildcards: Wildcards) -> Mapping[str, Any]:
        """Return what an experiment says of one problem."""
        runs = self.experiments[wildcards.experiment]["runs"]
        found: Mapping[str, Any] = next(
            run for run in runs if run["problem"] == f"{wildcards.space}/{wildcards.task}"
        )
        return found

    def scores(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the scores that guide, and of ours that have what these lack."""
        return self._scores(self.problem(wildcards))

    def _scores(self, run: Mapping[str, Any]) -> list[str]:
        main = self.run.scores(run["scores"], [scored_as(run)])
        if not run["variant"]:
            return main
        variant = f"{self.run.results}/features-{run['variant']}/{scored_as(run)}.parquet"
        return [variant] if run["scores"] == "features" else [*main, variant]

    def structure(self, wildcards: Wildcards) -> list[str]:
        """Return the file of the structural counts, none if the guiding formula reads none."""
        run = self.problem(wildcards)
        sets = self.run.config["training_sets"]
        inputs = sets[run["evolved_on"]]["inputs"] if run["evolved_on"] else []
        counted = any(name.startswith(PREFIX) for name in inputs)
        return self.run.structures([run["problem"]]) if counted else []

    def formulas(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the formulas of which the best guides, none if no formula does."""
        run = self.problem(wildcards)
        if not run["evolved_on"]:
            return []
        return Evolution(self.run).formulas(run["evolved_by"], [run["evolved_on"]])

    def search(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one algorithm's searches on one problem."""
        section, run = self.experiments[wildcards.experiment], self.problem(wildcards)
        own = static.option_names(f"{provenance.PLUGINS['algorithm']}.{wildcards.algorithm}")
        return {name: section[name] for name in static.option_names(provenance.STAGES["search"])} | {
            "space": wildcards.space,
            "task": wildcards.task,
            "scored_as": scored_as(run),
            "source": run["scores"],
            "guides": run["guides"],
            "algorithm": wildcards.algorithm,
            "options": {name: section[wildcards.algorithm][name] for name in own},
            "seed": self.run.config["seed"],
            "torch_threads": self.run.config["torch_threads"],
        }

    def results(self) -> list[str]:
        """Return the searches of the run, their parts, and what they read."""
        made = []
        for name, section in self.experiments.items():
            if not section["promoted"]:
                for run in section["runs"]:
                    folder = f"{self._folder(name)}/{run['problem'].replace('/', '-')}"
                    made += [
                        f"{folder}.parquet",
                        *(f"{folder}/{each}.parquet" for each in section["algorithms"]),
                    ]
                    made += self.run.accuracies([run["problem"]])
                    made += self._scores(run)
        return made

    def parts(self, wildcards: Wildcards) -> list[str]:
        """Return the files of all algorithms of an experiment on one problem."""
        folder = f"{self.run.results}/search/{wildcards.experiment}/{wildcards.space}-{wildcards.task}"
        return [f"{folder}/{name}.parquet" for name in self.experiments[wildcards.experiment]["algorithms"]]


def scored_as(run: Mapping[str, Any]) -> str:
    """Return the problem whose scores guide the searches of a problem."""
    found: str = run["scored_as"] or run["problem"]
    return found
