"""Networks that read tokens, integers that an embedding turns into vectors.

Tokens have no derivative, and there is none between two of them. What is differentiated with respect to an
image, or defined on an image of ones, is therefore defined on the vectors that the embedding puts out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor
from torch.nn import functional as F

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.functions import Intercepted


def are_tokens(inputs: Tensor) -> bool:
    """Return whether inputs of a network are tokens, not images."""
    return not inputs.is_floating_point()


def positions(inputs: Tensor) -> tuple[int, ...]:
    """Return the shape of the positions that have logits: (positions,) for tokens, () for images."""
    return tuple(inputs.shape[1:]) if are_tokens(inputs) else ()


def vectors_replaced(replacement: Callable[[Tensor], Tensor]) -> Intercepted:
    """Make a network go on with ``replacement`` of the vectors, (n, positions, width), inside.

    An embedding may be the module nn.Embedding or the function. It is replaced whenever it runs.
    """

    def embedding(*args: object, **kwargs: object) -> Tensor:
        return replacement(F.embedding(*args, **kwargs))  # type: ignore[arg-type]

    return Intercepted({F.embedding: embedding})


def only(vectors: Sequence[Tensor]) -> Tensor:
    """Return the vectors of the only embedding that ran. Raises UndefinedScoreError for several, or none."""
    if len(vectors) != 1:
        raise UndefinedScoreError(
            f"{len(vectors)} embeddings run, and what takes the place of an image is the vectors of one"
        )
    return vectors[0]
