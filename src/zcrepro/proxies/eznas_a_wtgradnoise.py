"""EZNAS-A, as the paper prints it: signs of the gradients of the weights, on noise.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_a_wtgradnoise", direction="higher")
