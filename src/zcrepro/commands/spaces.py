"""``zcrepro spaces``: what there is, what is known of it, and the proof that the networks are right."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from zcrepro import proofs, registry
from zcrepro.progress import track
from zcrepro.proofs import Proof
from zcrepro.spaces._base import Space

MANY = 10**9  # from here on a size is read by its power of ten


def spaces(*, prove: bool = False, benchmarks: Path = Path("config/benchmarks.yaml")) -> None:
    """List every search space: its architectures and tasks, where what is known of it comes from, proofs.

    A proof is a source that publishes parameters or multiply-adds of networks: those that we build
    must have the same, to the unit, for every architecture of the source.

    Parameters
    ----------
    prove
        Count all networks again (a minute or two), instead of naming the proofs that there are.
    benchmarks
        What is known of each space.
    """
    known = yaml.safe_load(benchmarks.read_text(encoding="utf-8"))["benchmarks"]
    kept = proofs.read()
    passed = {proof: proofs.holds(proof) for proof in track(kept, "counting")} if prove else {}
    console = Console()
    console.print(_spaces(known))
    console.print(_proofs(kept, passed))
    if not all(passed.values()):
        raise ValueError(f"{list(passed.values()).count(False)} of {len(passed)} proofs failed")


def _spaces(known: Mapping[str, Any]) -> Table:
    shown = Table("space", "architectures", "tasks", "sources: recipes")
    for name in registry.names("space"):
        space: Space = registry.get("space", name)
        shown.add_row(name, _size(space.size), ", ".join(space.tasks), _sources(known.get(name, {})))
    return shown


def _size(size: int | None) -> str:
    if size is None:
        return "not counted"
    return f"{size:,}" if size < MANY else f"{size:.1e}"


def _sources(tables_by_source: Mapping[str, Any]) -> str:
    lines = []
    for source, tables in tables_by_source.items():
        recipes = sorted({recipe for table in tables.values() for recipe in table})
        lines.append(f"{source}: {', '.join(recipes)}")
    return "\n".join(lines) or "none"


def _proofs(kept: Iterable[Proof], passed: Mapping[Proof, bool]) -> Table:
    """A row for each space and source; each cell holds a line for each task."""
    shown = Table("space", "published by", "task", "architectures", "params", "flops")
    for (space, source), group in groupby(kept, key=lambda proof: (proof.space, proof.source)):
        by_task: dict[str, dict[str, Proof]] = {}
        for proof in group:
            by_task.setdefault(proof.task, {})[proof.quantity] = proof
        lines = [
            (
                task,
                f"{next(iter(of.values())).architectures:,}",
                *(_verdict(of.get(quantity), passed) for quantity in ("params", "flops")),
            )
            for task, of in by_task.items()
        ]
        shown.add_row(space, source, *("\n".join(column) for column in zip(*lines, strict=True)))
    return shown


def _verdict(proof: Proof | None, passed: Mapping[Proof, bool]) -> str:
    if proof is None:
        return "not published"
    if proof not in passed:
        return "kept"
    return "passed" if passed[proof] else "FAILED"
