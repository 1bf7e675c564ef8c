"""``zcrepro score``: score one network from the command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from cyclopts.types import Int64, PositiveInt
from torch import nn

from zcrepro import registry
from zcrepro.commands._networks import check_classes, named, scoring
from zcrepro.commands._output import Listing, Output
from zcrepro.commands._scoring import proxy_named
from zcrepro.images.noise import random_batch
from zcrepro.progress import track
from zcrepro.proxies.engine import Scores
from zcrepro.scoring import score as score_network
from zcrepro.spaces.base import TaskShape

DEFAULT = Output()


def score(
    network: str,
    /,
    *,
    proxies: Sequence[str] = ("snip", "synflow", "nwot"),
    space: str | None = None,
    task: str | None = None,
    classes: PositiveInt = 10,
    shape: tuple[PositiveInt, PositiveInt, PositiveInt] = (3, 32, 32),
    batch_size: PositiveInt = 64,
    draws: PositiveInt = 1,
    seed: Int64 = 0,
    output: Output = DEFAULT,
) -> None:
    """Score one network with any proxies, on a batch of standard normal images and random labels.

    Examples: ``zcrepro score mymodel:make --proxies snip zen --draws 5``,
    ``zcrepro score torchvision/resnet18 --classes 1000 --shape 3 224 224`` and
    ``zcrepro score '|nor_conv_3x3~0|+|...|' --space nasbench201 --task cifar10``.

    Parameters
    ----------
    network
        ``module:function``, a function that returns a torch.nn.Module; a name of an installed model library,
        ``torchvision/...``, ``timm/...`` or ``pytorchcv/...``; or, with --space, the text of an architecture.
    proxies
        Names of proxies (``zcrepro proxies`` lists them) or JSON files of evolved ones.
    space
        The search space of the architecture.
    task
        The task of that space, which determines the input shape and the classes; the first one by default.
    classes
        Number of classes of your own network or of a library network.
    shape
        Channels, height and width of its input.
    batch_size
        Number of images.
    draws
        Number of networks and batches, with consecutive seeds. With several, their spread is shown.
    seed
        Seed of the weights, images, labels and proxies.
    """
    if not proxies:
        raise ValueError("--proxies needs the name of a proxy, such as snip")
    if task is not None and space is None:
        raise ValueError(f"--task {task} needs --space, the space that the task belongs to")
    chosen = [proxy_named(name) for name in proxies]
    found: list[Scores] = []
    model = None
    for each in track(range(seed, seed + draws), "scoring"):
        before = model
        model, fits = _network(network, space, task, TaskShape(shape, (classes,)), each)
        if model is before:
            raise ValueError(
                f"{network} returned the network of the draw before; let it make a new one each time"
            )
        images, labels = random_batch(batch_size, fits.input, fits.classes, each)
        if space is None:
            check_classes(network, model, images, classes)
        with scoring(network, model, images):
            found.append(score_network(model, images, labels, chosen, each))
    output.show(Listing("scores", [_row(name, found) for name in found[0]]))


def _row(name: str, found: Sequence[Scores]) -> dict[str, float | str]:
    """Return the row of a proxy: its score, or mean, extremes and standard deviation of several draws.

    Undefined scores are left out of the statistics; the status counts them.
    """
    values = np.array([scores[name] for scores in found])
    defined = values[~np.isnan(values)]
    status = _status(name, found)
    if len(found) == 1:
        return {"proxy": name, "score": float(values[0]), "status": status}
    shown = [np.nan] * 4
    if len(defined):
        deviation = defined.std(ddof=1) if len(defined) > 1 else np.nan
        shown = [defined.mean(), defined.min(), defined.max(), deviation]
    mean, lowest, highest, sd = map(float, shown)
    return {"proxy": name, "mean": mean, "lowest": lowest, "highest": highest, "sd": sd, "status": status}


def _status(name: str, found: Sequence[Scores]) -> str:
    """Return the status that all draws share, or each status with its number of draws."""
    reasons = Counter(scores.status[name] for scores in found)
    if len(reasons) == 1:
        return next(iter(reasons))
    return "; ".join(f"{count} of {len(found)}: {reason}" for reason, count in reasons.items())


def _network(
    text: str, space: str | None, task: str | None, own: TaskShape, seed: int
) -> tuple[nn.Module, TaskShape]:
    if space is not None:
        of = registry.get("space", space)
        chosen = task or next(iter(of.tasks))
        return of.network(of.parse(text), chosen, seed), of.task_shape(chosen)
    return named(text, own.classes, seed), own
