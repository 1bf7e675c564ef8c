"""Handwritten digits, upright, in noise so heavy that the best networks read four of five."""

from zcrepro.images._digits import DigitTask

IMAGES = DigitTask("digits", noise=0.3)
"""``noise`` is three tenths of the way from black to white."""
