"""The statistics of layers that EZNAS evolves programs on.

``eznas_peer_layers.json`` holds figures of the authors' code for networks and inputs that are drawn here: the
standard normal numbers of a tensor come from a generator of its name, and those of the inputs from generators
1 (data), 3 (noise) and 4 (perturbation). Weights are scaled as the authors initialise them. All is compared in
float64, where no figure depends on the processor; the authors' figures are in float32.
"""

import copy
import gc
import json
import math
import weakref
import zlib
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

import zcrepro
from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.generators import states
from zcrepro.networks.layer_statistics import NAMES, Plan, inputs, planned, statistics
from zcrepro.networks.training import training
from zcrepro.programs.published import PUBLISHED
from zcrepro.proxies._passes.layer_statistics import LayerStatisticsPass
from zcrepro.proxies.base import Batch, Proxy
from zcrepro.proxies.engine import compute
from zcrepro.spaces.cell import EDGES

SPACE = zcrepro.get_space("nasbench201")
PEER = json.loads((Path(__file__).parent / "eznas_peer_layers.json").read_text())
RECIPE_SEED = 20240501
SEED = 3

SKIPS = "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|"
DEAD_ENDS = "|nor_conv_3x3~0|+|avg_pool_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"
BRANCHES = "|nor_conv_1x1~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|nor_conv_1x1~0|nor_conv_3x3~1|skip_connect~2|"
FROM_NOTHING = "|none~0|+|none~0|nor_conv_3x3~1|+|none~0|avg_pool_3x3~1|nor_conv_1x1~2|"
NOTHING = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def layers_of(model, images, noise=None, perturbed=None):
    """Return the statistics of all layers."""
    with training(model, SEED):
        three = [images if each is None else each for each in (images, noise, perturbed)]
        return list(statistics(model, three, planned(model, images[:2])))


def drawn(n=4, side=6, channels=3, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, channels, side, side, generator=generator, dtype=torch.double)


def close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)


# Networks of NAS-Bench-201, against a plain implementation


class Zero(nn.Module):
    """The operation ``none`` as the authors compute it, which passes a gradient of zero."""

    def forward(self, x):
        return x * 0


def recipe_layers(text):
    """Return the names of the modules of each layer."""
    convolutions = [edge for edge, name in zip(EDGES, SPACE.parse(text), strict=True) if "conv" in name]
    if not convolutions:
        return [
            ("stem.conv", "stem.bn", "cells.5.conv_a.relu"),
            ("cells.5.conv_a.conv", "cells.5.conv_a.bn", "cells.5.conv_b.relu"),
            ("cells.5.conv_b.conv", "cells.5.conv_b.bn", "cells.11.conv_b.relu"),
            ("cells.11.conv_b.conv", "cells.11.conv_b.bn", "head.relu"),
        ]
    blocks = []
    for cell in range(17):
        edges = ["conv_a", "conv_b"] if cell in (5, 11) else [f"edge{a}{b}" for a, b in convolutions]
        blocks += [f"cells.{cell}.{edge}" for edge in edges]
    return [tuple(f"{block}.{name}" for name in ("relu", "conv", "bn")) for block in blocks]


def plain(model, text, images):
    """Return the tensors of each layer for one input, by module hooks and ``backward``."""
    model = copy.deepcopy(model).train()
    for cell in (cell for number, cell in enumerate(model.cells) if number not in (5, 11)):
        for a, b in EDGES:
            if not hasattr(cell, f"edge{a}{b}"):
                cell.add_module(f"edge{a}{b}", Zero())
    seen = {}
    for name, module in model.named_modules():
        if not list(module.children()):
            seen[name] = {}
            module.register_forward_hook(
                lambda _, i, o, to=seen[name]: to.update(
                    input=i[0].detach().clone(), output=o.detach().clone()
                )
            )
            module.register_full_backward_hook(
                lambda _, i, o, to=seen[name]: to.update(from_input=i[0], from_output=o[0])
            )
    logits = model(images.clone().requires_grad_())
    logits.backward(torch.ones_like(logits))
    return [
        {
            "wt": model.get_submodule(middle).weight.detach(),
            "wtgrad": model.get_submodule(middle).weight.grad,
            "inpact": seen[first]["input"],
            "inpactgrad": seen[first]["from_input"],
            "preact": seen[middle]["input"],
            "preactgrad": seen[middle]["from_input"],
            "act": seen[last]["output"],
            "actgrad": seen[last]["from_output"],
        }
        for first, middle, last in recipe_layers(text)
    ]


