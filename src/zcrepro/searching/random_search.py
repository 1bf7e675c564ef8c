"""Random search; with a guide, some random architectures are scored first and the best trained first.

RAND and RAND+warmup of Abdelfattah et al. (ICLR 2021, section 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zcrepro.searching._guide import Guide, warmed_up
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer
from zcrepro.searching.base import Algorithm


@dataclass(frozen=True)
class Options:
    """Random search has no options."""


def random_search(
    pool: Pool, trainer: Trainer, guide: Guide | None, rng: np.random.Generator, options: Options
) -> None:
    """Train architectures in random order until the budget is spent."""
    del options
    for index in warmed_up(pool, guide, rng):
        trainer.train(int(index))


ALGORITHM = Algorithm(random_search, Options)
