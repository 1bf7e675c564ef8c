"""Defaults that follow from another key, and names that stand for several, which a schema cannot express."""

from collections.abc import Iterable, Mapping
from typing import Any

import static
from zcrepro.programs.names import IMAGES, of_tensor, program_name
from zcrepro.programs.terminals import TERMINALS
from zcrepro.proxies.suite_zero import SUITE_ZERO
from zcrepro.spaces.structural_counts import COUNTS, PREFIX

PUBLISHED = "zcrepro.programs.published"
"""The module that assigns the texts of the published programs of EZNAS."""

ALIASES = {
    "suite_zero": SUITE_ZERO,
    "structure": tuple(PREFIX + name for name in COUNTS),
    "eznas": (*static.literal(PUBLISHED, "TEXTS"), IMAGES),
    "eznas_a_tensors": tuple(of_tensor("eznas_a", tensor) for tensor in TERMINALS),
}
"""Names that stand for several proxies in every list of proxies."""

EVOLVED_PROGRAMS = "evolved_programs"
"""The name that stands for the evolved programs of the run in the lists of variants."""


def with_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration with each alias written out and each empty list of proxies filled in.

    Formulas are made of, and compared with, all proxies of the scores that are read.
    """
    filled = dict(config)
    for source in ("features", "released"):
        filled[source] = config[source] | {"proxies": written_out(config[source]["proxies"])}
    filled["features"]["runs"] = [
        run | {"proxies": written_out(run["proxies"]) or filled["features"]["proxies"]}
        for run in config["features"]["runs"]
    ]
    evolved = {EVOLVED_PROGRAMS: evolved_programs(config["programs"])}
    filled["features"]["variants"] = [
        variant | {"proxies": written_out(variant["proxies"], ALIASES | evolved)}
        for variant in config["features"]["variants"]
    ]
    filled["evolution"] = {
        method: section
        | {
            "handcrafted": written_out(section["handcrafted"]) or filled[section["scores"]]["proxies"],
            "counts": written_out(section["counts"]),
        }
        for method, section in config["evolution"].items()
    }
    filled["search"] = {
        name: experiment
        | {"runs": [run | {"guides": written_out(run["guides"])} for run in experiment["runs"]]}
        for name, experiment in config["search"].items()
    }
    filled["training_sets"] = {
        name: of | {"inputs": written_out(of["inputs"])} for name, of in config["training_sets"].items()
    }
    return filled


def evolved_programs(section: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the evolved programs of a run: of each repeat, the fittest and the median one."""
    return tuple(
        program_name(training_set, repeat, median=median)
        for training_set in section["train_on"]
        for repeat in range(section["repeats"])
        for median in (False, True)
    )


def written_out(names: Iterable[str], aliases: Mapping[str, tuple[str, ...]] = ALIASES) -> list[str]:
    """Return the names with each alias replaced by what it stands for; no name stands there twice."""
    return list(dict.fromkeys(each for name in names for each in aliases.get(name, (name,))))
