"""Decode the fields of a protobuf message without its schema and without the protobuf package.

A message is a sequence of fields. Each begins with a varint whose lowest three bits are the wire type and
whose other bits are the field number (https://protobuf.dev/programming-guides/encoding/).
"""

import struct
from collections.abc import Iterator
from typing import Any

DOUBLE = struct.Struct("<d")
VARINT, FIXED64, BYTES = 0, 1, 2  # wire types


def fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yield the number and the value of each field.

    The value is an int for a varint, a float for 64 bits, and bytes for a length-delimited field (string or
    message). Raises ValueError for other wire types, or if the message ends within a field.
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
    """Return the integer that begins at byte ``place``, and the place after it.

    A varint has seven bits per byte, lowest first; the highest bit of every byte but the last is set.
    """
    value = shift = 0
    while place < len(message):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError("the message ends within an integer")
