"""Real classifiers of three model libraries, small ones: all proxies, right or with the reason why not.

In float64 each is compared with the plain definitions on a network that drops nothing.
"""

import math
from dataclasses import dataclass
from functools import cache

import pytest
import torch

import zcrepro
from proxies.plain import PLAIN, SEED, copied
from proxies.small_networks import OF_SPACES
from zcrepro.networks import libraries
from zcrepro.programs.published import PUBLISHED
from zcrepro.proxies.suite_zero import SUITE_ZERO

torchvision = libraries.module("torchvision")
timm = libraries.module("timm")
pytorchcv = libraries.module("pytorchcv")

ALL = sorted(set(zcrepro.list_proxies()) - OF_SPACES - {*PUBLISHED, "eznas_images"})
CLASSES = 10
OF_BLOCKS = {"az_expressivity", "az_progressivity", "az_trainability", "meco"}
OF_RELUS = {"nwot", "swap", "linear_regions"}
OF_TOKENS = OF_BLOCKS | OF_RELUS
"""What does not know where the channels of tokens stand; and these networks have no ReLU."""


@dataclass(frozen=True)
class Model:
    """``make`` takes the share that is dropped at random; ``differing`` are proxies whose plain definition here
    sees less of this network than it has: ReLUs and poolings that are functions, or not the last pooling. Fused
    attention gives it no second derivative."""

    make: object
    side: int = 32
    undefined: frozenset = frozenset()
    differing: frozenset = frozenset()


def small_convnext(drop):
    setting = torchvision.convnext.CNBlockConfig
    blocks = [setting(16, 32, 1), setting(32, None, 1)]
    return torchvision.ConvNeXt(blocks, stochastic_depth_prob=drop, num_classes=CLASSES)


def small_vit(drop):
    model = torchvision.VisionTransformer(
        32, 8, 2, 2, 32, 64, dropout=drop, attention_dropout=drop, num_classes=CLASSES
    )
    torch.nn.init.normal_(model.heads.head.weight)  # zero when new, so that the logits are constants
    return model


def small_swin(drop):
    return torchvision.SwinTransformer(
        [4, 4], 12, [1, 2], [1, 2], [4, 4], stochastic_depth_prob=drop, num_classes=CLASSES
    )


def of_timm(name, **options):
    return lambda drop: timm.create_model(name, num_classes=CLASSES, drop_path_rate=drop, **options)


def of_pytorchcv(name):
    return lambda _: pytorchcv.get_model(name, num_classes=CLASSES)


def small_resnet(_):
    block = torchvision.resnet.BasicBlock
    return torchvision.ResNet(block, [1, 1, 1, 1], num_classes=CLASSES, zero_init_residual=True)


def small_mobilenet(_):
    return torchvision.mobilenet_v3_small(num_classes=CLASSES, width_mult=0.25, dropout=0.0)


def small_regnet(_):
    widths = torchvision.regnet.BlockParams.from_init_params(
        depth=4, w_0=16, w_a=8.0, w_m=2.0, group_width=8, se_ratio=0.25
    )
    return torchvision.RegNet(widths, num_classes=CLASSES)


def small_densenet(drop):
    return torchvision.DenseNet(8, (2, 2), 16, drop_rate=drop, num_classes=CLASSES)


def small_shufflenet(_):
    return torchvision.ShuffleNetV2([1, 1, 1], [8, 16, 32, 64, 64], num_classes=CLASSES)


MODELS = {
    "ResNet with zero-initialised BatchNorm": Model(small_resnet, side=64),
    "MobileNetV3": Model(small_mobilenet, side=64, undefined=frozenset({"grasp"})),
    "ShuffleNetV2": Model(small_shufflenet, side=64, differing=frozenset({"zen"})),
    "DenseNet": Model(small_densenet, differing=frozenset({"nwot", "zen"})),
    "ConvNeXt": Model(small_convnext, undefined=frozenset(OF_TOKENS)),
    "ViT": Model(
        small_vit, undefined=frozenset(OF_TOKENS | {"vkdnw", "zen", "fisher"}), differing=frozenset({"grasp"})
    ),
    "Swin": Model(small_swin, undefined=frozenset(OF_TOKENS | {"vkdnw", "fisher"})),
    "EfficientNet of timm": Model(
        of_timm("test_efficientnet"), side=64, undefined=frozenset(OF_RELUS), differing=frozenset({"zen"})
    ),
    "ResNetV2 of timm": Model(
        of_timm("resnetv2_50", layers=(1, 1, 1, 1), channels=(8, 16, 24, 32), stem_chs=8),
        side=64,
        differing=frozenset({"nwot"}),
    ),
    "NFNet of timm": Model(of_timm("test_nfnet"), side=64, undefined=frozenset({"nwot"})),
    "pre-activation ResNet of pytorchcv": Model(of_pytorchcv("preresnet20_cifar10")),
    "SE-ResNet of pytorchcv": Model(of_pytorchcv("seresnet20_cifar10")),
}

