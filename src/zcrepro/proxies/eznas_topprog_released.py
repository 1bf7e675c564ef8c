"""EZNAS for all of NDS, released code: the squared size of the inputs of convolutions, on noise.

It is the authors' program for all NDS spaces, as the released code reads it.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_topprog_released", direction="higher")
