"""Read and write SVG and HTML with a comment at the end that says how the file was made, and seals it."""

from collections.abc import Mapping
from pathlib import Path

from zcrepro.files.atomic import write_text
from zcrepro.files.errors import RUN_AGAIN, reading
from zcrepro.files.parquet import PREFIX
from zcrepro.files.seal import BLANK, KEY, sealed, verified

BEGIN, END = "\n<!-- how this file was made\n", "-->\n"


def write(path: Path, text: str, metadata: Mapping[str, str]) -> None:
    """Write ``text`` and the comment, atomically. Raises ValueError if the comment would end early."""
    lines = "".join(f"{PREFIX}{key}: {value}\n" for key, value in {**metadata, KEY: BLANK}.items())
    if "--" in lines:
        raise ValueError(f"{path}: a comment cannot hold the metadata {metadata}")
    write_text(path, sealed(f"{text.rstrip()}{BEGIN}{lines}{END}".encode()).decode())


def read(path: Path) -> str:
    """Return the text without the comment. Raises BrokenFileError if the file is not what was written."""
    return _parts(path)[0]


def metadata(path: Path) -> dict[str, str]:
    """Return what the comment says of how the file was made, without the prefix of the keys."""
    pairs = (line.partition(": ") for line in _parts(path)[1].splitlines())
    return {key.removeprefix(PREFIX): value for key, _, value in pairs if key.startswith(PREFIX)}


def _parts(path: Path) -> tuple[str, str]:
    with reading(path, RUN_AGAIN):
        text, _, comment = verified(path).decode().rpartition(BEGIN)
        return text, comment
