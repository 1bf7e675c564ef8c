"""EZNAS-A, as a later implementation reads it: signs of the gradients of the weights, on data.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_a_wtgraddata", direction="higher")
