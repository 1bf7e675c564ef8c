"""What every search space owes: architectures as text, as structure and as torch networks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from itertools import product
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from zcrepro.networks.multiply_adds import tensorwatch
from zcrepro.spaces._initialisation import SeedOf, build, named_seed

Arch = tuple[Any, ...]
"""The structure of an architecture. Its meaning is the space's own; it is hashable and ordered."""


OF_AN_ARCHITECTURE = frozenset(
    {"text", "canonical", "live", "blueprint", "weight_seed", "neighbours", "distance", "parameters", "flops"}
)
"""The methods that a space defines itself and that take an architecture; all others call one of them."""


@dataclass(frozen=True)
class TaskShape:
    """What a network maps, for one example: (3, 32, 32) to (10,) for CIFAR-10."""

    input: tuple[int, ...]
    output: tuple[int, ...]

    @property
    def classes(self) -> int:
        """The classes of a classification, the channels of a dense output."""
        return self.output[0]

    @property
    def channels(self) -> int:
        """The channels of an input image."""
        return self.input[-3]


class Space(ABC):
    """A search space.

    ``text`` and ``parse`` are inverse. ``canonical`` names the class of equal graphs; accuracies
    are joined by ``text``, since equal graphs were trained apart, and split by ``canonical``.
    """

    name: str
    tasks: ClassVar[Mapping[str, TaskShape]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in OF_AN_ARCHITECTURE & vars(cls).keys():
            setattr(cls, name, _refusing_text(vars(cls)[name]))

    count_flops = staticmethod(tensorwatch)

    @property
    @abstractmethod
    def size(self) -> int | None:
        """The number of texts, or None where it cannot be counted."""

    @abstractmethod
    def parse(self, text: str) -> Arch:
        """The structure of ``text``. Raises ValueError that names the offending token."""

    @abstractmethod
    def text(self, arch: Arch) -> str:
        """The space's own text of ``arch``."""

    @abstractmethod
    def canonical(self, arch: Arch) -> str:
        """A text that is equal for equal graphs."""

    def live(self, arch: Arch) -> str:
        """A text that is equal where networks compute the same function of the same weights.

        It may be finer than ``canonical`` and looks through what does not reach the output.
        """
        return self.canonical(arch)

    @abstractmethod
    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        """The modules of the network as the benchmark's authors trained it; its weights are not drawn yet."""

    def weight_seed(self, arch: Arch, task: str, seed: int) -> SeedOf:
        """The seed of each weight by its name, a function of (seed, space, task, what is computed)."""
        return named_seed(seed, self.name, task, self.canonical(arch))

    def network(self, arch: Arch, task: str, seed: int = 0) -> nn.Module:
        """The network as the benchmark's authors trained it, with torch's default initialisation.

        The weights are a function of (seed, space, task, what is computed), so that
        architectures that compute the same draw the same weights. No global generator is touched.
        """
        return build(lambda: self.blueprint(arch, task), self.weight_seed(arch, task, seed))

    def parameters(self, arch: Arch, task: str) -> int:
        """The trainable parameters of the network, counted without memory for them."""
        with torch.device("meta"):
            return sum(p.numel() for p in self.blueprint(arch, task).parameters())

    def flops(self, arch: Arch, task: str) -> int:
        """The multiply-adds for one example, counted as the space's benchmark published them."""
        with torch.device("meta"):
            images = torch.zeros(1, *self.task_shape(task).input)
            return self.count_flops(self.blueprint(arch, task), images)

    def architectures(self) -> Iterator[Arch]:
        """Every architecture once, in a fixed order. Raises ValueError where they are too many."""
        raise ValueError(
            f"space {self.name} is too large to enumerate; draw architectures with sample(rng) instead"
        )

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Arch:
        """A uniformly random architecture."""

    @abstractmethod
    def neighbours(self, arch: Arch) -> list[Arch]:
        """Every architecture that is one edit away, in a fixed order, without ``arch``."""

    @abstractmethod
    def distance(self, a: Arch, b: Arch) -> int:
        """How many edits lie between two architectures: 1 for neighbours, 0 for equal ones."""

    def mutate(self, arch: Arch, rng: np.random.Generator) -> Arch:
        """A uniformly random neighbour."""
        neighbours = self.neighbours(arch)
        return neighbours[int(rng.integers(len(neighbours)))]

    def task_shape(self, task: str) -> TaskShape:
        """The shape of ``task``. Raises ValueError that lists the tasks of the space."""
        if task not in self.tasks:
            raise ValueError(f"space {self.name} has no task {task!r}; it has {sorted(self.tasks)}")
        return self.tasks[task]


def _refusing_text(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method with a TypeError for a text, which would be taken for a tuple of characters."""

    @wraps(method)
    def checked(space: Space, *args: Any, **kwargs: Any) -> Any:
        if isinstance(args[0] if args else kwargs.get("arch"), str):
            raise TypeError(
                f"space {space.name} takes an architecture, not a text; call space.parse(text) first"
            )
        return method(space, *args, **kwargs)

    return checked


class CategoricalSpace(Space):
    """A space whose architectures are one choice from the same operations at each of ``length`` places."""

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
            (*arch[:place], operation, *arch[place + 1 :])
            for place in range(self.length)
            for operation in self.operations
            if operation != arch[place]
        ]

    def distance(self, a: Arch, b: Arch) -> int:
        return sum(mine != other for mine, other in zip(a, b, strict=True))

    def _checked(self, tokens: list[str], text: str) -> Arch:
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
    """A categorical space where an operation adds the same counts at its place whatever the others are.

    So the counts of every architecture follow from one network for each operation at each place.
    """

    def parameters(self, arch: Arch, task: str) -> int:
        return _added(self, "parameters", arch, task)

    def flops(self, arch: Arch, task: str) -> int:
        return _added(self, "flops", arch, task)


def _added(space: CategoricalSpace, quantity: str, arch: Arch, task: str) -> int:
    base, added = _additions(space, quantity, task)
    return base + sum(added[place, operation] for place, operation in enumerate(arch))


@cache
def _additions(space: CategoricalSpace, quantity: str, task: str) -> tuple[int, dict[tuple[int, str], int]]:
    """The count of the network that has the first operation everywhere, and what each other adds."""
    count = getattr(Space, quantity)
    plain = (space.operations[0],) * space.length
    base = count(space, plain, task)
    changed = {
        (place, operation): (*plain[:place], operation, *plain[place + 1 :])
        for place in range(space.length)
        for operation in space.operations
    }
    return base, {key: count(space, arch, task) - base for key, arch in changed.items()}
