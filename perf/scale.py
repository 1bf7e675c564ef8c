"""Measure the workflow at full scale: ``python perf/scale.py``, or only one of ``order join``.

order
    The order of the 423,624 cells of NAS-Bench-101, and the rows of its last chunk.
join
    Scores of 15,000 architectures, joined from 15,000 chunks and from 150.

Each measurement is one run in a process of its own: seconds by the clock and of the CPU, and the peak of its
resident memory. On a busy machine the seconds of the CPU say more.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from zcrepro import registry, settings
from zcrepro.benchmarks._base import ACCURACIES
from zcrepro.files import parquet
from zcrepro.files.json import write_sealed
from zcrepro.proxies.conditions import How
from zcrepro.proxies.feature_table import KEY, PROBLEM, ROWS_PER_GROUP, feature_schema
from zcrepro.proxies.join import JoinSettings
from zcrepro.proxies.order import SCHEMA, OrderSettings
from zcrepro.spaces.base import Space

ROOT = Path(__file__).parents[1]

STAGE = [sys.executable, "-m", "zcrepro", "stage"]

LAST_CHUNK = """
import sys
from pathlib import Path
from zcrepro.proxies.order import read_places
stop = int(sys.argv[2])
read_places(Path(sys.argv[1]), stop - 8, stop)
"""

JOINED, COLUMN = 15_000, "l2_norm"


@dataclass(frozen=True)
class Measurement:
    """What was measured: seconds by the clock and of the CPU, and the peak resident memory in MB."""

    what: str
    seconds: float
    cpu: float
    megabytes: float


def run(what: str, command: Sequence[str | Path], folder: Path) -> tuple[Measurement, str]:
    """Run a command in ``folder``; return its measurement and what it printed."""
    output = folder / "output.txt"
    start = time.perf_counter()
    with output.open("w") as file:
        process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    printed = output.read_text()
    if status:
        raise RuntimeError(f"{command} failed:\n{printed[-3000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Measurement(what, seconds, cpu, usage.ru_maxrss / 1024), printed


def order(folder: Path) -> Iterator[Measurement]:
    """Measure the stage that orders NAS-Bench-101, and how soon its last chunk has its rows."""
    space: Space = registry.get("space", "nasbench101")
    texts = [space.text(arch) for arch in space.architectures()]
    # The order does not depend on the graphs: it compares what the networks compute.
    known = pd.DataFrame({"arch": texts, "graph": texts, "task": "cifar10", "metric": "test"})
    known = known.assign(accuracy=90.0, seeds=3, source="scale")
    parquet.write(folder / "accuracies.parquet", known, ACCURACIES, ["arch"], {})
    write_sealed(
        folder / "order.json", settings.as_mapping(OrderSettings("nasbench101", "cifar10", "accuracies", 0))
    )
    files = ["--known", "accuracies.parquet", "--output", "order.parquet"]
    command = [*STAGE, "order", "--settings-file", "order.json", *files]
    yield run(f"order of {len(texts):,} architectures", command, folder)[0]
    imports = "from zcrepro.proxies.order import read_places"
    yield run("import of torch", [sys.executable, "-c", "import torch"], folder)[0]
    yield run("import of the stage", [sys.executable, "-c", imports], folder)[0]
    read = [sys.executable, "-c", LAST_CHUNK, "order.parquet", str(len(texts))]
    yield run("import and the last chunk's rows", read, folder)[0]


def join(folder: Path) -> Iterator[Measurement]:
    """Measure the join of equal rows from many chunks and from few."""
    texts = [f"architecture {place:05d}" for place in range(JOINED)]
    places, of = np.arange(JOINED), {PROBLEM: "nasbench201/cifar10"}
    frame = pd.DataFrame({"place": places, "arch": texts, "graph": texts, "first": places})
    parquet.write(folder / "places.parquet", frame, SCHEMA, ["place"], of, ROWS_PER_GROUP)
    how = How(seed=0)
    chosen = JoinSettings(
        seed=0,
        architectures=JOINED,
        draws=1,
        shards=False,
        proxy_columns=[COLUMN],
        programs=[],
        max_undefined_share=0.1,
    )
    write_sealed(folder / "join.json", settings.as_mapping(chosen))
    scores = frame[["arch", "graph"]].assign(draw=0)
    scores[[COLUMN, f"{COLUMN}_status"]] = 1.0, "ok"
    for size in (1, 100):
        chunks = folder / f"chunks-{size}"
        for start in range(0, JOINED, size):
            path = chunks / f"{start}-{start + size}.parquet"
            rows, metadata = scores[start : start + size], {"how": json.dumps(how.as_mapping)} | of
            parquet.write(path, rows, feature_schema([COLUMN]), KEY, metadata)
        paths = sorted(map(str, chunks.glob("*.parquet")))
        (folder / "chunks.txt").write_text("\n".join(paths))
        files = ["--order", "places.parquet", "--chunks", "@chunks.txt", "--output", "features.parquet"]
        command = [*STAGE, "features", "--settings-file", "join.json", *files]
        yield run(f"join of {len(paths):,} chunks", command, folder)[0]


PARTS: dict[str, Callable[[Path], Iterator[Measurement]]] = {"order": order, "join": join}


def main() -> None:
    """Print a table of the measurements of the parts that are named, or of all."""
    shown = Table("what", "seconds", "CPU seconds", "peak memory (MB)")
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            for found in PARTS[name](Path(folder)):
                numbers = f"{found.seconds:.1f}", f"{found.cpu:.1f}", f"{found.megabytes:,.0f}"
                shown.add_row(found.what, *numbers)
    Console().print(shown)


if __name__ == "__main__":
    main()
