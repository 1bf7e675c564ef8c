"""The fields of a protobuf message, without its schema and without the protobuf package."""

import struct
from collections.abc import Iterator
from typing import Any

DOUBLE = struct.Struct("<d")
VARINT, FIXED64, BYTES = 0, 1, 2  # wire types


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: int, float of 64 bits, or bytes (texts and messages).

    Raises ValueError for other types, and where the message ends within a field.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, wire_type = key >> 3, key & 7
        value: Any
        if wire_type == VARINT:
            value, place = _varint(message, place)
        elif wire_type in (FIXED64, BYTES):
            length, place = _varint(message, place) if wire_type == BYTES else (DOUBLE.size, place)
            content, place = message[place : place + length], place + length
            if place > len(message):
                raise ValueError(f"the message ends within field {number}")
            value = content if wire_type == BYTES else DOUBLE.unpack(content)[0]
        else:
            raise ValueError(f"field {number} of wire type {wire_type} cannot be read")
        yield number, value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """An integer in groups of seven bits, the last without its top bit set, and where it ends."""
    value = shift = 0
    while place < len(message):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError("the message ends within an integer")
