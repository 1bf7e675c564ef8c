"""The models of PyTorchCV: those that are listed, with the package's weights, which depend on the seed alone."""

from pathlib import Path

import pytest
import torch

import zcrepro
from zcrepro.benchmarks.pytorchcv import FILE, RECIPE
from zcrepro.networks import libraries

ROOT = Path(__file__).parents[2]
SPACE = zcrepro.get_space("pytorchcv")
SMALL = SPACE.parse("resnet20_cifar10")


def test_the_models_are_those_with_a_published_error():
    accuracies = RECIPE.accuracies({FILE: ROOT / FILE})
    assert set(accuracies["arch"]) == {SPACE.text(arch) for arch in SPACE.architectures()}
    assert len(accuracies) == SPACE.size == 70
    by_model = accuracies.set_index("arch")["accuracy"]
    assert by_model["resnet20_cifar10"] == pytest.approx(94.03)
    assert by_model.idxmax() == "wrn40_8_cifar10"


@pytest.mark.parametrize(
    ("model", "parameters", "multiply_adds"),
    # The list of the package: 272,474 parameters and 41.29 million multiply-adds of ResNet-20, and so on.
    [
        ("resnet20", 272_474, 41.29e6),
        ("resnet110", 1_730_714, 255.70e6),
        ("densenet40_k12", 599_050, 210.80e6),
    ],
)
def test_a_model_has_the_published_size(model, parameters, multiply_adds):
    arch = SPACE.parse(f"{model}_cifar10")
    assert SPACE.parameters(arch, "cifar10") == parameters
    assert SPACE.flops(arch, "cifar10") == pytest.approx(
        multiply_adds, rel=0.025
    )  # they count other layers too


def test_weights_are_those_of_the_package_not_of_torch():
    network = SPACE.network(SMALL, "cifar10")
    convolution = next(layer for layer in network.modules() if isinstance(layer, torch.nn.Conv2d))
    of_torch = convolution.weight[0].numel() ** -0.5
    assert of_torch < convolution.weight.abs().max() <= of_torch * 6**0.5  # He's uniform initialisation


def test_a_model_of_another_name_is_answered_with_the_nearest():
    with pytest.raises(
        ValueError, match="pytorchcv: unknown model 'resnet21_cifar10'; did you mean 'resnet2"
    ):
        SPACE.parse("resnet21_cifar10")


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    def fails(module):
        raise ImportError(f"No module named {module!r}")

    monkeypatch.setattr(libraries, "_imported", fails)
    with pytest.raises(
        ValueError, match=r'pytorchcv/resnet20_cifar10 needs pytorchcv: pip install "\.\[models\]"'
    ):
        SPACE.network(SMALL, "cifar10")
