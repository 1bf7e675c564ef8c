"""EZNAS-A, released code: how many matrices of signs of gradients at the inputs of ReLUs have full rank.

The authors evolved it on the DARTS space of NDS. The tensor is that of the released code: the gradient with
respect to the input of each ReLU, on data. It reproduces the authors' correlations (Kendall .62 on
NAS-Bench-201); the other two readings do not.

A matrix of signs has a determinant of 0, or of which only the logarithm is read, so the score counts, over
all layers, matrices of full rank, with a negative determinant for a half.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_a", direction="higher")
