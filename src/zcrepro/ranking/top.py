"""How well a score finds the best of some rows, rather than how well it orders all of them.

Rows may tie: equal graphs have equal scores, and a resample holds copies. Where the best end among ties, each
of these is among the best with the same probability. So no result depends on the order of the rows.
"""

import numpy as np

from zcrepro.ranking.correlation import spearman


def share_of(rows: int, share: float) -> int:
    """Return the nearest whole number of rows that ``share`` of them is, at least one."""
    return max(1, round(share * rows))


def membership(values: np.ndarray, count: int) -> np.ndarray:
    """Return the probability of each row to be among the ``count`` with the largest values, (n,).

    It is 1 above the last value that is in, 0 below it, and the same for all that tie with it. Raises
    ValueError if there are fewer rows, or if a value is NaN.
    """
    values = np.asarray(values, np.float64)
    if not 0 < count <= len(values):
        raise ValueError(f"the best {count} of {len(values)} rows do not exist")
    if np.isnan(values).any():
        raise ValueError("NaN has no place among the best; leave such rows out first")
    last = np.partition(values, -count)[-count]
    above, tied = values > last, values == last
    return np.where(tied, (count - above.sum()) / tied.sum(), above.astype(np.float64))


def overlap(x: np.ndarray, y: np.ndarray, of_x: int, of_y: int) -> float:
    """Return the expected share of the best ``of_x`` rows by x that are among the best ``of_y`` by y."""
    return float(membership(x, of_x) @ membership(y, of_y)) / of_x


def spearman_of_best(x: np.ndarray, y: np.ndarray, count: int) -> float:
    """Return Spearman's rho among the best ``count`` rows by y, and all that tie with the last of them."""
    best = membership(y, count) > 0
    return spearman(np.asarray(x)[best], np.asarray(y)[best])
