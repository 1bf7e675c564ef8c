"""``zcrepro spaces``: what there is, what is known of it, and the proof that the networks are right."""

from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from zcrepro import proofs, registry
from zcrepro.progress import track
from zcrepro.proofs import Proof
from zcrepro.spaces._base import Space


def spaces(*, prove: bool = False, benchmarks: Path = Path("config/benchmarks.yaml")) -> None:
    """List every search space: its architectures and tasks, where what is known of it comes from, proofs.

    A proof is a source that publishes parameters or multiply-adds of networks: those that we build
    must have the same, to the unit, for every architecture of the source.

    Parameters
    ----------
    prove
        Count again (some minutes), instead of naming the proofs that there are.
    benchmarks
        What is known of each space.
    """
    known = yaml.safe_load(benchmarks.read_text(encoding="utf-8"))["benchmarks"]
    kept = proofs.read()
    passed = {proof: proofs.holds(proof) for proof in track(kept, "counting")} if prove else {}
    console = Console()
    shown = Table("space", "architectures", "tasks", "sources: recipes")
    for name in registry.names("space"):
        space: Space = registry.get("space", name)
        size = f"{space.size:,}" if space.size is not None else "not counted"
        shown.add_row(name, size, ", ".join(space.tasks), _sources(known.get(name, {})))
    console.print(shown)
    proved = Table("space", "task", "quantity", "architectures", "published by", "proof")
    for proof in kept:
        proved.add_row(
            proof.space,
            proof.task,
            proof.quantity,
            f"{proof.architectures:,}",
            proof.source,
            _verdict(proof, passed),
        )
    console.print(proved)
    if not all(passed.values()):
        raise ValueError(f"{list(passed.values()).count(False)} of {len(passed)} proofs failed")


def _sources(tables_by_source: dict[str, Any]) -> str:
    lines = []
    for source, tables in tables_by_source.items():
        recipes = sorted({recipe for table in tables.values() for recipe in table})
        lines.append(f"{source}: {', '.join(recipes)}")
    return "\n".join(lines)


def _verdict(proof: Proof, passed: dict[Proof, bool]) -> str:
    if proof not in passed:
        return "kept"
    return "passed" if passed[proof] else "FAILED"
