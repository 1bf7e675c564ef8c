"""Photographs that stand in for ImageNet16-120: one of each of its 120 classes, box-filtered to 16x16."""

from zcrepro.images._lookalike import LookAlike
from zcrepro.images.imagenet16_120 import CHOSEN, MEAN, SIDE, STD

IMAGES = LookAlike("ImageNet16-120", SIDE, CHOSEN, MEAN, STD)
