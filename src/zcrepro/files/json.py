"""Read and write JSON.

Only the standard library is imported here, because the Snakefile imports this module at every start.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zcrepro.files.atomic import write_text
from zcrepro.files.errors import FETCH_AGAIN, RUN_AGAIN, broken, reading
from zcrepro.files.seal import BLANK, KEY, sealed, verified
from zcrepro.files.text import read_text


def read_json(path: Path) -> Any:
    """Return the value in a JSON file. Raises ValueError, which names the file, if it is not JSON."""
    return parsed(read_text(path), path)


def parsed(text: str | bytes, name: Path | str) -> Any:
    """Return the value of a JSON text. Raises ValueError, which begins with ``name``, if it is not JSON."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise broken(name, f"it is not JSON: {error}", FETCH_AGAIN) from error


def write_sealed(path: Path, value: Mapping[str, Any]) -> None:
    """Write a mapping as JSON with the digest of the file in it, atomically."""
    write_text(path, sealed_text(value))


def sealed_text(value: Mapping[str, Any]) -> str:
    """Return the text that ``write_sealed`` writes."""
    return sealed(json_text(dict(value) | {KEY: BLANK}).encode()).decode()


def read_sealed(path: Path) -> dict[str, Any]:
    """Return the mapping that ``write_sealed`` wrote. Raises BrokenFileError for any other file."""
    with reading(path, RUN_AGAIN):
        found = json.loads(verified(path))
        return {key: value for key, value in found.items() if key != KEY}


def json_text(value: Any) -> str:
    """Return indented JSON with sorted keys.

    Raises ValueError for NaN and infinity, which JSON cannot express.
    """
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"
