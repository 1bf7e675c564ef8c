"""Networks as users write them: each score is right, or NaN with the reason.

A test compares two networks that compute the same thing, the second of them in the plainest way.
"""

import copy
import math
import random
from collections import namedtuple

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, parametrize, prune

import zcrepro
from proxies.small_networks import OF_EQUAL_SHAPES, OF_SPACES, WITH_NOISE

ALL = sorted(set(zcrepro.list_proxies()) - OF_SPACES - OF_EQUAL_SHAPES)
DRAWN_ANEW = ["az_expressivity", "az_progressivity", "az_trainability", "vkdnw", "zen"]
"""Proxies that draw weights or noise from the seed."""
OF_LAYERS = ["fisher", "flops", "grad_norm", "grad_sign", "grasp", "l2_norm", "log_synflow", "plain", "snip"]
OF_LAYERS += ["synflow", "synflow_bn", "synflow_zcp", "zico"]
OF_GRADIENTS = ["fisher", "grad_norm", "grad_sign", "grasp", "plain", "snip", "zico"]
NOT_OF_MODULES = [name for name in ALL if not name.startswith("az_") and name not in ("flops", "meco")]
"""Proxies that do not depend on whether a function is a module; the others see blocks or modules."""
CLASSES = 5


def batch(size=8, side=8):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(size, 3, side, side, generator=generator, dtype=torch.double)
    return images, torch.arange(size) % CLASSES


def scores(model, proxies=ALL, seed=0):
    return zcrepro.score(model.double(), *batch(), proxies, seed)


def same(a, b, proxies=ALL, rel=1e-9):
    """Check that both networks have the same scores and statuses; return those of the first."""
    found, expected = scores(a, proxies), scores(b, proxies)
    assert {name: found.status[name] for name in proxies} == {name: expected.status[name] for name in proxies}
    assert dict(found) == pytest.approx(dict(expected), rel=rel, nan_ok=True)
    return found


class Net(nn.Module):
    """Two convolutions with BatchNorm; subclasses change how the features continue."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.body, self.norm2 = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.relu, self.pool = nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(4, CLASSES)

    def features(self, x):
        x = self.relu(self.norm(self.stem(x)))
        return self.relu(self.norm2(self.body(x)))

    def forward(self, x):
        return self.classifier(self.pool(self.features(x)).flatten(1))


# What a pass records is what the forward used


class Halved(nn.Module):
    def forward(self, weight):
        return weight / 2 - weight.mean()


def hooked(model, norm):
    with pytest.warns(FutureWarning):
        norm(model.body)


COMPUTED = {
    "pruned": lambda model: prune.l1_unstructured(model.body, "weight", amount=0.5),
    "weight_norm": lambda model: parametrizations.weight_norm(model.body),
    "spectral_norm": lambda model: parametrizations.spectral_norm(model.body),
    "parametrized": lambda model: parametrize.register_parametrization(model.body, "weight", Halved()),
    "old weight_norm": lambda model: hooked(model, nn.utils.weight_norm),
    "old spectral_norm": lambda model: nn.utils.spectral_norm(model.body),
}


def plain_twin(model):
    """Return a network of plain parameters, with the values that a forward in training mode uses."""
    used = {}
    handle = model.body.register_forward_hook(
        lambda module, *_: used.update(w=module.weight.detach().clone())
    )
    before = copy.deepcopy(dict(model.named_buffers()))
    training = model.training
    with parametrize.cached():
        model.train()(batch()[0])
    model.train(training)
    handle.remove()
    for name, buffer in model.named_buffers():
        buffer.data.copy_(before[name])
    twin = Net().double()
    with torch.no_grad():
        twin.body.weight.copy_(used["w"])
    return twin


@pytest.mark.parametrize("kind", COMPUTED)
def test_weights_that_are_computed_score_as_the_values_that_the_forward_used(kind):
    model = Net().double()
    COMPUTED[kind](model)
    with torch.no_grad():
        for name, parameter in model.body.named_parameters():
            if name in ("weight_orig", "weight_g", "parametrizations.weight.original0"):
                parameter.mul_(1.5)  # what a stale weight would not show
    rest = [
        "fisher",
        "grad_norm",
        "grasp",
        "plain",
        "snip",
        "l2_norm",
        "jacov",
        "epe_nas",
        "nwot",
        "flops",
        "swap",
    ]
    same(model, plain_twin(model), rest)
    if "old spectral" not in kind:
        same(model, plain_twin(model), ["zico", "grad_sign"])
    else:  # a power iteration in each forward of training mode
        assert "changes from call to call" in scores(model, ["zico"]).status["zico"]
    found = scores(model, ["synflow", "log_synflow", *DRAWN_ANEW])
    assert all("computed from others" in found.status[name] for name in found)


def test_a_computed_weight_that_is_used_twice_counts_once_and_all_its_gradient():
    class Twice(Net):
        def features(self, x):
            x = self.relu(self.norm(self.stem(x)))
            return self.relu(self.norm2(self.body(self.body(x))))

    model, twin = Twice().double(), Twice().double()
    prune.l1_unstructured(model.body, "weight", amount=0.5)
    with torch.no_grad():
        twin.body.weight.copy_(model.body.weight)
    same(model, twin, OF_GRADIENTS)


def test_a_weight_that_is_a_buffer_or_a_frozen_parameter_counts_like_any_other():
    model = Net()
    weight = model.body.weight.detach()
    del model.body.weight
    model.body.register_buffer("weight", weight)
    model.stem.weight.requires_grad_(False)
    same(model, Net(), [*OF_GRADIENTS, "l2_norm", "synflow"])
    assert not weight.requires_grad
    assert not model.stem.weight.requires_grad


class Overwriting(Net):
    """Functions that write to the outputs of layers, and an addition in place."""

    def features(self, x):
        x = F.relu_(self.stem(x))
        y = self.body(x)
        y += x
        return F.relu(self.norm2(y), inplace=True)


class Copying(Net):
    def features(self, x):
        x = self.relu(self.stem(x))
        return self.relu(self.norm2(self.body(x) + x))


class Preactivated(Net):
    """The in-place activation changes the shortcut as well."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def features(self, x):
        x = self.stem(x)
        y = self.body(self.relu(x))
        y += x
        return y.mul_(1.0)