@pytest.mark.parametrize(
    "text",
    [BRANCHES, DEAD_ENDS, SKIPS, FROM_NOTHING, NOTHING],
    ids=["branches", "dead ends", "skip connections alone", "from nothing", "nothing"],
)
def test_statistics_of_nasbench201_equal_a_plain_implementation(text):
    model = SPACE.network(SPACE.parse(text), "cifar10").double()
    three = drawn(seed=1, side=16), drawn(seed=2, side=16), drawn(seed=3, side=16)
    found = layers_of(model, *three)
    data, noise, perturbed = (plain(model, text, images) for images in three)
    assert len(found) == len(data)
    for layer, d, n, p in zip(found, data, noise, perturbed, strict=True):
        assert tuple(layer) == NAMES
        close(layer["wt"], d["wt"])
        for name in ("wtgrad", "inpact", "inpactgrad", "preact", "preactgrad", "act", "actgrad"):
            close(layer[f"{name}data"], d[name])
            close(layer[f"{name}noise"], n[name])
            close(layer[f"{name}perturb"], p[name] - d[name])


# Networks of NAS-Bench-201, against the authors' code


@cache
def peer_network(index):
    model = SPACE.network(SPACE.parse(PEER["archs"][index]["arch"]), "cifar10")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                rng = np.random.default_rng([RECIPE_SEED, zlib.crc32(name.encode())])
                fan_out = parameter[:, 0].numel()
                spread = 0.01 if name == "classifier.weight" else math.sqrt(2 / fan_out)
                values = rng.standard_normal(tuple(parameter.shape)) * spread
                parameter.copy_(torch.from_numpy(values))
        model.classifier.bias.zero_()
    return model.double()


def stream(number, n):
    draw = np.random.default_rng([RECIPE_SEED, number]).standard_normal((n, 3, 32, 32))
    return torch.from_numpy(draw.astype(np.float32))


def peer_inputs(n):
    images = stream(1, n)
    return [each.double() for each in (images, stream(3, n), images + 0.1 * stream(4, n))]


def figures(tensor):
    """Return what the file holds of a tensor."""
    norm = tensor.norm().item()
    negatives, zeros = (tensor < 0).sum().item(), (tensor == 0).double().mean().item()
    return [tensor.sum().item(), norm, negatives, zeros, *tensor.flatten()[:3].tolist()]


def check_figures(tensor, expected):
    n, (total, norm, negatives, zeros, *values) = tensor.numel(), expected
    found = figures(tensor)
    size = norm / math.sqrt(n)
    assert found[0] == pytest.approx(total, abs=1e-5 * size * n + 1e-30)
    assert found[1] == pytest.approx(norm, rel=1e-5, abs=1e-30)
    assert found[2] == pytest.approx(negatives, abs=1e-4 * n)
    assert found[3] == pytest.approx(zeros, abs=1e-4)
    assert found[4:] == pytest.approx(values, abs=1e-4 * size + 1e-30)


WITH_FIGURES = [index for index, arch in enumerate(PEER["archs"]) if "layers" in arch]


@pytest.mark.parametrize("index", WITH_FIGURES, ids=["fallback", "disconnected", "mixed"])
def test_statistics_have_the_figures_of_the_authors_code(index):
    model, expected = peer_network(index), PEER["archs"][index]["layers"]
    with training(model, SEED):
        layers = statistics(model, peer_inputs(16), planned(model, stream(1, 2).double()))
        for layer, rows in zip(layers, expected, strict=True):
            for name, row in zip(PEER["tensors"], rows, strict=True):
                check_figures(layer[name], row)


def outputs_of_layers(program, layers):
    """Return the outputs on the layers on which the program has a value."""
    outputs = []
    for layer in layers:
        with suppress(UndefinedScoreError):
            outputs.append(program.value(layer))
    return outputs


FALLBACK = 0  # its cell has no convolution


@pytest.mark.parametrize("index", range(len(PEER["archs"])))
@pytest.mark.parametrize("n", [16, 1])
def test_published_programs_score_as_the_authors_code_does(index, n):
    expected = PEER["archs"][index]["scores"][str(n)]
    # Signs of gradients that round to zero differ between processors.
    tolerance = 3e-2 if (index, n) == (FALLBACK, 1) else 1e-2
    layers = layers_of(peer_network(index), *peer_inputs(n))
    for name, program in PUBLISHED.items():
        outputs = outputs_of_layers(program, layers)
        if expected[name] is None:
            assert not outputs, name
        else:
            assert np.mean(outputs) == pytest.approx(expected[name], rel=tolerance, abs=1e-30), name


