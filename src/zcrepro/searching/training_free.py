"""Search by scores alone: evolution with scores as the objectives, and nothing is trained.

The evolved proxy as the objective of an evolutionary algorithm, as in Phan and Luong (2025). Their algorithm
is not published, so this is regularized evolution (Real et al., AAAI 2019). With several objectives, the
winner of a tournament is one that no rival dominates. In a space without edits, all architectures are drawn.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from zcrepro.progress import track
from zcrepro.spaces.base import Arch, Space

Values = tuple[float, ...]
Score = Callable[[Arch], Values]
"""Maps an architecture to the values of the objectives; larger is better, and NaN is below everything."""

EVOLUTION = "regularized evolution"
SAMPLING = "random search, as the space has no edits"

ATTEMPTS = 1000
"""Architectures that are drawn to find one that is allowed."""


def training_free(
    space: Space,
    score: Score,
    evaluations: int,
    pool: int,
    tournament: int,
    rng: np.random.Generator,
    *,
    allowed: Callable[[Arch], bool] = lambda _: True,
    seconds: float | None = None,
) -> dict[Arch, Values]:
    """Return the scored architectures; one of each class of equal graphs is scored, once.

    Parameters
    ----------
    space
        The space.
    score
        The objectives.
    evaluations
        Mutations and random architectures together; those whose graph is known cost nothing but their turn.
    pool
        The number of living architectures; the oldest dies.
    tournament
        The number of living architectures of which the best is mutated.
    rng
        The random stream.
    allowed
        Whether an architecture may be scored.
    seconds
        Time after which nothing more is proposed.

    Raises
    ------
    ValueError
        If no architecture that is allowed is found among ATTEMPTS random ones.
    """
    evolves = algorithm(space) == EVOLUTION
    known: dict[str, Values] = {}
    found: dict[Arch, Values] = {}
    members: deque[Arch] = deque(maxlen=pool)

    def proposed(turn: int) -> Arch:
        if evolves and turn >= pool:
            rivals = rng.choice(len(members), size=min(tournament, len(members)), replace=False)
            best = winner([(members[i], known[space.canonical(members[i])]) for i in rivals])
            child = space.mutate(best, rng)
            if allowed(child):
                return child
        return _drawn(space, allowed, rng)

    for turn in track(range(evaluations), f"searching {space.name}", seconds):
        arch = proposed(turn)
        graph = space.canonical(arch)
        if graph not in known:
            known[graph] = tuple(-math.inf if math.isnan(value) else value for value in score(arch))
            found[arch] = known[graph]
        members.append(arch)
    return found


def algorithm(space: Space) -> str:
    """Return how a space is searched: by evolution, or by sampling alone if it defines no edits."""
    try:
        has_edits = bool(space.neighbours(space.sample(np.random.default_rng(0))))
    except ValueError:
        has_edits = False
    return EVOLUTION if has_edits else SAMPLING


def winner(rivals: Sequence[tuple[Arch, Values]]) -> Arch:
    """Return the first rival that no other dominates."""
    return next(arch for arch, values in rivals if not any(dominates(others, values) for _, others in rivals))


def dominates(one: Values, other: Values) -> bool:
    """Return whether ``one`` is nowhere worse than ``other`` and somewhere better."""
    return one != other and all(mine >= theirs for mine, theirs in zip(one, other, strict=True))


def _drawn(space: Space, allowed: Callable[[Arch], bool], rng: np.random.Generator) -> Arch:
    for _ in range(ATTEMPTS):
        arch = space.sample(rng)
        if allowed(arch):
            return arch
    raise ValueError(
        f"none of {ATTEMPTS} random architectures of {space.name} is within the limits; raise max_params or "
        "max_flops"
    )
