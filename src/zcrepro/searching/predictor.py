"""Search with a predictor of accuracy, whose inputs may be the scores of proxies.

A model of the kind of BANANAS (White et al., AAAI 2021): the predictor learns from the models that were
trained, and the ones that it ranks best are trained next. Ours are extremely randomised trees (Geurts et al.,
2006) on the choices of an architecture, and all architectures of the pool are candidates. To rank each by a
random tree, as Thompson sampling would, was worse in a trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge
from sklearn.ensemble import ExtraTreesRegressor

from zcrepro.ranking.correlation import dense_ranks
from zcrepro.searching._guide import INPUTS, Guide, Help, helps
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer
from zcrepro.searching.base import Algorithm


@dataclass(frozen=True)
class Options:
    """Options of search with a predictor."""

    first: Annotated[int, Ge(2)] = 20
    """Random models that are trained before the predictor is first used."""

    each: Annotated[int, Ge(1)] = 10
    """Models that are trained between two fits of the predictor."""

    trees: Annotated[int, Ge(1)] = 100
    """Trees of the predictor."""


def predictor_search(
    pool: Pool, trainer: Trainer, guide: Guide | None, rng: np.random.Generator, options: Options
) -> None:
    """Train what the predictor ranks best, until the budget is spent."""
    inputs = _inputs(pool, helps(guide, INPUTS))
    for index in rng.permutation(len(pool))[: options.first]:
        trainer.train(int(index))
    while not trainer.exhausted:
        forest = ExtraTreesRegressor(options.trees, random_state=int(rng.integers(2**31)), n_jobs=1)
        forest.fit(inputs[trainer.trained], trainer.accuracies)
        unknown = np.setdiff1d(np.arange(len(pool)), trainer.trained)
        best_first = np.argsort(-forest.predict(inputs[unknown]), kind="stable")
        for index in unknown[best_first[: options.each]]:
            trainer.train(int(index))


def _inputs(pool: Pool, guide: Guide | None) -> np.ndarray:
    """Return the inputs of the predictor, float32 (n, inputs).

    Scores are ranked from 0; equal ones share a rank, and an undefined one is below all others.
    """
    if guide is None:
        return pool.choices
    defined = np.where(np.isnan(guide.inputs), -np.inf, guide.inputs)
    ranked = np.column_stack([dense_ranks(scores) for scores in defined.T])
    return np.hstack([pool.choices, ranked.astype(np.float32) / len(ranked)])


def _helps(options: Options) -> list[Help]:
    del options
    return [Help(INPUTS)]


ALGORITHM = Algorithm(predictor_search, Options, _helps)
