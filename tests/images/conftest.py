"""Write pickles as Python 2 and an old NumPy wrote them, which is the format of the official files."""

import io
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest


class Python2Pickler(pickle._Pickler):
    """A pickler that writes str and bytes as one type."""

    dispatch = pickle._Pickler.dispatch.copy()

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=2)

    def save_text(self, text: str | bytes) -> None:
        raw = text.encode("latin1") if isinstance(text, str) else text
        self.write(pickle.BINSTRING + struct.pack("<i", len(raw)) + raw)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = save_text


@pytest.fixture
def python2_pickle(tmp_path) -> Callable[[str, object], Path]:
    def write(name: str, value: object) -> Path:
        buffer = io.BytesIO()
        Python2Pickler(buffer).dump(value)
        path = tmp_path / name
        path.write_bytes(buffer.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"))
        return path

    return write
