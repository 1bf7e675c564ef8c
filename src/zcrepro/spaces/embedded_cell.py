"""The NAS-Bench-201 cell in the small skeleton: the same cell in each of the three stages."""

from torch import nn

from zcrepro.spaces._base import Arch
from zcrepro.spaces._cell import Cell, CellSpace
from zcrepro.spaces._initialisation import build
from zcrepro.spaces._skeleton import EMBEDDED_TASKS, SmallNetwork


class EmbeddedCell(CellSpace):
    name = "embedded_cell"
    tasks = EMBEDDED_TASKS

    def network(self, arch: Arch, task: str, seed: int = 0) -> nn.Module:
        shape = self.task_shape(task)
        return build(
            lambda: SmallNetwork(lambda _, channels: Cell(arch, channels), shape),
            self.weight_seed(arch, task, seed),
        )


SPACE = EmbeddedCell()
