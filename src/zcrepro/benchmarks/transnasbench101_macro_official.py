"""Read accuracies of TransNAS-Bench-101, macro, from the authors' archive."""

from zcrepro.benchmarks._transnasbench101_official import OfficialTransNASBench101
from zcrepro.spaces.transnasbench101_macro import SPACE

RECIPE = OfficialTransNASBench101("transnasbench101_macro_official", SPACE, "macro")
