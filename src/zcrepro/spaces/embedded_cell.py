"""The NAS-Bench-201 cell in the small skeleton, with the same cell in each of the three stages.

The space has no published results, so its canonical form need not be the published one. It is the exact one:
two cells are equal if they compute the same function of the same weights.
"""

from torch import nn

from zcrepro.spaces._skeleton import CHANNELS, EMBEDDED_TASKS, SmallNetwork
from zcrepro.spaces.base import Arch
from zcrepro.spaces.cell import Cell, CellSpace, live_form


class EmbeddedCell(CellSpace):
    """The embedded benchmark's space of NAS-Bench-201 cells."""

    name = "embedded_cell"
    tasks = EMBEDDED_TASKS

    def canonical(self, arch: Arch) -> str:
        return live_form(arch)[0] or "#"

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        return self.blueprint_of_width(arch, task, CHANNELS)

    def blueprint_of_width(self, arch: Arch, task: str, channels: int) -> nn.Module:
        return SmallNetwork(lambda _, width: Cell(arch, width), self.task_shape(task), channels)


SPACE = EmbeddedCell()
