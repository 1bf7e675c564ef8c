"""How exactly a GPU computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def full_precision() -> Iterator[None]:
    """Compute in full float32 and with deterministic kernels inside.

    By default a GPU convolves in TF32, which has three decimal digits, and may choose another kernel each
    time.
    """
    cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul
    convolution = cudnn.conv  # type: ignore[attr-defined]
    before = cudnn.deterministic, convolution.fp32_precision, products.fp32_precision
    cudnn.deterministic, convolution.fp32_precision, products.fp32_precision = True, "ieee", "ieee"
    try:
        yield
    finally:
        cudnn.deterministic, convolution.fp32_precision, products.fp32_precision = before
