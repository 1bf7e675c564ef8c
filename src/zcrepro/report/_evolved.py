"""What readers must know of the value of a formula on a problem, in few distinct texts."""

from collections.abc import Iterator

import pandas as pd

from zcrepro.formulas.normalisation import POPULATION, is_count

CONSTANT = "constant"
"""The status of a formula that puts nothing in order."""

NORMALISATION = {
    True: "inputs standardised over all architectures of the problem",
    False: "inputs standardised with the means and deviations of the training architectures",
}
"""Notes on a formula, by whether its normalisation is ``population``."""


def notes(row: pd.Series) -> Iterator[str]:
    """Yield how the inputs are standardised, which are replaced by their mean, and which are not published.

    ``row`` is one of the generalization stage. There is nothing to say of what was not evolved.
    """
    if pd.isna(row["repeat"]):
        return
    replaced = [name for name in row["replaced"].split(",") if name]
    if row["status"] == CONSTANT:
        yield "the formula is constant on this problem" + (
            ", on which inputs are replaced by their mean" if replaced else ""
        )
        return
    yield normalisation(row)
    for name in replaced:
        if not is_count(name):
            yield f"{name} is replaced by its mean, since the problem has no score of it"
    if any(map(is_count, replaced)):
        yield "counts are replaced by their mean, since those of this space count modules, not operations"
    for name in row["ours"].split(",") if row["ours"] else ():
        yield f"scores of {name} are our own, since none are published"


def normalisation(row: pd.Series) -> str:
    """Return how the inputs of a formula are standardised."""
    return NORMALISATION[row["normalisation"] == POPULATION]
