"""Read NumPy archives."""

from pathlib import Path

import numpy as np


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an archive (``.npz``) by name. An archive with pickled objects is refused."""
    # NumPy leaves a file that it opened itself open if the archive is damaged.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays)
