"""Score a network with any proxies, hand-crafted or evolved."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from zcrepro import registry
from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.programs.evolved import EvolvedProgram
from zcrepro.programs.published import PUBLISHED
from zcrepro.proxies.engine import Scores, check_batch, compute
from zcrepro.proxies.programs import program_proxies
from zcrepro.spaces.structural_counts import MODULES

AnyProxy = str | EvolvedProxy | EvolvedProgram
"""The name of a proxy, an evolved formula, or an evolved program."""


def score(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    proxies: Sequence[AnyProxy],
    seed: int = 0,
) -> Scores:
    """Score a network on one batch.

    Parameters
    ----------
    model
        Any module that maps a batch of images to logits, (n, classes), or a batch of tokens to logits,
        (n, classes, positions). Its output may also be a sequence
        with the logits first, or a mapping with the key ``logits`` or ``out``. The model is left as it was
        found.
    images
        (n, channels, height, width), on the device of the model and of its dtype; or tokens, integers,
        (n, positions).
    labels
        Class indices from 0, integers, (n,), on the same device; or (n, positions) of tokens.
    proxies
        Names (see ``zcrepro.list_proxies()``), and evolved formulas or programs
        (``zcrepro.load_proxy(path)``).
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
    formulas = [proxy for proxy in proxies if isinstance(proxy, EvolvedProxy)]
    programs = [proxy.fittest for proxy in proxies if isinstance(proxy, EvolvedProgram)]
    for proxy in formulas:
        if proxy.counts_of == MODULES:
            raise ValueError(
                f"{proxy.name} reads counts of whole modules, but those of a network count its operations; "
                "use a formula evolved on cells"
            )
    named = [proxy for proxy in proxies if isinstance(proxy, str)]
    names = [*named, *(program.name for program in programs), *(proxy.name for proxy in formulas)]
    if len(set(names)) < len(names):
        raise ValueError(f"two proxies have the same name: {', '.join(names)}; score one of them at a time")
    needed = dict.fromkeys([*named, *(name for proxy in formulas for name in proxy.terminals)])
    computed = [registry.get("proxies", name) for name in needed if name not in PUBLISHED]
    computed += program_proxies([name for name in needed if name in PUBLISHED], programs)
    found = compute(model, check_batch(images, labels), computed, seed)
    values = {name: found[name] for name in names if name in found}
    status = {name: found.status[name] for name in values}
    for proxy in formulas:
        values[proxy.name] = proxy.score(found)
        broken = [f"{name}: {found.status[name]}" for name in proxy.terminals if found.status[name] != "ok"]
        undefined = math.isnan(values[proxy.name])
        status[proxy.name] = "; ".join(broken) or ("the formula has no value" if undefined else "ok")
    return Scores(values, status, found.seconds)


def _check(model: object, proxies: object) -> None:
    """Raise ValueError if the arguments are not of the annotated types."""
    if not isinstance(model, nn.Module):
        found = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise ValueError(f"the model must be a torch.nn.Module, but is {found}: call what makes it first")
    if isinstance(proxies, str) or not isinstance(proxies, Sequence):
        raise ValueError(f"proxies must be a list of names, but are {proxies!r}: write [{proxies!r}]")
    for proxy in proxies:
        if not isinstance(proxy, AnyProxy):
            raise ValueError(
                f"proxies must be names or evolved proxies, but {proxy!r} is an {type(proxy).__name__}"
            )
