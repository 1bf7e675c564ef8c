"""Random search; with a warmup, some random architectures are scored first and the best trained first.

RAND and RAND+warmup of Abdelfattah et al. (ICLR 2021, section 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from zcrepro.searching._guide import WARMUP, Guide, Help, warmed_up
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer
from zcrepro.searching.base import Algorithm


@dataclass(frozen=True)
class Options:
    """Options of random search."""

    warmup: tuple[Annotated[int, Ge(1)], ...] = (1000, 3000, 15625)
    """Random architectures that are scored before the search, one search for each number."""


def random_search(
    pool: Pool, trainer: Trainer, guide: Guide | None, rng: np.random.Generator, options: Options
) -> None:
    """Train architectures in random order until the budget is spent."""
    del options
    for index in warmed_up(pool, guide, rng):
        trainer.train(int(index))


def _helps(options: Options) -> list[Help]:
    return [Help(WARMUP, number) for number in options.warmup]


ALGORITHM = Algorithm(random_search, Options, _helps)
