"""Convolutions of kernel 1 that lie on a path.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("l_c1", r"|\{e \in L : k_e = 1\}|")
