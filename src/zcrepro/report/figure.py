"""Draw one figure: its specification in Vega-Lite for the page, and an SVG, the same on every run."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zcrepro import provenance, registry, settings
from zcrepro.files import markup
from zcrepro.files.json import write_sealed
from zcrepro.ranking.intervals import Options
from zcrepro.report import _vega
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


SPECIFICATION = "specification"
"""The key of the specification in the JSON file of a figure."""


def figure(*, settings_file: Path, inputs: Sequence[Path] = (), picture: Path, specification: Path) -> None:
    """Draw one figure.

    Parameters
    ----------
    settings_file
        JSON of FigureSettings.
    inputs
        The result files that the settings name under reads, in the same order.
    picture
        SVG of the figure as it is before a reader chooses anything.
    specification
        JSON: the specification with its data.
    """
    chosen = settings.load(settings_file, FigureSettings)
    described: Figure = registry.get("figure", chosen.figure)
    made = provenance.metadata("figure", settings.as_mapping(chosen))
    context = Context(Inputs(chosen.reads, inputs), chosen.seed, chosen.resamples, chosen.level)
    drawn = described.draw(context)
    write_sealed(specification, {"provenance": made, SPECIFICATION: drawn})
    markup.write(picture, _vega.svg(drawn), made)
