"""EZNAS for PNAS, drawn tree: how far below their mean weights are where added noise raises outputs.

It is the authors' program for the PNAS space, with the tensors that the paper's drawing of the tree names.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_pnas_labels", direction="higher")
