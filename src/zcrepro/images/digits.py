"""Upright handwritten digits in noise so heavy that the best networks classify about 80 percent correctly."""

from zcrepro.images._digits import DigitTask

IMAGES = DigitTask("digits", noise=0.3)
"""The standard deviation of the noise is 0.3; black is 0 and white is 1."""
