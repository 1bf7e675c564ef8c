"""What a search algorithm is: each file of this package that assigns ALGORITHM holds one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zcrepro.searching._guide import Guide, Help
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer

Run = Callable[[Pool, Trainer, Guide | None, np.random.Generator, Any], None]


@dataclass(frozen=True)
class Algorithm:
    """A way to choose which model to train next.

    Attributes
    ----------
    run
        ``run(pool, trainer, guide, rng, options)`` trains models until the budget is spent. The guide is None
        in a plain search.
    options
        A frozen dataclass in the algorithm's own file, of which ``options`` is an instance.
    helps
        Function from the options to the ways in which scores may help the search. By default there are none.
    plain
        Whether the algorithm searches without a guide, too.
    """

    run: Run
    options: type[Any]
    helps: Callable[[Any], Sequence[Help]] = lambda _: ()
    plain: bool = True
