"""Convolutions on a path: the largest number.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("d_max", r"\max_{\pi \in \Pi} n_{\mathrm{conv}}(\pi)")
