"""Poolings on a path: the largest number.

Lower is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("p_max", r"\max_{\pi \in \Pi} n_{\mathrm{pool}}(\pi)", direction="lower")