OF_THE_13 = {
    "SqueezeNet": Model(lambda drop: torchvision.squeezenet1_1(num_classes=CLASSES, dropout=drop), side=64),
    "RegNet": Model(small_regnet, side=64),
    "MNASNet": Model(
        lambda drop: torchvision.MNASNet(0.2, num_classes=CLASSES, dropout=drop),
        side=64,
        differing=frozenset({"zen"}),
    ),
    "MobileNetV2": Model(
        lambda drop: torchvision.MobileNetV2(num_classes=CLASSES, width_mult=0.1, dropout=drop),
        side=64,
        undefined=frozenset({"nwot"}),
        differing=frozenset({"zen"}),
    ),
    "DLA of timm": Model(
        lambda drop: timm.create_model("dla46_c", num_classes=CLASSES, drop_rate=drop), side=64
    ),
    "LCNet of timm": Model(of_timm("lcnet_035"), side=64, undefined=frozenset({"grasp"})),
    "TinyNet of timm": Model(of_timm("tinynet_e"), side=64, undefined=frozenset({"nwot"})),
    "RepVGG of timm": Model(of_timm("repvgg_a0")),
    "DenseNet of pytorchcv": Model(of_pytorchcv("densenet40_k12_bc_cifar10")),
    "residual network of residual networks of pytorchcv": Model(of_pytorchcv("ror3_56_cifar10")),
}
"""Further kinds of networks, for the 13 proxies of NAS-Bench-Suite-Zero."""

EVERY = MODELS | OF_THE_13


def made(name, drop):
    torch.manual_seed(0)
    return EVERY[name].make(drop).double()


def compared(name):
    return ALL if name in MODELS else SUITE_ZERO


@cache
def scores(name):
    side = EVERY[name].side
    images = torch.randn(6, 3, side, side, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    labels = torch.arange(6) % 3
    return images, labels, zcrepro.score(made(name, 0.5), images, labels, compared(name), SEED)


@pytest.mark.parametrize("name", EVERY)
def test_every_proxy_is_defined_or_says_why_not(name):
    _, _, found = scores(name)
    assert {proxy for proxy in found if found.status[proxy] != "ok"} == EVERY[name].undefined
    assert all(math.isfinite(found[proxy]) == (found.status[proxy] == "ok") for proxy in found)
    assert not any("fails" in status for status in found.status.values())


@pytest.mark.parametrize("name", MODELS)
def test_a_program_of_layers_is_defined_or_says_why_not(name):
    side = MODELS[name].side
    images = torch.randn(4, 3, side, side, generator=torch.Generator().manual_seed(1), dtype=torch.double)
    found = zcrepro.score(made(name, 0.5), images, torch.arange(4) % 3, list(PUBLISHED), SEED)
    assert all(math.isfinite(found[program]) == (found.status[program] == "ok") for program in PUBLISHED)
    assert not any("fails" in status or "Error" in status for status in found.status.values())


@pytest.mark.parametrize("name", EVERY)
def test_what_is_defined_equals_the_plain_definition(name):
    images, labels, found = scores(name)
    for proxy in sorted(set(PLAIN) - EVERY[name].undefined - EVERY[name].differing):
        expected = PLAIN[proxy](copied(made(name, 0.0)), images, labels)
        assert found[proxy] == pytest.approx(expected, rel=1e-7), proxy


def test_auxiliary_classifiers_are_passed_by():
    torch.manual_seed(0)
    model = torchvision.GoogLeNet(num_classes=CLASSES, aux_logits=True, init_weights=False)
    images, labels = torch.randn(2, 3, 32, 32), torch.arange(2)
    names = ["snip", "nwot", "synflow", "flops"]
    assert set(zcrepro.score(model, images, labels, names).status.values()) == {"ok"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # A network of n residual blocks has 2^n paths (Veit et al., NeurIPS 2016), and so has a dense block of n
        # layers. The longest path has all layers of the name but the linear one.
        ("resnet18", {"paths": 2**8, "d_max": 17, "d_min": 1 + 3, "d3_max": 17, "l_conv": 20, "p_min": 1}),
        ("resnet50", {"paths": 2**16, "d_max": 49, "d_min": 1 + 4, "d3_max": 17, "l_conv": 53, "p_min": 1}),
        (
            "densenet121",
            {"paths": 2**58, "d_max": 120, "d_min": 1 + 3, "d3_max": 59, "l_conv": 120, "p_min": 4},
        ),
    ],
)
def test_structural_counts_of_networks_whose_layers_are_well_known(name, expected):
    model = getattr(torchvision, name)(num_classes=CLASSES)
    names = [f"structure_{count}" for count in expected]
    assert list(zcrepro.score(model, torch.randn(2, 3, 32, 32), torch.arange(2), names).values()) == list(
        expected.values()
    )
