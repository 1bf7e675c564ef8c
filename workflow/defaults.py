"""Defaults of one key that follow from another, which a schema cannot express."""

from collections.abc import Mapping
from typing import Any


def with_proxies(config: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the proxies that formulas are made of and compared with: all of the scores that are read."""
    offered = config[config["srgp"]["scores"]]["proxies"]
    filled = dict(config)
    for section, key in (("srgp", "terminals"), ("generalization", "handcrafted")):
        filled[section] = config[section] | {key: config[section][key] or offered}
    return filled
