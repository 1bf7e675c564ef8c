"""The figures of the page, drawn by Vega from their specifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import vl_convert
from markupsafe import Markup

from zcrepro import registry
from zcrepro.files.json import read_sealed
from zcrepro.report._base import SECTIONS, Figure
from zcrepro.report._vega import VERSION
from zcrepro.report.figure import SPECIFICATION
from zcrepro.report.page.packing import packed


@dataclass(frozen=True)
class Chart:
    """A figure as the page shows it.

    ``nothing`` says why there is nothing to draw; it is empty otherwise. ``has_panel`` says whether the page
    shows the mark under the pointer beside the chart.
    """

    name: str
    described: Figure
    description: str
    nothing: str
    has_panel: bool
    packed: str


def by_section(figures: Sequence[Path]) -> dict[str, list[Chart]]:
    """Return the charts of each section, in the order of the files."""
    found: dict[str, list[Chart]] = {section: [] for section in SECTIONS}
    for path in figures:
        chart = _chart(path)
        found[chart.described.section].append(chart)
    return found


@cache
def vega() -> Markup:
    """Return Vega, Vega-Lite and Vega-Embed as one script, whose names stay its own."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VERSION)
    return Markup("(()=>{" + bundle.replace("</script", r"<\/script") + "})();")  # nosec: of the library


def _chart(path: Path) -> Chart:
    name = path.name.partition(".")[0]
    specification = read_sealed(path)[SPECIFICATION]
    more = specification.get("usermeta", {})
    nothing = more.get("nothing", "")
    return Chart(
        name=name,
        described=registry.get("figure", name),
        description=specification["description"],
        nothing=nothing,
        has_panel="panel" in more,
        packed="" if nothing else packed(specification),
    )
