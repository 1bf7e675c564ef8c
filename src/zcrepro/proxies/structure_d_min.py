"""Convolutions on a path: the smallest number.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("d_min", r"\min_{\pi \in \Pi} n_{\mathrm{conv}}(\pi)")
