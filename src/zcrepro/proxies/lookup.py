"""Look up proxies by name."""

from typing import Any

from zcrepro import registry
from zcrepro.proxies.base import Proxy


def list_proxies() -> dict[str, Proxy[Any]]:
    """Return every hand-crafted proxy by name, with its formula, citation and direction."""
    return {name: registry.get("proxies", name) for name in registry.names("proxies")}
