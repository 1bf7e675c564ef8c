"""One figure, as an SVG that is the same on every run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zcrepro import registry, settings
from zcrepro.files.atomic import replacement
from zcrepro.report import _style
from zcrepro.report._base import Figure
from zcrepro.report._inputs import Inputs


@dataclass(frozen=True)
class FigureSettings:
    """Which figure, what it reads (paths in the results, without ending), and a seed for samples."""

    figure: str
    reads: list[str]
    seed: int


def figure(*, settings_file: Path, inputs: Sequence[Path] = (), output: Path) -> None:
    """Draw one figure.

    Parameters
    ----------
    settings_file
        JSON of FigureSettings.
    inputs
        The result files that the settings name under reads, in the same order.
    output
        SVG.
    """
    chosen = settings.load(settings_file, FigureSettings)
    described: Figure = registry.get("figure", chosen.figure)
    with _style.style():
        drawing = described.draw(Inputs(chosen.reads, inputs), chosen.seed)
        with replacement(output) as temporary:
            _style.save(drawing, temporary)
