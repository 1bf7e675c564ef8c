"""``zcrepro proxies``: list the hand-crafted proxies."""

from collections.abc import Mapping
from typing import Any

from zcrepro.commands._latex import plain_text
from zcrepro.commands._output import Listing, Output
from zcrepro.proxies.base import Proxy
from zcrepro.proxies.lookup import list_proxies
from zcrepro.spaces.structural_counts import COUNTS, PREFIX

DEFAULT = Output()

TITLE = (
    "cost: in forwards of the network on one batch, measured on NAS-Bench-201; proxies of one pass share it"
)
OF_STRUCTURE = (
    "structural counts, without weights and images: of the graph of an architecture of a search space, or of "
    "a traced network; a path leads from the input to the output, and what lies on one is live"
)


def proxies(*, output: Output = DEFAULT) -> None:
    """List the hand-crafted proxies: formula, direction, cost and citation. Structural counts come last."""
    found = list_proxies()
    counts = [PREFIX + name for name in COUNTS]
    rows = [_row(name, proxy) for name, proxy in found.items() if name not in counts]
    of_structure = [
        {"proxy": PREFIX + name, "better": found[PREFIX + name].direction, "counts": text}
        for name, text in COUNTS.items()
    ]
    output.show(
        Listing("proxies", rows, TITLE, whole=("proxy",)),
        Listing("structural_counts", of_structure, OF_STRUCTURE, whole=("proxy",)),
    )


def _row(name: str, proxy: Proxy[Any]) -> Mapping[str, str]:
    return {
        "proxy": name,
        "better": proxy.direction,
        "pass": proxy.runs_in.name,
        "cost": proxy.runs_in.cost,
        "formula": plain_text(proxy.formula),
        "citation": proxy.citation,
    }
