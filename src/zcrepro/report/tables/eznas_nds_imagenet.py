"""The ImageNet table of EZNAS (Akhauri et al., NeurIPS 2022) on NDS, on noise in place of images."""

from collections.abc import Iterator

from zcrepro.problems.problem import Problem
from zcrepro.report import _eznas
from zcrepro.report._base import Table
from zcrepro.report._eznas import Place
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured

READS = ("features-programs/nds_*/ImageNet", "accuracies/{space}")

NAME = "eznas_nds_imagenet"

SPACES = {
    "DARTS": "nds_darts",
    "Amoeba": "nds_amoeba",
    "PNAS": "nds_pnas",
    "ENAS": "nds_enas",
    "NASNet": "nds_nasnet",
}
TASK = "ImageNet"

METHODS = {"EZNAS-A": _eznas.EZNAS_A, "Params": _eznas.PARAMS, "FLOPs": _eznas.FLOPS}

REMEDY = (
    "add the space with images: noise to features.variants under the name programs. The images of ImageNet, "
    "on which the paper scores, are under the terms of image-net.org"
)


def measure(context: Context) -> Iterator[Measured]:
    """Yield the entries of each row on the five spaces; a missing input is an entry that says so."""
    for row, method in METHODS.items():
        for label, space in SPACES.items():
            problem = Problem(space, TASK)
            place = Place(label, problem, f"features-programs/{problem}", _eznas.NOISE, REMEDY)
            yield from _eznas.measure(context, NAME, row, method, place)


TABLE = Table(
    paper="EZNAS",
    title="EZNAS on the design spaces of NDS, ImageNet",
    caption=(
        "Rank correlation of EZNAS-A with accuracy on ImageNet, on 40 architectures of each space. The paper "
        "scores on images of ImageNet, which are under terms of use. Here they are standard normal noise of "
        "224 x 224 pixels, so that no value counts as reproduced."
    ),
    measure=measure,
)
