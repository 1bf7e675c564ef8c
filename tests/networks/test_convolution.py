"""<W, H g> of convolutions, in float64 against autograd, which forms H g."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from zcrepro.networks.convolution import ScaledConvolutions
from zcrepro.networks.preserve import rerouted
from zcrepro.proxies._passes.gradients import GRADIENTS
from zcrepro.proxies.base import Batch

LABELS = torch.arange(8) % 5
NEEDS = frozenset({"hessian_gradient"})


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


class Classifier(nn.Module):
    """Convolves, averages over places and classifies."""

    def __init__(self, *convolutions):
        super().__init__()
        self.convolutions = nn.Sequential(*convolutions)
        self.classifier = nn.Linear(4, 5)

    def forward(self, x):
        for convolution in self.convolutions:
            x = F.softplus(convolution(x))
        return self.classifier(x.mean((2, 3)))


class Function(nn.Module):
    """Uses the weight of a convolution by a call of the layer and by a function."""

    def __init__(self):
        super().__init__()
        self.stem, self.classifier = nn.Conv2d(3, 4, 1, bias=False), nn.Linear(4, 5)

    def forward(self, x):
        y = F.softplus(self.stem(x)) + F.softplus(F.conv2d(x, 2 * self.stem.weight))
        return self.classifier(y.mean((2, 3)))


def twice():
    """Return a network that calls one layer twice, and shares its weight with another one."""
    first, second = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=2, dilation=2)
    second.weight = first.weight
    return Classifier(nn.Conv2d(3, 4, 3), first, first, second)


def normalised():
    """Return a network with a weight that another tensor gives."""
    return Classifier(nn.Conv2d(3, 4, 3), nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1)))


class SameConv2d(nn.Conv2d):
    """A subclass, which may compute something else, so that autograd differentiates it."""


MODELS = {
    "bias": lambda: Classifier(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)),
    "stride, padding, dilation": lambda: Classifier(
        nn.Conv2d(3, 4, 3, stride=(2, 1), padding=(1, 2)), nn.Conv2d(4, 4, 2, dilation=2, padding=1)
    ),
    "groups": lambda: Classifier(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3, padding=1, groups=2)),
    "depthwise": lambda: Classifier(nn.Conv2d(3, 4, 1, bias=False), nn.Conv2d(4, 4, 3, groups=4, bias=False)),
    "padding that autograd keeps": lambda: Classifier(
        nn.Conv2d(3, 4, 3, padding="same"), nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")
    ),
    "a layer twice and a shared weight": twice,
    "a function beside the layer": Function,
    "a weight from another tensor": normalised,
    "a subclass between": lambda: Classifier(nn.Conv2d(3, 4, 3), SameConv2d(4, 4, 3), nn.Conv2d(4, 4, 1)),
    "one layer": lambda: nn.Sequential(nn.Conv2d(3, 5, 6), nn.Flatten()),
}


def built(name):
    torch.manual_seed(0)
    return MODELS[name]().double()


def definition(model, images):
    """Return <W, H g> of each layer, as the derivative of <stop(g), g>."""
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    with nn.utils.parametrize.cached():
        weights = list(dict.fromkeys(layer.weight for layer in layers))
        loss = F.cross_entropy(model(images), LABELS)
        gradients = torch.autograd.grad(loss, weights, create_graph=True)
        product = sum((gradient.detach() * gradient).sum() for gradient in gradients)
        found = torch.autograd.grad(product, weights)
    return [(weight.detach() * each).sum() for weight, each in zip(weights, found, strict=True)]


@pytest.mark.parametrize("jacobian", [False, True], ids=["weights alone", "images too"])
@pytest.mark.parametrize("name", MODELS)
def test_products_of_weights_with_the_hessian_times_the_gradient_equal_autograds(name, jacobian):
    images = draw(8, 3, 6, 6)
    needs = NEEDS | {"jacobian"} if jacobian else NEEDS
    record = GRADIENTS.run(built(name), Batch(images, LABELS), needs, 0)
    expected = definition(built(name), images)
    assert all(expected)
    torch.testing.assert_close(record.along_hessian_gradient, expected, rtol=1e-11, atol=1e-13)
    if jacobian:
        images = images.requires_grad_()
        (stock,) = torch.autograd.grad(built(name)(images).sum(), images)
        assert torch.equal(record.jacobian, stock)


@pytest.mark.parametrize("dtype", [torch.float, torch.double])
@pytest.mark.parametrize("name", MODELS)
def test_outputs_and_first_derivatives_are_torchs_own_to_the_last_digit(name, dtype):
    model, images = built(name).to(dtype), draw(8, 3, 6, 6).to(dtype).requires_grad_()

    def results():
        outputs = model(images)
        loss = F.cross_entropy(outputs, LABELS)
        return outputs, *torch.autograd.grad(loss, [images, model.get_parameter(weight)], create_graph=True)

    weight = next(name for name, parameter in model.named_parameters() if parameter.dim() == 4)
    stock = results()
    with rerouted(ScaledConvolutions(model).forwards):
        ours = results()
    assert all(torch.equal(one, other) for one, other in zip(ours, stock, strict=True))


def test_an_activation_that_overwrites_the_output_of_a_convolution_is_allowed():
    def model(inplace):
        torch.manual_seed(0)
        layers = nn.Conv2d(3, 4, 3), nn.CELU(inplace=inplace), nn.Conv2d(4, 4, 3), nn.CELU(inplace=inplace)
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16, 5)).double()

    images = draw(8, 3, 6, 6)
    overwritten, kept = (
        GRADIENTS.run(model(inplace), Batch(images, LABELS), NEEDS, 0).along_hessian_gradient
        for inplace in (True, False)
    )
    torch.testing.assert_close(overwritten, kept, rtol=1e-12, atol=0)
    torch.testing.assert_close(kept, definition(model(inplace=False), images), rtol=1e-11, atol=1e-13)


def test_what_is_not_covered_keeps_torchs_forward():
    layer = nn.Conv2d(3, 4, 3)
    images = draw(2, 3, 6, 6).float()
    with rerouted(ScaledConvolutions(nn.Sequential(layer)).forwards):
        torch.testing.assert_close(layer(images[0]), layer(images)[0])
        assert type(layer(images).grad_fn).__name__ == "_ForwardBackward"
        with torch.autocast("cpu", torch.bfloat16):
            assert layer(images).dtype == torch.bfloat16
        with pytest.raises(RuntimeError, match="Input type"):
            layer(images.double())
    assert "forward" not in vars(layer)
