"""Search spaces by name."""

from zcrepro import registry
from zcrepro.spaces.base import Space


def get_space(name: str) -> Space:
    """The search space called ``name``. Raises ValueError that names the nearest one."""
    space: Space = registry.get("space", name)
    return space


def list_spaces() -> list[str]:
    """The names of all search spaces."""
    return registry.names("space")
