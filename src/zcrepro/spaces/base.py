"""Define the interface of a search space: architectures as text, as structure and as torch networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from itertools import product
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from zcrepro.networks.multiply_adds import tensorwatch
from zcrepro.spaces._initialisation import SeedOf, build, named_seed
from zcrepro.spaces.graph import Graph, carry

Arch = tuple[Any, ...]
"""The structure of an architecture. Each space defines its meaning; it is hashable and ordered."""


OF_AN_ARCHITECTURE = frozenset(
    {
        "text",
        "canonical",
        "live",
        "graph",
        "blueprint",
        "blueprint_of_width",
        "weight_seed",
        "neighbours",
        "distance",
        "parameters",
        "flops",
    }
)
"""Methods that a space implements itself and that take an architecture.

Every other method that takes an architecture calls one of these, so checking them is enough.
"""


@dataclass(frozen=True)
class TaskShape:
    """Input and output shape of a network for one example: (3, 32, 32) and (10,) for CIFAR-10.

    An input with one axis is a sequence of tokens, integers that name words: (70,) and (10000, 70) for 70
    words, each of which is followed by one of 10,000.
    """

    input: tuple[int, ...]
    output: tuple[int, ...]

    @property
    def classes(self) -> int:
        """Return the number of classes of a classification, or of channels of a dense output."""
        return self.output[0]

    @property
    def channels(self) -> int:
        """Return the number of channels of an input image."""
        return self.input[-3]

    @property
    def reads_tokens(self) -> bool:
        """Return whether an input is a sequence of tokens, not an image."""
        return len(self.input) == 1

    def zeros(self, count: int) -> Tensor:
        """Return black images, float32 (count, ...), or sequences of the first token, int64."""
        return torch.zeros(count, *self.input, dtype=torch.int64 if self.reads_tokens else torch.float32)


class Space(ABC):
    """Base class of search spaces.

    ``text`` and ``parse`` are inverse to each other. ``canonical`` identifies a class of equal graphs.
    Accuracies are joined by ``text``, because benchmarks trained equal graphs separately, and are split into
    training and held-out sets by ``canonical``.

    ``counts_of`` says what structural counts of the space count: operations of a cell, or whole modules of a
    network. Counts of the one are not comparable with counts of the other.
    """

    name: str
    tasks: ClassVar[Mapping[str, TaskShape]]
    counts_of: ClassVar[Literal["operations", "modules"]] = "operations"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in OF_AN_ARCHITECTURE & vars(cls).keys():
            setattr(cls, name, _refusing_text(vars(cls)[name]))

    count_flops = staticmethod(tensorwatch)

    @property
    @abstractmethod
    def size(self) -> int | None:
        """Return the number of architectures, or None if it cannot be counted."""

    @abstractmethod
    def parse(self, text: str) -> Arch:
        """Return the architecture written as ``text``. Raises ValueError that names the offending token."""

    @abstractmethod
    def text(self, arch: Arch) -> str:
        """Return the text of ``arch``, as the benchmark writes it."""

    @abstractmethod
    def canonical(self, arch: Arch) -> str:
        """Return a text that is equal for equal graphs."""

    def live(self, arch: Arch) -> str:
        """Return a text that is equal if two networks compute the same function of the same weights.

        It ignores what does not reach the output, and may distinguish more than ``canonical`` does.
        """
        return self.canonical(arch)

    def graph(self, arch: Arch) -> Graph:  # noqa: ARG002
        """Return the graph of operations, from which ``structural_counts`` computes.

        Raises ValueError if the space does not describe its architectures by a graph.
        """
        raise ValueError(f"space {self.name} does not define the graph of operations of an architecture")

    @property
    def has_graph(self) -> bool:
        """Whether the space describes its architectures by a graph of operations."""
        return type(self).graph is not Space.graph

    @abstractmethod
    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        """Return the network that the benchmark's authors trained, with uninitialised weights."""

    def blueprint_of_width(self, arch: Arch, task: str, channels: int) -> nn.Module:  # noqa: ARG002
        """Return a network like ``blueprint`` whose first layer has ``channels`` channels.

        All other layers shrink or grow in proportion. Raises ValueError if the space does not define it.
        """
        raise ValueError(f"space {self.name} does not define networks of another number of channels")

    def weight_seed(self, arch: Arch, task: str, seed: int) -> SeedOf:
        """Return the seed of each weight by its name.

        The seed is a function of ``seed``, the space, the task and what the architecture computes.
        """
        return named_seed(seed, self.name, task, self.canonical(arch))

    def network(self, arch: Arch, task: str, seed: int = 0, *, channels: int | None = None) -> nn.Module:
        """Return the network that the benchmark's authors trained, with torch's default initialisation.

        If ``channels`` is given, the first layer has that many channels; see ``blueprint_of_width``.

        The weights are a function of ``seed``, the space, the task and what the architecture computes.
        Architectures that compute the same function therefore get the same weights. Global random generators
        are neither used nor changed. The network carries the graph of operations of its architecture, if the
        space defines one.
        """

        def blueprint() -> nn.Module:
            return self.blueprint_of_width(arch, task, channels) if channels else self.blueprint(arch, task)

        network = build(blueprint, self.weight_seed(arch, task, seed))
        if self.has_graph:
            carry(network, self.graph(arch))
        return network

    def parameters(self, arch: Arch, task: str) -> int:
        """Return the number of trainable parameters of the network, counted without allocating them."""
        with torch.device("meta"):
            return sum(p.numel() for p in self.blueprint(arch, task).parameters())

    def flops(self, arch: Arch, task: str) -> int:
        """Return the multiply-adds for one example, counted by the convention of the space's benchmark."""
        with torch.device("meta"):
            return self.count_flops(self.blueprint(arch, task), self.task_shape(task).zeros(1))

    def multiply_adds(self, arch: Arch, task: str, channels: int, side: int) -> int:
        """Return the multiply-adds of a network of another width for one image of ``side`` x ``side`` pixels.

        They are counted as by ``flops``; see ``blueprint_of_width``.
        """
        with torch.device("meta"):
            network = self.blueprint_of_width(arch, task, channels)
            return self.count_flops(network, torch.zeros(1, self.task_shape(task).channels, side, side))

    def architectures(self) -> Iterator[Arch]:
        """Yield every architecture once, in a fixed order.

        Raises ValueError if the space is too large to enumerate.
        """
        raise ValueError(
            f"space {self.name} is too large to enumerate; draw architectures with sample(rng) instead"
        )

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Arch:
        """Draw an architecture uniformly at random."""

    @abstractmethod
    def neighbours(self, arch: Arch) -> list[Arch]:
        """Return all architectures that are one edit away from ``arch``, in a fixed order."""

    @abstractmethod
    def distance(self, a: Arch, b: Arch) -> int:
        """Return the number of edits between two architectures: 0 if equal, 1 for neighbours."""

    def mutate(self, arch: Arch, rng: np.random.Generator) -> Arch:
        """Draw a neighbour of ``arch`` uniformly at random."""
        neighbours = self.neighbours(arch)
        return neighbours[int(rng.integers(len(neighbours)))]

    def task_shape(self, task: str) -> TaskShape:
        """Return the shape of ``task``.

        Raises ValueError, which lists the tasks of the space, if the task is unknown.
        """
        if task not in self.tasks:
            raise ValueError(f"space {self.name} has no task {task!r}; it has {sorted(self.tasks)}")
        return self.tasks[task]


