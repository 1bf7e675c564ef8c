"""Read YAML."""

from pathlib import Path
from typing import Any

import yaml

from zcrepro.files.text import read_text


def read_yaml(path: Path) -> Any:
    """Return the value in a YAML file. Raises ValueError, which names the file, if it is not YAML."""
    try:
        return yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from error
