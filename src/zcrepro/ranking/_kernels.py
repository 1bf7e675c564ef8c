"""Compiled loops for rank correlations of many vectors x with one vector y.

Rows are addressed by their place in the order of y. ``encode``, a sort, and ``separate`` put the places into
the order of x, stably: rows with equal x stay in the order of y. All loops count integers, so the results do
not depend on the processor. Numba compiles them at the first call on a machine, and keeps the machine code
in ``__pycache__`` beside this file, or in the user's cache folder if this folder is read-only. If neither can
be written, the environment variable NUMBA_CACHE_DIR must name a folder that can.
"""

import numpy as np
from numba import njit

MAGNITUDE = 0x7FFFFFFFFFFFFFFF
INFINITY = 0x7FF0000000000000
"""The bits of a float64 that are not its sign, and those of infinity. Only NaN has a larger magnitude."""

ONE, WORD = np.uint64(1), np.uint64(63)

GROUP_BITS = 4
GROUP = 1 << GROUP_BITS
"""Entries of a level that one entry of the next level counts."""


def shapes_of_counts(rows: int) -> tuple[int, tuple[int, int]]:
    """Return the shapes of the words and of the levels of counts for ``kendall_counts``."""
    words = (rows >> 6) + 1
    levels, size = 0, words
    while size > 1:
        levels, size = levels + 1, -(-size // GROUP)
    return words, (levels, -(-words // GROUP) * GROUP)


@njit(cache=True)  # type: ignore[untyped-decorator]
def encode(bits: np.ndarray, order: np.ndarray, mask: int, keys: np.ndarray, codes: np.ndarray) -> bool:
    """Fill in the key and the code of each place, and return False if x holds a NaN.

    A key is an integer in the order of the values of x. A code is a key whose lowest bits give way to the
    place, so that one sort of integers orders keys and places together.

    Parameters
    ----------
    bits
        The bits of x, in which no zero is negative: int64 (n,).
    order
        The row at each place, that is, the stable argsort of y: int64 (n,).
    mask
        The bits of a code that hold the place.
    keys, codes
        Results, int64 (n,).
    """
    for place in range(len(order)):
        key = bits[order[place]]
        if key & MAGNITUDE > INFINITY:
            return False
        if key < 0:
            key ^= MAGNITUDE
        keys[place] = key
        codes[place] = (key & ~mask) | place
    return True


@njit(cache=True)  # type: ignore[untyped-decorator]
def separate(keys: np.ndarray, codes: np.ndarray, mask: int, bits: int) -> bool:
    """Return whether the sorted ``codes`` must be sorted again, and change them accordingly.

    Keys that differ in their lowest ``bits`` bits only, those of ``mask``, may be out of order. Then a new
    code consists of the number of its group of such keys, of these bits, and of the place.
    """
    ordered = True
    for k in range(1, len(codes)):
        ordered &= keys[codes[k - 1] & mask] <= keys[codes[k] & mask]
    if ordered:
        return False
    group = 0
    previous = codes[0] & ~mask
    for k in range(len(codes)):
        if codes[k] & ~mask != previous:
            group += 1
            previous = codes[k] & ~mask
        place = codes[k] & mask
        codes[k] = (((group << bits) | (keys[place] & mask)) << bits) | place
    return True


@njit(cache=True)  # type: ignore[untyped-decorator]
def ranking(keys: np.ndarray, codes: np.ndarray, mask: int, bits: int, found: np.ndarray) -> None:
    """Fill in the places in the order of x, each with a bit above it if it ties with the one before."""
    previous = keys[codes[0] & mask] if len(codes) else 0
    for k in range(len(codes)):
        place = codes[k] & mask
        found[k] = (int(k > 0 and keys[place] == previous) << bits) | place
        previous = keys[place]


@njit(cache=True)  # type: ignore[untyped-decorator]
def kendall_counts(
    keys: np.ndarray, codes: np.ndarray, mask: int, ends: np.ndarray, words: np.ndarray, counts: np.ndarray
) -> tuple[int, int, int]:
    """Return the numbers of discordant pairs, of pairs tied in x, and of pairs tied in x and y.

    ``ends`` is the number of rows whose y is not larger than that at each place, int64 (n,).

    A pair is discordant if its first place in the order of x stands behind the end of the second. So the
    places seen so far are counted: they are bits of 64-bit words, and above these stand levels of counts.
    An entry of a level is the number of places in the earlier entries of its group of GROUP. The number of
    places before a given one is then the sum of one entry per level and of the bits in one word, and adding
    a place takes one or two vector instructions per level. ``words`` and ``counts`` are zeros of
    ``shapes_of_counts``; numba takes twice as long to compile a loop that makes arrays.
    """
    levels = len(counts)
    discordant = tied = tied_in_both = equal = equal_in_both = last = 0
    for k in range(len(codes)):
        place = codes[k] & mask
        end = ends[place]
        equal = equal + 1 if k > 0 and keys[place] == keys[last] else 0
        equal_in_both = equal_in_both + 1 if equal > 0 and end == ends[last] else 0
        tied += equal
        tied_in_both += equal_in_both
        last = place
        index = end >> 6
        before = ones(words[index] & ((ONE << (np.uint64(end) & WORD)) - ONE))
        for level in range(levels):
            before += counts[level, index]
            index >>= GROUP_BITS
        discordant += k - before
        index = place >> 6
        words[index] |= ONE << (np.uint64(place) & WORD)
        for level in range(levels):
            slot = index & (GROUP - 1)
            group = index - slot
            for later in range(GROUP):
                counts[level, group + later] += later > slot
            index >>= GROUP_BITS
    return discordant, tied, tied_in_both


@njit(cache=True)  # type: ignore[untyped-decorator]
def spearman_sums(keys: np.ndarray, codes: np.ndarray, mask: int, ranks: np.ndarray) -> tuple[int, int]:
    """Return the sum of products of the ranks of x and y, and the sum of squares of the ranks of x.

    Ranks are mid-ranks minus their mean, times two, so that they are integers. ``ranks`` are the ranks of y
    at each place, int64 (n,).
    """
    n = len(codes)
    products = squares = start = of_y = 0
    for k in range(n):
        place = codes[k] & mask
        of_y += ranks[place]
        if k + 1 == n or keys[codes[k + 1] & mask] != keys[place]:
            rank = start + k + 1 - n
            products += rank * of_y
            squares += rank * rank * (k + 1 - start)
            start, of_y = k + 1, 0
    return products, squares


@njit(inline="always")  # type: ignore[untyped-decorator]
def ones(word: np.uint64) -> np.int64:
    """Return the number of ones in a word (Warren, Hacker's Delight, section 5-1)."""
    word -= (word >> ONE) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + (word >> np.uint64(2) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True)  # type: ignore[untyped-decorator]
def pairs_of_spans(x: np.ndarray, y: np.ndarray, ends: np.ndarray) -> tuple[int, int, int]:
    """Return concordant minus discordant pairs, and the numbers of pairs untied in x and in y.

    Row i is paired with the rows i + 1 up to ``ends[i]``.
    """
    difference = in_x = in_y = 0
    for i in range(len(ends)):
        for j in range(i + 1, ends[i]):
            of_x = int(x[i] > x[j]) - int(x[i] < x[j])
            of_y = int(y[i] > y[j]) - int(y[i] < y[j])
            difference += of_x * of_y
            in_x += of_x != 0
            in_y += of_y != 0
    return difference, in_x, in_y
