"""EZNAS-A on each of the 22 tensors that a program can read."""

from collections.abc import Iterator

from zcrepro.problems.problem import Problem
from zcrepro.programs.names import of_tensor
from zcrepro.programs.terminals import TERMINALS
from zcrepro.report._base import Table
from zcrepro.report._beside_params import KENDALL, METRIC, SPEARMAN, beside
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

FOLDER = "features-images-16"
PROBLEM = Problem("nasbench201", "cifar10")

READS = ("features-images-16/nasbench201/cifar10", "accuracies/nasbench201")

NAME = "eznas_tensors"

EZNAS_A = "eznas_a"


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per tensor; a missing input is an entry that says so."""
    missing = context.inputs.missing(*READS)
    for tensor in TERMINALS:
        name = of_tensor(EZNAS_A, tensor)
        found = missing or beside(context, NAME, PROBLEM, name, (EZNAS_A,), folder=FOLDER)
        if isinstance(found, str):
            yield absent(tensor, "Kendall", METRIC, "", found)
            continue
        yield found.number(tensor, "architectures", len(found.rows))
        yield found.correlation(tensor, "Kendall", name, KENDALL)
        yield found.correlation(tensor, "Spearman", name, SPEARMAN)
        yield found.minus(tensor, "Kendall, minus eznas_a", EZNAS_A)


TABLE = Table(
    paper="zcrepro",
    title="EZNAS-A on each of the tensors of a layer",
    caption=(
        "Rank correlation with test accuracy of Fro(sigmoid(logdet(sign(x)))), where x is each of the 22 "
        "tensors of a layer. eznas_a is that of inpactgraddata. wt is the weight, wtgrad its gradient. "
        "inpact, preact and act are the input of the ReLU, the input of the convolution and the output of "
        "the BatchNorm, and inpactgrad, preactgrad and actgrad their gradients: on data, on noise, and the "
        "difference that a perturbation of the data makes. Architectures on which a tensor gives no score "
        "are left out. Intervals are bootstrap intervals over architectures, paired for the difference."
    ),
    measure=measure,
)
