"""Edges that lie on a path.

Higher is better, by our choice. Undefined for a network that no space has built.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("l_edges", r"|L|", counts_dead=True)
