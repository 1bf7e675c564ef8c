"""Modules for the operations on the edges of DARTS-like cells.

Source: the released code of DARTS (Liu et al., ICLR 2019), which the authors of NDS (Radosavovic et al., ICCV
2019) and of NASLib reused. DARTS has each operation in two forms: one for the evaluated network, and one for
the network used during search. In the search form BatchNorm is not affine, and a BatchNorm follows every
pooling.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro.spaces import graph
from zcrepro.spaces._layers import ReLUConvBN

SKIP, NONE = "skip_connect", "none"

POOLS: dict[str, tuple[Callable[..., nn.Module], int]] = {
    "avg_pool_3x3": (nn.AvgPool2d, 3),
    "max_pool_3x3": (nn.MaxPool2d, 3),
    "max_pool_5x5": (nn.MaxPool2d, 5),
    "max_pool_7x7": (nn.MaxPool2d, 7),
}
FULL = {"conv_1x1": 1, "conv_3x3": 3}  # operation -> kernel size
FACTORISED = {"conv_3x1_1x3": 3, "conv_7x1_1x7": 7}
DEPTHWISE = {  # operation -> kernel size, dilation, number of repetitions
    "sep_conv_3x3": (3, 1, 2),
    "sep_conv_5x5": (5, 1, 2),
    "sep_conv_7x7": (7, 1, 2),
    "dil_conv_3x3": (3, 2, 1),
    "dil_conv_5x5": (5, 2, 1),
    "dil_sep_conv_3x3": (3, 2, 2),
}
LABELS = {
    NONE: graph.NONE,
    SKIP: graph.SKIP,
    **dict.fromkeys(POOLS, graph.POOL),
    **{operation: graph.conv(kernel) for operation, kernel in (FULL | FACTORISED).items()},
    **{operation: graph.conv(kernel) for operation, (kernel, _, _) in DEPTHWISE.items()},
}


def operation_module(operation: str, channels: int, stride: int, search_form: bool = False) -> nn.Module:
    """Return the module of an operation, (batch, channels, height, width) to the same channels.

    ``stride`` is 1 or 2. Only the operations of DARTS have a search form.
    """
    affine = not search_form
    if operation == NONE:
        return Zero(stride)
    if operation == SKIP:
        return nn.Identity() if stride == 1 else FactorisedReduction(channels, channels, affine)
    if operation in POOLS:
        pool = _pool(operation, stride)
        return nn.Sequential(pool, nn.BatchNorm2d(channels, affine=False)) if search_form else pool
    if operation in FULL:
        return ReLUConvBN(channels, channels, FULL[operation], stride)
    if operation in FACTORISED:
        return FactorisedConv(channels, FACTORISED[operation], stride)
    kernel, dilation, times = DEPTHWISE[operation]
    strides = (stride,) + (1,) * (times - 1)
    return nn.Sequential(*(DepthwiseConv(channels, kernel, dilation, s, affine) for s in strides))


def _pool(operation: str, stride: int) -> nn.Module:
    pool, kernel = POOLS[operation]
    options = {"count_include_pad": False} if pool is nn.AvgPool2d else {}
    return pool(kernel, stride=stride, padding=kernel // 2, **options)


class Zero(nn.Module):
    """The operation ``none``: zeros with the resolution of the output."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, :: self.stride, :: self.stride] * 0


class DepthwiseConv(nn.Module):
    """ReLU, depthwise convolution, pointwise convolution and BatchNorm: half of a separable convolution."""

    def __init__(self, channels: int, kernel: int, dilation: int, stride: int, affine: bool) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.relu = nn.ReLU()
        self.depthwise = nn.Conv2d(
            channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False
        )
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.pointwise(self.depthwise(self.relu(x))))


class FactorisedConv(nn.Module):
    """ReLU, 1 x k convolution, k x 1 convolution and BatchNorm."""

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        padding = kernel // 2
        self.relu = nn.ReLU()
        self.across = nn.Conv2d(
            channels, channels, (1, kernel), (1, stride), padding=(0, padding), bias=False
        )
        self.along = nn.Conv2d(channels, channels, (kernel, 1), (stride, 1), padding=(padding, 0), bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.along(self.across(self.relu(x))))


class FactorisedReduction(nn.Module):
    """Two 1x1 convolutions of stride 2 side by side, with ReLU before and BatchNorm after them.

    The second convolution sees the image shifted by one pixel. Together they use two of four pixels, where a
    single one would use one of four. ``outputs`` has to be even.
    """

    def __init__(self, inputs: int, outputs: int, affine: bool = True) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.shifted_conv = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(outputs, affine=affine)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(x)
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]  # the padding is needed for odd resolutions
        return self.bn(torch.cat([self.conv(x), self.shifted_conv(shifted)], dim=1))
