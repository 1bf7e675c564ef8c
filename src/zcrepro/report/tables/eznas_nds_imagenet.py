"""The ImageNet table of EZNAS (Akhauri et al., NeurIPS 2022) on NDS: what it would take."""

from collections.abc import Iterator

from zcrepro.report._base import Table
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

READS = ()

SPACES = ("DARTS", "Amoeba", "PNAS", "ENAS", "NASNet")

NO_IMAGES = (
    "images of ImageNet, 224 x 224, on which the paper scores 40 networks of each space: they are under the "
    "terms of image-net.org and no file of the project, which has the accuracies (nds/*_in.json)"
)


def measure(context: Context) -> Iterator[Measured]:
    """Yield an entry per space, which says that the images are missing."""
    del context
    for space in SPACES:
        yield absent("EZNAS-A", f"{space}, Spearman", "spearman", "", NO_IMAGES)


TABLE = Table(
    paper="EZNAS",
    title="EZNAS on the design spaces of NDS, ImageNet",
    caption="Spearman's rho of EZNAS-A with accuracy, on 40 architectures of each space.",
    measure=measure,
)
