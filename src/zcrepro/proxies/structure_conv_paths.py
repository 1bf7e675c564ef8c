"""Paths with a convolution.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("conv_paths", r"|\{\pi \in \Pi : n_{\mathrm{conv}}(\pi) > 0\}|")
