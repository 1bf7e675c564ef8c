"""``zcrepro proxies``: list the hand-crafted proxies."""

from zcrepro.commands._latex import plain_text
from zcrepro.commands._output import Listing, Output
from zcrepro.proxies.lookup import list_proxies

DEFAULT = Output()

TITLE = (
    "cost: in forwards of the network on one batch, measured on NAS-Bench-201; proxies of one pass share it"
)


def proxies(*, output: Output = DEFAULT) -> None:
    """List the hand-crafted proxies: formula, direction, cost and citation."""
    rows = [
        {
            "proxy": name,
            "better": proxy.direction,
            "pass": proxy.runs_in.name,
            "cost": proxy.runs_in.cost,
            "formula": plain_text(proxy.formula),
            "citation": proxy.citation,
        }
        for name, proxy in list_proxies().items()
    ]
    output.show(Listing("proxies", rows, TITLE, whole=("proxy",)))
