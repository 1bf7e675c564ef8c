"""EZNAS for all of NDS, drawn tree: the squared size of gradients at convolutions' inputs, on noise.

It is the authors' program for all NDS spaces, with the tensors that the paper's drawing of the tree names.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_topprog_labels", direction="higher")
