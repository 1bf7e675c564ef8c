"""Convolutions of kernel 3 and larger on a path: the mean over all paths.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("d3_mean", r"\frac{1}{|\Pi|} \sum_{\pi \in \Pi} n_{\mathrm{conv} \ge 3}(\pi)")
