"""The architectures that a search may train, and which of them are neighbours; nothing of their accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

import numpy as np

from zcrepro.spaces.base import Arch, Space

FEWEST_NEIGHBOURS = 8


@dataclass
class Pool:
    """The architectures of a space with known accuracies, by index."""

    space: Space
    archs: Sequence[Arch]
    _index: dict[Arch, int] = field(init=False)
    _neighbours: dict[int, np.ndarray] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._index = {arch: i for i, arch in enumerate(self.archs)}

    def __len__(self) -> int:
        return len(self.archs)

    def neighbours(self, index: int) -> np.ndarray:
        """Return the members one edit away; the eight nearest if the pool holds fewer of these than eight."""
        if index not in self._neighbours:
            one_edit = [self._index.get(arch) for arch in self.space.neighbours(self.archs[index])]
            found = [i for i in one_edit if i is not None]
            if len(found) < FEWEST_NEIGHBOURS:
                found = self._nearest(index)
            self._neighbours[index] = np.array(found)
        return self._neighbours[index]

    def _nearest(self, index: int) -> list[int]:
        arch = self.archs[index]
        others = (i for i in range(len(self)) if i != index)
        return nsmallest(
            FEWEST_NEIGHBOURS, others, key=lambda i: (self.space.distance(arch, self.archs[i]), i)
        )
