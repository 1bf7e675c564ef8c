"""What is true of every proxy, or of those with a common property."""

import copy

import pytest
import torch
from torch import nn

import zcrepro
from proxies.small_networks import (
    OF_EQUAL_SHAPES,
    OF_SPACES,
    SEED,
    WITH_NOISE,
    batch,
    built,
    convolutional,
    score,
)
from zcrepro.programs.published import PUBLISHED
from zcrepro.provenance import pass_groups
from zcrepro.spaces.structural_counts import COUNTS

GROUPS = {
    "structure": ["params", "flops", "l2_norm"],
    "gradients": ["grad_norm", "snip", "plain", "fisher", "grasp", "jacov", "epe_nas", "nwot"],
    "synflow": ["synflow", "log_synflow", "synflow_bn", "synflow_zcp"],
    "zen": ["zen"],
    "halves": ["zico"],
    "feature_maps": ["meco"],
    "patterns": ["swap", "linear_regions"],
    "tangent_kernel": ["ntk_condition"],
    "single_images": ["grad_sign"],
    "blocks": ["az_expressivity", "az_progressivity", "az_trainability"],
    "fisher_matrix": ["vkdnw"],
    "tensors": ["layers"],
    "layer_statistics": [*PUBLISHED, "eznas_images"],
    "graph": [f"structure_{name}" for name in COUNTS],
}
"""The proxies by pass."""

ALL = sorted(zcrepro.list_proxies())
DEFINED = sorted(set(ALL) - OF_SPACES - OF_EQUAL_SHAPES)
"""The proxies that have a value for the networks here."""
OF_LABELS = {"epe_nas", "fisher", "grad_norm", "grad_sign", "grasp", "plain", "snip", "zico"}
DRAWN_ANEW = {"az_expressivity", "az_progressivity", "az_trainability", "vkdnw", "zen"}
"""They see noise through weights of their own instead of the images and the network's weights."""
WITHOUT_FORWARD = {"layers", "l2_norm", "params"}


def test_each_proxy_is_computed_in_its_pass():
    assert pass_groups(name for group in GROUPS.values() for name in group) == GROUPS
    assert sorted(name for group in GROUPS.values() for name in group) == ALL


def test_only_the_condition_number_and_counts_of_what_costs_accuracy_are_better_when_lower():
    proxies = zcrepro.list_proxies()
    counts = ["dead_conv", "l_pool", "l_stride", "n_none", "p_max", "p_mean", "p_min"]
    lower = ["ntk_condition", *(f"structure_{name}" for name in counts)]
    assert [name for name in ALL if proxies[name].direction == "lower"] == lower


@pytest.mark.parametrize("name", sorted(set(DEFINED) - {"meco", "zico"} - DRAWN_ANEW - WITH_NOISE))
def test_the_order_of_the_batch_does_not_matter(name):
    model, (images, labels) = built(convolutional()), batch()
    order = torch.tensor([3, 0, 7, 5, 1, 6, 2, 4])
    moved = score(model, name, images[order], labels[order])
    assert moved == pytest.approx(score(model, name), rel=1e-6)


@pytest.mark.parametrize("name", sorted(set(DEFINED) - OF_LABELS))
def test_labels_do_not_matter_where_no_loss_is_differentiated(name):
    model, (_, labels) = built(convolutional()), batch()
    assert score(model, name, labels=labels.flip(0)) == score(model, name)


@pytest.mark.parametrize(
    "name", [name for name in DEFINED if name != "eznas_pnas_released"]
)  # 0: no gradient
def test_only_proxies_that_draw_depend_on_the_seed_and_they_not_on_images_or_weights(name):
    model, (images, _) = built(convolutional()), batch()
    assert (score(model, name, seed=0) == score(model, name, seed=1)) == (name not in DRAWN_ANEW | WITH_NOISE)
    if name in DRAWN_ANEW:
        other = copy.deepcopy(model)
        nn.init.ones_(other[0].weight)
        other[3].running_var.fill_(3.0)
        assert score(other, name, images.flip(0)) == score(model, name)


class Dead(nn.Module):
    """A network with a convolution that runs, but does not contribute to the logits of ``model``."""

    def __init__(self, model):
        super().__init__()
        self.model, self.dead = model, nn.Conv2d(3, 4, 3).double()
        self.act = nn.ReLU()

    def forward(self, x):
        self.act(self.dead(x))
        return self.model(x)


@pytest.mark.parametrize("name", [n for n in ALL if not zcrepro.list_proxies()[n].counts_dead])
def test_a_dead_branch_changes_no_score_that_does_not_count_it(name):
    model = built(convolutional())
    assert score(Dead(model), name) == pytest.approx(score(model, name), rel=1e-12)


@pytest.mark.parametrize("name", ["flops", "l2_norm", "layers", "meco", "nwot", "params", "swap"])
def test_a_dead_branch_changes_the_scores_that_count_it(name):
    model = built(convolutional())
    assert zcrepro.list_proxies()[name].counts_dead
    assert score(Dead(model), name) != score(model, name)


def test_weights_that_are_computed_from_others_cannot_be_drawn_anew():
    model, plain = built(convolutional()), built(convolutional())
    torch.nn.utils.parametrizations.weight_norm(model[0])
    found = zcrepro.score(model, *batch(), ["az_expressivity", "vkdnw", "log_synflow", "synflow_bn"], SEED)
    assert all("computed from others" in reason for reason in found.status.values())
    for name in ("zico", "meco", "swap", "grad_sign"):
        assert score(model, name) == pytest.approx(score(plain, name), rel=1e-6), name


class Broken(nn.Module):
    """Fails after its first layers have run."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm, self.act = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.ReLU(inplace=True)

    def forward(self, x):
        self.act(self.norm(self.stem(x)))
        raise RuntimeError("out of memory")


def everything(model):
    """Return all that a score may not change."""
    modules, parameters = list(model.modules()), list(model.parameters())
    hooks = [(dict(module._forward_hooks), dict(module._forward_pre_hooks)) for module in modules]
    flags = [
        (module.training, getattr(module, "inplace", None), "forward" in vars(module)) for module in modules
    ]
    tensors = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
    gradients = [None if p.grad is None else p.grad.tolist() for p in parameters]
    identity = [(id(p), p.requires_grad) for p in parameters]
    return hooks, flags, tensors, gradients, identity, torch.get_rng_state().tolist()


@pytest.mark.parametrize("name", sorted(set(ALL) - WITHOUT_FORWARD))
def test_the_model_is_left_as_it_was_found_when_it_raises(name):
    model = Broken().double().eval()
    before = everything(model)
    with pytest.raises(ValueError, match=r"cannot process images.*out of memory"):
        score(model, name)
    assert everything(model) == before


@pytest.mark.parametrize("name", ALL)
def test_the_model_is_left_as_it_was_found(name):
    model = built([*convolutional()[:-1], nn.Dropout(0.5, inplace=True), nn.Linear(2, 5)]).eval()
    model[0].train()
    model[0].weight.requires_grad_(False)
    model[2].bias.grad = torch.ones(4, dtype=torch.double)
    before, (images, labels) = everything(model), batch()
    score(model, name, images, labels)
    assert everything(model) == before
    assert not images.requires_grad


@pytest.mark.parametrize("name", sorted(set(DEFINED) - {"meco"}))
def test_dropout_drops_nothing(name):
    layers = convolutional()
    model = built([*layers[:2], nn.Dropout2d(0.5), *layers[2:]])
    assert score(model, name) == score(built(convolutional()), name)
