"""Paths from the input to the output.

Higher is better, by our choice.
"""

from zcrepro.proxies._passes.graph import count

PROXY = count("paths", r"|\Pi|")
