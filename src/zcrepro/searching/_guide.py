"""The ways in which a proxy helps a search; see Abdelfattah et al. (ICLR 2021, section 4.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from zcrepro.searching._pool import Pool

WARMUP, MOVE, INPUTS, OBJECTIVE = "warmup", "move", "inputs", "objective"
"""The ways in which scores help: the search starts from the best of some random architectures; the score
proposes what to train next; the scores are inputs of a predictor of accuracy; the score stands for the
accuracy, and only the best by it are trained."""


@dataclass(frozen=True)
class Help:
    """A way in which scores help, and a number.

    The number is that of the architectures that are scored before the search (``warmup``) or for each model
    (``move``; 0 stands for all neighbours), and 0 for the others.
    """

    kind: str
    amount: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}" if self.amount else self.kind


@dataclass(frozen=True)
class Guide:
    """The scores of a proxy, and how they help.

    Attributes
    ----------
    scores
        The score of each architecture of the pool, (n,); larger is better, and NaN ranks last.
    help
        How the scores help.
    move_probability
        Probability that a proposed move is taken.
    inputs
        The scores of all proxies of the experiment, (n, proxies).
    """

    scores: np.ndarray
    help: Help
    move_probability: float = 1.0
    inputs: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def best_first(self, indices: np.ndarray) -> np.ndarray:
        """Return ``indices`` by falling score; equal scores keep their order."""
        return indices[np.argsort(-self._ranked(indices), kind="stable")]

    def best(self, indices: np.ndarray) -> int:
        """Return the index of the best score, the first of equal ones."""
        return int(indices[np.argmax(self._ranked(indices))])

    def _ranked(self, indices: np.ndarray) -> np.ndarray:
        scores = self.scores[indices]
        return np.where(np.isnan(scores), -np.inf, scores)


def helps(guide: Guide | None, kind: str) -> Guide | None:
    """Return the guide if there is one and it helps in this way, else None."""
    return guide if guide is not None and guide.help.kind == kind else None


def warmed_up(pool: Pool, guide: Guide | None, rng: np.random.Generator) -> np.ndarray:
    """Return all architectures in random order; with a warmup, those of it best first."""
    order = rng.permutation(len(pool))
    warmup = helps(guide, WARMUP)
    if warmup is None:
        return order
    scored = warmup.help.amount
    return np.concatenate([warmup.best_first(order[:scored]), order[scored:]])
