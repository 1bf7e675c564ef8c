"""Score a network with any proxies, hand-crafted or evolved."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zcrepro import registry, seeds
from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.proxies.engine import Scores, check_batch, compute
from zcrepro.spaces.base import TaskShape
from zcrepro.spaces.structural_counts import MODULES


def score(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    proxies: Sequence[str | EvolvedProxy],
    seed: int = 0,
) -> Scores:
    """Score a network on one batch.

    Parameters
    ----------
    model
        Any module that maps a batch of images to logits, (n, classes). Its output may also be a sequence
        with the logits first, or a mapping with the key ``logits`` or ``out``. The model is left as it was
        found.
    images
        (n, channels, height, width), on the device of the model and of its dtype.
    labels
        Class indices from 0, integers, (n,), on the same device.
    proxies
        Names (see ``zcrepro.list_proxies()``) and evolved proxies (``zcrepro.load_proxy(path)``).
    seed
        Seed of the proxies that draw weights or noise.

    Returns
    -------
    Scores
        Maps the name of each proxy to its score, or to NaN if it is undefined. ``scores.status[name]`` is
        ``ok``, or the reason why the score is NaN.

    Raises
    ------
    ValueError
        If the input is wrong, for example images that the network cannot process, labels beyond its
        classes, or an unknown proxy. The message names what is wrong.
    MemoryError
        If memory is short. The batch is not reduced, because a smaller batch has other scores.
    torch.AcceleratorError
        If the GPU has failed.
    """
    _check(model, proxies)
    evolved = [proxy for proxy in proxies if isinstance(proxy, EvolvedProxy)]
    for proxy in evolved:
        if proxy.counts_of == MODULES:
            raise ValueError(
                f"{proxy.name} reads counts of whole modules, but those of a network count its operations; "
                "use a formula evolved on cells"
            )
    named = [proxy for proxy in proxies if isinstance(proxy, str)]
    terminals = [name for proxy in evolved for name in proxy.terminals]
    names = [*named, *(proxy.name for proxy in evolved)]
    if len(set(names)) < len(names):
        raise ValueError(f"two proxies have the same name: {', '.join(names)}; score one of them at a time")
    needed = list(dict.fromkeys([*named, *terminals]))
    handcrafted = [registry.get("proxies", name) for name in needed]
    found = compute(model, check_batch(images, labels), handcrafted, seed)
    values = {name: found[name] for name in named}
    status = {name: found.status[name] for name in named}
    for proxy in evolved:
        values[proxy.name] = proxy.score(found)
        broken = [f"{name}: {found.status[name]}" for name in proxy.terminals if found.status[name] != "ok"]
        undefined = math.isnan(values[proxy.name])
        status[proxy.name] = "; ".join(broken) or ("the formula has no value" if undefined else "ok")
    return Scores(values, status, found.seconds)


def random_batch(size: int, shape: TaskShape, seed: int) -> tuple[Tensor, Tensor]:
    """Return standard normal images, (size, *shape.input), and uniformly random labels, (size,).

    They are float32 and int64 on the CPU, whatever the defaults of torch are. Raises MemoryError if memory is
    short.
    """
    generator = torch.Generator().manual_seed(seeds.derive(seed, "random batch"))
    try:
        images = torch.randn((size, *shape.input), generator=generator, dtype=torch.float32, device="cpu")
        return images, torch.randint(shape.classes, (size,), generator=generator, device="cpu")
    except (RuntimeError, TypeError, ValueError) as error:  # what torch raises for a size beyond its limits
        raise MemoryError(
            f"no memory for {size} images of shape {shape.input} with labels of {shape.classes} classes: use "
            "fewer or smaller images"
        ) from error


def _check(model: object, proxies: object) -> None:
    """Raise ValueError if the arguments are not of the annotated types."""
    if not isinstance(model, nn.Module):
        found = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise ValueError(f"the model must be a torch.nn.Module, but is {found}: call what makes it first")
    if isinstance(proxies, str) or not isinstance(proxies, Sequence):
        raise ValueError(f"proxies must be a list of names, but are {proxies!r}: write [{proxies!r}]")
    for proxy in proxies:
        if not isinstance(proxy, str | EvolvedProxy):
            raise ValueError(
                f"proxies must be names or evolved proxies, but {proxy!r} is an {type(proxy).__name__}"
            )
