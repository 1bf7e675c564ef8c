"""What the commands that score share: proxies by name or file."""

from zcrepro.formulas.evolved import EvolvedProxy, load_proxy


def proxy_named(name: str) -> str | EvolvedProxy:
    """Return the name of a hand-crafted proxy unchanged, or the evolved proxy in a JSON file."""
    return load_proxy(name) if name.endswith(".json") else name
