"""The order in which the architectures of a problem are scored: one fixed random order, computed once.

Every prefix of it is an unbiased sample of the benchmark. A chunk of the extraction reads its own rows and
none before them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from zcrepro import provenance, registry, settings
from zcrepro.files import parquet
from zcrepro.progress import track
from zcrepro.proxies.feature_table import PROBLEM, ROWS_PER_GROUP
from zcrepro.proxies.sources import of_one_source
from zcrepro.spaces.base import Space
from zcrepro.spaces.order import random_order

SCHEMA = pa.schema(
    [("place", pa.int64()), ("arch", pa.string()), ("graph", pa.string()), ("first", pa.int64())]
)


@dataclass(frozen=True)
class OrderSettings:
    """The problem, and which of its architectures are put into order: those with accuracies or with scores.

    Published scores are those of one source, the one that has most proxies of the task. Architectures of more
    than ``max_flops`` multiply-adds are left out, unless it is 0.
    """

    space: str
    task: str
    among: Literal["accuracies", "released"]
    max_flops: float


def order(*, settings_file: Path, known: Path, output: Path) -> None:
    """Put the architectures of one problem into their fixed random order.

    Parameters
    ----------
    settings_file
        JSON of OrderSettings.
    known
        What is known of the space: the table of accuracies, or of published scores, that ``among`` names.
    output
        Parquet: place, arch, graph, and first, the place of the first architecture that computes the same
        function of the same weights (its own place if there is none before it).
    """
    chosen = settings.load(settings_file, OrderSettings)
    metadata = provenance.metadata("order", settings.as_mapping(chosen))
    metadata[PROBLEM] = f"{chosen.space}/{chosen.task}"
    space: Space = registry.get("space", chosen.space)
    graphs = _rows(known, chosen).drop_duplicates("arch").set_index("arch")["graph"]
    texts = [text for text in random_order(space, graphs.index) if _is_affordable(space, text, chosen)]
    firsts: dict[str, int] = {}
    first = [
        firsts.setdefault(space.live(space.parse(text)), place)
        for place, text in enumerate(track(texts, f"ordering {chosen.space}/{chosen.task}"))
    ]
    frame = pd.DataFrame({"place": np.arange(len(texts)), "arch": texts, "first": first})
    frame["graph"] = graphs.loc[texts].to_numpy()
    parquet.write(output, frame, SCHEMA, ["place"], metadata, rows_per_group=ROWS_PER_GROUP)


def _is_affordable(space: Space, text: str, chosen: OrderSettings) -> bool:
    return not chosen.max_flops or space.flops(space.parse(text), chosen.task) <= chosen.max_flops


def _rows(known: Path, chosen: OrderSettings) -> pd.DataFrame:
    rows = parquet.read(known, where=("task", [chosen.task]))
    if chosen.among == "accuracies":
        return rows
    return of_one_source(rows, [str(name) for name in rows.select_dtypes("number")])


def read_places(path: Path, start: int, stop: int) -> pd.DataFrame:
    """Return the rows of an order from place ``start`` up to ``stop``, and no others.

    The column ``original`` is the text of the architecture at the place ``first``. Raises ValueError if the
    order ends before ``stop``.
    """
    rows = parquet.read(path, where=("place", range(start, stop)))
    if len(rows) < stop - start:
        raise ValueError(
            f"at least {stop} architectures were asked for, but {path} has {parquet.rows(path)}: ask for at "
            "most that many in the configuration"
        )
    before = sorted(set(rows["first"]) - set(rows["place"]))
    others = parquet.read(path, ["place", "arch"], where=("place", before)) if before else rows.iloc[:0]
    texts = pd.concat([rows, others]).set_index("place")["arch"]
    return rows.assign(original=texts.loc[rows["first"]].to_numpy())
