"""Read and write JSON.

Only the standard library is imported here, because the Snakefile imports this module at every start.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zcrepro.files.atomic import write_text
from zcrepro.files.errors import RUN_AGAIN, reading
from zcrepro.files.seal import BLANK, KEY, sealed, verified


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
