"""Choose the layers of a network: triples of a ReLU, a convolution and a BatchNorm.

This is the choice of EZNAS (Akhauri et al., NeurIPS 2022) on NAS-Bench-201, as a rule for all networks. It
reads the calls of one forward pass in the order in which they run, and neither names nor registrations.

1. A layer is a ReLU, the convolution that reads its output, and the BatchNorm that reads the output of the
   convolution. If convolutions follow one another, as in separable ones, the last of them counts. A
   convolution without a BatchNorm is in no layer. Calls that lead nowhere are calls.
2. If fewer than half of the convolutions with a BatchNorm are in such a layer, a layer is a convolution, a
   BatchNorm and a ReLU, taken in turn in the order of the calls, whether or not they read one another. A
   convolution out of turn is left out, and the next call that is taken is a BatchNorm. This is repeated on
   what was taken, until nothing more is left out. So it is in NAS-Bench-101, whose convolutions read sums.

The second way is also taken if the last BatchNorm directly follows a convolution that has neither a ReLU nor
a BatchNorm. In the list of modules that the released code reads, the two look like a layer, so that its
length is no multiple of three. On NAS-Bench-201 these are the cells without convolutions: the shortcut of the
last reduction block is followed by the BatchNorm of the head.
"""

from __future__ import annotations

from collections.abc import Sequence

from zcrepro.networks.calls import Call, Kind, Place
from zcrepro.networks.errors import UndefinedScoreError

Triple = tuple[int, int, int]
"""Numbers of the calls of a layer, counted from 0 over all observed calls: first, middle and last."""

IN_TURN = (Kind.CONVOLUTION, Kind.NORM, Kind.RELU)


def triples(calls: Sequence[Call]) -> list[Triple]:
    """Return the layers of a network from all calls of a forward pass, in the order in which they ran.

    Raises UndefinedScoreError if there is none.
    """
    sources = _sources(calls)
    layers = _activated_before(calls, sources)
    if 2 * len(layers) < len(_normalised(calls, sources)) or _ends_ambiguously(calls, sources):
        layers = _in_turn(calls) or layers
    if not layers:
        raise UndefinedScoreError(
            "the network has no convolution with a ReLU before it and a BatchNorm behind it, and none with a "
            "BatchNorm and a ReLU behind it"
        )
    return layers


def _sources(calls: Sequence[Call]) -> list[int | None]:
    """Return, for each call, the number of the call whose output it reads; None if other code made it."""
    makers: dict[Place, int] = {}
    sources = []
    for number, call in enumerate(calls):
        sources.append(makers.get(call.source))
        makers[call.target] = number
    return sources


def _normalised(calls: Sequence[Call], sources: Sequence[int | None]) -> dict[int, int]:
    """Return the numbers of the BatchNorms that read the output of a convolution, with that of the latter."""
    return {
        number: source
        for number, source in enumerate(sources)
        if source is not None and (calls[source].kind, calls[number].kind) == (Kind.CONVOLUTION, Kind.NORM)
    }


def _activated_before(calls: Sequence[Call], sources: Sequence[int | None]) -> list[Triple]:
    """Return the layers of a ReLU, a convolution and a BatchNorm along the data flow."""
    layers = []
    for norm, convolution in _normalised(calls, sources).items():
        relu = _activation(calls, sources, convolution)
        if relu is not None:
            layers.append((relu, convolution, norm))
    return layers


def _activation(calls: Sequence[Call], sources: Sequence[int | None], convolution: int) -> int | None:
    """Return the ReLU before a convolution, or before the convolutions that precede it; None without one."""
    number: int | None = convolution
    while number is not None and calls[number].kind is Kind.CONVOLUTION:
        number = sources[number]
    return number if number is not None and calls[number].kind is Kind.RELU else None


def _ends_ambiguously(calls: Sequence[Call], sources: Sequence[int | None]) -> bool:
    """Return whether the last BatchNorm follows a convolution that has neither a ReLU nor a BatchNorm."""
    norms = [number for number, call in enumerate(calls) if call.kind is Kind.NORM]
    if not norms or norms[-1] == 0:
        return False
    before = norms[-1] - 1
    return (
        calls[before].kind is Kind.CONVOLUTION
        and before not in _normalised(calls, sources).values()
        and _activation(calls, sources, before) is None
    )


def _in_turn(calls: Sequence[Call]) -> list[Triple]:
    """Return the layers of a convolution, a BatchNorm and a ReLU in the order of the calls."""
    taken: Sequence[int] = range(len(calls))
    while len(again := _taken_in_turn(calls, taken)) < len(taken):
        taken = again
    whole = len(taken) // 3 * 3
    return list(zip(taken[0:whole:3], taken[1:whole:3], taken[2:whole:3], strict=True))


def _taken_in_turn(calls: Sequence[Call], numbers: Sequence[int]) -> list[int]:
    taken: list[int] = []
    turn = 0
    for number in numbers:
        if calls[number].kind is IN_TURN[turn]:
            taken.append(number)
            turn = (turn + 1) % len(IN_TURN)
        elif calls[number].kind is Kind.CONVOLUTION:
            turn = 1
    return taken
