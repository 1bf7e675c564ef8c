"""The real benchmark files: from the mirror, or fetched. A missing file is a failure, not a skip."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from zcrepro.fetching.datasets import fetch_settings, read_datasets
from zcrepro.fetching.fetch import fetch

ROOT = Path(__file__).parents[2]


def find(name: str) -> Path:
    """The file in the mirror; without a mirror, fetched to where the workflow would put it."""
    if name.startswith("resources/"):
        return ROOT / name
    if folder := os.environ.get("ZCREPRO_MIRROR"):
        path = Path(folder) / name
        assert path.is_file(), f"{path} is missing"
        return path
    path = ROOT / "data" / name
    if not path.is_file():
        with TemporaryDirectory() as scratch:
            settings_file = Path(scratch) / "settings.json"
            settings_file.write_text(
                json.dumps(fetch_settings(read_datasets(ROOT / "config/datasets.tsv")[name]))
            )
            fetch(settings_file=settings_file, output=path)
    return path


@pytest.fixture(scope="session")
def real() -> Callable[[str], Path]:
    """The place of a real file, by its name in the list of data sets."""
    return find
