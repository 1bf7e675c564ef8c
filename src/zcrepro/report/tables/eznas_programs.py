"""The published programs of EZNAS (Akhauri et al., NeurIPS 2022) on NAS-Bench-201, beside simple scores."""

from collections.abc import Iterator

import pandas as pd

from zcrepro.problems.problem import Problem
from zcrepro.proxies.feature_table import computed
from zcrepro.report._base import Table
from zcrepro.report._beside_params import KENDALL, METRIC, PARAMS, SIMPLE, SPEARMAN, Beside, beside
from zcrepro.report._inputs import Inputs
from zcrepro.report.context import Context
from zcrepro.report.entry import SEPARATOR, Measured, absent

READS = ("accuracies/nasbench201", "features/nasbench201/cifar10")

NAME = "eznas_programs"

PROBLEM = Problem("nasbench201", "cifar10")

PROGRAMS = (
    "eznas_a",
    "eznas_a_wtgradnoise",
    "eznas_a_wtgraddata",
    "eznas_topprog_released",
    "eznas_topprog_labels",
    "eznas_enas_released",
    "eznas_enas_labels",
    "eznas_pnas_released",
    "eznas_pnas_labels",
    "eznas_nasnet_released",
    "eznas_nasnet_labels",
)
"""The names of ``zcrepro.programs.published``, which is not imported because it loads torch."""

NUMBER, WITHOUT = "architectures", "without a score"
MINUS_PARAMS = "Kendall, minus params"


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per program; a missing input is an entry that says so."""
    missing = context.inputs.missing(*READS)
    for name in PROGRAMS:
        found = missing or beside(context, NAME, PROBLEM, name)
        if isinstance(found, str):
            yield absent(name, "Kendall", METRIC, "", found)
        else:
            yield from _row(name, found, context.inputs)


def _row(name: str, found: Beside, inputs: Inputs) -> Iterator[Measured]:
    yield found.number(name, NUMBER, len(found.rows))
    yield from found.images(name, inputs, f"features/{PROBLEM}")
    undefined, reason = _undefined(name, found, inputs)
    further = len(found.rows.left_out) - undefined
    note = f"left out too, as another score of the row is undefined: {further:,}" if further else ""
    yield found.number(name, WITHOUT, undefined, *filter(None, [reason, note]))
    yield found.correlation(name, "Kendall", name, KENDALL)
    yield found.correlation(name, "Spearman", name, SPEARMAN)
    for simple in SIMPLE:
        column = f"Kendall, {simple}"
        if simple in found.names:
            yield found.correlation(name, column, simple, KENDALL)
        else:
            yield absent(name, column, METRIC, "", f"no score {simple} in features/{PROBLEM}")
    if PARAMS in found.names:
        yield found.minus_params(name, MINUS_PARAMS)


def _undefined(name: str, found: Beside, inputs: Inputs) -> tuple[int, str]:
    """Return how many architectures lack the score in a draw, and the commonest reason."""
    draws = [computed(draw, [name]) for draw in inputs.draws(f"features/{PROBLEM}")]
    rows = pd.concat(draws)
    lost = rows[rows[name].isna() & rows["arch"].isin(found.rows.left_out)]
    if lost.empty:
        return 0, ""
    reason = str(lost[f"{name}_status"].mode().iloc[0])
    return lost["arch"].nunique(), f"most often: {reason.replace(SEPARATOR, ', ')}"


TABLE = Table(
    paper="EZNAS",
    title="The published programs of EZNAS on NAS-Bench-201, CIFAR-10",
    caption=(
        "Rank correlation with accuracy of each program, in each reading of its tensors: those that the "
        "released code passes, and those of the labels of the drawn trees. For eznas_a these are the "
        "gradient with respect to the inputs of ReLUs, and the gradient of the weight on noise; a later "
        "implementation reads that on data. Beside each program stand Kendall's tau of the number of "
        "parameters, flops, synflow and nwot on the same architectures, and tau of the program minus the "
        "absolute tau of the number of parameters. Intervals are bootstrap intervals over architectures, "
        "paired for the difference. A note says where the program is not ahead."
    ),
    measure=measure,
)
