"""Poolings on a path: the smallest number.

Lower is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("p_min", r"\min_{\pi \in \Pi} n_{\mathrm{pool}}(\pi)", direction="lower")
