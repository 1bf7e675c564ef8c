"""EZNAS-A, later code: how many matrices of signs of gradients of weights, on images, have full rank.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_a_wtgraddata", direction="higher")
