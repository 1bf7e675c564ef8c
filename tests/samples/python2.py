"""Pickles as Python 2 and an old NumPy wrote them, which is the format of the official images."""

import io
import pickle
import struct


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


def dumps(value: object) -> bytes:
    """Return the pickle of ``value`` that Python 2 would write."""
    buffer = io.BytesIO()
    Python2Pickler(buffer).dump(value)
    return buffer.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
