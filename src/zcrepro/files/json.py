"""Read and write JSON.

Only the standard library is imported here, because the Snakefile imports this module at every start.
"""

import json
from pathlib import Path
from typing import Any

from zcrepro.files.atomic import write_text
from zcrepro.files.errors import RUN_AGAIN, reading


def read_json(path: Path, remedy: str = RUN_AGAIN) -> Any:
    """Return the value in a JSON file.

    Raises ValueError, which names the file and the remedy, if it is not JSON.
    """
    return parsed(path.read_bytes(), path, remedy)


def parsed(text: str | bytes, name: Path | str, remedy: str = RUN_AGAIN) -> Any:
    """Return the value of a JSON text, which bytes hold in UTF-8.

    Raises ValueError, which begins with ``name`` and ends with the remedy, if it is not JSON.
    """
    with reading(name, remedy):
        try:
            return json.loads(text if isinstance(text, str) else text.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not JSON: {error}") from error


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, atomically."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return indented JSON with sorted keys.

    Raises ValueError for NaN and infinity, which JSON cannot express.
    """
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
