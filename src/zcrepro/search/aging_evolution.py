"""Aging evolution; with a guide, warmed up and with proposed moves.

Real et al., Regularized Evolution (AAAI 2019), with the warmup and the moves of Abdelfattah et al.
(ICLR 2021, section 4.2): the pool starts from the best of the scored architectures, and a mutation
takes, with a probability, the neighbour of the best score instead of a random one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from zcrepro.search._benchmark import Guide, Table, Trainer, warmed_up

STALE = 1000  # mutations in a row that trained nothing new: the pool knows all it can reach


def aging_evolution(
    trainer: Trainer, table: Table, guide: Guide | None, rng: np.random.Generator, options: Mapping[str, int]
) -> None:
    """Trains until the budget is spent. Options: ``pool`` and ``tournament``, both in models."""
    order = warmed_up(table, guide, rng)
    pool = deque((int(i) for i in order[: options["pool"]]), maxlen=options["pool"])
    for index in pool:
        trainer.train(index)
    fresh = iter(order)
    stale = 0
    while not trainer.exhausted:
        rivals = rng.choice(len(pool), size=min(options["tournament"], len(pool)), replace=False)
        parent = max((pool[i] for i in rivals), key=lambda i: table.validation[i])
        child = _mutation(table, parent, guide, rng) if stale < STALE else int(next(fresh))
        before = len(trainer.trained)
        trainer.train(child)
        stale = 0 if len(trainer.trained) > before else stale + 1
        pool.append(child)


def _mutation(table: Table, parent: int, guide: Guide | None, rng: np.random.Generator) -> int:
    neighbours = table.neighbours(parent)
    if guide is not None and rng.random() < guide.move_probability:
        return int(guide.best_first(neighbours)[0])
    return int(rng.choice(neighbours))


ALGORITHM = aging_evolution
