"""The result files that a table or a figure reads, by name; each is read when it is first asked for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from zcrepro.files import parquet
from zcrepro.files.json import read_json
from zcrepro.settings import unknown_name


class Inputs:
    """Files under ``results/<run>/``, named by their path there without its ending.

    ``reads`` holds the names, such as ``features/nasbench201/cifar10``, and ``paths`` the files, in
    the same order. What a run does not make is simply not among them.
    """

    def __init__(self, reads: Sequence[str], paths: Sequence[Path]) -> None:
        if len(reads) != len(paths) or len(set(reads)) != len(reads):
            raise ValueError(f"{len(paths)} files were given for the names {list(reads)}")
        self._paths = dict(zip(reads, paths, strict=True))
        self._frames: dict[str, pd.DataFrame] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._paths

    def names(self, folder: str) -> list[str]:
        """The names in a folder of the results and below it, in their order."""
        return [name for name in self._paths if name.startswith(f"{folder}/")]

    def draws(self, name: str) -> list[pd.DataFrame]:
        """A table of features and its further draws, in their order."""
        return [self.frame(each) for each in (name, *self.names(name))]

    def metadata(self, name: str) -> dict[str, str]:
        """What a Parquet file says of its making."""
        return parquet.metadata(self.path(name))

    def path(self, name: str) -> Path:
        """Raises ValueError that names the nearest input."""
        if name not in self._paths:
            raise ValueError(unknown_name("input", name, self._paths))
        return self._paths[name]

    def frame(self, name: str) -> pd.DataFrame:
        """A Parquet file; callers must not change it."""
        if name not in self._frames:
            self._frames[name] = parquet.read(self.path(name))
        return self._frames[name]

    def json(self, name: str) -> Any:
        """A JSON file. Raises ValueError where it is none."""
        return read_json(self.path(name))
