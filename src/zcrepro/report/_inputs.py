"""The result files that a table or a figure reads, by name."""

import posixpath
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from zcrepro.files import parquet
from zcrepro.files.json import read_sealed
from zcrepro.report import comparison
from zcrepro.report._not_made import not_made
from zcrepro.settings import unknown_name

PROMOTED = "promoted"
"""The key, in the metadata of a Parquet file or in a JSON file, that says where an input is tracked."""


class Inputs:
    """Files below ``results/<run>/``, named by their path there without its ending.

    ``reads`` holds the names, such as ``features/nasbench201/cifar10``, and ``paths`` the files, in the same
    order. What a run does not make is absent. A file is read when it is first asked for.
    """

    def __init__(self, reads: Sequence[str], paths: Sequence[Path]) -> None:
        if len(reads) != len(paths) or len(set(reads)) != len(reads):
            raise ValueError(f"{len(paths)} files were given for the names {list(reads)}")
        self._paths = dict(zip(reads, paths, strict=True))
        self._frames: dict[str, pd.DataFrame] = {}
        self._used: dict[str, Path] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._paths

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder of the results and below it, in their order."""
        return [name for name in self._paths if name.startswith(f"{folder}/")]

    def missing(self, *names: str) -> str:
        """Return a note on those of the files that the run does not make; empty if it makes all."""
        lacking = [name for name in names if name not in self]
        return not_made(*lacking) if lacking else ""

    def draws(self, name: str) -> list[pd.DataFrame]:
        """Return the scores of each draw in a table of features, by the number of the draw.

        Raises ValueError if the table has no column of draws.
        """
        frame = self.frame(name)
        if "draw" not in frame:
            raise ValueError(f"{self.path(name)} has no column draw; it has {', '.join(frame.columns)}")
        return [rows.drop(columns="draw") for _, rows in frame.groupby("draw", sort=True)]

    def metadata(self, name: str) -> dict[str, str]:
        """Return what a Parquet file says of its making."""
        return parquet.metadata(self.path(name))

    def path(self, name: str) -> Path:
        """Return the path of an input. Raises ValueError that names the nearest input."""
        if name not in self._paths:
            raise ValueError(unknown_name("input", name, self._paths))
        self._used[name] = self._paths[name]
        return self._paths[name]

    def frame(self, name: str) -> pd.DataFrame:
        """Return the rows of a Parquet file; callers must not change them."""
        if name not in self._frames:
            self._frames[name] = parquet.read(self.path(name))
        return self._frames[name]

    def table(self, name: str) -> pd.DataFrame:
        """Return the rows of a table of the report. Raises ValueError if it is not what was written."""
        return comparison.read_csv(self.path(name))

    def json(self, name: str) -> dict[str, Any]:
        """Return the mapping in a JSON file. Raises ValueError if the file is not what was written."""
        return read_sealed(self.path(name))

    def promoted(self) -> list[str]:
        """Return where those inputs are tracked that were read so far and not computed in this run.

        Files of one kind, such as the hundreds of formulas of a method, are given by their common folder.
        """
        by_kind: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for text in filter(None, map(_promoted, self._used.values())):
            by_kind[PurePosixPath(text).parts[:3]].append(text)
        return sorted(map(posixpath.commonpath, by_kind.values()))


def _promoted(path: Path) -> str:
    if path.suffix == ".json":
        return str(read_sealed(path).get(PROMOTED, ""))
    return parquet.metadata(path).get(PROMOTED, "")
