"""``zcrepro spaces``: list the search spaces, what is known of them, and proofs of their networks."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from zcrepro import checkout, registry
from zcrepro.benchmarks import proofs
from zcrepro.benchmarks.proofs import Proof
from zcrepro.commands._output import Listing, Output
from zcrepro.files.yaml import read_yaml
from zcrepro.progress import track
from zcrepro.spaces.base import Space

DEFAULT = Output()


def spaces(*, prove: bool = False, benchmarks: Path | None = None, output: Output = DEFAULT) -> None:
    """List every search space with its architectures, tasks, sources of accuracies, and proofs.

    A proof is a source that publishes parameters or multiply-adds of networks. The networks built here must
    have exactly the same numbers, for every architecture of the source.

    Parameters
    ----------
    prove
        Count all networks again, which takes a minute or two, instead of listing the proofs that were kept.
    benchmarks
        The YAML file with the sources of each space; by default config/benchmarks.yaml of the repository.
    """
    known = _known(benchmarks or checkout.path("config/benchmarks.yaml"))
    kept = proofs.read()
    passed = {proof: proofs.holds(proof) for proof in track(kept, "counting")} if prove else {}
    output.show(
        Listing("spaces", [_space(name, known) for name in registry.names("space")], whole=("space",)),
        Listing("proofs", list(_proofs(kept, passed)), "Published counts that our networks have"),
    )
    if not all(passed.values()):
        raise ValueError(f"{list(passed.values()).count(False)} of {len(passed)} proofs failed")


def _known(path: Path) -> Mapping[str, Any]:
    try:
        return read_yaml(path)["benchmarks"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is not a YAML file with the key benchmarks ({error!r})") from error


def _space(name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a space; ``recipes`` maps each source to its recipes."""
    space: Space = registry.get("space", name)
    recipes = {
        source: sorted({recipe for table in tables.values() for recipe in table})
        for source, tables in known.get(name, {}).items()
    }
    return {"space": name, "architectures": space.size, "tasks": list(space.tasks), "recipes": recipes}


def _proofs(kept: Sequence[Proof], passed: Mapping[Proof, bool]) -> Iterator[dict[str, Any]]:
    """Yield one row per space, source and task."""
    for (space, source, task), group in groupby(
        kept, key=lambda proof: (proof.space, proof.source, proof.task)
    ):
        by_quantity = {proof.quantity: proof for proof in group}
        yield {
            "space": space,
            "published by": source,
            "task": task,
            "architectures": next(iter(by_quantity.values())).architectures,
            "params": _verdict(by_quantity.get("params"), passed),
            "flops": _verdict(by_quantity.get("flops"), passed),
        }


def _verdict(proof: Proof | None, passed: Mapping[Proof, bool]) -> str:
    if proof is None:
        return "not published"
    if proof not in passed:
        return "kept"
    return "passed" if passed[proof] else "FAILED"
