"""Read accuracies of TransNAS-Bench-101, micro, from the authors' archive."""

from zcrepro.benchmarks._transnasbench101_official import OfficialTransNASBench101
from zcrepro.spaces.transnasbench101_micro import SPACE

RECIPE = OfficialTransNASBench101("transnasbench101_micro_official", SPACE, "micro")
