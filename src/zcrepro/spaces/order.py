"""Put architectures into one fixed random order, of which every prefix is an unbiased sample."""

from collections.abc import Iterable

from zcrepro import seeds
from zcrepro.spaces.base import Space


def random_order(space: Space, texts: Iterable[str]) -> list[str]:
    """Return ``texts`` in random order.

    The sort key of a text is a hash of the text and the space's name. The relative order of two texts
    therefore does not depend on which other texts are given.
    """
    return sorted(texts, key=lambda text: (seeds.derive("order", space.name, text), text))


def distinct_graphs(space: Space, texts: Iterable[str]) -> list[str]:
    """Return ``texts`` without those whose graph equals that of an earlier text."""
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(space.canonical(space.parse(text)), text)
    return list(first.values())
