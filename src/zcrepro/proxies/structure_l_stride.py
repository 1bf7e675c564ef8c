"""Edges of stride 2 and larger that lie on a path.

Lower is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("l_stride", r"|\{e \in L : s_e \ge 2\}|", direction="lower")