@pytest.mark.parametrize("index", range(len(PEER["archs"])))
def test_the_layers_are_those_of_the_authors_code(index):
    model, order = peer_network(index), []
    for name, module in model.named_modules():
        if isinstance(module, nn.ReLU | nn.Conv2d | nn.BatchNorm2d):
            module.register_forward_hook(lambda *_, name=name: order.append(name.replace("head", "lastact")))
    with training(model, SEED):
        layers = planned(model, drawn(2, side=8)).layers
    assert [[order[call] for call in layer] for layer in layers] == PEER["archs"][index]["modules"]


# Other networks


def pooled(features, head):
    # Behind a BatchNorm, the mean over images and positions is constant, so a nonlinear function is pooled.
    return head(F.softplus(features).mean((2, 3)))


class Block(nn.Module):
    """ReLU, convolution and BatchNorm; the ReLU is in place if asked."""

    def __init__(self, relu, channels=4):
        super().__init__()
        self.relu = relu
        self.convolution, self.norm = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.norm(self.convolution(self.relu(x)))


class Small(nn.Module):
    """A stem, features that ``combine(blocks, x)`` computes, and a head."""

    def __init__(self, combine, relu=nn.ReLU, blocks=2):
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 5)
        self.blocks = nn.ModuleList(Block(relu()) for _ in range(blocks))
        self.combine = combine

    def forward(self, x):
        return pooled(self.combine(self.blocks, self.stem(x)), self.head)


def gradients(logits, tensors):
    return torch.autograd.grad(logits.sum(), tensors)


def test_gradients_of_a_tensor_that_two_layers_read_are_those_through_each_alone():
    model, images = Small(lambda blocks, x: blocks[0](x) + blocks[1](x) * x).double(), drawn()
    one, two = layers_of(model, images)
    x = model.stem(images)
    first, second = x.clone(), x.clone()
    expected = gradients(
        pooled(model.blocks[0](first) + model.blocks[1](second) * x, model.head), [first, second]
    )
    close([one["inpactgraddata"], two["inpactgraddata"]], list(expected))


def test_gradients_of_a_relu_that_two_convolutions_read_are_those_through_each_alone():
    def combine(blocks, x):
        activated = blocks[0].relu(x)
        one, two = (block.norm(block.convolution(activated)) for block in blocks)
        return one * two

    model, images = Small(combine).double(), drawn()
    one, two = layers_of(model, images)
    x = model.stem(images).detach().requires_grad_()
    activated = F.relu(x)
    first, second = activated.clone(), activated.clone()
    a, b = (
        block.norm(block.convolution(each)) for block, each in zip(model.blocks, (first, second), strict=True)
    )
    expected = gradients(pooled(a * b, model.head), [first, second, x])
    close([one["preactgraddata"], two["preactgraddata"], one["inpactgraddata"]], list(expected))
    assert torch.equal(one["inpactgraddata"], two["inpactgraddata"])
    close(one["inpactgraddata"], (one["preactgraddata"] + two["preactgraddata"]) * (x > 0))


def test_the_gradient_that_arrives_at_a_layer_is_the_sum_over_all_that_read_its_output():
    def combine(blocks, x):
        y = blocks[0](x)
        return blocks[1](y) + y**3

    model, images = Small(combine).double(), drawn()
    y = model.blocks[0](model.stem(images))
    (expected,) = gradients(pooled(model.blocks[1](y) + y**3, model.head), [y])
    close(layers_of(model, images)[0]["actgraddata"], expected)


def in_sequence(blocks, x):
    for block in blocks:
        x = block(x)
    return x


def residual(blocks, x):
    for block in blocks:
        y = block(x)
        y += x
        x = y
    return x


def activated_afterwards(blocks, x):
    return blocks[1](F.relu(blocks[0](x), inplace=blocks[0].relu.inplace))


def with_what_was_overwritten(blocks, x):
    block = blocks[0]
    activated = block.relu(x)
    return block.norm(block.convolution(activated)) * (x if block.relu.inplace else activated)


@pytest.mark.parametrize("combine", [in_sequence, activated_afterwards, with_what_was_overwritten])
def test_in_place_relus_change_nothing(combine):
    images = drawn(), drawn(seed=2), drawn(seed=3)
    found, expected = (
        layers_of(Small(combine, lambda inplace=inplace: nn.ReLU(inplace)).double(), *images)
        for inplace in (True, False)
    )
    close(found, expected)


