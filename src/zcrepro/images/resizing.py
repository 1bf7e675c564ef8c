"""Shift and resize images by matrices: both are linear, and separable into rows and columns."""

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn


def resized(pixels: np.ndarray, side: int) -> np.ndarray:
    """Return images (n, channels, height, width) as squares of ``side`` pixels, in the same type.

    The interpolation is bilinear with antialiasing, as in Pillow.
    """
    return _interpolated(torch.from_numpy(pixels), (side, side)).numpy()


def shifted_and_resized(
    pixels: np.ndarray, shifts: np.ndarray, mirrored: np.ndarray, side: int
) -> np.ndarray:
    """Return square images that are shifted, mirrored and resized, float32 (n, channels, side, side).

    Parameters
    ----------
    pixels
        Images, (n, channels, s, s).
    shifts
        Pixels by which each image moves down and to the right, integers (n, 2). What enters is zero.
    mirrored
        Which images are mirrored from left to right after that, bool (n,).
    side
        Pixels on a side of the result; see ``resized``.
    """
    images = torch.from_numpy(pixels).float()
    reach = int(np.abs(shifts).max(initial=0))
    matrices = _matrices(images.shape[-1], side, reach)
    rows, columns = (matrices[shift + reach] for shift in torch.from_numpy(shifts).unbind(1))
    columns = torch.where(torch.from_numpy(mirrored)[:, None, None], columns.flip(1), columns)
    return (rows[:, None] @ images @ columns.transpose(1, 2)[:, None]).numpy()


@cache
def _matrices(whole: int, side: int, reach: int) -> Tensor:
    """Return the matrices that shift a column by -reach to reach and resize it, (shifts, side, whole)."""
    unit = torch.eye(whole)
    padded = nn.functional.pad(unit, (reach, reach))
    shifting = torch.stack([padded[:, start : start + whole] for start in range(2 * reach + 1)])
    return _interpolated(unit[None, None], (side, whole))[0] @ shifting


def _interpolated(images: Tensor, size: tuple[int, int]) -> Tensor:
    return nn.functional.interpolate(images, size, mode="bilinear", antialias=True)
