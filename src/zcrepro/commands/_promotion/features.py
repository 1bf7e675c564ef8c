"""Promote chunks of features, and of their variants: one tracked file per pass group, with all draws."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from zcrepro import registry
from zcrepro.commands._promotion.base import Promotion, located
from zcrepro.commands._promotion.merging import (
    Part,
    agreed,
    merged,
    read_parts,
    same,
    tally,
    torch_of,
    versions,
)
from zcrepro.files import parquet
from zcrepro.proxies.feature_table import KEY, PROBLEM, feature_schema, proxies_in

ENTRIES = ("stage", PROBLEM, "device", "threads", "minibatch")
OF_PROGRAMS = ("programs", "program_images")
"""Entries of the metadata that are the same in all chunks, and those that chunks of programs have besides."""

LAYOUT = "features<variant>/<space>/<task>/draw-<draw>/<group>/<chunk>.parquet"


def promote_features(chunks: Sequence[Path], root: Path) -> Iterator[Promotion]:
    """Yield the tracked file of each pass group of each problem, extended by the new chunks.

    A long computation goes on over weeks, in which the code may change. So the digests of code and settings
    may differ between rows, and the metadata count the rows of each. The settings that decide a score, the
    version of torch, the device, the threads and the minibatch may not differ.
    """
    groups: dict[str, list[Path]] = {}
    for chunk in chunks:
        at = located(chunk, LAYOUT)
        registry.get("space", at["space"])  # raises ValueError if it is unknown
        problem = f"{at['space']}/{at['task']}{at['variant']}"
        name = f"resources/released/{problem}/{at['group']}.parquet"
        groups.setdefault(name, []).append(chunk)
    for name, files in groups.items():
        yield _promotion(name, read_parts(root / name, files))


def _promotion(name: str, parts: Sequence[Part]) -> Promotion:
    made = same(parts, [*ENTRIES, *(entry for entry in OF_PROGRAMS if entry in parts[0].made)]) | {
        "how": _how(parts),
        "versions": versions(parts),
        "code": tally(parts, "code"),
        "shared": tally(parts, "shared"),
        "promoted": name,
    }
    agreed(parts, "the version of torch", [torch_of(part) for part in parts])
    schema = feature_schema(proxies_in(parts[0].frame.columns))
    frame = merged(parts, KEY)
    return Promotion(name, partial(parquet.write, frame=frame, schema=schema, sort_by=KEY, metadata=made))


def _how(parts: Sequence[Part]) -> str:
    """Return the settings that all parts share, as JSON.

    Chunks of draw 0 redraw nothing, so they agree with whatever later draws redraw.
    """
    every = [json.loads(part.made.get("how", "{}")) for part in parts]
    redraw: list[str] = next((how["redraw"] for how in every if how.get("redraw")), [])
    settings = agreed(parts, "settings", [how | {"redraw": how.get("redraw") or redraw} for how in every])
    return json.dumps(settings)
