"""Poolings that lie on a path.

Lower is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("l_pool", r"|\{e \in L : e\ \mathrm{pools}\}|", direction="lower", counts_dead=True)
