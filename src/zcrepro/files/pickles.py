"""Read untrusted pickles with an allow-list of types.

A pickle is a program that may import and call anything. Dicts, lists, tuples, strings and numbers need no
import; every import is refused unless the type is in the caller's allow-list of types that only hold data.
"""

import io
import pickle
import pickletools
from collections.abc import Collection
from pathlib import Path
from typing import Any

from zcrepro.files.errors import FETCH_AGAIN, BrokenFileError, reading

HARMLESS = frozenset({"builtins.set", "builtins.frozenset", "builtins.complex", "collections.OrderedDict"})
"""Types that are always allowed: plain containers and numbers that a pickle has to import."""


ARRAYS = frozenset(
    {
        "numpy.ndarray",
        "numpy.dtype",
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray._reconstruct",  # as NumPy 2 writes it
        "_codecs.encode",  # bytes, as Python 3 pickles them for Python 2
    }
)
"""The imports that a pickled NumPy array needs, for callers whose files hold arrays."""


class RefusedError(BrokenFileError):
    """Error for a pickle that imports a type outside the allow-list."""


def load(path: Path, allowed: Collection[str] = (), encoding: str = "ASCII") -> Any:
    """Return the object pickled in ``path``.

    ``allowed`` lists the further types that the pickle may import, as ``module.name``. ``encoding`` decodes
    strings that Python 2 wrote; arrays from Python 2 need ``latin1``, which maps every byte to one character.
    Raises RefusedError, which names the type, if the pickle imports another type, and ValueError, which names
    the file and the remedy, if the file is damaged.
    """
    content = path.read_bytes()
    with reading(path, FETCH_AGAIN):
        _check_sizes(content)
    return loads(content, path, allowed, encoding)


def loads(content: bytes, name: Path | str, allowed: Collection[str] = (), encoding: str = "ASCII") -> Any:
    """Return the object pickled in ``content``, which a checksum protects; errors call it ``name``.

    See ``load``.
    """
    with reading(name, FETCH_AGAIN):
        try:
            return _Restricted(io.BytesIO(content), HARMLESS | set(allowed), encoding, name).load()
        except RefusedError:
            raise
        except Exception as error:  # a damaged pickle may raise any exception
            raise ValueError(f"not a valid pickle: {error}") from error


def _check_sizes(content: bytes) -> None:
    """Raise ValueError if a size or a number in a pickle is larger than its content allows.

    The unpickler would allocate gigabytes. Its memo is an array, so a memo number allocates all below it;
    what writes pickles numbers its objects one by one.
    """
    for operations, (operation, argument, _) in enumerate(pickletools.genops(content)):
        if operation.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > operations:
            raise ValueError(
                f"not a valid pickle: object {argument} is numbered after {operations} operations"
            )


class _Restricted(pickle.Unpickler):
    """Unpickler that imports nothing outside its allow-list."""

    def __init__(self, file: io.BytesIO, allowed: Collection[str], encoding: str, name: Path | str) -> None:
        super().__init__(file, encoding=encoding)
        self._allowed = allowed
        self._name = name

    def find_class(self, module: str, name: str) -> Any:
        full_name = f"{module.replace('__builtin__', 'builtins')}.{name}"
        if full_name not in self._allowed:
            raise RefusedError(
                f"{self._name}: the pickle imports {full_name}, which is refused; allowed: "
                f"{', '.join(sorted(self._allowed))}; {FETCH_AGAIN}"
            )
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedError(
            f"{self._name}: the pickle refers to an external object {pid!r}, which is refused; {FETCH_AGAIN}"
        )
