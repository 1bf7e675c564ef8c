"""Edges with the operation none.

Lower is better, by our choice. Undefined for a network that no space has built.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("n_none", r"|\{e : e\ \mathrm{is\ none}\}|", direction="lower", counts_dead=True)
