"""EZNAS-A beside the number of parameters and other simple scores, on every problem that has its score."""

from collections.abc import Iterator

from zcrepro.problems.problem import Problem
from zcrepro.problems.scores import score_names
from zcrepro.report._base import Table
from zcrepro.report._beside_params import METRIC, PARAMS, SIMPLE, beside
from zcrepro.report._scored import has_task
from zcrepro.report.context import Context
from zcrepro.report.entry import Measured, absent

READS = ("features-programs/*", "accuracies/{space}", "released/{space}", "features/*")

NAME = "eznas_spaces"

EZNAS_A = "eznas_a"
FOLDER = "features-programs"
NUMBER, MINUS_PARAMS = "architectures", f"{EZNAS_A} minus {PARAMS}"


def measure(context: Context) -> Iterator[Measured]:
    """Yield a row per problem; if no features have the score, one entry says so."""
    problems = _problems(context)
    if not problems:
        what = f"the run makes no {FOLDER} of a problem with accuracies that have {EZNAS_A}"
        yield absent("all problems", EZNAS_A, METRIC, "", what)
    for problem in problems:
        yield from _row(problem, context)


def _problems(context: Context) -> list[Problem]:
    names = context.inputs.names(FOLDER)
    scored = [name for name in names if EZNAS_A in score_names(context.inputs.path(name))]
    problems = [Problem.parse(name.removeprefix(f"{FOLDER}/")) for name in scored]
    return [problem for problem in problems if has_task(context.inputs, "accuracies", problem)]


def _row(problem: Problem, context: Context) -> Iterator[Measured]:
    row, found = str(problem), beside(context, NAME, problem, EZNAS_A, folder=FOLDER)
    if isinstance(found, str):
        yield absent(row, EZNAS_A, METRIC, "", found)
        return
    yield found.number(row, NUMBER, len(found.rows))
    yield from found.images(row, context.inputs, f"{FOLDER}/{problem}")
    for name in (EZNAS_A, *SIMPLE):
        if name in found.names:
            yield found.correlation(row, name, name)
        else:
            yield absent(row, name, METRIC, "", f"no score {name} of the architectures in {FOLDER}/{problem}")
    if PARAMS in found.names:
        yield found.minus_params(row, MINUS_PARAMS)


TABLE = Table(
    paper="zcrepro",
    title="EZNAS-A and the number of parameters, space by space",
    caption=(
        "Kendall's tau with accuracy of EZNAS-A, the program of the released code, and of the number of "
        "parameters, flops, synflow and nwot on the same architectures, and tau of EZNAS-A minus the "
        "absolute tau of the number of parameters. Programs are evaluated on 16 images, or on fewer where "
        "the tensors of all layers take more than 6 GiB. Intervals are bootstrap intervals over "
        "architectures, paired for the difference. A note says where EZNAS-A is not ahead."
    ),
    measure=measure,
)
