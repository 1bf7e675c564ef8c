"""Where the page comes from: the files that it is made from, its versions and its configuration."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zcrepro import checkout


@dataclass(frozen=True)
class Dataset:
    """A fetched file, as ``config/datasets.tsv`` lists it; ``digest`` is that of the final file."""

    name: str
    url: str
    digest: str
    bytes: int | None
    licence: str
    citation: str

    @property
    def size(self) -> str:
        """The size in words; empty if it is not known."""
        return "" if self.bytes is None else f"{self.bytes / 1e6:,.1f} MB"


@dataclass(frozen=True)
class Origins:
    """Data sources, provenance and citations: the last sections of the page.

    ``commit`` is that of the checkout which made the page; empty if there is none. ``versions`` are those of
    the libraries, ``code`` and ``settings`` digests, and ``configuration`` is JSON.
    """

    datasets: Sequence[Dataset]
    tracked: Sequence[str]
    commit: str
    versions: Mapping[str, str]
    code: str
    settings: str
    seed: str
    configuration: str


def origins(
    datasets: Sequence[Dataset],
    tracked: Sequence[str],
    configuration: Mapping[str, Any],
    made: Mapping[str, str],
) -> Origins:
    """Return what the page says of its making; ``made`` is its metadata."""
    return Origins(
        datasets=datasets,
        tracked=tracked,
        commit=checkout.commit(),
        versions=json.loads(made["versions"]),
        code=made["code"],
        settings=made["settings"],
        seed=str(configuration.get("seed", "")),
        configuration=json.dumps(configuration, indent=2, sort_keys=True),
    )
