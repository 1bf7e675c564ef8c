"""Random search; with a guide, warmed up: score some random architectures, train the best first.

RAND and RAND+warmup of Abdelfattah et al. (ICLR 2021, section 4.2).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zcrepro.search._benchmark import Guide, Table, Trainer, warmed_up


def random_search(
    trainer: Trainer, table: Table, guide: Guide | None, rng: np.random.Generator, options: Mapping[str, int]
) -> None:
    """Trains until the budget is spent. It has no options."""
    del options
    for index in warmed_up(table, guide, rng):
        trainer.train(int(index))


ALGORITHM = random_search
