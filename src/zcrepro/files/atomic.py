"""Write files atomically: write to a temporary file in the same folder, flush it, and rename it.

A reader sees the old file or the new one, never a part, even if the writer is killed. A killed writer leaves
its temporary file, which ``remove_leftovers`` finds by its name. Only the standard library is imported here,
because the Snakefile imports this module at every start.
"""

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())
LEFT = re.compile(r"\..+\.(?P<host>[A-Za-z0-9_]+)-(?P<process>\d+)\.partial")
OLD = 24 * 3600.0
"""Seconds after which a temporary file that another machine wrote belongs to no running writer."""


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; the file written there replaces ``path`` when the block ends.

    If the block fails, ``path`` is unchanged and the temporary file is removed. Raises OSError, which names
    ``path``, if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{HOST}-{os.getpid()}.partial")
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        if error.filename not in (None, str(temporary)):
            raise  # the error concerns another file, which the block read
        raise OSError(error.errno, f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with replacement(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def remove_leftovers(folder: Path) -> list[Path]:
    """Remove the temporary files of killed writers in ``folder`` and below, and return their paths."""
    found = [path for path in sorted(folder.rglob(".*.partial")) if _is_left(path)]
    for path in found:
        path.unlink(missing_ok=True)
    return found


def _is_left(path: Path) -> bool:
    match = LEFT.fullmatch(path.name)
    if match is None:
        return False
    if match["host"] == HOST:
        return not _runs(int(match["process"]))
    with suppress(FileNotFoundError):  # its writer has just finished
        return time.time() - path.stat().st_mtime > OLD
    return False


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # the process of another user
    return True
