"""Promote evolved formulas."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from zcrepro.commands._promotion.base import Promotion
from zcrepro.files.json import read_sealed, write_sealed
from zcrepro.formulas.evolved import load_formula


def promote_formulas(files: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the tracked file of each formula, as it is."""
    del root
    for file in files:
        name = f"resources/evolved/{load_formula(file).name}.json"
        yield Promotion(name, partial(write_sealed, value=read_sealed(file) | {"promoted": name}))
