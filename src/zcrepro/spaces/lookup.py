"""Look up search spaces by name."""

from zcrepro import registry
from zcrepro.spaces.base import Space


def get_space(name: str) -> Space:
    """Return the search space called ``name``.

    Raises ValueError, which names the closest match, if there is none of that name.
    """
    space: Space = registry.get("space", name)
    return space


def list_spaces() -> list[str]:
    """Return the names of all search spaces."""
    return registry.names("space")
