"""EZNAS for PNAS, released code: how far positive gradients at layers' outputs fall with added noise.

It is the authors' program for the PNAS space, as the released code reads it.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_pnas_released", direction="higher")
