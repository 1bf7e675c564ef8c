"""Pickles from outside: a pickle is a program, so only what builds plain containers may run.

Dicts, lists, tuples, texts and numbers need no import. Whatever a pickle imports is refused,
unless it is named by the caller: the name of a type that only holds data.
"""

import pickle
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

HARMLESS = frozenset({"builtins.set", "builtins.frozenset", "builtins.complex", "collections.OrderedDict"})


ARRAYS = frozenset(
    {
        "numpy.ndarray",
        "numpy.dtype",
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray._reconstruct",  # as NumPy 2 writes it
        "_codecs.encode",  # how Python 3 writes bytes for Python 2
    }
)
"""What NumPy arrays are made of: for callers whose files hold them."""


class RefusedError(ValueError):
    """A pickle that asks for more than data."""


def load(path: Path, allowed: Collection[str] = (), encoding: str = "ASCII") -> Any:
    """The object in ``path``. Types beyond plain containers and numbers only by name, ``module.name``.

    ``encoding`` is of texts that Python 2 wrote; its arrays need ``latin1``, which keeps every byte.
    Raises ValueError that names a refused type, or says that the file is broken.
    """
    with path.open("rb") as file:
        return read(file, path, allowed, encoding)


def read(file: IO[bytes], name: Path | str, allowed: Collection[str] = (), encoding: str = "ASCII") -> Any:
    """The object in an open file, which errors call ``name``; otherwise as ``load``."""
    try:
        return _Restricted(file, HARMLESS | set(allowed), encoding, name).load()
    except RefusedError:
        raise
    except Exception as error:  # a broken pickle may raise anything at all
        raise ValueError(f"{name} is not a whole pickle ({error}); delete it and fetch it again") from error


class _Restricted(pickle.Unpickler):
    def __init__(self, file: IO[bytes], allowed: Collection[str], encoding: str, name: Path | str) -> None:
        super().__init__(file, encoding=encoding)
        self._allowed = allowed
        self._name = name

    def find_class(self, module: str, name: str) -> Any:
        full_name = f"{module.replace('__builtin__', 'builtins')}.{name}"
        if full_name not in self._allowed:
            raise RefusedError(
                f"{self._name}: the pickle asks for {full_name}, which is refused; allowed: "
                f"{', '.join(sorted(self._allowed))}"
            )
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedError(f"{self._name}: the pickle refers to an outside object {pid!r}, which is refused")
