"""The engine: values, undefined scores, errors, and that the network is left as it was found."""

import dataclasses
import gc
import math
import weakref

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import zcrepro
from proxies.small_networks import OF_EQUAL_SHAPES, OF_SPACES

ALL = sorted(set(zcrepro.list_proxies()) - OF_SPACES - OF_EQUAL_SHAPES)


def convolutional(in_place=False, norm=True, groups=1):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=in_place)]
    layers += [nn.Conv2d(4, 4, 3, padding=1, groups=groups)]
    layers += [nn.BatchNorm2d(4)] if norm else []
    layers += [nn.ReLU(inplace=in_place), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)]
    return nn.Sequential(*layers).double()


def linear():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 6, 5)).double()


def batch(size=8):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(size, 3, 6, 6, generator=generator, dtype=torch.double)
    return images, torch.arange(size) % 5


def test_fisher_of_in_place_and_ordinary_activations_is_the_same():
    images, labels = batch()
    scores = [zcrepro.score(convolutional(p), images, labels, ["fisher", "nwot"]) for p in (False, True)]
    assert dict(scores[0]) == pytest.approx(dict(scores[1]), rel=1e-12)
    assert scores[0]["fisher"] > 0


def test_fisher_of_a_linear_network_equals_its_definition():
    model, (images, labels) = linear(), batch()
    logits = model(images)
    (gradient,) = torch.autograd.grad(F.cross_entropy(logits, labels), logits)
    expected = ((logits * gradient) ** 2).mean(0).sum().item() / 2 * model[1].in_features
    assert zcrepro.score(model, images, labels, ["fisher"])["fisher"] == pytest.approx(expected, rel=1e-12)


def test_nwot_counts_both_kinds_of_agreement():
    model = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(4, 2))
    images = torch.tensor([[1.0, -1, 1, -1], [1.0, 1, -1, -1], [-1.0, 1, 1, 1]]).reshape(3, 1, 2, 2)
    kernel = torch.tensor([[4.0, 2, 1], [2, 4, 1], [1, 1, 4]])
    found = zcrepro.score(model, images, torch.zeros(3, dtype=torch.long), ["nwot"])
    assert found["nwot"] == pytest.approx(math.log(torch.linalg.det(kernel).item()))


def test_synflow_of_a_chain_is_the_product_of_its_absolute_weights_once_a_layer():
    model = nn.Sequential(
        nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 1, bias=False)
    )
    with torch.no_grad():
        model[0].weight.fill_(-3.0)
        model[3].weight.copy_(torch.tensor([[1.0, -2.0, 3.0, 4.0]]))
    found = zcrepro.score(model, torch.zeros(2, 1, 2, 2), torch.zeros(2, dtype=torch.long), ["synflow"])
    assert found["synflow"] == pytest.approx(2 * 3 * (1 + 2 + 3 + 4))


def test_asking_for_one_proxy_gives_what_asking_for_all_gives():
    model, (images, labels) = convolutional(), batch()
    together = zcrepro.score(model, images, labels, ALL)
    for name in ALL:
        assert zcrepro.score(model, images, labels, [name])[name] == together[name], name


def test_the_model_is_left_as_it_was_found():
    model, (images, labels) = convolutional(in_place=True), batch()
    model.eval()
    model[0].train()
    model[2].weight.requires_grad_(False)
    model[2].bias.grad = torch.ones(4, dtype=torch.double)
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    generator = torch.get_rng_state()
    zcrepro.score(model, images, labels, ALL)
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), generator)
    assert not model[2].weight.requires_grad
    assert torch.equal(model[2].bias.grad, torch.ones(4, dtype=torch.double))
    assert all(parameter.grad is None for name, parameter in model.named_parameters() if name != "2.bias")
    assert model[1].inplace
    assert not any(module._forward_hooks for module in model.modules())
    assert "forward" not in model[3].__dict__
    assert not images.requires_grad


def test_the_model_is_left_as_it_was_found_when_it_raises():
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.layer = nn.BatchNorm2d(3), nn.Conv2d(3, 3, 1)

        def forward(self, x):
            self.norm(x)
            raise RuntimeError("out of memory")

    model = Broken().eval()
    before = model.norm.running_mean.clone()
    for name in ("snip", "synflow", "zen"):
        with pytest.raises(ValueError, match=r"cannot process images.*out of memory"):
            zcrepro.score(model, torch.ones(2, 3, 6, 6), torch.zeros(2, dtype=torch.long), [name])
    assert not model.training
    assert torch.equal(model.norm.running_mean, before)


