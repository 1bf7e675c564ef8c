"""Weights of the convolutions on paths, from one channel to one channel, as if each were 3x3 or 1x1.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("l_params", r"9\,|\{e \in L : k_e \ge 3\}| + |\{e \in L : k_e = 1\}|")
