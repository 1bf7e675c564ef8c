"""NAS-Bench-NLP (Klyuchnikov et al., IEEE Access 2022): recurrent cells of language models.

The network reads words of a vocabulary of 10,000 as vectors of 400 numbers. Three recurrent layers of 600,
600 and 400 units follow, whose cells have one recipe (see ``nasbenchnlp_recipe``). The logits of the next
word are the products of the last layer's output and the vectors of all words, plus a bias per word. All
states are zero at the first word. The authors drop units and weights at random while they train; the network
here is the one that they evaluate.

A node of the operation ``linear`` is one nn.Linear, which reads its sources side by side. This is the sum of
one matrix times each source and a bias, as in the authors' code, and has as many parameters.

There is no largest recipe, so the space cannot be counted. The authors drew recipes at random, and trained
14,322 of them that the repository contains. ``sample`` draws from these. Edits of a recipe are not defined.
"""

from collections.abc import Callable, Mapping
from functools import cache
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

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "sigm": torch.sigmoid,
    "leaky_relu": F.leaky_relu,
}


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
        """Draw one of the trained recipes, uniformly at random.

        Raises ValueError if zcrepro is not installed from a clone of the repository.
        """
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
    return sum((width + 1) * outputs for width in _linear_widths(arch, inputs, outputs).values())


def _linear_widths(arch: Arch, inputs: int, outputs: int) -> dict[int, int]:
    """Return the width of what each linear node reads, by its number."""
    return {
        number: sum(inputs if source == recipes.X else outputs for source in sources)
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
        for number, width in _linear_widths(arch, inputs, outputs).items():
            self.add_module(f"node{number}", nn.Linear(width, outputs))

    def forward(self, vectors: Tensor) -> Tensor:
        new_states = self.arch[-1][1]
        states = [vectors.new_zeros(len(vectors), self.outputs) for _ in new_states]
        outputs = []
        for x in vectors.unbind(1):
            states = self._step(x, states)
            outputs.append(states[0])
        return torch.stack(outputs, 1)

    def _step(self, x: Tensor, states: list[Tensor]) -> list[Tensor]:
        """Return the new states, from the input at one position and the states after the one before."""
        values = {recipes.X: x} | {recipes.state(k): value for k, value in enumerate(states)}
        *nodes, (_, new_states) = self.arch
        for number, (operation, sources) in enumerate(nodes, start=1):
            values[number] = self._value(number, operation, [values[source] for source in sources])
        return [values[number] for number in new_states]

    def _value(self, number: int, operation: str, sources: list[Tensor]) -> Tensor:
        if operation == "linear":
            linear: Tensor = self.get_submodule(f"node{number}")(torch.cat(sources, -1))
            return linear
        if operation == "prod":
            return sources[0] * sources[1]
        if operation == "sum":
            return sources[0] + sources[1]
        if operation == "blend":
            gate, a, b = sources
            return gate * a + (1 - gate) * b
        return ACTIVATIONS[operation](sources[0])


SPACE = NASBenchNLP()
