"""What a score costs in forward passes."""

from zcrepro import registry

BATCH = 64
"""Images of a score."""

CLASSES = 10
"""Times that the cost of a pass counts which is given per class."""


def forwards(proxy: str) -> float:
    """Return the measured cost of a proxy's pass in forward passes of a batch; other proxies may share it."""
    number, _, each = registry.get("proxies", proxy).runs_in.cost.partition(" per ")
    return float(number) * (CLASSES if each else 1)
