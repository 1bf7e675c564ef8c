"""Draw one figure, as an SVG that is the same on every run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zcrepro import provenance, registry, settings
from zcrepro.files import markup
from zcrepro.ranking.intervals import Options
from zcrepro.report import _style
from zcrepro.report._base import Figure
from zcrepro.report._inputs import Inputs
from zcrepro.report.context import Context


@dataclass(frozen=True, kw_only=True)
class FigureSettings(Options):
    """Settings of a figure: its name, the names of its inputs, and how its intervals are made.

    ``reads`` holds paths below the results without ending.
    """

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
    made = provenance.metadata("figure", settings.as_mapping(chosen))
    context = Context(Inputs(chosen.reads, inputs), chosen.seed, chosen.resamples, chosen.level)
    with _style.style():
        drawing = described.draw(context)
        markup.write(output, _style.svg(drawing), made)
