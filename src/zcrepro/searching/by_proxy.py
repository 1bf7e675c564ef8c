"""Search a space by a proxy, without training."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from zcrepro import registry, seeds
from zcrepro.images.noise import random_batch
from zcrepro.programs.evolved import EvolvedProgram
from zcrepro.proxies.engine import Scores
from zcrepro.scoring import AnyProxy, score
from zcrepro.searching.training_free import training_free
from zcrepro.spaces.base import Arch, Space


def search(
    space: str,
    proxy: AnyProxy = "synflow",
    task: str | None = None,
    evaluations: int = 200,
    *,
    pool: int = 32,
    tournament: int = 8,
    batch_size: int = 64,
    seed: int = 0,
) -> pd.DataFrame:
    """Search a space for the architectures that a proxy ranks best; nothing is trained.

    The search is regularized evolution (Real et al., AAAI 2019) with the score in place of the accuracy. All
    architectures see the same batch, of standard normal images and random labels.

    Parameters
    ----------
    space
        Name of the search space (see ``zcrepro.list_spaces()``).
    proxy
        Name of a proxy (see ``zcrepro.list_proxies()``), or an evolved formula or program
        (``zcrepro.load_proxy(path)``).
    task
        The task of the space, which determines the input shape and the classes; the first one by default.
    evaluations
        Number of architectures to propose. One whose graph was scored before counts, but is not scored again.
    pool
        Number of architectures in the population.
    tournament
        Number of architectures in a tournament, the best of which is mutated.
    batch_size
        Number of images.
    seed
        Seed of the weights, images, labels and the search.

    Returns
    -------
    pandas.DataFrame
        One row per graph that was scored, best first: ``arch``, the text of an architecture with that graph;
        ``score``, in the units of the proxy, or NaN if undefined; and ``status``, which is ``ok`` or the
        reason for NaN. If the direction of the proxy is ``lower``, the smallest score is the first. Undefined
        scores are last.

    Raises
    ------
    ValueError
        If a name is unknown, or if a number is less than one. The message gives the nearest name.
    """
    _require_positive(
        {"evaluations": evaluations, "pool": pool, "tournament": tournament, "batch_size": batch_size}
    )
    of: Space = registry.get("space", space)
    chosen = next(iter(of.tasks)) if task is None else task
    shape = of.task_shape(chosen)
    batch = random_batch(batch_size, shape.input, shape.classes, seed)
    sign = -1 if _direction(proxy) == "lower" else 1
    scored: dict[Arch, Scores] = {}

    def value(arch: Arch) -> float:
        scored[arch] = score(of.network(arch, chosen, seed), *batch, [proxy], seed)
        return sign * next(iter(scored[arch].values()))

    rng = seeds.numpy_generator(seed, "training-free search", space)
    found = training_free(of, value, evaluations, pool, tournament, rng)
    rows = [(of.text(arch), *scored[arch].values(), *scored[arch].status.values()) for arch in found]
    return pd.DataFrame(rows, columns=["arch", "score", "status"])


def _direction(proxy: AnyProxy) -> str:
    if isinstance(proxy, EvolvedProgram):
        return proxy.fittest.direction
    return str(registry.get("proxies", proxy).direction) if isinstance(proxy, str) else "higher"


def _require_positive(numbers: Mapping[str, int]) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, but is {number}")
