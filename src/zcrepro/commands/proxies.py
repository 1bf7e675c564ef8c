"""``zcrepro proxies``: what there is."""

from rich.console import Console
from rich.table import Column, Table

from zcrepro.proxies._lookup import list_proxies


def proxies() -> None:
    """List the hand-crafted proxies: formula, direction and citation."""
    table = Table(
        Column("proxy", no_wrap=True), "better", "computed in", Column("formula", overflow="fold"), "citation"
    )
    for name, proxy in list_proxies().items():
        table.add_row(name, proxy.direction, proxy.runs_in.name, proxy.formula, proxy.citation)
    Console().print(table)
