"""Jobs that train the embedded benchmark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import static
from jobs.run import Run, Settings, Wildcards


@dataclass(frozen=True)
class Training:
    """The jobs of one run."""

    run: Run

    @property
    def section(self) -> Mapping[str, Any]:
        """The section of the configuration."""
        found: Mapping[str, Any] = self.run.config["embedded"]
        return found

    def train(self, wildcards: Wildcards) -> Settings:
        """Return the settings of one shard."""
        problem = f"{wildcards.space}/{wildcards.task}"
        trained = {run["problem"]: run["seeds"] for run in self.section["problems"]}
        return {name: self.section[name] for name in static.option_names("zcrepro.training.fit")} | {
            "space": wildcards.space,
            "task": wildcards.task,
            "images": self.run.images_of(wildcards)["images"],
            "seeds": trained[problem],
            "chunk": int(wildcards.shard),
            "chunk_size": self.section["shard_size"],
            "torch_threads": self.run.config["torch_threads"],
        }

    def shards(self) -> list[str]:
        """Return the files of all shards."""
        count = ceil(self.section["architectures"] / self.section["shard_size"])
        return [
            f"{self.run.results}/trainings/embedded/{run['problem']}/{shard:04d}.parquet"
            for run in self.section["problems"]
            for shard in range(count)
        ]
