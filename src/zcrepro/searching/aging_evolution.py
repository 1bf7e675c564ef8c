"""Aging evolution; with a guide, warmed up or with proposed moves.

Real et al., Regularized Evolution (AAAI 2019), with the warmup and the moves of Abdelfattah et al.
(ICLR 2021, section 4.2): evolution starts from the best of the scored architectures, or a mutation takes,
with a probability, the neighbour of the best score instead of a random one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from zcrepro.searching._guide import MOVE, WARMUP, Guide, Help, helps, warmed_up
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer
from zcrepro.searching.base import Algorithm

PATIENCE = 100
"""Mutations in a row that are known, after which a random architecture is trained instead."""


@dataclass(frozen=True)
class Options:
    """Options of aging evolution."""

    alive: Annotated[int, Ge(2)] = 64
    """Models that are alive at a time; the oldest dies."""

    tournament: Annotated[int, Ge(1)] = 10
    """Living models of which the best is mutated."""

    warmup: tuple[Annotated[int, Ge(1)], ...] = (1000, 3000, 15625)
    """Random architectures that are scored before the search, one search for each number."""

    move: tuple[Annotated[int, Ge(0)], ...] = (0,)
    """Neighbours that are scored for each mutation, one search for each number; 0 stands for all."""


def aging_evolution(
    pool: Pool, trainer: Trainer, guide: Guide | None, rng: np.random.Generator, options: Options
) -> None:
    """Train mutations of good models until the budget is spent."""
    order = warmed_up(pool, guide, rng)
    alive = deque((int(i) for i in order[: options.alive]), maxlen=options.alive)
    for index in alive:
        trainer.train(index)
    fresh = iter(order)
    known = 0
    while not trainer.exhausted:
        rivals = rng.permutation(len(alive))[: options.tournament]
        parent = max((alive[i] for i in rivals), key=trainer.train)  # known already, so it costs nothing
        child = _mutation(pool, parent, helps(guide, MOVE), rng) if known < PATIENCE else int(next(fresh))
        known = known + 1 if trainer.knows(child) else 0
        trainer.train(child)
        alive.append(child)


def _mutation(pool: Pool, parent: int, guide: Guide | None, rng: np.random.Generator) -> int:
    neighbours = pool.neighbours(parent)
    if guide is None or rng.random() >= guide.move_probability:
        return int(neighbours[rng.integers(len(neighbours))])
    scored = guide.help.amount or len(neighbours)
    return guide.best(rng.permutation(neighbours)[:scored])


def _helps(options: Options) -> list[Help]:
    return [
        *(Help(WARMUP, number) for number in options.warmup),
        *(Help(MOVE, number) for number in options.move),
    ]


ALGORITHM = Algorithm(aging_evolution, Options, _helps)
