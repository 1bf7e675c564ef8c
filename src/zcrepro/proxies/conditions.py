"""The conditions of a score: the minibatch, the initial weights, and what further draws draw anew."""

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from annotated_types import Ge


@dataclass(frozen=True, kw_only=True)
class Options:
    """How scores are computed; part of the configuration's section ``features``."""

    batch_size: Annotated[int, Ge(1)] = 64
    """Images in a minibatch."""

    share_equal_graphs: bool = True
    """Whether architectures that compute the same function draw the same weights and are scored once. The
    papers drew weights for each architecture."""

    initialisation: Literal["default", "kaiming", "xavier"] = "default"
    """How the initial weights are drawn: `default` as each space says, which is torch's own way in most;
    `kaiming` and `xavier` from normal distributions of variance 2 / fan-in and 2 / (fan-in + fan-out), with
    biases of zero."""

    augmented_batches: bool = False
    """Whether each architecture sees a minibatch of its own, cropped and mirrored at random, as in ZCP.
    Otherwise all see one fixed minibatch."""

    redraw: tuple[Literal["weights", "images"], ...] = ("weights",)
    """What each draw after the first draws anew. `weights` are the initial ones and a proxy's own random
    numbers; `images` do not matter to proxies that see none."""


@dataclass(frozen=True, kw_only=True)
class How(Options):
    """All settings that decide a score besides its space, task, proxy and draw.

    The metadata of a chunk hold them, so that scores that were made otherwise are noticed.
    """

    seed: int

    @property
    def as_mapping(self) -> dict[str, Any]:
        """The settings as plain values, as JSON holds them."""
        values = {field.name: getattr(self, field.name) for field in fields(How)}
        return values | {"redraw": list(self.redraw)}
