"""Pickles from outside: a pickle is a program, so only what builds plain containers may run.

Dicts, lists, tuples, texts and numbers need no import. Whatever a pickle imports is refused,
unless it is named by the caller: the name of a type that only holds data.
"""

import pickle
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

HARMLESS = frozenset({"builtins.set", "builtins.frozenset", "builtins.complex", "collections.OrderedDict"})


class RefusedError(ValueError):
    """A pickle that asks for more than data."""


def load(path: Path, allowed: Collection[str] = ()) -> Any:
    """The object in ``path``. Types beyond plain containers and numbers only by name, ``module.name``.

    Raises ValueError that names a refused type, or says that the file is broken.
    """
    with path.open("rb") as file:
        try:
            return _Restricted(file, HARMLESS | set(allowed), path).load()
        except RefusedError:
            raise
        except Exception as error:  # a broken pickle may raise anything at all
            raise ValueError(
                f"{path} is not a whole pickle ({error}); delete it and fetch it again"
            ) from error


class _Restricted(pickle.Unpickler):
    def __init__(self, file: IO[bytes], allowed: Collection[str], path: Path) -> None:
        super().__init__(file)
        self._allowed = allowed
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        full_name = f"{module.replace('__builtin__', 'builtins')}.{name}"
        if full_name not in self._allowed:
            raise RefusedError(
                f"{self._path}: the pickle asks for {full_name}, which is refused; allowed: "
                f"{', '.join(sorted(self._allowed))}"
            )
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedError(f"{self._path}: the pickle refers to an outside object {pid!r}, which is refused")
