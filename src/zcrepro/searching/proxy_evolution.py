"""Evolution whose only objective is a proxy; what it ends on is trained.

This is the use that Phan and Luong (2025) make of an evolved proxy. They do not publish their algorithm, so
it is regularized evolution (Real et al., AAAI 2019), with the score in place of the accuracy.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from zcrepro.searching._guide import OBJECTIVE, Guide, Help
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer
from zcrepro.searching.base import Algorithm


@dataclass(frozen=True)
class Options:
    """Options of evolution by a proxy."""

    evaluations: Annotated[int, Ge(1)] = 3000
    """Architectures that are scored, repetitions included."""

    alive: Annotated[int, Ge(2)] = 64
    """Architectures that are alive at a time; the oldest dies."""

    tournament: Annotated[int, Ge(1)] = 10
    """Living architectures of which the best is mutated."""


def proxy_evolution(
    pool: Pool, trainer: Trainer, guide: Guide | None, rng: np.random.Generator, options: Options
) -> None:
    """Evolve by the score of the guide, then train what was found, best first, until the budget is spent."""
    assert guide is not None, "evolution by a proxy needs one"
    scores = np.where(np.isnan(guide.scores), -np.inf, guide.scores)
    alive = deque((int(i) for i in rng.permutation(len(pool))[: options.alive]), maxlen=options.alive)
    found = dict.fromkeys(alive)
    for _ in range(options.evaluations - len(alive)):
        rivals = rng.permutation(len(alive))[: options.tournament]
        parent = max((alive[i] for i in rivals), key=scores.__getitem__)
        neighbours = pool.neighbours(parent)
        child = int(neighbours[rng.integers(len(neighbours))])
        found[child] = None
        alive.append(child)
    for index in guide.best_first(np.array([*found])):
        trainer.train(int(index))


def _helps(options: Options) -> list[Help]:
    del options
    return [Help(OBJECTIVE)]


ALGORITHM = Algorithm(proxy_evolution, Options, _helps, plain=False)
