"""EZNAS for ENAS, drawn tree: how little gradients at inputs of convolutions change with added noise.

It is the authors' program for the ENAS space, with the tensors that the paper's drawing of the tree names.
At batch 16 it is 0 for most layers: exp overflows.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_enas_labels", direction="higher")
