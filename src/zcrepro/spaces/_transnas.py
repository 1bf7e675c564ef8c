"""Shared parts of TransNAS-Bench-101: the seven tasks, the stem, and a head for each task.

Source: Duan et al., TransNAS-Bench-101, CVPR 2021. A network consists of a stem that divides the resolution
by 4, an encoder from the search space, and a head for the task. The networks are verified against the
parameters and flops that NAS-Bench-Suite-Zero published. They differ from the trained networks in three ways:

* The classifiers have 100 (class_object) and 63 (class_scene) outputs, as when NASLib scored them. The
  networks whose accuracies are known were trained with 75 and 47 outputs, and are otherwise equal.
* The discriminator used in training the two image-to-image networks is left out. It is not part of a forward
  pass and not counted.
* The encoder's convolutions have torch's default initialisation. The authors used Kaiming's normal
  initialisation by fan out.

Jigsaw runs the encoder once for each of 9 tiles, but its published flops count only one tile.
"""

from collections import OrderedDict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from zcrepro.spaces._layers import ReLUConvBN
from zcrepro.spaces.base import TaskShape

STEM_CHANNELS = 64
STEM_HALVINGS = 2

TILES = 9

TASKS = {
    "class_object": TaskShape((3, 256, 256), (100,)),
    "class_scene": TaskShape((3, 256, 256), (63,)),
    "jigsaw": TaskShape((TILES, 3, 64, 64), (1000,)),
    "room_layout": TaskShape((3, 256, 256), (9,)),
    "segmentsemantic": TaskShape((3, 256, 256), (17, 256, 256)),
    "autoencoder": TaskShape((3, 256, 256), (3, 256, 256)),
    "normal": TaskShape((3, 256, 256), (3, 256, 256)),
}


class Network(nn.Module):
    """Network of an encoder and a head, (batch, channels, height, width) to the output of the task."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(x))


class Jigsaw(Network):
    """Network for jigsaw, (batch, 9, 3, height, width) to (batch, permutations).

    The same encoder processes the tiles one after another.
    """

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.cat([self.encoder(tile) for tile in x.unbind(1)], dim=1))


def network(cells: Iterable[nn.Module], channels: int, halvings: int, task: str) -> Network:
    """Return the network for ``task``.

    The cells halve the resolution ``halvings`` times in total, and their output has ``channels`` channels.
    """
    kind = Jigsaw if task == "jigsaw" else Network
    return kind(encoder(stem(), cells), head(channels, halvings, task))


def encoder(stem: nn.Module, cells: Iterable[nn.Module]) -> nn.Sequential:
    """Return a stem followed by cells."""
    return nn.Sequential(OrderedDict(stem=stem, cells=nn.Sequential(*cells)))


def stem() -> nn.Sequential:
    """Return two 3x3 convolutions of stride 2, from RGB to 64 channels at a quarter of the resolution."""
    half = STEM_CHANNELS // 2
    first = nn.Conv2d(3, half, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(first, nn.BatchNorm2d(half), ReLUConvBN(half, STEM_CHANNELS, 3, stride=2))


def head(channels: int, halvings: int, task: str) -> nn.Sequential:
    """Return the head of ``task`` for an encoder that halves the resolution ``halvings`` times.

    ``channels`` is the number of channels of the encoder's output.
    """
    outputs = TASKS[task].classes
    if task == "segmentsemantic":
        return segmentation_decoder(channels, STEM_HALVINGS + halvings, outputs)
    if task in ("autoencoder", "normal"):
        return generative_decoder(channels, STEM_HALVINGS + halvings, outputs)
    return classifier(TILES * channels if task == "jigsaw" else channels, outputs)


def classifier(channels: int, outputs: int) -> nn.Sequential:
    """Return global average pooling and a linear layer, without BatchNorm or ReLU before them."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, outputs))


def segmentation_decoder(channels: int, doublings: int, outputs: int) -> nn.Sequential:
    """Return the decoder of the semantic segmentation: seven 3x3 layers and a 3x3 convolution.

    The first layer has 1024 channels, and each of the next five halves them. The last ``doublings`` layers
    double the resolution.
    """
    layers: list[nn.Module] = [decoder_layer(channels, 1024)]
    width = 1024
    for _ in range(6 - doublings):
        layers.append(decoder_layer(width, width // 2))
        width //= 2
    for _ in range(doublings - 1):
        layers.append(decoder_layer(width, width // 2, doubles=True))
        width //= 2
    layers.append(decoder_layer(width, width, doubles=True))
    return nn.Sequential(*layers, nn.Conv2d(width, outputs, 3, padding=1))


GENERATIVE_LAYERS = (
    (1024, 0),
    (1024, 0),
    (512, 6),
    (512, 0),
    (256, 5),
    (128, 0),
    (64, 4),
    (64, 0),
    (32, 3),
    (32, 0),
    (16, 2),
    (32, 0),
    (16, 1),
)
"""Channels of each layer, and the number of doublings from which on it doubles the resolution (0: never)."""


def generative_decoder(channels: int, doublings: int, outputs: int) -> nn.Sequential:
    """Return the decoder of Pix2Pix: thirteen 3x3 layers, a 3x3 convolution and tanh."""
    layers: list[nn.Module] = []
    for width, least in GENERATIVE_LAYERS:
        layers.append(decoder_layer(channels, width, doubles=0 < least <= doublings))
        channels = width
    return nn.Sequential(*layers, nn.Conv2d(channels, outputs, 3, padding=1), nn.Tanh())


def decoder_layer(inputs: int, outputs: int, doubles: bool = False) -> nn.Sequential:
    """Return a 3x3 convolution with bias, BatchNorm and LeakyReLU.

    The convolution is a transposed one of stride 2 if the layer doubles the resolution.
    """
    convolution = (
        nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
        if doubles
        else nn.Conv2d(inputs, outputs, 3, padding=1)
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2))
