"""Search by a proxy alone: aging evolution of its score, and nothing is trained.

The evolved proxy as the objective of an evolutionary algorithm, as in Phan and Luong (2025);
their algorithm is not known, so this is Real et al. (AAAI 2019).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import numpy as np

from zcrepro.progress import track
from zcrepro.spaces.base import Arch, Space

Score = Callable[[Arch], float]


def training_free(
    space: Space, score: Score, evaluations: int, pool: int, tournament: int, rng: np.random.Generator
) -> dict[Arch, float]:
    """Return the scored architectures, best first; one of each class of equal graphs is scored, once.

    ``score``: larger is better, and NaN is below everything. ``evaluations``: mutations and
    random architectures together; those whose graph is known cost nothing but their turn.
    """
    known: dict[str, float] = {}
    found: dict[Arch, float] = {}
    members: deque[Arch] = deque(maxlen=pool)

    def value(arch: Arch) -> float:
        return known[space.canonical(arch)]

    for turn in track(range(evaluations), f"searching {space.name}"):
        if turn < pool:
            arch = space.sample(rng)
        else:
            rivals = rng.choice(len(members), size=min(tournament, len(members)), replace=False)
            arch = space.mutate(max((members[i] for i in rivals), key=value), rng)
        graph = space.canonical(arch)
        if graph not in known:
            scored = score(arch)
            known[graph] = -math.inf if math.isnan(scored) else scored
            found[arch] = known[graph]
        members.append(arch)
    return dict(sorted(found.items(), key=lambda item: -item[1]))
