"""Convolutions that lie on a path.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("l_conv", r"|\{e \in L : k_e \ge 1\}|")
