"""The NAS-Bench-201 cell in the small skeleton: the same cell in each of the three stages.

No published numbers hang on this space, so its canonical form is the exact one: two cells are equal
when they compute the same function of the same weights.
"""

from torch import nn

from zcrepro.spaces._skeleton import EMBEDDED_TASKS, SmallNetwork
from zcrepro.spaces.base import Arch
from zcrepro.spaces.cell import Cell, CellSpace, live_form


class EmbeddedCell(CellSpace):
    name = "embedded_cell"
    tasks = EMBEDDED_TASKS

    def canonical(self, arch: Arch) -> str:
        return live_form(arch)[0] or "#"

    def blueprint(self, arch: Arch, task: str) -> nn.Module:
        return SmallNetwork(lambda _, channels: Cell(arch, channels), self.task_shape(task))


SPACE = EmbeddedCell()
