"""Choose the inputs that matter most, from the training labels alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from zcrepro.problems.rows import Rows

TREES = 1000


def most_important(training: Sequence[Rows], number: int, rng: np.random.Generator) -> list[Rows]:
    """Return the training rows with the ``number`` inputs of the largest importance, in their order.

    The importance of an input is how much the splits at it reduce the variance in an ExtraTrees regression
    (Geurts, Ernst and Wehenkel, Machine Learning 2006) of the rank of the accuracy within its problem.
    """
    # Imported here, since it takes a second and most evolutions use all inputs.
    from sklearn.ensemble import ExtraTreesRegressor

    names = list(training[0].columns)
    inputs = np.concatenate([np.stack(list(rows.columns.values()), axis=1) for rows in training])
    ranks = np.concatenate([rankdata(rows.accuracy) / len(rows) for rows in training])
    trees = ExtraTreesRegressor(TREES, min_samples_leaf=2, random_state=int(rng.integers(2**31)))
    importances = trees.fit(inputs, ranks).feature_importances_
    chosen = np.sort(np.argsort(-importances, kind="stable")[:number])
    kept = [names[place] for place in chosen]
    return [replace(rows, columns={name: rows.columns[name] for name in kept}) for rows in training]