def _refusing_text(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method with a check that raises TypeError for a text in place of an architecture.

    Without it, a text would be accepted as a tuple of characters.
    """

    @wraps(method)
    def checked(space: Space, *args: Any, **kwargs: Any) -> Any:
        if isinstance(args[0] if args else kwargs.get("arch"), str):
            raise TypeError(
                f"space {space.name} takes an architecture, not a text; call space.parse(text) first"
            )
        return method(space, *args, **kwargs)

    return checked


class CategoricalSpace(Space):
    """A space in which each of ``length`` positions takes one of the same operations."""

    operations: tuple[str, ...]
    length: int

    @property
    def size(self) -> int:
        return len(self.operations) ** self.length

    def architectures(self) -> Iterator[Arch]:
        return product(self.operations, repeat=self.length)

    def sample(self, rng: np.random.Generator) -> Arch:
        return tuple(self.operations[i] for i in rng.integers(len(self.operations), size=self.length))

    def neighbours(self, arch: Arch) -> list[Arch]:
        return [
            (*arch[:position], operation, *arch[position + 1 :])
            for position in range(self.length)
            for operation in self.operations
            if operation != arch[position]
        ]

    def distance(self, a: Arch, b: Arch) -> int:
        return sum(mine != other for mine, other in zip(a, b, strict=True))

    def _checked(self, tokens: list[str], text: str) -> Arch:
        """Return the operations as an architecture.

        Raises ValueError if their number is wrong or one of them is unknown.
        """
        if len(tokens) != self.length:
            raise ValueError(
                f"{self.name}: expected {self.length} operations, found {len(tokens)} in {text!r}"
            )
        for token in tokens:
            if token not in self.operations:
                raise ValueError(
                    f"{self.name}: unknown operation {token!r} in {text!r}; "
                    f"it has {', '.join(self.operations)}"
                )
        return tuple(tokens)


class AdditiveSpace(CategoricalSpace):
    """A categorical space in which the counts of the operations add up.

    Let c(a) be the parameters or multiply-adds of architecture a, and r the architecture with the first
    operation at every position. In such a space, exchanging the operation at one position changes c by an
    amount that does not depend on the other positions, so

        c(a) = c(r) + sum over positions i of (c(r with a_i at i) - c(r)).

    The formula is exact, because a layer's cost depends only on its own shape, and shapes do not depend on
    the operations. It needs one network per position and operation, instead of one per architecture: 31
    instead of 15,625 for NAS-Bench-201.
    """

    def parameters(self, arch: Arch, task: str) -> int:
        return _added(self, "parameters", arch, task)

    def flops(self, arch: Arch, task: str) -> int:
        return _added(self, "flops", arch, task)


def _added(space: CategoricalSpace, quantity: str, arch: Arch, task: str) -> int:
    """Return the count of ``arch`` by the formula of AdditiveSpace."""
    base, added = _additions(space, quantity, task)
    return base + sum(added[position, operation] for position, operation in enumerate(arch))


@cache
def _additions(space: CategoricalSpace, quantity: str, task: str) -> tuple[int, dict[tuple[int, str], int]]:
    """Return c(r), and c(r with o at i) - c(r) by position i and operation o; see AdditiveSpace."""
    count = getattr(Space, quantity)
    plain = (space.operations[0],) * space.length
    base = count(space, plain, task)
    changed = {
        (position, operation): (*plain[:position], operation, *plain[position + 1 :])
        for position in range(space.length)
        for operation in space.operations
    }
    return base, {key: count(space, arch, task) - base for key, arch in changed.items()}
