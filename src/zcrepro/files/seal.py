"""Seal a result file: it holds the SHA-256 of its own content, and every reader verifies it.

The digest stands in the file as ``sha256`` and 64 hexadecimal digits: among the metadata of Parquet, at the
top level of JSON, and in a comment at the end of SVG and HTML. It is the SHA-256 of the whole file with these
64 digits set to zero. So one flipped bit anywhere in a file, or a missing end, is an error. A file can also
vouch for files that cannot hold a digest, such as CSV: it then holds their digests.

Only the standard library is imported here, because the Snakefile imports this module at every start.
"""

import hashlib
import re
from pathlib import Path

from zcrepro.files.errors import RUN_AGAIN, broken

KEY = "sha256"

BLANK = "0" * 64
"""What a writer puts in the place of the digest before it seals the file."""

# Behind the key: JSON, a line of a comment, and the Thrift of a Parquet footer (a string of 64 bytes).
_SEAL = re.compile(rb'sha256(?:": "|: |\x18\x40)([0-9a-f]{64})')

_RECORD = re.compile(rb"zcrepro\.(stage|settings|code)(?:: |\x18.)(\w+)", re.DOTALL)
_RECORD_IN_JSON = re.compile(rb'"(stage|settings|code)": "(\w+)"')


def sealed(content: bytes) -> bytes:
    """Return the content of a file with its digest in the place of BLANK, which must be its last seal."""
    found = list(_SEAL.finditer(content))
    if not found or found[-1][1] != BLANK.encode():
        raise ValueError("the content has no place for its digest")
    start, stop = found[-1].span(1)
    return content[:start] + hashlib.sha256(content).hexdigest().encode() + content[stop:]


def verified(path: Path) -> bytes:
    """Return the content of a sealed file. Raises BrokenFileError if it is not what was written."""
    content = path.read_bytes()
    found = list(_SEAL.finditer(content))
    if not found:
        raise broken(path, "it holds no digest of its content, so it is damaged or not ours", RUN_AGAIN)
    start, stop = found[-1].span(1)
    digest = hashlib.sha256(memoryview(content)[:start])
    digest.update(BLANK.encode())
    digest.update(memoryview(content)[stop:])
    if digest.hexdigest().encode() != content[start:stop]:
        raise broken(path, "its content does not fit its digest, so it is damaged or was edited", RUN_AGAIN)
    return content


def record(content: bytes) -> dict[str, str]:
    """Return the ``stage`` that made a sealed file, and the digests of its ``settings`` and ``code``."""
    pattern = _RECORD_IN_JSON if content.startswith(b"{") else _RECORD
    return {key.decode(): value.decode() for key, value in pattern.findall(content)}
