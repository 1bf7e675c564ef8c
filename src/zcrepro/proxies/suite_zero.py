"""Name the 13 proxies of NAS-Bench-Suite-Zero.

The module imports nothing, so that stages which never load torch can read the names.
"""

SUITE_ZERO: tuple[str, ...] = (
    "params",
    "flops",
    "l2_norm",
    "grad_norm",
    "snip",
    "grasp",
    "fisher",
    "plain",
    "nwot",
    "jacov",
    "epe_nas",
    "synflow",
    "zen",
)
"""The proxies of NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022), under the names it gives them."""
