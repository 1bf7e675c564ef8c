"""Write pickles as Python 2 and an old NumPy wrote them, which is the format of the official files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from samples import python2


@pytest.fixture
def python2_pickle(tmp_path) -> Callable[[str, object], Path]:
    def write(name: str, value: object) -> Path:
        path = tmp_path / name
        path.write_bytes(python2.dumps(value))
        return path

    return write
