"""Edges into the output that lie on a path.

Higher is better, by our choice. Undefined for a network that no space has built.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("out_in", r"|\{e \in L : e\ \mathrm{ends\ in\ the\ output}\}|", counts_dead=True)
