"""Aging evolution; with a guide, warmed up and with proposed moves.

Real et al., Regularized Evolution (AAAI 2019), with the warmup and the moves of Abdelfattah et al.
(ICLR 2021, section 4.2): evolution starts from the best of the scored architectures, and a mutation takes,
with a probability, the neighbour of the best score instead of a random one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from zcrepro.searching._guide import Guide, warmed_up
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer
from zcrepro.searching.base import Algorithm

STALE = 1000  # mutations in a row that trained nothing new: the living models know all they can reach


@dataclass(frozen=True)
class Options:
    """Options of aging evolution."""

    alive: Annotated[int, Ge(2)] = 64
    """Models that are alive at a time; the oldest dies."""

    tournament: Annotated[int, Ge(1)] = 10
    """Living models of which the best is mutated."""


def aging_evolution(
    pool: Pool, trainer: Trainer, guide: Guide | None, rng: np.random.Generator, options: Options
) -> None:
    """Train mutations of good models until the budget is spent."""
    order = warmed_up(pool, guide, rng)
    alive = deque((int(i) for i in order[: options.alive]), maxlen=options.alive)
    for index in alive:
        trainer.train(index)
    fresh = iter(order)
    stale = 0
    while not trainer.exhausted:
        rivals = rng.choice(len(alive), size=min(options.tournament, len(alive)), replace=False)
        parent = max((alive[i] for i in rivals), key=trainer.train)  # known already, so it costs nothing
        child = _mutation(pool, parent, guide, rng) if stale < STALE else int(next(fresh))
        before = len(trainer.trained)
        trainer.train(child)
        stale = 0 if len(trainer.trained) > before else stale + 1
        alive.append(child)


def _mutation(pool: Pool, parent: int, guide: Guide | None, rng: np.random.Generator) -> int:
    neighbours = pool.neighbours(parent)
    if guide is not None and rng.random() < guide.move_probability:
        return int(guide.best_first(neighbours)[0])
    return int(rng.choice(neighbours))


ALGORITHM = Algorithm(aging_evolution, Options)
