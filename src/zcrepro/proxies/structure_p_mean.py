"""Poolings on a path: the mean over all paths.

Lower is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("p_mean", r"\frac{1}{|\Pi|} \sum_{\pi \in \Pi} n_{\mathrm{pool}}(\pi)", direction="lower")
