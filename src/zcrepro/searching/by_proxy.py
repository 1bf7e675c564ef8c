"""Search a space by proxies, without training."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor, nn

from zcrepro import provenance, registry, seeds
from zcrepro.files.journal import Journal
from zcrepro.files.text import read_text
from zcrepro.formulas.evolved import EvolvedProxy
from zcrepro.images.noise import random_batch
from zcrepro.programs.evolved import EvolvedProgram
from zcrepro.scoring import AnyProxy, score
from zcrepro.searching.training_free import Values, algorithm, dominates, training_free
from zcrepro.spaces.base import Arch, Space

Own = Callable[[nn.Module, Tensor, Tensor], float]
"""A score of one's own: of a network, images and labels; larger is better."""

Objective = AnyProxy | Own

EVALUATIONS = 200
"""Architectures to propose, if neither their number nor a time is given."""

UNLIMITED = 10**9


def search(
    space: str | Space,
    proxy: Objective | Sequence[Objective] = "synflow",
    task: str | None = None,
    evaluations: int | None = None,
    *,
    minutes: float | None = None,
    max_params: float | None = None,
    max_flops: float | None = None,
    pool: int = 32,
    tournament: int = 8,
    batch_size: int = 64,
    seed: int = 0,
    journal: Path | str | None = None,
) -> pd.DataFrame:
    """Search a space for the architectures that proxies rank best; nothing is trained.

    The search is regularized evolution (Real et al., AAAI 2019) with the score in place of the accuracy. All
    architectures see the same batch, of standard normal images and random labels. With several proxies, the
    parents are architectures of a tournament that no rival dominates.

    Parameters
    ----------
    space
        Name of the search space (see ``zcrepro.list_spaces()``), or a ``Space`` of your own.
    proxy
        Name of a proxy (see ``zcrepro.list_proxies()``), an evolved formula or program
        (``zcrepro.load_proxy(path)``), or a function of your own from a network, images and labels to a
        number of which larger ones are better. A list of them has several objectives.
    task
        The task of the space, which determines the input shape and the classes; the first one by default.
    evaluations
        Number of architectures to propose. One whose graph was scored before counts, but is not scored again.
        By default 200, or as many as ``minutes`` allows.
    minutes
        The time after which no further architecture is proposed. The result then depends on the machine.
    max_params, max_flops
        The largest numbers of parameters and of multiply-adds of an architecture.
    pool
        Number of architectures in the population.
    tournament
        Number of architectures in a tournament, the best of which is mutated.
    batch_size
        Number of images.
    seed
        Seed of the weights, images, labels and the search.
    journal
        A file of the result, beside which the scores are kept. A search that was killed, or is repeated with
        more evaluations, goes on with the same arguments, and ends as if it had not stopped.

    Returns
    -------
    pandas.DataFrame
        One row per graph that was scored. ``arch`` is the text of an architecture with that graph. A column
        for each proxy holds its score, in its own units, or NaN if undefined. ``status`` is ``ok`` or the
        reasons for NaN. ``front`` tells whether no other architecture is better in one score and at least as
        good in the others. The front is first; within it and behind it, the best by the first proxy is first.
        If the direction of a proxy is ``lower``, the smallest score is the best. ``attrs["algorithm"]`` names
        the algorithm: in a space that defines no edits it is random search.

    Raises
    ------
    ValueError
        If a name is unknown, if a number is less than one, if no architecture is within the limits, or if
        there is a journal for a score or a space of your own whose source is not in a file.
    """
    _require_positive({"pool": pool, "tournament": tournament, "batch_size": batch_size})
    _require_positive({} if evaluations is None else {"evaluations": evaluations})
    if minutes is not None and not 0 < minutes < math.inf:
        raise ValueError(f"minutes must be a number above 0, but is {minutes}")
    of: Space = registry.get("space", space) if isinstance(space, str) else space
    chosen = next(iter(of.tasks)) if task is None else task
    objectives = _objectives(proxy)
    shape = of.task_shape(chosen)
    batch = random_batch(batch_size, shape.input, shape.classes, seed)
    kept = _Kept(None)
    if journal is not None:
        numbers = [chosen, max_params, max_flops, pool, tournament, batch_size, seed]
        made = _made(of, objectives) | {"numbers": json.dumps(numbers)}
        kept = _Kept(Journal(Path(journal), made, []))
    signs = [-1.0 if _direction(each) == "lower" else 1.0 for each in objectives.values()]

    def values(arch: Arch) -> Values:
        text = of.text(arch)
        if text not in kept.scores:
            kept.add(text, *_scored(of.network(arch, chosen, seed), batch, objectives, seed))
        return tuple(sign * value for sign, value in zip(signs, kept.scores[text], strict=True))

    def allowed(arch: Arch) -> bool:
        return (max_params is None or of.parameters(arch, chosen) <= max_params) and (
            max_flops is None or of.flops(arch, chosen) <= max_flops
        )

    found = training_free(
        of,
        values,
        evaluations or (EVALUATIONS if minutes is None else UNLIMITED),
        pool,
        tournament,
        seeds.numpy_generator(seed, "training-free search", of.name),
        allowed=allowed,
        seconds=None if minutes is None else 60 * minutes,
    )
    listed = _listed(of, found, [*objectives], kept)
    listed.attrs["algorithm"] = algorithm(of)
    return listed


