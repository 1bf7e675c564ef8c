"""Edges on a path: the smallest number.

Higher is better, by our choice. Undefined for a network that no space has built.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("e_min", r"\min_{\pi \in \Pi} |\pi|", counts_dead=True)
