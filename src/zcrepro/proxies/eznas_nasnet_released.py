"""EZNAS for NASNet, released code: at how many places inputs plus log changes of outputs are in 0 to 1.

It is the authors' program for the NASNet space, as the released code reads it.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_nasnet_released", direction="higher")
