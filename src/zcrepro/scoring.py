"""Scores a user's own network with any proxies, hand-crafted or evolved."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from zcrepro import registry
from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.proxies.engine import Scores, check_batch, compute


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
        Any module that maps a batch of images to logits, (n, classes), or to several tensors of which the
        first, or that called ``logits`` or ``out``, is so. It is left as it was found.
    images
        (n, channels, height, width), on the model's device and of its dtype.
    labels
        int64, (n,).
    proxies
        Names (see ``zcrepro.list_proxies()``) and evolved proxies (``zcrepro.load_proxy(path)``).
    seed
        For the proxies that draw random numbers.

    Returns
    -------
    Scores
        A mapping of each proxy's name to its score, NaN where it is undefined;
        ``.status[name]`` is ``ok`` or says why.

    Raises
    ------
    ValueError
        If the input is wrong: no network, images that it cannot process, labels beyond its classes, an
        unknown proxy. The message names what is wrong.
    MemoryError
        If memory is short.
    """
    _check(model, proxies)
    evolved = [proxy for proxy in proxies if isinstance(proxy, EvolvedProxy)]
    named = [proxy for proxy in proxies if isinstance(proxy, str)]
    terminals = [name for proxy in evolved for name in proxy.terminals]
    names = [*named, *(proxy.name for proxy in evolved)]
    if len(set(names)) < len(names):
        raise ValueError(f"two proxies of one name were asked for: {', '.join(names)}; score one at a time")
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


def _check(model: object, proxies: object) -> None:
    """Raise ValueError if the arguments are not of the types that annotations ask for."""
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
