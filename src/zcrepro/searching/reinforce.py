"""REINFORCE (Williams, 1992); with a guide, warmed up or with proposed moves.

Abdelfattah et al. (ICLR 2021, section 4.2) search with it, with a warmup by rewards of the proxy and with
moves, but do not describe the policy or the moves. These are ours. The policy is a softmax over the pool, and
the logit of an architecture is the sum of one weight for each of its choices. Where every combination of
choices is in the pool, this is an independent softmax for each choice. Models that were trained are not drawn
again. With moves, the policy draws several architectures for each model, and the one of the best score is
trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le

from zcrepro.searching._guide import MOVE, WARMUP, Guide, Help, helps
from zcrepro.searching._pool import Pool
from zcrepro.searching._trainer import Trainer
from zcrepro.searching.base import Algorithm

MINIBATCH = 64
"""Scored architectures in one update of the warmup."""

ATTEMPTS = 10
"""Draws from the policy that may all be known, before only unknown ones are drawn from."""

MOMENTS = 0.9, 0.999
EPSILON = 1e-8


@dataclass(frozen=True)
class Options:
    """Options of REINFORCE."""

    learning_rate: Annotated[float, Gt(0)] = 0.05
    """Learning rate of Adam, with which the weights of the policy are updated after each model."""

    baseline: Annotated[float, Ge(0), Le(1)] = 0.9
    """Decay of the running mean of rewards, which is subtracted from each reward."""

    warmup: tuple[Annotated[int, Ge(1)], ...] = (1000, 3000, 15625)
    """Architectures that the policy draws before the search and is rewarded for by their scores; one search
    for each number."""

    move: tuple[Annotated[int, Ge(1)], ...] = (10, 100)
    """Architectures that are drawn and scored for each model, one search for each number."""


class Policy:
    """A softmax over the architectures of a pool, and the state of Adam."""

    def __init__(self, choices: np.ndarray, learning_rate: float) -> None:
        self._choices = choices
        self._learning_rate = learning_rate
        self._weights = np.zeros(choices.shape[1], np.float32)
        self._moments = [np.zeros_like(self._weights), np.zeros_like(self._weights)]
        self._updates = 0
        self._logits = np.zeros(len(choices), np.float32)

    def probabilities(self) -> np.ndarray:
        """Return the probability of each architecture, (n,)."""
        unscaled = np.exp(self._logits - self._logits.max())
        return np.asarray(unscaled / unscaled.sum())

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return the indices of ``count`` architectures, drawn with replacement."""
        return _drawn(_ends(self.probabilities()), count, rng)

    def draw_unknown(self, count: int, rng: np.random.Generator, known: np.ndarray) -> np.ndarray:
        """Return the indices of at most ``count`` architectures, at least one, that are not known."""
        ends = _ends(self.probabilities())
        for _ in range(ATTEMPTS):
            drawn = _drawn(ends, count, rng)
            unknown = drawn[~known[drawn]]
            if len(unknown):
                return unknown
        logits = np.where(known, -np.inf, self._logits)
        return _drawn(_ends(np.exp(logits - logits.max())), count, rng)

    def reward(self, indices: np.ndarray, rewards: np.ndarray) -> None:
        """Make architectures with positive rewards more probable, and others less, by one step of Adam."""
        expected = self.probabilities() @ self._choices
        gradient = (rewards[:, np.newaxis] * (self._choices[indices] - expected)).mean(axis=0)
        self._updates += 1
        scaled = []
        for number, (decay, value) in enumerate(zip(MOMENTS, (gradient, gradient**2), strict=True)):
            moment = decay * self._moments[number] + (1 - decay) * value
            self._moments[number] = moment.astype(np.float32)
            scaled.append(moment / (1 - decay**self._updates))
        step = self._learning_rate * scaled[0] / (np.sqrt(scaled[1]) + EPSILON)
        self._weights += step.astype(np.float32)
        self._logits = self._choices @ self._weights


def _ends(weights: np.ndarray) -> np.ndarray:
    """Return the cumulative sums of weights, (n,)."""
    return np.cumsum(weights, dtype=np.float64)


def _drawn(ends: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``count`` indices, drawn with replacement in proportion to weights, from their ``_ends``."""
    return np.searchsorted(ends, rng.random(count) * ends[-1], side="right")


def reinforce(
    pool: Pool, trainer: Trainer, guide: Guide | None, rng: np.random.Generator, options: Options
) -> None:
    """Train what the policy draws, and reward it, until the budget is spent."""
    policy = Policy(pool.choices, options.learning_rate)
    warmup, move = helps(guide, WARMUP), helps(guide, MOVE)
    if warmup is not None:
        _warm_up(policy, warmup, rng)
    known = np.zeros(len(pool), np.bool_)
    baseline: float | None = None
    while not trainer.exhausted:
        drawn = policy.draw_unknown(move.help.amount if move else 1, rng, known)
        index = move.best(drawn) if move and rng.random() < move.move_probability else int(drawn[0])
        accuracy = trainer.train(index)
        known[index] = True
        baseline = accuracy if baseline is None else baseline
        policy.reward(np.array([index]), np.array([accuracy - baseline]))
        baseline = options.baseline * baseline + (1 - options.baseline) * accuracy


def _warm_up(policy: Policy, guide: Guide, rng: np.random.Generator) -> None:
    """Reward what the policy draws by the ranks of the scores among those drawn together."""
    for start in range(0, guide.help.amount, MINIBATCH):
        drawn = policy.draw(min(MINIBATCH, guide.help.amount - start), rng)
        if len(drawn) > 1:
            policy.reward(drawn, _ranks(np.nan_to_num(guide.scores[drawn], nan=-np.inf)))


def _ranks(scores: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return ranks that lie evenly in [-1, 1]; equal scores share the mean of their ranks."""
    _, place, count = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2 - 1
    return np.asarray(2 * middle[place] / (len(place) - 1) - 1)


def _helps(options: Options) -> list[Help]:
    return [
        *(Help(WARMUP, number) for number in options.warmup),
        *(Help(MOVE, number) for number in options.move),
    ]


ALGORITHM = Algorithm(reinforce, Options, _helps)