class PreactivatedCopying(Net):
    def features(self, x):
        x = self.relu(self.stem(x))
        return self.body(x) + x


@pytest.mark.parametrize(
    ("model", "plain"),
    [(Overwriting, Copying), (Preactivated, PreactivatedCopying)],
    ids=["functions", "modules"],
)
def test_outputs_that_the_network_overwrites_are_recorded_before(model, plain):
    found = same(model(), plain(), NOT_OF_MODULES)
    assert found["fisher"] > 0


def test_images_are_not_overwritten():
    class Writing(Net):
        def forward(self, x):
            return super().forward(x.mul_(2))

    images, labels = batch()
    before = images.clone()
    found = zcrepro.score(Writing().double(), images, labels, ALL)
    assert torch.equal(images, before)
    assert found["snip"] == pytest.approx(zcrepro.score(Net().double(), images * 2, labels, ["snip"])["snip"])


# The model is left as found


class Remembering(Net):
    """Keeps state of many kinds from call to call, and computes with it."""

    def __init__(self):
        super().__init__()
        self.calls, self.seen, self.table = 0, [], {"shift": torch.zeros(1), "rows": [1]}
        self.register_buffer("mean", torch.zeros(1))
        self.register_buffer("step", torch.zeros(1))
        self.generator = np.random.default_rng(0)
        self.torch_generator = torch.Generator().manual_seed(0)
        self.plain_random = random.Random(0)

    def forward(self, x):
        self.calls += 1
        self.seen.append(x.shape)
        self.table["shift"] = self.table["shift"] + 1
        self.table["rows"].append(2)
        self.mean = self.mean + 1
        self.step.add_(1)
        self.stem.weight.data.mul_(1.1)
        self.last = x
        noise = float(torch.rand(1, generator=self.torch_generator)) + self.generator.normal()
        state = self.calls + len(self.seen) + float(self.table["shift"] + self.mean + self.step)
        state += len(self.table["rows"])
        return super().forward(x * (1 + 0.1 * state + noise + self.plain_random.random()))


@pytest.mark.parametrize("name", ALL)
def test_three_calls_give_three_equal_results_and_leave_all_state_as_it_was(name):
    model = Remembering().double()
    buffers = {name: id(buffer) for name, buffer in model.named_buffers()}
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    attributes = {key: value for key, value in vars(model).items() if key in ("calls", "training")}
    hooks = [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()]
    generators = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    first, second, third = (scores(model, [name]) for _ in range(3))
    assert dict(first) == pytest.approx(dict(second), nan_ok=True, abs=0)
    assert dict(first) == pytest.approx(dict(third), nan_ok=True, abs=0)
    assert {name: id(buffer) for name, buffer in model.named_buffers()} == buffers
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())
    assert {key: getattr(model, key) for key in attributes} == attributes
    assert (model.seen, model.table["rows"], float(model.table["shift"])) == ([], [1], 0.0)
    assert not hasattr(model, "last")
    assert [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()] == hooks
    assert (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.get_rng_state().tolist(),
    ) == generators


