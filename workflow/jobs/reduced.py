"""Jobs that train networks with less: smaller images, fewer channels, fewer epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import static
from jobs.run import ACCURACIES, Run, Settings, Wildcards


@dataclass(frozen=True)
class ReducedTrainings:
    """The jobs of one run."""

    run: Run

    @property
    def section(self) -> Mapping[str, Any]:
        """The section of the configuration."""
        found: Mapping[str, Any] = self.run.config["reduced_trainings"]
        return found

    def tables(self) -> dict[str, str]:
        """Return the trainings of the run by name, in its results or in a tracked folder."""
        return {
            f"trainings/{of['recipe']}/{of['problem']}": f"{self._folder(of)}/{of['problem']}.parquet"
            for of in self.section["runs"]
        }

    def of(self, wildcards: Wildcards) -> Mapping[str, Any]:
        """Return what is configured of a recipe on a problem."""
        asked = (wildcards.recipe, f"{wildcards.space}/{wildcards.task}")
        found: Mapping[str, Any] = next(
            of for of in self.section["runs"] if (of["recipe"], of["problem"]) == asked
        )
        return found

    def images(self, wildcards: Wildcards) -> list[str]:
        """Return the files of the images, those of the test images last."""
        return self.run.files(self.of(wildcards)["files"])

    def train(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one chunk."""
        of = self.of(wildcards)
        options = {name: self.section[name] for name in static.option_names("zcrepro.training.fit")}
        return options | {
            "recipe": wildcards.recipe,
            "space": wildcards.space,
            "task": wildcards.task,
            "images": self.run.images_of(wildcards)["images"],
            "digests": list(self.run.digests(of["files"]).values()),
            "side": of["side"],
            "channels": of["channels"],
            "stop_after": of["stop_after"],
            "start": int(wildcards.start),
            "stop": int(wildcards.stop),
            "seed": self.run.config["seed"],
            "device": self.run.config["device"],
            "torch_threads": self.run.config["torch_threads"],
        }

    def chunks(self, wildcards: Wildcards) -> list[str]:
        """Return the chunks of a recipe on a problem."""
        return self._chunks(self.of(wildcards))

    def results(self) -> list[str]:
        """Return every file that is made for the trainings of the run."""
        computed = [of for of in self.section["runs"] if not of["promoted"]]
        problems = [of["problem"] for of in computed]
        orders = [self.run.order(problem, ACCURACIES) for problem in problems]
        made = [path for of in computed for path in self._chunks(of)]
        joined = [f"{self._folder(of)}/{of['problem']}.parquet" for of in computed]
        return [*self.run.accuracies(problems), *orders, *made, *joined]

    def _folder(self, of: Mapping[str, Any]) -> str:
        if of["promoted"]:
            return str(self.run.here / of["promoted"])
        return f"{self.run.results}/trainings/{of['recipe']}"

    def _chunks(self, of: Mapping[str, Any]) -> list[str]:
        size, total = self.section["networks_per_job"], of["architectures"]
        spans = [(start, min(start + size, total)) for start in range(0, total, size)]
        return [f"{self._folder(of)}/{of['problem']}/{start}-{stop}.parquet" for start, stop in spans]
