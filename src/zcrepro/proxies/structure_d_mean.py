"""Convolutions on a path: the mean over all paths.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("d_mean", r"\frac{1}{|\Pi|} \sum_{\pi \in \Pi} n_{\mathrm{conv}}(\pi)")
