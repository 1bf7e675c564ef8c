"""Read and verify TFRecord files without TensorFlow.

A record is the length of the data (uint64, little-endian), the masked CRC-32C of these eight bytes, the
data, and the masked CRC-32C of the data (https://www.tensorflow.org/tutorials/load_data/tfrecord).

The checksums are computed in NumPy, for ``BATCH`` records at once. The CRC is inherently sequential in
the bytes of one record, but one step of the table algorithm is a table lookup and an exclusive or, which
NumPy does for all records of the batch in one call. The Python loop then runs once per byte position
instead of once per byte, which makes verifying a file of a million records feasible in pure Python.
"""

import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zcrepro.files.errors import FETCH_AGAIN, broken

BATCH = 8192  # records whose checksums are computed at once
HEADER = struct.Struct("<QI")
FOOTER = struct.Struct("<I")


def records(path: Path) -> Iterator[bytes]:
    """Yield the data of each record.

    Raises ValueError, which names the file, the byte and the remedy, if the file ends early or a checksum is
    wrong.
    """
    with path.open("rb") as stream:
        framed = _framed(stream, path)
        while batch := list(islice(framed, BATCH)):
            data = [content for _, content, _ in batch]
            expected = np.array([checksum for _, _, checksum in batch], np.uint32)
            wrong = np.flatnonzero(masked(crc32c(data)) != expected)
            if len(wrong):
                place = batch[wrong[0]][0]
                raise broken(path, f"the record at byte {place} is damaged", FETCH_AGAIN)
            yield from data


def _framed(stream: BinaryIO, path: Path) -> Iterator[tuple[int, bytes, int]]:
    """Yield the byte at which each record begins, its data, and the checksum stored for the data."""
    place = 0
    while header := stream.read(HEADER.size):
        if len(header) < HEADER.size:
            raise broken(path, f"it ends within the record at byte {place}", FETCH_AGAIN)
        length, checksum = HEADER.unpack(header)
        if _checksum_of_length(length) != checksum:
            raise broken(path, f"no record begins at byte {place}", FETCH_AGAIN)
        data, footer = stream.read(length), stream.read(FOOTER.size)
        if len(data) < length or len(footer) < FOOTER.size:
            raise broken(path, f"it ends within the record at byte {place}", FETCH_AGAIN)
        yield place, data, FOOTER.unpack(footer)[0]
        place += HEADER.size + length + FOOTER.size


@lru_cache
def _checksum_of_length(length: int) -> int:
    return int(masked(crc32c([struct.pack("<Q", length)]))[0])


def masked(checksums: np.ndarray) -> np.ndarray:
    """Return the masked form of CRC-32C checksums, uint32: rotated right by 15 bits, plus a constant.

    The CRC of data that embeds its own CRC is degenerate (a constant for the plain CRC), so the format stores
    this masked form. Additions wrap modulo 2**32, as uint32 arithmetic in NumPy does.
    """
    return (checksums >> np.uint32(15) | checksums << np.uint32(17)) + np.uint32(0xA282EAD8)


def crc32c(chunks: Sequence[bytes]) -> np.ndarray:
    """Return the CRC-32C of each chunk, uint32 (n,).

    This is the table algorithm: starting from all ones, each byte b replaces the state s by
    ``TABLE[(s ^ b) & 0xFF] ^ (s >> 8)``, and the result is the complement of the last state. All chunks
    advance by one byte per step. Chunks are sorted by descending length, so that those that still have a byte
    at a given position are a prefix of the array; ``remaining`` is the length of that prefix per position.
    """
    lengths = np.array([len(chunk) for chunk in chunks])
    longest_first = np.argsort(-lengths, kind="stable")
    columns = np.zeros((lengths.max(), len(chunks)), np.uint8)
    for column, chunk in enumerate(longest_first):
        columns[: lengths[chunk], column] = np.frombuffer(chunks[chunk], np.uint8)
    state = np.full(len(chunks), 0xFFFFFFFF, np.uint32)
    remaining = np.searchsorted(-lengths[longest_first], -np.arange(len(columns)))
    for count, column in zip(remaining, columns, strict=True):
        head = state[:count]
        state[:count] = TABLE[(head ^ column[:count]) & np.uint32(0xFF)] ^ head >> np.uint32(8)
    checksums = np.empty_like(state)
    checksums[longest_first] = ~state
    return checksums


def _table() -> np.ndarray:
    """Return the CRC of each single byte, uint32 (256,).

    The polynomial is Castagnoli's, 0x1EDC6F41, which is 0x82F63B78 with its bits reversed.
    """
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> np.uint32(1) ^ np.uint32(0x82F63B78), table >> np.uint32(1))
    return table


TABLE = _table()
