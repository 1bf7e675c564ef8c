"""Read YAML."""

from pathlib import Path
from typing import Any

import yaml

from zcrepro.files.errors import reading


def read_yaml(path: Path) -> Any:
    """Return the value in a YAML file, which somebody wrote by hand.

    Raises ValueError, which names the file, if it is not YAML.
    """
    with reading(path, "correct it"):
        try:
            return yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error
