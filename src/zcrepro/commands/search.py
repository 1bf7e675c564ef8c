"""``zcrepro search``: search a space for good architectures by a proxy, without training."""

from __future__ import annotations

from cyclopts.types import Int64, PositiveInt

from zcrepro.commands._output import Listing, Output
from zcrepro.commands._scoring import proxy_named
from zcrepro.searching.by_proxy import search as search_space
from zcrepro.spaces.lookup import get_space

DEFAULT = Output()


def search(
    space: str,
    /,
    *,
    proxy: str = "synflow",
    task: str | None = None,
    evaluations: PositiveInt = 200,
    pool: PositiveInt = 32,
    tournament: PositiveInt = 8,
    batch_size: PositiveInt = 64,
    show: PositiveInt = 5,
    seed: Int64 = 0,
    output: Output = DEFAULT,
) -> None:
    """Search a space for the architectures that a proxy ranks best; nothing is trained.

    All architectures see the same batch, of standard normal images and random labels.

    Parameters
    ----------
    space
        The search space, for example ``nasbench201``.
    proxy
        A proxy (``zcrepro proxies`` lists them), or the JSON file of an evolved one.
    task
        The task of the space, which determines the input shape and the classes; the first one by default.
    evaluations
        Number of architectures to score.
    pool
        Number of architectures in the population.
    tournament
        Number of architectures in a tournament, the best of which is mutated.
    batch_size
        Number of images.
    show
        Number of the best architectures to show.
    seed
        Seed of the weights, images, labels and the search.
    """
    chosen = next(iter(get_space(space).tasks)) if task is None else task
    found = search_space(
        space,
        proxy_named(proxy),
        chosen,
        evaluations,
        pool=pool,
        tournament=tournament,
        batch_size=batch_size,
        seed=seed,
    )
    rows = [
        {"score": score, "status": status, "architecture": arch}
        for arch, score, status in found.head(show).itertuples(index=False)
    ]
    title = f"the best by {proxy} of {len(found)} graphs of {space}/{chosen}"
    output.show(Listing("architectures", rows, title, whole=("architecture",)))
