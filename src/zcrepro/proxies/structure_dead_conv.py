"""Convolutions that lie on no path.

Lower is better, by our choice. Undefined for a network that no space has built.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("dead_conv", r"|\{e \notin L : k_e \ge 1\}|", direction="lower", counts_dead=True)