def test_outputs_that_are_overwritten_later_are_recorded_as_they_were():
    def written_out(blocks, x):
        for block in blocks:
            x = block(x) + x
        return x

    found, expected = (layers_of(Small(each).double(), drawn()) for each in (residual, written_out))
    close(found, expected)


@pytest.mark.parametrize(
    "relu",
    [
        F.relu,
        torch.relu,
        torch.Tensor.relu,
        lambda x: F.relu(input=x),
        lambda x: torch.relu_(x.clone()),
        lambda x: x.clone().relu_(),
    ],
    ids=["functional", "torch", "method", "keyword", "in place", "method in place"],
)
def test_a_relu_may_be_a_function_or_a_method(relu):
    class Function(nn.Module):
        def forward(self, x):
            return relu(x)

    found, expected = (layers_of(Small(in_sequence, each).double(), drawn()) for each in (Function, nn.ReLU))
    close(found, expected)


def test_convolutions_and_norms_may_be_functions():
    def functional(blocks, x):
        for block in blocks:
            convolution, norm = block.convolution, block.norm
            x = F.conv2d(F.relu(x), bias=convolution.bias, weight=convolution.weight, padding=1)
            x = F.batch_norm(x, None, None, norm.weight, norm.bias, training=True)
        return x

    found, expected = (layers_of(Small(each).double(), drawn()) for each in (functional, in_sequence))
    close(found, expected)


def test_a_module_that_is_called_twice_is_two_layers_with_one_gradient_of_the_weight():
    model, images = Small(lambda blocks, x: blocks[0](blocks[0](x))).double(), drawn()
    one, two = layers_of(model, images)
    (expected,) = gradients(model(images), [model.blocks[0].convolution.weight])
    for layer in (one, two):
        close(layer["wtgraddata"], expected)
    close(two["inpactdata"], one["actdata"])
    assert not torch.allclose(one["inpactdata"], two["inpactdata"])


def test_layers_that_lead_nowhere_have_gradients_of_zero():
    def combine(blocks, x):
        blocks[1](x)
        return blocks[0](x)

    dead, live = layers_of(Small(combine).double(), drawn())
    assert live["wtgraddata"].any()
    assert dead["inpactdata"].any()
    for name, tensor in dead.items():
        if "grad" in name:
            assert tensor.shape == live[name].shape
            assert not tensor.any()


def test_a_layer_that_reads_a_constant_has_gradients():
    model = Small(lambda blocks, x: x + blocks[0](torch.full_like(x, 0.5))).double()
    (layer,) = layers_of(model, drawn())
    assert layer["inpactdata"].eq(0.5).all()
    assert layer["inpactgraddata"].any()


def test_inputs_are_the_data_noise_and_the_data_with_a_tenth_of_noise():
    images = torch.full((64, 3, 16, 16), 7.0)
    data, noise, perturbed = inputs(images, torch.Generator().manual_seed(1))
    expected = torch.Generator().manual_seed(1)
    assert torch.equal(data, images)
    assert torch.equal(noise, torch.randn(images.shape, generator=expected))
    assert torch.equal(perturbed, images + 0.1 * torch.randn(images.shape, generator=expected))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_inputs_have_the_precision_of_the_images(dtype):
    drawn_inputs = inputs(drawn().to(dtype), torch.Generator().manual_seed(1))
    assert {each.dtype for each in drawn_inputs} == {dtype}


# The pass


def passed(programs, model=None, images=None, seed=SEED, needs=None, **options):
    images = drawn(20) if images is None else images
    batch = Batch(images, torch.zeros(len(images), dtype=torch.long))
    model = Small(in_sequence).double() if model is None else model
    run = LayerStatisticsPass(programs, **options)
    return run.run(model, batch, frozenset(programs if needs is None else needs), seed)


def size_of(name):
    return lambda layer: layer[name].square().sum()


def test_programs_are_evaluated_on_every_layer_of_the_first_images():
    model, images = Small(in_sequence).double(), drawn(20)
    record = passed({"data": size_of("actdata"), "wt": size_of("wt")}, model, images)
    assert (record.batch_size, record.layers, record.obstacles) == (16, 2, {})
    layers = layers_of(model, images[:16])
    assert record.outputs["data"] == [
        pytest.approx(layer["actdata"].square().sum().item()) for layer in layers
    ]
    assert record.outputs["wt"] == [layer["wt"].square().sum().item() for layer in layers]


