"""TransNAS-Bench-101, macro (Duan et al., CVPR 2021): residual networks that vary in width and resolution.

An architecture is written as in the benchmark, ``64-1234-basic``: the channels of the stem, four to six
modules, and the type of residual block, of which each module has two. Module 1 keeps the shape, 2 doubles the
channels, 3 halves the resolution, and 4 does both. One to three modules double the channels and one to four
halve the resolution, which gives 3,256 architectures. No two texts are equal graphs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from zcrepro.networks.multiply_adds import tensorwatch
from zcrepro.spaces import _transnas
from zcrepro.spaces._layers import ReLUConvBN
from zcrepro.spaces._transnas import STEM_CHANNELS, STEM_HALVINGS
from zcrepro.spaces.base import Arch, Space
from zcrepro.spaces.graph import Graph, chain, conv

MODULES = "1234"
WIDENING = "24"
SHRINKING = "34"
LENGTHS = range(4, 7)

PREFIX, SUFFIX = f"{STEM_CHANNELS}-", "-basic"


class TransNASBench101Macro(Space):
    """The macro search space of TransNAS-Bench-101."""

    name = "transnasbench101_macro"
    tasks: ClassVar = _transnas.TASKS
    counts_of = "modules"

    @property
    def size(self) -> int:
        return len(_architectures())

    def text(self, arch: Arch) -> str:
        return f"{PREFIX}{''.join(arch)}{SUFFIX}"

    def parse(self, text: str) -> Arch:
        if not (text.startswith(PREFIX) and text.endswith(SUFFIX)):
            raise ValueError(f"{self.name}: {text!r} is not of the form '{PREFIX}1234{SUFFIX}'")
        arch = tuple(text[len(PREFIX) : -len(SUFFIX)])
        for module in arch:
            if module not in MODULES:
                raise ValueError(f"{self.name}: unknown module {module!r} in {text!r}; it has 1, 2, 3, 4")
        if not is_valid(arch):
            raise ValueError(
                f"{self.name}: {''.join(arch)!r} in {text!r} does not have 4 to 6 modules, of which 1 to 3 "
                "double the channels (2, 4) and 1 to 4 halve the resolution (3, 4)"
            )
        return arch

    def canonical(self, arch: Arch) -> str:
        return self.text(arch)

    def graph(self, arch: Arch) -> Graph:
        """Return the chain of modules: each is a 3x3 convolution, of stride 2 if it halves the resolution."""
        return chain(conv(3, stride=2 if module in SHRINKING else 1) for module in arch)

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        self.task_shape(task)
        *places, end = _places(arch)
        cells = (block for module, place in zip(arch, places, strict=True) for block in blocks(module, place))
        return _transnas.network(cells, end.channels, end.halvings, task)

    def parameters(self, arch: Arch, task: str) -> int:
        """Return the parameters: the sum over the parts of the network, each counted once and cached."""
        return sum(parameters for parameters, _ in self._sizes(arch, task))

    def flops(self, arch: Arch, task: str) -> int:
        """Return the multiply-adds: the sum over the parts of the network, each counted once and cached."""
        return sum(flops for _, flops in self._sizes(arch, task))

    def _sizes(self, arch: Arch, task: str) -> Iterator["Size"]:
        side = self.task_shape(task).input[-1]
        *places, end = _places(arch)
        yield _size_of_stem(side)
        for module, place in zip(arch, places, strict=True):
            yield _size_of_module(module, place, side)
        yield _size_of_head(end, side, task)

    def architectures(self) -> Iterator[Arch]:
        return iter(_architectures())

    def sample(self, rng: np.random.Generator) -> Arch:
        return _architectures()[int(rng.integers(self.size))]

    def neighbours(self, arch: Arch) -> list[Arch]:
        """Return all architectures in which one module is replaced, removed or inserted."""
        places = range(len(arch))
        left_out = [(*arch[:i], *arch[i + 1 :]) for i in places]
        exchanged = [(*arch[:i], module, *arch[i + 1 :]) for i in places for module in MODULES]
        added = [(*arch[:i], module, *arch[i:]) for i in range(len(arch) + 1) for module in MODULES]
        edited = dict.fromkeys(left_out + exchanged + added)
        return [other for other in edited if other != arch and is_valid(other)]

    def distance(self, a: Arch, b: Arch) -> int:
        """Return the Levenshtein distance between the sequences of modules."""
        row = list(range(len(b) + 1))
        for i, mine in enumerate(a, start=1):
            above, row = row, [i]
            for j, other in enumerate(b, start=1):
                row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (mine != other)))
        return row[-1]


def is_valid(arch: Arch) -> bool:
    """Return whether the modules are an architecture of the space."""
    widening, shrinking = (sum(module in kind for module in arch) for kind in (WIDENING, SHRINKING))
    return len(arch) in LENGTHS and 1 <= widening <= 3 and 1 <= shrinking <= 4


@cache
def _architectures() -> tuple[Arch, ...]:
    texts = (arch for length in LENGTHS for arch in product(MODULES, repeat=length))
    return tuple(filter(is_valid, texts))


@dataclass(frozen=True)
class Place:
    """State before a module: the number of channels, and of earlier modules that halved the resolution."""

    channels: int
    halvings: int

    def after(self, module: str) -> "Place":
        """Return the state after ``module``."""
        return Place(self.channels * (1 + (module in WIDENING)), self.halvings + (module in SHRINKING))

    def shape(self, side: int) -> tuple[int, int, int]:
        """Return the shape of the features of an image of height and width ``side``."""
        side //= 2 ** (STEM_HALVINGS + self.halvings)
        return self.channels, side, side


def _places(arch: Arch) -> list[Place]:
    """Return the state before each module, and after the last."""
    places = [Place(STEM_CHANNELS, 0)]
    for module in arch:
        places.append(places[-1].after(module))
    return places


def blocks(module: str, place: Place) -> list[nn.Module]:
    """Return the two blocks of a module; the first changes the channels and the resolution."""
    outputs = place.after(module).channels
    stride = 2 if module in SHRINKING else 1
    return [Block(place.channels, outputs, stride), Block(outputs, outputs, stride=1)]


class Block(nn.Module):
    """Basic residual block with pre-activation: ReLU comes before each convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv_a = ReLUConvBN(inputs, outputs, 3, stride)
        self.conv_b = ReLUConvBN(outputs, outputs, 3)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.shortcut = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv_b(self.conv_a(x)) + self.shortcut(x)


Size = tuple[int, int]
"""Parameters and multiply-adds."""


def _size(make: Callable[[], nn.Module], shape: tuple[int, ...]) -> Size:
    """Return the parameters of a part, and its multiply-adds for an input of ``shape``."""
    with torch.device("meta"):
        part = make()
        flops = tensorwatch(part, torch.zeros(1, *shape))
    return sum(parameter.numel() for parameter in part.parameters()), flops


@cache
def _size_of_stem(side: int) -> Size:
    return _size(_transnas.stem, (3, side, side))


@cache
def _size_of_module(module: str, place: Place, side: int) -> Size:
    return _size(lambda: nn.Sequential(*blocks(module, place)), place.shape(side))


@cache
def _size_of_head(place: Place, side: int, task: str) -> Size:
    channels, *sides = place.shape(side)
    inputs = _transnas.TILES * channels if task == "jigsaw" else channels
    return _size(lambda: _transnas.head(channels, place.halvings, task), (inputs, *sides))


SPACE = TransNASBench101Macro()
