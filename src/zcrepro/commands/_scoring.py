"""What the commands that score share: proxies by name or file."""

from zcrepro import registry
from zcrepro.evolved import load_proxy
from zcrepro.scoring import AnyProxy


def proxy_named(name: str) -> AnyProxy:
    """Return the name of a hand-crafted proxy unchanged, or the evolved proxy in a JSON file.

    Raises ValueError, which gives the nearest name, if there is no such proxy.
    """
    if name.endswith(".json"):
        return load_proxy(name)
    registry.get("proxies", name)
    return name