def test_programs_that_are_not_needed_are_not_evaluated():
    record = passed({"one": size_of("wt"), "other": pytest.fail}, needs={"one"})
    assert set(record.outputs) == {"one"}


def test_noise_follows_the_seed():
    programs = {
        "noise": size_of("actgradnoise"),
        "perturb": size_of("actgradperturb"),
        "data": size_of("actdata"),
    }
    first, again, other = (passed(programs, seed=seed).outputs for seed in (1, 1, 2))
    assert first == again
    assert first["data"] == other["data"]
    assert first["noise"] != other["noise"]
    assert first["perturb"] != other["perturb"]


def test_a_program_that_fails_leaves_out_the_layer_and_no_other_program():
    calls = []

    def sometimes(layer):
        calls.append(layer)
        if len(calls) == 1:
            raise RuntimeError("shapes do not match")
        return 2.0

    def never(layer):
        raise UndefinedScoreError(f"nothing to see in {len(layer)} tensors")

    def broken(layer):
        return layer["nothing"]

    record = passed({"a": sometimes, "b": never, "c": size_of("wt"), "d": broken})
    assert record.outputs["a"] == [2.0]
    assert len(record.outputs["c"]) == 2
    assert record.obstacles == {"b": "nothing to see in 22 tensors", "d": "KeyError: 'nothing'"}


def test_too_little_memory_is_not_taken_for_a_failure_of_the_program():
    def greedy(_):
        raise MemoryError

    with pytest.raises(MemoryError):
        passed({"greedy": greedy})


def test_the_largest_number_of_images_is_chosen_and_told():
    model, labels = Small(in_sequence).double(), torch.zeros(64).long()
    for images in (4, 64):
        run = LayerStatisticsPass({"data": size_of("actdata")}, images)
        assert run.run(model, Batch(drawn(64), labels), frozenset({"data"}), SEED).batch_size == images
    scores = zcrepro.score(Small(in_sequence), drawn(20).float(), torch.zeros(20).long(), ["eznas_images"])
    assert scores["eznas_images"] == 16


def test_proxies_read_the_outputs_of_their_programs():
    run = LayerStatisticsPass({"weights": size_of("wt"), "broken": lambda layer: layer["nothing"]})
    proxies = [
        Proxy(name, run, frozenset({name}), "", "", "higher", lambda r, name=name: np.mean(r.outputs[name]))
        for name in run.programs
    ]
    model = Small(in_sequence).double()
    scores = compute(model, Batch(drawn(), torch.zeros(4, dtype=torch.long)), proxies, SEED)
    expected = np.mean([block.convolution.weight.square().sum().item() for block in model.blocks])
    assert scores["weights"] == pytest.approx(expected)
    assert scores.status == {"weights": "ok", "broken": "KeyError: 'nothing'"}


def test_a_network_that_drops_at_random_has_statistics_without_dropping():
    def dropping(blocks, x):
        return blocks[1](F.dropout(blocks[0](x), 0.5))

    run = LayerStatisticsPass({"size": size_of("actdata")})
    proxy = Proxy("size", run, frozenset({"size"}), "", "", "higher", lambda r: np.mean(r.outputs["size"]))
    batch = Batch(drawn(), torch.zeros(4, dtype=torch.long))
    found, expected = (
        compute(Small(each).double(), batch, [proxy], SEED)["size"] for each in (dropping, in_sequence)
    )
    assert found == pytest.approx(expected)


def test_a_network_without_layers_is_refused_with_the_reason():
    model = nn.Sequential(nn.Flatten(), nn.Linear(108, 5), nn.ReLU(), nn.Linear(5, 5)).double()
    with pytest.raises(
        UndefinedScoreError, match="no convolution with a ReLU before it and a BatchNorm behind"
    ):
        passed({"wt": size_of("wt")}, model)


def test_a_middle_without_weights_is_refused_with_the_reason():
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, affine=False), nn.ReLU()]
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)).double()
    with pytest.raises(UndefinedScoreError, match="the middle of a layer is a BatchNorm without weights"):
        passed({"wt": size_of("wt")}, model)


def test_a_network_whose_layers_depend_on_the_image_is_refused_with_the_reason():
    def choosing(blocks, x):
        return in_sequence(blocks, x) if len(x) == 2 else blocks[0](x)

    with pytest.raises(UndefinedScoreError, match="does not call the same layers for all images"):
        passed({"wt": size_of("wt")}, Small(choosing).double())


