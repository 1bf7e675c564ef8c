"""TFRecord files, read and verified without TensorFlow.

A record is its length (uint64, little-endian), the masked CRC-32C of these eight bytes, the data,
and the masked CRC-32C of the data.
"""

import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

BATCH = 8192  # records whose checksums are computed side by side
HEADER = struct.Struct("<QI")
FOOTER = struct.Struct("<I")


def records(path: Path) -> Iterator[bytes]:
    """The data of each record. Raises ValueError where the file ends early or a checksum is wrong."""
    with path.open("rb") as stream:
        framed = _framed(stream, path)
        while batch := list(islice(framed, BATCH)):
            data = [content for _, content, _ in batch]
            expected = np.array([checksum for _, _, checksum in batch], np.uint32)
            wrong = np.flatnonzero(masked(crc32c(data)) != expected)
            if len(wrong):
                place = batch[wrong[0]][0]
                raise ValueError(f"{path}: the record at byte {place} is damaged; fetch it again")
            yield from data


def _framed(stream: BinaryIO, path: Path) -> Iterator[tuple[int, bytes, int]]:
    """Where each record begins, its data, and the checksum that it should have."""
    place = 0
    while header := stream.read(HEADER.size):
        if len(header) < HEADER.size:
            raise ValueError(f"{path} ends within the record at byte {place}; fetch it again")
        length, checksum = HEADER.unpack(header)
        if _checksum_of_length(length) != checksum:
            raise ValueError(f"{path}: no record begins at byte {place}; fetch it again")
        data, footer = stream.read(length), stream.read(FOOTER.size)
        if len(data) < length or len(footer) < FOOTER.size:
            raise ValueError(f"{path} ends within the record at byte {place}; fetch it again")
        yield place, data, FOOTER.unpack(footer)[0]
        place += HEADER.size + length + FOOTER.size


@lru_cache
def _checksum_of_length(length: int) -> int:
    return int(masked(crc32c([struct.pack("<Q", length)]))[0])


def masked(checksums: np.ndarray) -> np.ndarray:
    """Rotated by 15 bits and shifted, so that checksums of data that hold checksums stay good."""
    return (checksums >> np.uint32(15) | checksums << np.uint32(17)) + np.uint32(0xA282EAD8)


def crc32c(chunks: Sequence[bytes]) -> np.ndarray:
    """The CRC-32C of each chunk, uint32, byte by byte for all chunks at once."""
    lengths = np.array([len(chunk) for chunk in chunks])
    longest_first = np.argsort(-lengths, kind="stable")
    columns = np.zeros((lengths.max(), len(chunks)), np.uint8)
    for column, chunk in enumerate(longest_first):
        columns[: lengths[chunk], column] = np.frombuffer(chunks[chunk], np.uint8)
    state = np.full(len(chunks), 0xFFFFFFFF, np.uint32)
    remaining = np.searchsorted(-lengths[longest_first], -np.arange(len(columns)))  # longer than a place
    for count, column in zip(remaining, columns, strict=True):
        head = state[:count]
        state[:count] = TABLE[(head ^ column[:count]) & np.uint32(0xFF)] ^ head >> np.uint32(8)
    checksums = np.empty_like(state)
    checksums[longest_first] = ~state
    return checksums


def _table() -> np.ndarray:
    """What each byte does to a checksum; the polynomial is Castagnoli's, its bits reversed."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> np.uint32(1) ^ np.uint32(0x82F63B78), table >> np.uint32(1))
    return table


TABLE = _table()
