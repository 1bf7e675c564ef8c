"""``zcrepro search``: good architectures of a space by a proxy alone."""

from __future__ import annotations

from cyclopts.types import PositiveInt

from zcrepro import registry, seeds
from zcrepro.commands._output import Listing, Output
from zcrepro.commands._scoring import proxy_named, random_batch
from zcrepro.proxies.engine import Scores
from zcrepro.scoring import score as score_network
from zcrepro.search.training_free import training_free
from zcrepro.spaces.base import Arch, Space

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
    seed: int = 0,
    output: Output = DEFAULT,
) -> None:
    """Search a space for architectures that a proxy likes; nothing is trained.

    Images are standard normal and labels random, the same for every architecture.

    Parameters
    ----------
    space
        The search space, for example ``nasbench201``.
    proxy
        A proxy (``zcrepro proxies`` lists them) or the JSON file of an evolved one.
    task
        The task of the space, which sets the input shape and the classes.
    evaluations
        How many architectures are looked at.
    pool
        How many are kept alive.
    tournament
        Of how many the best is mutated.
    batch_size
        How many images.
    show
        How many of the best are shown.
    seed
        For weights, images, labels and the search.
    """
    of: Space = registry.get("space", space)
    chosen = task or next(iter(of.tasks))
    batch = random_batch(batch_size, of.task_shape(chosen), seed)
    wanted = proxy_named(proxy)
    sign = -1 if isinstance(wanted, str) and registry.get("proxies", wanted).direction == "lower" else 1

    scored: dict[Arch, Scores] = {}

    def score(arch: Arch) -> float:
        scored[arch] = score_network(of.network(arch, chosen, seed), *batch, [wanted], seed)
        (value,) = scored[arch].values()
        return sign * value

    rng = seeds.numpy_generator(seed, "training-free search", space)
    found = training_free(of, score, evaluations, pool, tournament, rng)
    rows = [_row(of.text(arch), scored[arch]) for arch in list(found)[:show]]
    title = f"the best by {proxy} of {len(found)} graphs of {space}/{chosen}"
    output.show(Listing("architectures", rows, title, whole=("architecture",)))


def _row(text: str, scores: Scores) -> dict[str, float | str]:
    ((name, value),) = scores.items()
    return {"score": value, "status": scores.status[name], "architecture": text}
