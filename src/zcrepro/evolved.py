"""Load what an evolution wrote, a formula or a program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from zcrepro.files.json import read_sealed
from zcrepro.formulas.evolved import EvolvedProxy, load_formula
from zcrepro.programs.names import METHOD

if TYPE_CHECKING:
    from zcrepro.programs.evolved import EvolvedProgram


def load_proxy(path: Path | str) -> EvolvedProxy | EvolvedProgram:
    """Return the formula or the program in a file that an evolution wrote, ``.../seed-<k>.json``.

    Both score networks with ``zcrepro.score``. Raises ValueError if the file holds something else.
    """
    if read_sealed(Path(path)).get("method") == METHOD:
        from zcrepro.programs.evolved import load_program  # Imported here, since it imports torch.

        return load_program(path)
    return load_formula(path)
