"""TFRecords of NAS-Bench-101 in the format of the authors' file."""

import base64
import json
import struct

# The first cell of the authors' file, with the accuracies of its trainings as others publish them.
HASH = "00005c142e6f48ac74fdcf73e3439874"
ADJACENCY = "0100110001000000010010000010000001000000010000000"
OPERATIONS = "input,conv3x3-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,conv1x1-bn-relu,output"
TEXT = "conv3x3~0|maxpool3x3~1|conv3x3~2|conv3x3~0|conv1x1~034|output~25"
PARAMETERS = 8_555_530


def checksum(data: bytes) -> int:
    """Return the masked CRC-32C, computed bit by bit and independently of the reader under test."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def framed(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", checksum(length)) + data + struct.pack("<I", checksum(data))


def varint(number: int) -> bytes:
    head, rest = number & 0x7F, number >> 7
    return bytes([head | 0x80]) + varint(rest) if rest else bytes([head])


def message(*fields: tuple[int, int | float | bytes]) -> bytes:
    """Return a protobuf message, encoded independently of the reader under test."""
    written = b""
    for number, value in fields:
        if isinstance(value, float):
            written += varint(number << 3 | 1) + struct.pack("<d", value)
        elif isinstance(value, bytes):
            written += varint(number << 3 | 2) + varint(len(value)) + value
        else:
            written += varint(number << 3) + varint(value)
    return written


def evaluation(epochs: float, validation: float, test: float) -> bytes:
    path = b"/path/to/model.ckpt-1234"
    return message((1, epochs), (2, 99.0), (3, 1.0), (4, validation), (5, test), (6, path))


def metrics(validation: float, test: float, parameters: int = PARAMETERS) -> bytes:
    stages = [(0.0, 0.1, 0.1), (54.0, 0.5, 0.5), (108.0, validation, test)]
    return message(*((1, evaluation(*stage)) for stage in stages), (2, parameters), (3, 1234.5))


def record(validation: float, test: float, **change: object) -> bytes:
    row: dict[str, object] = {
        "hash": HASH,
        "epochs": 108,
        "adjacency": ADJACENCY,
        "operations": OPERATIONS,
        "metrics": base64.b64encode(metrics(validation, test)).decode(),
    }
    return json.dumps(list((row | change).values())).encode()


TRAININGS = [record(0.875, 0.75), record(0.9375, 0.875), record(0.96875, 0.875)]
