"""Photographs that stand in for CIFAR-100: 1,000 of Tiny ImageNet, of 100 classes at 32x32."""

from zcrepro.images._lookalike import LookAlike
from zcrepro.images.cifar100 import CLASSES, MEAN, SIDE, STD

IMAGES = LookAlike("CIFAR-100", SIDE, len(CLASSES), MEAN, STD)