def test_undefined_scores_are_nan_and_say_why():
    model = nn.Sequential(nn.Flatten(), nn.Linear(108, 5))
    images, labels = batch()
    found = zcrepro.score(model, images.float(), labels, ["nwot", "zen", "snip"])
    assert math.isnan(found["nwot"])
    assert found.status["nwot"] == "the network runs no ReLU"
    assert math.isnan(found["zen"])
    assert "no global pooling" in found.status["zen"]
    assert found.status["snip"] == "ok"


def test_a_batch_of_one_has_no_correlations_between_images_but_all_the_rest():
    model, (images, labels) = convolutional(), batch(1)
    found = zcrepro.score(model, images, labels, ALL)
    compare_images = {name: found.status[name] for name in ("jacov", "epe_nas")}
    assert compare_images == {
        "jacov": "a batch of one has nothing to correlate",
        "epe_nas": "no class has two images to correlate",
    }
    rest = (
        "fisher",
        "flops",
        "grad_norm",
        "grasp",
        "l2_norm",
        "nwot",
        "params",
        "plain",
        "snip",
        "synflow",
        "zen",
    )
    assert {found.status[name] for name in rest} == {"ok"}


def test_dropout_adds_nothing_to_zen_and_nothing_random_to_synflow():
    images, labels = batch()

    def with_dropout(share):
        layers = list(convolutional())
        return nn.Sequential(*layers[:2], nn.Dropout2d(share), *layers[2:])

    zens = [zcrepro.score(with_dropout(share), images, labels, ["zen"])["zen"] for share in (0.0, 0.05)]
    assert zens[1] == pytest.approx(zens[0], abs=1)
    synflows = {
        zcrepro.score(with_dropout(0.5), images, labels, ["synflow"], seed)["synflow"] for seed in range(3)
    }
    assert synflows == {zcrepro.score(with_dropout(0.0), images, labels, ["synflow"])["synflow"]}


def test_zen_compares_the_features_before_the_last_pooling_wherever_others_stand():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.last, self.body = nn.AdaptiveAvgPool2d(1), convolutional()[:5]
            self.squeeze, self.unused = nn.AdaptiveAvgPool2d(1), nn.AdaptiveAvgPool2d(2)
            self.classifier = convolutional()[-1]

        def forward(self, x):
            x = self.body(x)
            x = x * torch.sigmoid(self.squeeze(x) * 0)  # a gate of one half
            return self.classifier(self.last(x).flatten(1))

    images, labels = batch()
    plain = zcrepro.score(convolutional(), images, labels, ["zen"])["zen"]
    gated = zcrepro.score(Attention().double(), images, labels, ["zen"])["zen"]
    assert gated == pytest.approx(plain - math.log(2), abs=0.5)


def test_a_batchnorm_without_running_statistics_leaves_zen_undefined():
    model = nn.Sequential(
        nn.BatchNorm2d(3, track_running_stats=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)
    )
    images, labels = batch()
    found = zcrepro.score(model, images.float(), labels % 2, ["zen"])
    assert found.status["zen"] == "a BatchNorm keeps no running variance, so its scale is not known"


def test_synflow_passes_every_batchnorm_by():
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(4, 3, bias=False), nn.BatchNorm1d(3), nn.Linear(3, 1, bias=False)
    )
    with torch.no_grad():
        model[1].weight.fill_(-1.0)
        model[3].weight.fill_(2.0)
    found = zcrepro.score(model, torch.zeros(2, 1, 2, 2), torch.zeros(2, dtype=torch.long), ["synflow"])
    assert found["synflow"] == pytest.approx(2 * 4 * 3 * 2)


def test_a_parametrised_weight_is_scored_where_that_has_a_meaning():
    model = convolutional()
    torch.nn.utils.parametrizations.weight_norm(model[0])
    images, labels = batch()
    found = zcrepro.score(model, images, labels, ["snip", "grad_norm", "flops", "synflow", "zen"])
    plain = zcrepro.score(convolutional(), images, labels, ["snip", "grad_norm", "flops"])
    assert {name: found[name] for name in plain} == pytest.approx(dict(plain), rel=1e-9)
    assert "computed from others" in found.status["synflow"]
    assert "computed from others" in found.status["zen"]


def test_flops_are_counted_for_modules_that_are_called_by_keyword():
    class Keyword(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = convolutional()
            self.scale = torch.ones(1, dtype=torch.double)

        def forward(self, images):
            return self.inner(images * self.scale.item())

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.wrapped = Keyword()

        def forward(self, x):
            return self.wrapped(images=x)

    images, labels = batch()
    expected = zcrepro.score(convolutional(), images, labels, ["flops"])["flops"]
    assert zcrepro.score(Outer(), images, labels, ["flops"])["flops"] == expected


def test_large_half_precision_images_are_finite():
    images = torch.full((64, 3, 64, 64), 2.0, dtype=torch.bfloat16)
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)).bfloat16()
    assert zcrepro.score(model, images, torch.zeros(64, dtype=torch.long), ["snip"]).status["snip"] == "ok"


