"""The proxies of ZCP (Abdelfattah et al., ICLR 2021), and how ours differ from those of its code."""

from collections.abc import Container

PROXIES = {
    "grad_norm": "grad_norm",
    "snip": "snip",
    "grasp": "grasp",
    "fisher": "fisher",
    "synflow": "synflow_zcp",
    "jacob_cov": "jacov",
}
"""The paper's names of the proxies, and our names of what the paper's code computes."""

VOTERS = ("synflow_zcp", "jacov", "snip")
"""Our names of the three proxies that vote."""

STAND_INS = {"synflow_zcp": "synflow"}
"""The proxy that is shown instead if a source lacks one."""

STAND_IN_NOTE = (
    "synflow without BatchNorm, as NASLib defines it, while the paper's code keeps it in the reduction blocks"
)

PLAIN_NETWORKS = (
    "plain networks, while the paper's carry all five operations on every edge and biased convolutions"
)

NOTES = {
    "jacob_cov": "jacov as NASLib defines it",
    "fisher": "biased convolutions that read zeros raise it for poor networks of the paper: docs/proxies.md",
}
"""What differs from the paper for one proxy, by the paper's name of it."""


def shown(name: str, columns: Container[str]) -> str:
    """Return the proxy, or its stand-in if the source lacks it."""
    return name if name in columns else STAND_INS.get(name, name)
