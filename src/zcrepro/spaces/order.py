"""One fixed random order of architectures, so that every prefix is an unbiased sample."""

from collections.abc import Iterable

from zcrepro import seeds
from zcrepro.spaces.base import Space


def random_order(space: Space, texts: Iterable[str]) -> list[str]:
    """``texts`` in an order that depends on each text alone, not on which others there are."""
    return sorted(texts, key=lambda text: (seeds.derive("order", space.name, text), text))


def distinct_graphs(space: Space, texts: Iterable[str]) -> list[str]:
    """``texts`` without later copies of a graph that came before."""
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(space.canonical(space.parse(text)), text)
    return list(first.values())
