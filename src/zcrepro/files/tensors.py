"""Read files that torch saved."""

from pathlib import Path
from typing import Any

import torch


def load(path: Path) -> Any:
    """Return the object that torch saved in ``path``, with its tensors on the CPU.

    torch's restricted unpickler runs no code: it builds plain containers, numbers and tensors. Raises
    ValueError, which names the file, if it is damaged or holds another type.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle may raise any exception
        raise ValueError(f"{path} is not a valid file of plain data ({error}); fetch it again") from error
