"""Handwritten digits rotated by a random multiple of 90 degrees; the label is the digit.

The task follows the rotated digits of Larochelle et al., An empirical evaluation of deep architectures on
problems with many factors of variation, ICML 2007. A rotation by 90 degrees is exact: it does not interpolate
pixels. Each shape has to be learned in four orientations from the same few images. Compared with the upright
digits, accuracy therefore depends more on what a network can represent, and less on how well it averages out
noise.
"""

import numpy as np

from zcrepro.images._digits import DigitTask

QUARTERS = 4


def turned(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return each digit, (n, side, side), rotated anticlockwise by 0, 90, 180 or 270 degrees."""
    quarters = rng.integers(QUARTERS, size=len(digits))
    result = np.empty_like(digits)
    for number in range(QUARTERS):
        result[quarters == number] = np.rot90(digits[quarters == number], number, axes=(1, 2))
    return result


IMAGES = DigitTask("turned_digits", noise=0.2, change=turned)
"""The noise is lighter than that of the upright digits, because the rotations make the task harder."""