# A deterministic score does not depend on the seed


class DropPath(nn.Module):
    def forward(self, x):
        if not self.training:
            return x
        return x * torch.empty(len(x), 1, 1, 1, dtype=x.dtype).bernoulli_(0.5) / 0.5


class Dropping(Net):
    def __init__(self, drop=lambda x: x):
        super().__init__()
        self.drop = drop

    def features(self, x):
        x = self.relu(self.norm(self.stem(x)))
        return self.relu(self.norm2(x + self.drop(self.body(x))))


class Functional(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, self.training)


class AlwaysOn(nn.Module):
    def forward(self, x):
        return F.dropout2d(torch.dropout(x, 0.5, True), 0.5)


class LayerDrop(nn.Module):
    """Draws from Python's and numpy's generators."""

    def forward(self, x):
        return x * 0 if self.training and random.random() + np.random.rand() < 1 else x


class NormAndDrop(nn.Module):
    """Normalises by the batch and drops, both in training mode only."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x):
        x = self.norm(x)
        return x * torch.rand_like(x).round() if self.training else x


DROPS = {
    "dropout": nn.Dropout(0.5),
    "dropout2d in place": nn.Dropout2d(0.5, inplace=True),
    "alpha dropout": nn.AlphaDropout(0.5),
    "DropPath": DropPath(),
    "functional": Functional(),
    "always on": AlwaysOn(),
    "LayerDrop": LayerDrop(),
}


@pytest.mark.parametrize("drop", DROPS.values(), ids=list(DROPS))
def test_a_network_that_drops_scores_as_it_does_without(drop):
    rest = [name for name in ALL if name != "meco"]  # it counts each module that puts out features
    same(Dropping(copy.deepcopy(drop)), Dropping(), rest)
    undefined = {"eznas_a_wtgraddata"}  # the middle of its only layer is a BatchNorm
    deterministic = [name for name in ALL if name not in {*DRAWN_ANEW, *WITH_NOISE, *undefined}]
    first, second = (scores(Dropping(copy.deepcopy(drop)), deterministic, seed) for seed in (0, 1))
    assert dict(first) == dict(second)
    assert all(torch.isfinite(torch.tensor(list(first.values()))))


def test_a_module_that_drops_goes_on_to_normalise_by_the_batch():
    same(Dropping(NormAndDrop()), Dropping(nn.BatchNorm2d(4)), [name for name in ALL if name != "meco"])


def test_a_network_that_draws_in_every_mode_has_no_score():
    class Noisy(Net):
        def forward(self, x):
            return super().forward(x + torch.randn_like(x))

    found = scores(Noisy())
    assert {name for name in ALL if found.status[name] == "ok"} == {"params", "layers", "flops", "l2_norm"}
    assert found.status["snip"].startswith("the network draws random numbers in every mode")


# A score without a value is not zero


class Volumes(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer = kind(1, 4, 3)
        self.head = nn.Linear(4, CLASSES)

    def forward(self, x):
        x = x.unsqueeze(1) if isinstance(self.layer, nn.Conv3d) else x.mean(1).flatten(1).unsqueeze(1)
        return self.head(self.layer(x).relu().flatten(2).mean(2))


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.Conv3d, nn.ConvTranspose1d])
def test_convolutions_that_no_definition_counts_leave_it_undefined(kind):
    found = scores(Volumes(kind))
    for name in OF_LAYERS:
        assert math.isnan(found[name])
        assert (
            found.status[name]
            == f"the network has an nn.{kind.__name__}, and only nn.Conv2d and nn.Linear count"
        )
    assert found["params"] == sum(p.numel() for p in Volumes(kind).parameters())


def test_a_network_without_layers_has_no_score_of_layers():
    found = scores(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), OF_LAYERS)
    assert set(found.status.values()) == {"the network has no nn.Conv2d and no nn.Linear"}


class Detached(Net):
    def forward(self, x):
        return super().forward(x).detach()


class WithoutGradients(Net):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


@pytest.mark.parametrize("kind", [Detached, WithoutGradients])
def test_no_gradient_is_not_a_gradient_of_zero(kind):
    names = [
        *OF_GRADIENTS,
        "jacov",
        "epe_nas",
        "synflow",
        "log_synflow",
        "synflow_bn",
        "ntk_condition",
        "vkdnw",
    ]
    found = scores(kind(), names)
    assert set(found.status.values()) == {"the network computes its logits without gradients"}
    assert scores(kind(), ["nwot"]).status["nwot"] == "ok"


def test_a_gradient_of_zero_stays_zero():
    class Cut(Net):
        def features(self, x):
            return super().features(x) * 0

    found = scores(Cut(), ["snip", "synflow", "grad_norm", "l2_norm"])
    assert set(found.status.values()) == {"ok"}
    assert found["synflow"] == 0
    assert found["l2_norm"] > 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("hide", [torch.jit.script, lambda model: torch.jit.trace(model, batch()[0])])
def test_a_module_that_hides_its_layers_is_refused_by_name(hide):
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, CLASSES)
    )
    for hidden in (hide(model.double()), nn.Sequential(hide(model.double()))):
        found = scores(hidden)
        assert all(math.isnan(value) for value in found.values())
        assert "traced or scripted" in found.status["snip"]


def test_a_compiled_network_scores_as_the_one_inside():
    whole, parts, in_place = torch.compile(Net(), backend="eager"), Net(), Net()
    parts.body = torch.compile(parts.body, backend="eager")
    in_place.compile(backend="eager")
    for model in (whole, parts, in_place):
        same(model, Net())


def test_in_inference_mode_scores_are_the_same():
    with torch.inference_mode():
        found = zcrepro.score(NET, *batch(), ALL)
    assert dict(found) == pytest.approx(dict(scores(Net())), rel=1e-12)


NET = Net().double()


def test_weights_without_values_or_gradients_are_refused_by_name():
    with torch.inference_mode():
        unfit = Net().double()
    assert "inference_mode" in scores(unfit, ["snip"]).status["snip"]
    with torch.device("meta"):
        empty = Net().double()
    assert "meta device" in scores(empty, ["snip"]).status["snip"]


# A proxy that fails affects no other


class Gated(Net):
    def features(self, x):
        return super().features(x) * F.hardsigmoid(self.stem(x))


class OnceDifferentiable(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.factor = 2
        return x * ctx.factor

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        return gradient * ctx.factor


class OnlyOnce(Net):
    def features(self, x):
        return OnceDifferentiable.apply(super().features(x))


@pytest.mark.parametrize("kind", [Gated, OnlyOnce])
def test_without_a_second_derivative_all_but_grasp_have_a_value(kind):
    names = [name for name in ALL if not name.startswith("az_")]
    found = scores(kind(), names)
    assert {name for name in names if found.status[name] != "ok"} == {"grasp"}
    assert found.status["grasp"].startswith("the network has no second derivative: ")


def test_fused_attention_has_a_second_derivative():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.patch, self.head = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, CLASSES)
            self.mix = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x):
            tokens = self.patch(x).flatten(2).transpose(1, 2)
            return self.head((tokens + self.mix(tokens, tokens, tokens, need_weights=False)[0]).mean(1))

    found = scores(Attention())
    assert found.status["grasp"] == "ok"
    expected = {
        "az_expressivity",
        "az_progressivity",
        "az_trainability",
        "fisher",
        "meco",
        "nwot",
        "swap",
        "vkdnw",
        "zen",
        *(name for name in ALL if name.startswith("eznas_")),  # it has no convolution with a BatchNorm
    }
    assert {name for name in ALL if found.status[name] != "ok"} == expected | {"linear_regions"}
    assert (
        found.status["meco"]
        == "attention runs over tokens, so the axis of the channels of the features is not known"
    )


def test_a_pass_that_the_network_cannot_run_leaves_the_others_their_values():
    class SingleBatch(Net):
        """Runs on batches of one size only, and not on a single image."""

        def forward(self, x):
            return super().forward(x.reshape(8, 3, 8, 8))

    found = scores(SingleBatch())
    assert found.status["snip"] == found.status["nwot"] == "ok"
    assert found.status["synflow"].startswith("the pass synflow fails: RuntimeError: shape '[8, 3, 8, 8]'")
    assert found.status["meco"].startswith("the pass feature_maps fails: RuntimeError")


def test_a_proxy_that_fails_costs_its_own_score(monkeypatch):
    import dataclasses

    from zcrepro.proxies import snip

    def broken(_):
        raise KeyError("nothing of that name")

    monkeypatch.setattr(snip, "PROXY", dataclasses.replace(snip.PROXY, compute=broken))
    found = scores(Net(), ["snip", "grad_norm"])
    assert found.status["snip"] == "the proxy snip fails: KeyError: 'nothing of that name'"
    assert found.status["grad_norm"] == "ok"


# Layout and class


def test_the_memory_format_changes_no_score():
    images, labels = batch()
    contiguous = zcrepro.score(Net().double(), images, labels, ALL)
    model = Net().double().to(memory_format=torch.channels_last)
    last = zcrepro.score(model, images.to(memory_format=torch.channels_last), labels, ALL)
    assert dict(last) == pytest.approx(dict(contiguous), rel=1e-9)


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.patch, self.head = nn.Conv2d(3, 6, 4, 4), nn.Linear(6, CLASSES)
        self.up, self.down = nn.Linear(6, 12), nn.Linear(12, 6)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        return self.head((x + self.down(F.gelu(self.up(x)))).mean(1))


class Maps(nn.Module):
    """The same, with 1x1 convolutions instead of linear layers."""

    def __init__(self):
        super().__init__()
        tokens = Tokens()
        self.patch, self.head = tokens.patch, tokens.head
        self.up, self.down = nn.Conv2d(6, 12, 1), nn.Conv2d(12, 6, 1)
        with torch.no_grad():
            for mine, its in ((self.up, tokens.up), (self.down, tokens.down)):
                mine.weight.copy_(its.weight[:, :, None, None])
                mine.bias.copy_(its.bias)

    def forward(self, x):
        x = self.patch(x)
        return self.head((x + self.down(F.gelu(self.up(x)))).mean((2, 3)))


def test_linear_layers_over_tokens_score_as_1x1_convolutions():
    same(Tokens(), Maps(), [*OF_GRADIENTS, "l2_norm", "synflow", "jacov"])
    for name in ("meco", "az_expressivity"):
        assert "runs over tokens" in scores(Tokens(), [name]).status[name]


class NormAct(nn.BatchNorm2d):
    def __init__(self, channels):
        super().__init__(channels)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(super().forward(x))


def test_a_batchnorm_that_activates_too_keeps_its_activation_in_synflow():
    def network(activated):
        torch.manual_seed(0)
        layers = [
            nn.Conv2d(3, 4, 3),
            activated(),
            nn.Conv2d(4, 4, 3, 2),
            activated(),
            nn.AdaptiveAvgPool2d(1),
        ]
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4, CLASSES))

    names = ["synflow", "log_synflow", "synflow_zcp", "snip", "zen", "grasp", "fisher"]
    same(network(lambda: NormAct(4)), network(lambda: nn.Sequential(nn.BatchNorm2d(4), nn.SiLU())), names)


class FunctionalRelu(Net):
    def features(self, x):
        x = F.relu(self.norm(self.stem(x)))
        return torch.relu(self.norm2(self.body(x)))


class MethodRelu(Net):
    def features(self, x):
        x = self.norm(self.stem(x)).relu_()
        return self.norm2(self.body(x)).relu()


@pytest.mark.parametrize("kind", [FunctionalRelu, MethodRelu])
def test_relus_count_however_they_are_called(kind):
    found = same(kind(), Net(), NOT_OF_MODULES)
    assert found.status["nwot"] == found.status["swap"] == "ok"


class MeanPooled(Net):
    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class FunctionPooled(Net):
    def forward(self, x):
        return self.classifier(F.adaptive_avg_pool2d(self.features(x), 1).flatten(1))


class WindowPooled(Net):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(8, stride=1)


@pytest.mark.parametrize("kind", [MeanPooled, FunctionPooled, WindowPooled])
def test_zen_finds_the_last_pooling_however_it_is_called(kind):
    same(kind(), Net(), ["zen"])


class Excited(Net):
    """Pools only inside a squeeze-and-excitation block; the last features are flattened."""

    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(4 * 64, CLASSES)

    def forward(self, x):
        x = self.features(x)
        return self.classifier((x * torch.sigmoid(self.pool(x))).flatten(1))


def test_zen_does_not_take_a_pooling_inside_the_network_for_the_last():
    assert scores(Excited(), ["zen"]).status["zen"].startswith("the last pooling is inside the network")


def test_layers_may_be_called_by_keyword():
    class Keyword(Net):
        def forward(self, x):
            x = self.relu(input=self.norm(input=self.stem(input=x)))
            x = self.relu(input=self.norm2(input=self.body(input=x)))
            return self.classifier(input=self.pool(input=x).flatten(1))

    same(Keyword(), Net())


Outputs = namedtuple("Outputs", ["logits", "auxiliary"])
PUT_OUT = {
    "tuple": lambda logits: (logits, logits * 2),
    "list": lambda logits: [logits, logits * 2],
    "named tuple": lambda logits: Outputs(logits, logits * 2),
    "logits of a mapping": lambda logits: {"loss": logits.sum(), "logits": logits},
    "out of a mapping": lambda logits: {"aux": logits * 2, "out": logits},
}


@pytest.mark.parametrize("put_out", PUT_OUT.values(), ids=list(PUT_OUT))
def test_of_several_outputs_the_main_logits_count(put_out):
    class Auxiliary(Net):
        def forward(self, x):
            logits = super().forward(x)
            return put_out(logits) if self.training else logits

    same(Auxiliary(), Net())


class Tiles(Net):
    """Cuts each image into four patches, which are consecutive rows of the batch."""

    def features(self, x):
        tiles = x.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).reshape(-1, 3, 4, 4)
        features = self.relu(self.norm(self.stem(tiles)))
        return features.reshape(len(x), 4, 4, 4, 4).mean(1)


def test_rows_that_are_not_images_leave_undefined_what_compares_images():
    found = scores(Tiles())
    for name in ("fisher", "nwot", "swap", "linear_regions", "meco"):
        assert "so it is not known which belong to an image" in found.status[name], name
    assert {found.status[name] for name in ("snip", "grasp", "jacov", "synflow", "zen")} == {"ok"}


# Wrong input


IMAGES, LABELS = batch()
WRONG = {
    "channels": (
        NET,
        IMAGES[:, :1],
        LABELS,
        ["snip"],
        r"images of shape \(8, 1, 8, 8\).*but got 1 channels",
    ),
    "type": (
        NET,
        IMAGES.float(),
        LABELS,
        ["params", "snip"],
        "cannot process images of shape .* torch.float32",
    ),
    "empty batch": (NET, IMAGES[:0], LABELS[:0], ["snip"], "the batch is empty"),
    "label beyond the classes": (
        NET,
        IMAGES,
        LABELS + 1,
        ["snip"],
        "the largest label is 5, but the network has 5",
    ),
    "text": (NET, IMAGES, LABELS, "snip", r"a list of names.*\['snip'\]"),
    "numpy images": (NET, IMAGES.numpy(), LABELS, ["snip"], "images must be a torch.Tensor.*numpy.ndarray"),
    "numpy labels": (NET, IMAGES, LABELS.numpy(), ["snip"], "labels must be a torch.Tensor.*numpy.ndarray"),
    "whole images": (
        NET,
        IMAGES.long(),
        LABELS,
        ["snip"],
        "must be floating-point numbers, but are torch.int64",
    ),
    "truth as labels": (NET, IMAGES, LABELS > 0, ["snip"], "labels must be class numbers"),
    "a class": (Net, IMAGES, LABELS, ["snip"], "a torch.nn.Module, but is the class Net"),
    "a function": (len, IMAGES, LABELS, ["snip"], "a torch.nn.Module, but is a builtin_function_or_method"),
    "dense output": (
        nn.Conv2d(3, 5, 1).double(),
        IMAGES,
        LABELS,
        ["snip"],
        r"shape \(8, 5, 8, 8\) for 8 images",
    ),
    "no tensor": (nn.ModuleList([]), IMAGES, LABELS, ["snip"], "cannot process images"),
    "lazy": (
        nn.Sequential(nn.Flatten(), nn.LazyLinear(5)),
        IMAGES,
        LABELS,
        ["snip"],
        "lazy layers without weights",
    ),
    "not a proxy": (NET, IMAGES, LABELS, [3], "proxies must be names or evolved proxies, but 3 is an int"),
}


@pytest.mark.parametrize(("model", "images", "labels", "proxies", "message"), WRONG.values(), ids=list(WRONG))
def test_wrong_input_is_one_sentence_that_names_it(model, images, labels, proxies, message):
    with pytest.raises(ValueError, match=message) as error:
        zcrepro.score(model, images, labels, proxies)
    assert "\n" not in str(error.value)


def test_whole_labels_of_any_type_are_the_same():
    expected = scores(NET, ["snip"])["snip"]
    for dtype in (torch.int32, torch.uint8):
        assert zcrepro.score(NET, IMAGES, LABELS.to(dtype), ["snip"])["snip"] == expected