class _Kept:
    """The scores and statuses of architectures by text, those of the journal at first."""

    def __init__(self, journal: Journal | None) -> None:
        self._journal = journal
        self.scores: dict[str, list[float]] = {}
        self.status: dict[str, str] = {}
        for text, scores, status in journal.values() if journal else []:
            self._put(text, [math.nan if score is None else score for score in scores], status)

    def add(self, text: str, scores: list[float], status: str) -> None:
        self._put(text, scores, status)
        if self._journal:
            self._journal.add([text, [None if math.isnan(score) else score for score in scores], status])

    def _put(self, text: str, scores: list[float], status: str) -> None:
        self.scores[text], self.status[text] = scores, status


def _made(space: Space, objectives: Mapping[str, Objective]) -> dict[str, str]:
    """Return what decides the scores: the proxies, what was evolved, and the code of all, yours included."""
    given = list(objectives.values())
    own: list[Any] = [each for each in given if not isinstance(each, AnyProxy)]
    evolved = [each for each in given if isinstance(each, EvolvedProxy | EvolvedProgram)]
    proxies = [each for each in given if isinstance(each, str)]
    proxies += [name for each in evolved if isinstance(each, EvolvedProxy) for name in each.terminals]
    modules = [__name__, *(f"{provenance.PLUGINS['proxies']}.{name}" for name in proxies)]
    if type(space).__module__.startswith(f"{provenance.PACKAGE}."):
        modules.append(type(space).__module__)
    else:
        own.append(type(space))
    return {
        "objectives": json.dumps([*objectives]),
        "evolved": json.dumps([repr(each) for each in evolved]),
        "space": space.name,
        "own": json.dumps([_source(each) for each in own]),
        "code": provenance.code_digest(modules),
        "versions": provenance.versions(),
    }


def _source(own: Any) -> list[str]:
    """Return the source of a function or class of yours, and that of the file around it, which it may use.

    Raises ValueError if it cannot be read, because an edit would then go unnoticed.
    """
    try:
        return [inspect.getsource(own), read_text(Path(inspect.getfile(own)))]
    except (OSError, TypeError) as error:
        raise ValueError(
            f"a search keeps a journal only if the source of {own!r} can be read: define it in a file, as a "
            "function or a class, or search without a journal"
        ) from error


def _objectives(proxy: Objective | Sequence[Objective]) -> dict[str, Objective]:
    """Return the objectives by name.

    Raises ValueError if there are none, or two of one name, or if a proxy is unknown.
    """
    given = [proxy] if isinstance(proxy, str) or not isinstance(proxy, Sequence) else list(proxy)
    names = [_name(each) for each in given]
    if not given or len(set(names)) < len(names):
        raise ValueError(f"a search needs proxies with different names, not {', '.join(names) or 'none'}")
    for each in given:
        if isinstance(each, str):
            registry.get("proxies", each)
    return dict(zip(names, given, strict=True))


def _name(objective: Objective) -> str:
    if isinstance(objective, str):
        return objective
    return objective.name if isinstance(objective, AnyProxy) else str(getattr(objective, "__name__", "score"))


def _direction(proxy: Objective) -> str:
    if isinstance(proxy, EvolvedProgram):
        return proxy.fittest.direction
    return str(registry.get("proxies", proxy).direction) if isinstance(proxy, str) else "higher"


def _scored(
    network: nn.Module, batch: tuple[Tensor, Tensor], objectives: Mapping[str, Objective], seed: int
) -> tuple[list[float], str]:
    """Return the scores of a network, and why some of them are NaN."""
    proxies = [each for each in objectives.values() if isinstance(each, AnyProxy)]
    found = score(network, *batch, proxies, seed) if proxies else None
    scores, statuses = [], []
    for name, each in objectives.items():
        if found is not None and isinstance(each, AnyProxy):
            scores.append(found[name])
            statuses.append(found.status[name])
        else:
            value = float(each(network, *batch))  # type: ignore[operator]
            scores.append(value if math.isfinite(value) else math.nan)
            statuses.append("ok" if math.isfinite(value) else f"the score is {value}")
    reasons = [
        status if len(objectives) == 1 else f"{name}: {status}"
        for name, status in zip(objectives, statuses, strict=True)
        if status != "ok"
    ]
    return scores, "; ".join(reasons) or "ok"


def _listed(of: Space, found: Mapping[Arch, Values], names: Sequence[str], kept: _Kept) -> pd.DataFrame:
    """Return the architectures, those of the front first."""
    front = {
        arch for arch, values in found.items() if not any(dominates(each, values) for each in found.values())
    }
    ordered = sorted(found, key=lambda arch: (arch in front, found[arch]), reverse=True)
    texts = [of.text(arch) for arch in ordered]
    rows = [
        (text, *kept.scores[text], kept.status[text], arch in front)
        for arch, text in zip(ordered, texts, strict=True)
    ]
    return pd.DataFrame(rows, columns=["arch", *names, "status", "front"])


def _require_positive(numbers: Mapping[str, int]) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise ValueError(f"{name} must be at least 1, but is {number}")
