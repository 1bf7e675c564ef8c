"""Paths without a pooling.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("free_paths", r"|\{\pi \in \Pi : n_{\mathrm{pool}}(\pi) = 0\}|")
