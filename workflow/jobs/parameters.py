"""The parameters that rules carry: the file of the settings, the digest of the code, lists of files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jobs.run import Settings, Wildcards
from zcrepro import provenance
from zcrepro.files.atomic import write_text
from zcrepro.files.json import json_text

MOST_ON_A_COMMAND_LINE = 100

Of = Callable[[Wildcards], Settings]


def settings_file(stage: str, of: Of, folder: str) -> Callable[[Wildcards], str]:
    """Return a parameter: the path of a job's settings, a file named by their digest that it writes."""

    def path(wildcards: Wildcards) -> str:
        settings = of(wildcards)
        return _written(
            f"{folder}/settings/{stage}-{provenance.settings_digest(settings)}.json", json_text(settings)
        )

    return path


def code(stage: str, of: Of = lambda _: {}) -> Callable[[Wildcards], str]:
    """Return a parameter: the digest of all sources that a job imports."""
    return lambda wildcards: _digest(tuple(provenance.stage_modules(stage, of(wildcards))))


def listed(files: Sequence[str], folder: str) -> str:
    """Return files as words of a command, or the name of a list of them if they are many.

    An argument of a command holds 128 KiB on Linux. The command line reads ``@NAME`` as the lines of a file.
    """
    files = [files] if isinstance(files, str) else files
    if len(files) <= MOST_ON_A_COMMAND_LINE:
        return " ".join(map(str, files))
    text = "".join(f"{file}\n" for file in files)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return "@" + _written(f"{folder}/settings/files-{digest}.txt", text)


# Thousands of jobs start from a few sets of modules.
_digest: Any = cache(provenance.code_digest)


def _written(name: str, text: str) -> str:
    path = Path(name)
    # A file that was edited by hand is not trusted.
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return name
