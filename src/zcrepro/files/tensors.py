"""Read files that torch saved."""

from pathlib import Path
from typing import Any

import torch

from zcrepro.files.errors import FETCH_AGAIN, reading


def load(path: Path) -> Any:
    """Return the object that torch saved in ``path``, with its tensors on the CPU.

    torch's restricted unpickler runs no code: it builds plain containers, numbers and tensors. Raises
    ValueError, which names the file and the remedy, if it is damaged or holds another type.
    """
    with reading(path, FETCH_AGAIN):
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # a damaged pickle may raise any exception
            # torch's own message advises to let the file run code.
            raise ValueError("not a file of plain data that torch saved") from error
