"""Edges on a path: the largest number.

Higher is better, by our choice. Undefined for a network that no space has built.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("e_max", r"\max_{\pi \in \Pi} |\pi|", counts_dead=True)
