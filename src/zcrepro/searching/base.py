"""What a search algorithm is: each file of this package that assigns ALGORITHM holds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zcrepro.searching._guide import Guide
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer

Run = Callable[[Pool, Trainer, Guide | None, np.random.Generator, Any], None]


@dataclass(frozen=True)
class Algorithm:
    """A way to choose which model to train next.

    ``run(pool, trainer, guide, rng, options)`` trains models until the budget is spent; ``options`` is an
    instance of ``Options``, a frozen dataclass in the algorithm's own file.
    """

    run: Run
    options: type[Any]
