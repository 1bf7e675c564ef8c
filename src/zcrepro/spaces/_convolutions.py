"""Build convolutions followed by BatchNorm: no bias, and padding that keeps the resolution at stride 1."""

from torch import nn


def conv_bn(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Return a convolution followed by BatchNorm."""
    padding = kernel // 2
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


def conv_bn_relu(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Return a convolution followed by BatchNorm and ReLU."""
    return conv_bn(inputs, outputs, kernel, stride, groups).append(nn.ReLU())
