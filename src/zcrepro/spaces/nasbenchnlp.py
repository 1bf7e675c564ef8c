"""NAS-Bench-NLP (Klyuchnikov et al., IEEE Access 2022): recurrent cells of language models.

The network reads words of a vocabulary of 10,000 as vectors of 400 numbers. Three recurrent layers of 600,
600 and 400 units follow, whose cells have one recipe (see ``nasbenchnlp_recipe``). The logits of the next
word are the products of the last layer's output and the vectors of all words, plus a bias per word. All
states are zero at the first word. The authors drop units and weights at random while they train; the network
here is the one that they evaluate.

A node of the operation ``linear`` has one nn.Linear per source, the first of them with a bias. As torch
initialises them, their weights are drawn as the authors draw those of matrices that read states. The other
matrices, the biases and the vectors of words have other bounds there.

There is no largest recipe, so the space cannot be counted. The authors drew recipes at random, and trained
14,322 of them that the repository contains. ``sample`` draws from these. Edits of a recipe are not defined.
"""

from collections.abc import Callable, Mapping
from functools import cache, reduce
from operator import add, mul
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro import checkout
from zcrepro.files import parquet
from zcrepro.networks.multiply_adds import multiply_adds
from zcrepro.spaces import nasbenchnlp_recipe as recipes
from zcrepro.spaces.base import Arch, Space, TaskShape

WORDS, WIDTH, HIDDEN = 10_000, 400, 600
WIDTHS = ((WIDTH, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, WIDTH))
"""The width of the input and of the states of each layer."""

POSITIONS = 70
"""Words that a training step of the authors runs through."""

TRAINED = "resources/nasbenchnlp/recipes.parquet"
"""The trained recipes, one row per training."""

OPERATIONS: Mapping[str, Callable[..., Tensor]] = {
    "tanh": torch.tanh,
    "sigm": torch.sigmoid,
    "leaky_relu": F.leaky_relu,
    "prod": mul,
    "sum": add,
    "blend": lambda gate, a, b: gate * a + (1 - gate) * b,
}
"""The operations that have no weights."""


class NASBenchNLP(Space):
    """The search space of NAS-Bench-NLP."""

    name = "nasbenchnlp"
    tasks: ClassVar = {"ptb": TaskShape((POSITIONS,), (WORDS, POSITIONS))}
    size = None
    count_flops = staticmethod(multiply_adds)

    def text(self, arch: Arch) -> str:
        return recipes.write(arch)

    def parse(self, text: str) -> Arch:
        try:
            arch = recipes.read(text)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from error
        if recipes.numbered(arch) != arch:
            written = self.text(recipes.numbered(arch))
            raise ValueError(f"{self.name}: {text!r} is not written as {written!r}")
        return arch

    def canonical(self, arch: Arch) -> str:
        return recipes.write(recipes.numbered(arch))

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        self.task_shape(task)
        return Network(arch)

    def parameters(self, arch: Arch, task: str) -> int:
        self.task_shape(task)
        layers = sum(_layer_parameters(arch, inputs, outputs) for inputs, outputs in WIDTHS)
        return layers + WORDS * (WIDTH + 1)

    def sample(self, rng: np.random.Generator) -> Arch:
        """Draw one of the trained recipes, uniformly at random."""
        texts = _trained()
        return self.parse(texts[int(rng.integers(len(texts)))])

    def neighbours(self, arch: Arch) -> list[Arch]:
        raise ValueError(_without_edits(arch))

    def distance(self, a: Arch, b: Arch) -> int:
        raise ValueError(_without_edits(a, b))


def _without_edits(*archs: Arch) -> str:
    texts = " and ".join(repr(recipes.write(arch)) for arch in archs)
    return f"space {SPACE.name} does not define edits of recipes, as of {texts}; draw others with sample(rng)"


@cache
def _trained() -> tuple[str, ...]:
    """Return the texts of the trained recipes, each once, in their order."""
    return tuple(sorted(set(parquet.read(checkout.path(TRAINED), ["arch"])["arch"])))


def _layer_parameters(arch: Arch, inputs: int, outputs: int) -> int:
    return sum(
        sum(width * outputs for width in widths) + outputs
        for widths in _linear_widths(arch, inputs, outputs).values()
    )


def _linear_widths(arch: Arch, inputs: int, outputs: int) -> dict[int, list[int]]:
    """Return the widths of the sources of each linear node, by its number."""
    return {
        number: [inputs if source == recipes.X else outputs for source in sources]
        for number, (operation, sources) in enumerate(arch, start=1)
        if operation == "linear"
    }


class Network(nn.Module):
    """Language model of a recipe, words, int64 (batch, positions), to logits, (batch, WORDS, positions)."""

    def __init__(self, arch: Arch) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(Layer(arch, inputs, outputs) for inputs, outputs in WIDTHS))
        self.decoder = nn.Linear(WIDTH, WORDS)

    def forward(self, words: Tensor) -> Tensor:
        vectors = F.embedding(words, self.decoder.weight)
        return self.decoder(self.layers(vectors)).movedim(-1, 1)


class Layer(nn.Module):
    """A cell that runs over the positions, (batch, positions, inputs) to (batch, positions, outputs)."""

    def __init__(self, arch: Arch, inputs: int, outputs: int) -> None:
        super().__init__()
        self.arch, self.outputs = arch, outputs
        for number, widths in _linear_widths(arch, inputs, outputs).items():
            for place, width in enumerate(widths):
                self.add_module(_matrix(number, place), nn.Linear(width, outputs, bias=place == 0))

    def forward(self, vectors: Tensor) -> Tensor:
        products = self._products(vectors)
        states = [vectors.new_zeros(len(vectors), self.outputs) for _ in self.arch[-1][1]]
        outputs = []
        for position, x in enumerate(vectors.unbind(1)):
            states = self._step(x, states, {name: of_all[position] for name, of_all in products.items()})
            outputs.append(states[0])
        return torch.stack(outputs, 1)

    def _products(self, vectors: Tensor) -> dict[str, tuple[Tensor, ...]]:
        """Return the products of matrices and the input at each position, of all at once, which is faster."""
        return {
            name: self.get_submodule(name)(vectors).unbind(1)
            for number, (operation, sources) in enumerate(self.arch, start=1)
            for place, source in enumerate(sources)
            if operation == "linear" and source == recipes.X and (name := _matrix(number, place))
        }

    def _step(self, x: Tensor, states: list[Tensor], products: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the new states, from the input at one position and the states after the one before."""
        values = {recipes.X: x} | {recipes.state(k): value for k, value in enumerate(states)}
        *nodes, (_, new_states) = self.arch
        for number, (operation, sources) in enumerate(nodes, start=1):
            read = [values[source] for source in sources]
            if operation == "linear":
                values[number] = self._linear(number, read, products)
            else:
                values[number] = OPERATIONS[operation](*read)
        return [values[number] for number in new_states]

    def _linear(self, number: int, sources: list[Tensor], products: Mapping[str, Tensor]) -> Tensor:
        names = (_matrix(number, place) for place in range(len(sources)))
        terms = (
            products[name] if name in products else self.get_submodule(name)(source)
            for name, source in zip(names, sources, strict=True)
        )
        return reduce(add, terms)


def _matrix(number: int, place: int) -> str:
    """Return the name of the matrix of a linear node for one of its sources."""
    return f"node{number}_source{place}"


SPACE = NASBenchNLP()
