"""Paths of skip connections alone.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("id_paths", r"|\{\pi \in \Pi : \mathrm{all\ of\ } \pi\ \mathrm{skips}\}|")
