"""EZNAS for NASNet, drawn tree: at how many places outputs plus log changes of gradients are in 0 to 1.

It is the authors' program for the NASNet space, with the tensors that the paper's drawing of the tree names.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_nasnet_labels", direction="higher")
