"""Rank correlations of many vectors x with one vector y, as the fitness of many formulas needs them.

What depends on y only is computed once, and x is sorted once. The results equal those of
``zcrepro.ranking.correlation``, or differ from them in the last bit. They are NaN if a vector has no order.
"""

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from zcrepro.ranking import _kernels

MOST_BITS = 21
"""Bits of a row number. A code of three numbers of this length fits into 63 bits."""


class Order(NamedTuple):
    """The rows of a vector x, sorted.

    ``keys`` are integers in the order of the values of x, (n,), by place in the order of y. ``codes`` hold
    the places in their lowest bits, in the order of x, (n,).
    """

    keys: np.ndarray
    codes: np.ndarray


class WithOne(ABC):
    """The order of y, and the places of its rows in the order of any x."""

    def __init__(self, y: np.ndarray) -> None:
        y = np.asarray(y, np.float64)
        self._bits = max(len(y) - 1, 1).bit_length()
        if self._bits > MOST_BITS:
            raise ValueError(f"{len(y)} rows are more than {2**MOST_BITS}")
        self._mask = (1 << self._bits) - 1
        self._is_nan = bool(np.isnan(y).any())
        self._order = np.argsort(y, kind="stable")
        ordered = y[self._order]
        self._starts = np.searchsorted(ordered, ordered, side="left")
        self._ends = np.searchsorted(ordered, ordered, side="right")

    def __call__(self, x: np.ndarray) -> float:
        """Return the correlation of x and y, or NaN if it is undefined.

        Raises ValueError if x and y differ in length.
        """
        order = self.order(x)
        return math.nan if order is None else self.of(order)

    @abstractmethod
    def of(self, order: Order) -> float:
        """Return the correlation of y and any x of this order, or NaN if it is undefined."""

    def order(self, x: np.ndarray) -> Order | None:
        """Return the order of x, or None if x or y holds a NaN.

        Raises ValueError if x and y differ in length.
        """
        if len(x) != len(self._order):
            raise ValueError(f"{len(x)} values for {len(self._order)} rows")
        keys, codes = np.empty_like(self._order), np.empty_like(self._order)
        # The sum makes a new array, in which -0.0 has become the 0.0 that it is equal to.
        bits = np.add(x, 0.0, dtype=np.float64).view(np.int64)
        if self._is_nan or not _kernels.encode(bits, self._order, self._mask, keys, codes):
            return None
        codes.sort()
        if _kernels.separate(keys, codes, self._mask, self._bits):
            codes.sort()
        return Order(keys, codes)

    def ranking(self, order: Order) -> bytes:
        """Return a key that two vectors have in common if and only if they have the same mid-ranks."""
        found = np.empty_like(order.codes)
        _kernels.ranking(order.keys, order.codes, self._mask, self._bits, found)
        return found.tobytes()


class KendallWith(WithOne):
    """Kendall's tau-b of many vectors x with one vector y (Knight, JASA 1966).

    With all counts of pairs known, the pairs that are neither tied in x nor in y are concordant or
    discordant, and

        tau-b = (concordant - discordant) / sqrt(untied in x * untied in y).

    The counts are integers, so the result is exact up to the square root and the division.
    """

    def __init__(self, y: np.ndarray) -> None:
        super().__init__(y)
        self._pairs = len(y) * (len(y) - 1) // 2
        # Each row is tied with the earlier rows of its group.
        self._tied = int((np.arange(len(y)) - self._starts).sum())
        self._words, self._counts = _kernels.shapes_of_counts(len(y))

    def of(self, order: Order) -> float:
        """Return tau-b of y and any x of this order, or NaN if it is undefined."""
        words, counts = np.zeros(self._words, np.uint64), np.zeros(self._counts, np.int32)
        discordant, tied, tied_in_both = _kernels.kendall_counts(
            *order, self._mask, self._ends, words, counts
        )
        untied = (self._pairs - tied) * (self._pairs - self._tied)
        difference = self._pairs - tied - self._tied + tied_in_both - 2 * discordant
        return difference / math.sqrt(untied) if untied else math.nan


class SpearmanWith(WithOne):
    """Spearman's rho of many vectors x with one vector y: the correlation of their mid-ranks.

    The sums are exact, because the doubled difference of a mid-rank and the mean rank is an integer.
    """

    def __init__(self, y: np.ndarray) -> None:
        super().__init__(y)
        self._ranks = self._starts + self._ends - len(y)
        self._squares = int((self._ranks * self._ranks).sum())

    def of(self, order: Order) -> float:
        """Return rho of y and any x of this order, or NaN if it is undefined."""
        products, squares = _kernels.spearman_sums(*order, self._mask, self._ranks)
        if not squares or not self._squares:
            return math.nan
        return max(-1.0, min(1.0, products / math.sqrt(float(squares) * float(self._squares))))
