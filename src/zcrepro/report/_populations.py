"""Populations in words."""

from zcrepro.generalization.table import HELD_OUT
from zcrepro.problems.problem import EMBEDDED, Problem


def describe(problem: Problem, population: str) -> str:
    """Return the architectures in words; those of the embedded benchmark are called so."""
    which = (
        "architectures held out of the evolution (the formula was evolved in this space)"
        if population == HELD_OUT
        else "all architectures with every score"
    )
    return f"{which}, {EMBEDDED} benchmark" if problem.is_embedded else which


def embedded_note(problem: Problem) -> str:
    """Return a note if the problem is of the embedded benchmark, else an empty string."""
    return "embedded: a small benchmark that the project trained itself" if problem.is_embedded else ""
