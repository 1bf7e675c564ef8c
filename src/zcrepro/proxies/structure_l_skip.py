"""Skip connections that lie on a path.

Higher is better, by our choice. Undefined for a network that no space has built.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("l_skip", r"|\{e \in L : e\ \mathrm{skips}\}|", counts_dead=True)
