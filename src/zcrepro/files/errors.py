"""The error for a file that is damaged, or that is not what its name says.

Only the standard library is imported here, because the Snakefile imports this module at every start.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

FETCH_AGAIN = "delete it and fetch it again"
RUN_AGAIN = "if a rule made it, delete it and run snakemake again"


class BrokenFileError(ValueError):
    """Error for a file that cannot be read. The message names the file, the reason and the remedy."""


@contextmanager
def reading(path: Path | str, remedy: str) -> Iterator[None]:
    """Turn every error about the content of ``path`` in the block into one that names the file.

    A damaged file may raise almost any exception in a parser. An error that names the file already is left
    as it is, and so are errors that say nothing of the content: of memory, and of opening the file.
    """
    try:
        yield
    except (MemoryError, BrokenFileError):
        raise
    except OSError as error:
        if error.filename is not None or str(path) in str(error):
            raise
        raise broken(path, error, remedy) from error
    except Exception as error:
        if isinstance(error, ValueError) and str(path) in str(error):
            raise
        raise broken(path, error, remedy) from error


def reads(remedy: str) -> Callable[[Callable[Concatenate[Path, P], T]], Callable[Concatenate[Path, P], T]]:
    """Decorate a function that reads the file at its first argument: it runs within ``reading``.

    The function need not name the file in its own errors. It must not be a generator, which would run later.
    """

    def decorate(read: Callable[Concatenate[Path, P], T]) -> Callable[Concatenate[Path, P], T]:
        @wraps(read)
        def named(path: Path, /, *args: P.args, **options: P.kwargs) -> T:
            with reading(path, remedy):
                return read(path, *args, **options)

        return named

    return decorate


def broken(path: Path | str, error: BaseException | str, remedy: str) -> BrokenFileError:
    """Return the error that names a file, what is wrong with it, and what to do."""
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    if isinstance(error, KeyError):
        reason = f"there is no {reason}"
    return BrokenFileError(f"{path} cannot be read ({reason}); {remedy}")
