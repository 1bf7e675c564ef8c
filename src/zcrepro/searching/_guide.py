"""A proxy that guides a search: warmup and moves of Abdelfattah et al. (ICLR 2021, section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zcrepro.searching._pool import Pool


@dataclass(frozen=True)
class Guide:
    """The ``scores`` of a proxy by index: larger is better, and NaN ranks last.

    ``warmup`` random architectures are scored before the search starts. A mutation takes the neighbour of
    the best score with ``move_probability``.
    """

    scores: np.ndarray
    warmup: int
    move_probability: float

    def best_first(self, indices: np.ndarray) -> np.ndarray:
        """Return ``indices`` by falling score; equal scores keep their order."""
        scores = np.where(np.isnan(self.scores), -np.inf, self.scores)[indices]
        return indices[np.argsort(-scores, kind="stable")]


def warmed_up(pool: Pool, guide: Guide | None, rng: np.random.Generator) -> np.ndarray:
    """Return all architectures in random order; with a guide, the first ``warmup`` of them best first."""
    order = rng.permutation(len(pool))
    if guide is None:
        return order
    return np.concatenate([guide.best_first(order[: guide.warmup]), order[guide.warmup :]])
