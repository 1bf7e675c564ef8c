"""Promote evolved programs."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from zcrepro.commands._promotion.base import Promotion
from zcrepro.files.json import read_sealed, write_sealed
from zcrepro.programs.evolved import load_program


def promote_programs(files: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the tracked file of each program, as it is."""
    del root
    for file in files:
        name = f"resources/evolved/{load_program(file).name}.json"
        yield Promotion(name, partial(write_sealed, value=read_sealed(file) | {"promoted": name}))
