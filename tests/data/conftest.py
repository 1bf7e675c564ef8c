"""Provide the real benchmark files from the mirror, or by fetching them; a missing file fails."""

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
    """Return the file in the mirror, or without a mirror fetch it to its place in the workflow."""
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
    """Return a function from the name of a data set to the path of its file."""
    return find
