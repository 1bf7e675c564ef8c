"""The authors' program for all NDS spaces, by the labels of the drawn tree.

See ``zcrepro.programs.published`` for the program, and Akhauri et al., NeurIPS 2022. Higher is better.
"""

from zcrepro.proxies._passes.layer_statistics import program

PROXY = program("eznas_topprog_labels", direction="higher")
