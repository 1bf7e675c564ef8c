"""``zcrepro search``: search a space for good architectures by a proxy, without training."""

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
