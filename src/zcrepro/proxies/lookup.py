"""Proxies by name."""

from zcrepro import registry
from zcrepro.proxies.base import Proxy


def list_proxies() -> dict[str, Proxy]:
    """Every hand-crafted proxy by name; each says its formula, citation and direction."""
    return {name: registry.get("proxies", name) for name in registry.names("proxies")}