def test_zen_depends_on_its_seed_and_on_nothing_else_random():
    model, (images, labels) = convolutional(), batch()
    first, again, other = (zcrepro.score(model, images, labels, ["zen"], seed)["zen"] for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (torch.zeros(4, 3, 6), torch.zeros(4, dtype=torch.long), r"\(4, 3, 6\)"),
        (torch.zeros(4, 3, 6, 6), torch.zeros(3, dtype=torch.long), "4 images need as many labels"),
        (torch.zeros(4, 3, 6, 6), torch.zeros(4), "labels must be class numbers"),
        (torch.full((4, 3, 6, 6), math.nan), torch.zeros(4, dtype=torch.long), "not finite"),
    ],
)
def test_a_wrong_batch_is_refused(images, labels, message):
    with pytest.raises(ValueError, match=message):
        zcrepro.score(linear().float(), images, labels, ["snip"])


def test_an_unknown_proxy_is_answered_with_the_nearest():
    images, labels = batch()
    with pytest.raises(ValueError, match="did you mean 'synflow'"):
        zcrepro.score(linear(), images, labels, ["sinflow"])


def test_every_proxy_says_its_formula_citation_and_direction():
    for name, proxy in zcrepro.list_proxies().items():
        assert proxy.name == name
        assert proxy.formula
        assert proxy.citation[-4:].isdigit()
        assert proxy.direction in ("higher", "lower")


class Greedy(nn.Module):
    """Allocates more memory than any machine has."""

    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(108, 5)

    def forward(self, x):
        return self.classifier(x.flatten(1)) + torch.empty(2**50)[0]


def test_want_of_memory_is_an_error_that_says_what_to_set():
    model, (images, labels) = Greedy(), batch()
    with pytest.raises(MemoryError, match=r"pass gradients over a batch of 8 on cpu.*\(features\.batch_size"):
        zcrepro.score(model, images.float(), labels, ["snip"])


def test_want_of_memory_in_a_proxy_says_so_too(monkeypatch):
    model, (images, labels) = convolutional(), batch()
    from zcrepro.proxies import fisher

    monkeypatch.setattr(
        fisher, "PROXY", dataclasses.replace(fisher.PROXY, compute=lambda _: float(torch.empty(2**50)[0]))
    )
    with pytest.raises(MemoryError, match="not enough memory for the pass gradients"):
        zcrepro.score(model, images, labels, ["fisher"])


class Precision(nn.Module):
    """Notes the precision settings of a GPU in an attribute of the class, which a score does not restore."""

    noted = []  # noqa: RUF012

    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(108, 5)

    def forward(self, x):
        backends = torch.backends
        of = backends.cudnn.deterministic, backends.cudnn.conv.fp32_precision
        self.noted.append((*of, backends.cuda.matmul.fp32_precision))
        return self.classifier(x.flatten(1))


def test_a_gpu_would_compute_in_full_precision_and_is_left_as_it_was():
    def modes():
        backends = torch.backends
        return backends.cudnn.conv.fp32_precision, backends.cuda.matmul.fp32_precision

    before = modes()
    torch.backends.cudnn.conv.fp32_precision = torch.backends.cuda.matmul.fp32_precision = "tf32"
    try:
        model, (images, labels) = Precision(), batch()
        zcrepro.score(model, images.float(), labels, ["snip"])
        assert model.noted == [(True, "ieee", "ieee")]
        assert modes() == ("tf32", "tf32")
        assert not torch.backends.cudnn.deterministic
    finally:
        torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision = before


def test_a_network_that_cannot_process_the_images_is_refused_with_both_named():
    images, labels = batch()
    with pytest.raises(ValueError, match=r"images of shape \(8, 3, 6, 6\).*shapes cannot be multiplied"):
        zcrepro.score(nn.Sequential(nn.Flatten(), nn.Linear(107, 5)).double(), images, labels, ["snip"])


@pytest.mark.parametrize("name", ALL)
def test_a_scored_network_is_freed_at_once(name):
    """With a cycle of references, the memory of thousands of networks would accumulate."""
    model, (images, labels) = convolutional(), batch()
    gc.collect()
    gc.disable()
    try:
        zcrepro.score(model, images, labels, [name])
        freed = weakref.ref(model)
        del model
        assert freed() is None
    finally:
        gc.enable()
