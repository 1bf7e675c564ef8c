"""Read and write JSON.

Only the standard library is imported here, because the Snakefile imports this module at every start.
"""

import json
from pathlib import Path
from typing import Any

from zcrepro.files.atomic import write_text
from zcrepro.files.text import read_text


def read_json(path: Path) -> Any:
    """Return the value in a JSON file. Raises ValueError, which names the file, if it is not JSON."""
    return parsed(read_text(path), path)


def parsed(text: str | bytes, name: Path | str) -> Any:
    """Return the value of a JSON text. Raises ValueError, which begins with ``name``, if it is not JSON."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON: {error}") from error


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, atomically."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return indented JSON with sorted keys.

    Raises ValueError for NaN and infinity, which JSON cannot express.
    """
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
