"""The look of all figures, and SVG that is the same on every run."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from zcrepro.problems.problem import EMBEDDED, Problem

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""The colours of Okabe and Ito, which colour-blind readers can tell apart."""

DASHES = ("-", "--", "-.", ":")

HANDCRAFTED, LATER, EVOLVED = "#6B7280", "#0072B2", "#D55E00"

INK, FAINT = "#1F2937", "#D1D5DB"

NARROWEST = 6.5  # inches: room for a title over a single panel

SETTINGS = {
    "svg.hashsalt": "zcrepro",  # else the ids are random
    "svg.fonttype": "none",  # text stays text: it can be searched, and no glyph depends on a machine's fonts
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
}


@contextmanager
def style() -> Iterator[None]:
    """Set matplotlib's defaults, regardless of the user's, and ours on top."""
    with matplotlib.style.context(["default", SETTINGS]):
        yield


def panels(
    count: int,
    columns: int,
    width: float,
    height: float,
    *,
    share_x: bool = False,
    share_y: bool = False,
) -> tuple[Drawing, list[Axes]]:
    """Return a drawing with ``count`` panels of a size in inches, ``columns`` beside each other."""
    columns = min(columns, max(count, 1))
    rows = max(1, math.ceil(count / columns))
    drawing = Drawing(figsize=(max(columns * width, NARROWEST), rows * height), layout="constrained")
    grid = drawing.subplots(rows, columns, squeeze=False, sharex=share_x, sharey=share_y)
    axes = list(grid.flat)
    for ax in axes:
        ax.tick_params(labelbottom=True)  # else only the lowest panels of a shared axis have numbers
    for empty in axes[count:]:
        empty.set_axis_off()
    return drawing, axes[:count]


def nothing(why: str) -> Drawing:
    """Return a drawing that says why there is nothing to see."""
    drawing = Drawing(figsize=(6, 1.2))
    drawing.text(0.5, 0.5, why, ha="center", va="center")
    return drawing


def counted(numbers: Sequence[int]) -> str:
    """Return ``n = 400`` if all numbers are equal, else ``n = `` the smallest to the largest."""
    low, high = min(numbers), max(numbers)
    return f"n = {low:,}" if low == high else f"n = {low:,} to {high:,}"


def problem_title(problem: Problem) -> str:
    """Return the problem as text; one of the embedded benchmark says so."""
    return f"{problem} ({EMBEDDED})" if problem.is_embedded else str(problem)


def svg(drawing: Drawing) -> str:
    """Return a drawing as SVG without date and creator, so that equal drawings give equal texts."""
    written = StringIO()
    drawing.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    return written.getvalue()