@pytest.mark.parametrize("relu", [nn.ReLU, lambda: nn.ReLU(inplace=True)], ids=["out of place", "in place"])
def test_the_network_is_left_as_it_was_found(relu):
    model = Small(residual, relu).double().eval()
    model.blocks[0].convolution.weight.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    generators = states(torch.device("cpu"))
    passed({"wt": size_of("wt")}, model)
    assert states(torch.device("cpu")) == generators
    assert all(torch.equal(now, before[name]) for name, now in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not model.blocks[0].convolution.weight.requires_grad
    assert not any(module.training for module in model.modules())
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


# Memory


def plan_of(bytes_per_image, bytes_of_weights):
    return Plan([], [], False, bytes_per_image, bytes_of_weights, elements_per_image=0, elements_of_weights=0)


@pytest.mark.parametrize("combine", [in_sequence, residual, activated_afterwards])
@pytest.mark.parametrize("size", [1, 3])
def test_the_number_of_elements_is_told_before(combine, size):
    model = Small(combine).double()
    with training(model, SEED):
        plan = planned(model, drawn(2))
        three = inputs(drawn(size), torch.Generator().manual_seed(SEED))
        yielded = [tensor.numel() for layer in statistics(model, three, plan) for tensor in layer.values()]
    assert plan.elements(size) == sum(yielded)


@pytest.mark.parametrize(
    ("images", "memory", "size"),
    [
        (64, 10**6, 64),
        (63, 10**6, 16),
        (64, 1650, 16),
        (64, 1649, 8),
        (9, 10**6, 8),
        (64, 449, 1),
        (3, 10**6, 1),
    ],
)
def test_the_batch_is_the_largest_that_fits(images, memory, size):
    plan = plan_of(bytes_per_image=100, bytes_of_weights=50)
    assert plan.batch_size(images, memory) == size


def test_a_network_too_large_for_one_image_is_refused_with_its_size():
    plan = plan_of(bytes_per_image=7 * 2**30, bytes_of_weights=0)
    with pytest.raises(UndefinedScoreError, match=r"take 7.0 GiB for one image, and 6.0 GiB are allowed"):
        plan.batch_size(64, 6 * 2**30)


def test_the_batch_that_fits_is_recorded():
    model = Small(in_sequence).double()
    with training(model, SEED):
        memory = planned(model, drawn(2)).peak_bytes(4)
    assert passed({"wt": size_of("wt")}, model, memory=memory).batch_size == 4


def most_held(function):
    """Return the most bytes of tensors that ``function`` holds at once."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        function()
    events = [event for event in profiler.profiler.kineto_results.events() if event.name() == "[memory]"]
    changes = [event.nbytes() for event in sorted(events, key=lambda event: event.start_ns())]
    return max(np.cumsum(changes))


@pytest.mark.parametrize(
    "make",
    [
        lambda: SPACE.network(SPACE.parse(BRANCHES), "cifar10"),
        lambda: SPACE.network(SPACE.parse(SKIPS), "cifar10"),
        lambda: Small(residual, lambda: nn.ReLU(inplace=True), blocks=8),
    ],
    ids=["branches", "skip connections alone", "overwritten"],
)
def test_the_peak_of_memory_is_told_before(make):
    model, images = make(), drawn(8, side=16).float()
    with training(model, SEED):
        plan = planned(model, images[:2])
        held = most_held(lambda: sum(1 for _ in statistics(model, [images] * 3, plan)))
    assert held <= plan.peak_bytes(8) <= 1.5 * held


def test_the_tensors_of_a_layer_are_let_go_after_it():
    model, images = Small(in_sequence, blocks=4).double(), drawn()
    with training(model, SEED):
        gone = []
        for layer in statistics(model, [images] * 3, planned(model, images[:2])):
            assert not any(reference() is not None for reference in gone[:-1])
            gone.append(weakref.ref(layer["actdata"]))
            del layer


def test_nothing_of_a_network_is_held_after_the_pass():
    model, held = Small(in_sequence).double(), []
    for block in model.blocks:
        block.convolution.register_forward_hook(
            lambda _, i, o: held.append((weakref.ref(i[0]), weakref.ref(o)))
        )
    gc.disable()  # a cycle that holds tensors would be collected too late, or never
    try:
        passed({"wt": size_of("wt")}, model)
        assert len(held) == 8
        assert not any(reference() is not None for pair in held for reference in pair)
    finally:
        gc.enable()
