"""Keep what a long job has done so far, so that it goes on after it was killed.

A journal is a file of lines beside the output of a job, under a hidden name. Each line is the digest of the
line before with the value, and the value as JSON. The first line says what the values depend on: how they
are made, and the content of the inputs. A journal that begins otherwise is of another job, and is
discarded. The digests form a chain, so that the first line that is torn or damaged, or was written by
another process, ends the journal.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from zcrepro.files.atomic import write_text

START = "0" * 64
"""What stands for the digest before the first line."""


class Journal:
    """The journal of the job that writes ``output``.

    Parameters
    ----------
    output
        The file that the job writes. The journal of ``name`` is ``.name.journal``.
    made
        How the values are made: digests of settings and code.
    inputs
        The files that the values depend on.
    """

    def __init__(self, output: Path, made: Mapping[str, str], inputs: Iterable[Path]) -> None:
        self._path = output.with_name(f".{output.name}.journal")
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in inputs]
        first = _line(START, dict(made) | {"inputs": digests})
        found = list(_intact(self._path))
        self._lines = found if found[:1] == [first] else [first]
        self._is_clean = False

    def values(self) -> list[Any]:
        """Return the values that were added, by this process and by those before, in their order."""
        return [json.loads(_split(line)[1]) for line in self._lines[1:]]

    def add(self, value: Any) -> None:
        """Write a value to disk, as JSON.

        The first one replaces the file, so that nothing stands between the intact lines and the new one.
        Raises OSError, which names the journal, if it cannot be written.
        """
        line = _line(_split(self._lines[-1])[0], value)
        self._lines.append(line)
        if self._is_clean:
            _append(self._path, line)
        else:
            write_text(self._path, "".join(self._lines))
            self._is_clean = True

    def remove(self) -> None:
        """Remove the file: the output of the job is written."""
        self._path.unlink(missing_ok=True)


def _intact(path: Path) -> Iterator[str]:
    """Yield the lines of a journal up to the first that does not fit the line before."""
    if not path.is_file():
        return
    # A byte that is not UTF-8 becomes another character, and its line then fails its digest.
    lines = path.read_bytes().decode("utf-8", errors="replace").splitlines(keepends=True)
    before = START
    for line in lines:
        digest, text = _split(line)
        if line != _joined(before, text):
            return
        yield line
        before = digest


def _line(before: str, value: Any) -> str:
    return _joined(before, json.dumps(value, sort_keys=True, allow_nan=False))


def _joined(before: str, text: str) -> str:
    """Return the line of a text that follows a line of the digest ``before``."""
    digest = hashlib.sha256(f"{before} {text}".encode()).hexdigest()
    return f"{digest} {text}\n"


def _split(line: str) -> tuple[str, str]:
    """Return the digest and the text of a line."""
    digest, _, text = line.removesuffix("\n").partition(" ")
    return digest, text


def _append(path: Path, line: str) -> None:
    try:
        with path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OSError(error.errno, f"cannot write {path}: {error.strerror or error}") from error
