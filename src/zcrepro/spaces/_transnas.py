"""What the networks of TransNAS-Bench-101 share: the seven tasks, the stem, and a head for each task.

Source: Duan et al., TransNAS-Bench-101, CVPR 2021. A network is a stem that divides the resolution
by 4, an encoder from the search space, and the task's own head. The parameter counts and flops that
NAS-Bench-Suite-Zero published prove these networks. Three things differ from the trained ones:

* the classifiers have 100 (class_object) and 63 (class_scene) outputs, as NASLib scored them; the
  networks whose accuracies are known were trained with 75 and 47, and are otherwise the same;
* the discriminator, which took part in training the two image-to-image networks, is left out: it
  never runs in a forward pass, and is not counted;
* the encoder's convolutions began with Kaiming's normal initialisation by fan out, here with torch's.

Jigsaw runs the encoder once for each of the 9 tiles, but its published flops count one tile.
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
    """(batch, channels, height, width) to what the head makes of the encoder's features."""

    def __init__(self, encoder: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(x))


class Jigsaw(Network):
    """(batch, 9, 3, side, side) to (batch, permutations): one encoder sees the tiles one after another."""

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.cat([self.encoder(tile) for tile in x.unbind(1)], dim=1))


def network(cells: Iterable[nn.Module], channels: int, halvings: int, task: str) -> Network:
    """A network for ``task``; its cells halve the resolution ``halvings`` times and put out ``channels``."""
    kind = Jigsaw if task == "jigsaw" else Network
    return kind(encoder(stem(), cells), head(channels, halvings, task))


def encoder(stem: nn.Module, cells: Iterable[nn.Module]) -> nn.Sequential:
    """An image to features."""
    return nn.Sequential(OrderedDict(stem=stem, cells=nn.Sequential(*cells)))


def stem() -> nn.Sequential:
    """Two 3x3 convolutions of stride 2: RGB to 64 channels at a quarter of the resolution."""
    half = STEM_CHANNELS // 2
    first = nn.Conv2d(3, half, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(first, nn.BatchNorm2d(half), ReLUConvBN(half, STEM_CHANNELS, 3, stride=2))


def head(channels: int, halvings: int, task: str) -> nn.Sequential:
    """The head of ``task``, for the features of ``network``'s encoder."""
    outputs = TASKS[task].classes
    if task == "segmentsemantic":
        return segmentation_decoder(channels, STEM_HALVINGS + halvings, outputs)
    if task in ("autoencoder", "normal"):
        return generative_decoder(channels, STEM_HALVINGS + halvings, outputs)
    return classifier(TILES * channels if task == "jigsaw" else channels, outputs)


def classifier(channels: int, outputs: int) -> nn.Sequential:
    """Global average pooling and a linear layer, without BatchNorm or ReLU before them."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, outputs))


def segmentation_decoder(channels: int, doublings: int, outputs: int) -> nn.Sequential:
    """Eight 3x3 layers. The channels are halved in six of them; the last of these double the resolution."""
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
"""Channels, and from how many doublings on the layer doubles the resolution (0: never)."""


def generative_decoder(channels: int, doublings: int, outputs: int) -> nn.Sequential:
    """Fourteen 3x3 layers, the decoder of Pix2Pix."""
    layers: list[nn.Module] = []
    for width, least in GENERATIVE_LAYERS:
        layers.append(decoder_layer(channels, width, doubles=0 < least <= doublings))
        channels = width
    return nn.Sequential(*layers, nn.Conv2d(channels, outputs, 3, padding=1), nn.Tanh())


def decoder_layer(inputs: int, outputs: int, doubles: bool = False) -> nn.Sequential:
    """3x3 convolution with bias, transposed where it doubles the resolution; BatchNorm; LeakyReLU."""
    convolution = (
        nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
        if doubles
        else nn.Conv2d(inputs, outputs, 3, padding=1)
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2))
