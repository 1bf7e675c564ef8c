"""EZNAS for ENAS, released code: how little the outputs of layers change if noise is added to images.

It is the authors' program for the ENAS space, as the released code reads it. At batch 16 it
is 0 for most layers: exp overflows.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_enas_released", direction="higher")
