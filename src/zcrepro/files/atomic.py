"""Write files atomically: write to a temporary file in the same folder, flush it, and rename it.

A reader sees the old file or the new one, never a part, even if the writer is killed. Only the standard
library is imported here, because the Snakefile imports this module at every start.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; the file written there replaces ``path`` when the block ends.

    If the block fails, ``path`` is unchanged and the temporary file is removed. Raises OSError, which names
    ``path``, if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
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
