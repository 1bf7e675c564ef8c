"""Handwritten digits turned by a random number of quarter turns; the label is still the digit.

After the rotated digits of Larochelle et al., An empirical evaluation of deep architectures on
problems with many factors of variation, ICML 2007. Quarter turns keep every pixel as it was. The
same few images have to teach each shape four times over, so what a network can represent counts
for more than in the upright digits, and what it can average away counts for less.
"""

import numpy as np

from zcrepro.images._digits import DigitTask

QUARTERS = 4


def turned(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each digit, (n, side, side), turned anticlockwise by 0, 90, 180 or 270 degrees."""
    quarters = rng.integers(QUARTERS, size=len(digits))
    result = np.empty_like(digits)
    for number in range(QUARTERS):
        result[quarters == number] = np.rot90(digits[quarters == number], number, axes=(1, 2))
    return result


IMAGES = DigitTask("turned_digits", noise=0.2, change=turned)
"""The noise is lighter than that of the upright digits: turned ones are hard enough in themselves."""
