"""Read files that torch wrote."""

from pathlib import Path
from typing import Any

import torch


def load(path: Path) -> Any:
    """Return what torch saved, on the CPU. Raises ValueError that names the file if it is damaged.

    torch's restricted unpickler runs no code: it builds plain containers, numbers and tensors.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken pickle may raise anything at all
        raise ValueError(f"{path} is not a whole archive of plain data ({error}); fetch it again") from error
