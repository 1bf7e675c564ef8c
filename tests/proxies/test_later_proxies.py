"""The later proxies against plain implementations of their equations, in float64 on small networks."""

import copy
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn import functional as F

import zcrepro
from zcrepro.networks.blocks import blocks, reductions
from zcrepro.provenance import pass_groups

GROUPS = {
    "halves": ["zico"],
    "feature_maps": ["meco"],
    "patterns": ["swap", "linear_regions"],
    "tangent_kernel": ["ntk_condition"],
    "single_images": ["grad_sign"],
    "blocks": ["az_expressivity", "az_progressivity", "az_trainability"],
    "fisher_matrix": ["vkdnw"],
    "tensors": ["layers"],
    "synflow": ["synflow_bn", "synflow_zcp", "log_synflow"],
}
LATER = [name for group in GROUPS.values() for name in group]
SEED = 5
SPACE = zcrepro.get_space("nasbench201")


def convolutional(norm=True, groups=1, stride=1):
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()]
    layers += [nn.Conv2d(4, 4, 3, stride, padding=1, groups=groups)]
    layers += [nn.BatchNorm2d(4)] if norm else []
    layers += [nn.ReLU(), nn.Conv2d(4, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 5)]
    return layers


def single_layer():
    return [nn.Flatten(), nn.Linear(3 * 6 * 6, 5)]


def built(layers):
    torch.manual_seed(0)
    network = nn.Sequential(*layers).double()
    for module in network.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return network


KINDS = {
    "BatchNorm": lambda: convolutional(),
    "no BatchNorm": lambda: convolutional(norm=False),
    "grouped": lambda: convolutional(groups=2),
    "strided": lambda: convolutional(stride=2),
}
ALL_KINDS = {**KINDS, "single layer": single_layer}


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def network(request):
    return built(request.param())


@pytest.fixture(params=ALL_KINDS.values(), ids=list(ALL_KINDS))
def any_network(request):
    return built(request.param())


def batch(size=8):
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(size, 3, 6, 6, generator=generator, dtype=torch.double)
    return images, torch.arange(size) % 5


def score(model, name, images=None, labels=None, seed=SEED):
    drawn = batch()
    images, labels = drawn[0] if images is None else images, drawn[1] if labels is None else labels
    found = zcrepro.score(model, images, labels, [name], seed)
    return found[name]


def status(model, name, images, labels):
    found = zcrepro.score(model, images, labels, [name], SEED)
    assert math.isnan(found[name])
    return found.status[name]


def outputs_of(model, modules, images):
    """What the modules put out in the order of their calls."""
    found = []
    handles = [module.register_forward_hook(lambda *call: found.append(call[2])) for module in modules]
    model(images)
    for handle in handles:
        handle.remove()
    return found


def weight_gradients(model, images, labels):
    model.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    layers = [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    return [layer.weight.grad.clone().numpy() for layer in layers]


def kaiming(model):
    """The network as AZ-NAS and VKDNW draw it anew, and noise of the shape of the batch."""
    drawn = copy.deepcopy(model)
    torch.manual_seed(SEED)
    for module in drawn.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            with torch.no_grad():
                module.weight.copy_(torch.randn_like(module.weight) * math.sqrt(2 / fan_in))
                module.bias.zero_()
    return drawn, torch.randn_like(batch()[0])


def test_they_are_listed_and_only_the_variants_of_synflow_join_a_pass_group_of_the_thirteen():
    assert set(LATER) <= set(zcrepro.list_proxies())
    assert pass_groups(LATER) == GROUPS
    assert set(GROUPS) & set(pass_groups(["snip", "params", "synflow", "zen"])) == {"synflow"}


def test_only_the_condition_number_is_better_when_lower():
    proxies = zcrepro.list_proxies()
    assert [name for name in LATER if proxies[name].direction == "lower"] == ["ntk_condition"]


# Values against the equations


def test_zico_equals_its_equation(any_network):
    images, labels = batch()
    model = copy.deepcopy(any_network)
    halves = [weight_gradients(model, images[part], labels[part]) for part in (slice(0, 4), slice(4, 8))]
    expected = 0.0
    for first, second in zip(*halves, strict=True):
        both = np.stack([first, second])
        deviation = both.std(0)
        ratios = np.abs(both).mean(0)[deviation > 0] / deviation[deviation > 0]
        expected += math.log(ratios.sum())
    assert score(any_network, "zico") == pytest.approx(expected, rel=1e-9)


def test_grad_sign_equals_its_equation(any_network):
    images, labels = batch()
    model = copy.deepcopy(any_network).train()
    each = [weight_gradients(model, images[[i]], labels[[i]]) for i in range(len(images))]
    expected = sum(np.abs(np.sign(np.stack(of_layer)).sum(0)).sum() for of_layer in zip(*each, strict=True))
    assert score(any_network, "grad_sign") == expected


def test_ntk_condition_equals_its_equation(network):
    images, _ = batch()
    model = copy.deepcopy(network).train()
    rows = []
    for index in range(len(images)):
        model.zero_grad()
        model(images)[index].sum().backward()
        rows.append(torch.cat([p.grad.flatten() for n, p in model.named_parameters() if "weight" in n]))
    expected = np.linalg.cond(torch.stack(rows).numpy()) ** 2
    assert score(network, "ntk_condition") == pytest.approx(expected, rel=1e-6)


def test_meco_equals_its_equation(network):
    images, _ = batch()
    model = copy.deepcopy(network).train()
    expected = 0.0
    for output in outputs_of(model, model.modules(), images[:1]):
        features = output[0].detach().numpy().reshape(len(output[0]), -1)
        if features.shape[1] > 1:
            with np.errstate(invalid="ignore"):
                correlations = np.nan_to_num(np.corrcoef(features))
            expected += np.linalg.eigvals(correlations).real.min()
    assert score(network, "meco") == pytest.approx(expected, rel=1e-9)


def test_swap_and_linear_regions_equal_their_equations(network):
    images, _ = batch()
    model = copy.deepcopy(network).train()
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    codes = np.concatenate([(o > 0).flatten(1).numpy() for o in outputs_of(model, relus, images)], 1)
    assert score(network, "swap") == len(set(map(tuple, codes.T)))
    assert score(network, "linear_regions") == len(set(map(tuple, codes)))


def entropies(features):
    """Of the variances along the principal axes, which an SVD of the centred features gives."""
    found = []
    for feature in features:
        values = feature.detach().numpy().transpose(0, 2, 3, 1).reshape(-1, feature.shape[1])
        variances = np.linalg.svd(values - values.mean(0), compute_uv=False) ** 2
        shares = variances / variances.sum()
        found.append(-(shares * np.log(shares + 1e-8)).sum())
    return found


def block_features(network):
    """Of every layer of the chain before the pooling."""
    model, noise = kaiming(network)
    features = [noise.requires_grad_()]
    for layer in model[:-3]:
        features.append(layer(features[-1]))
    return features[1:]


def test_expressivity_and_progressivity_equal_their_equations(network):
    expected = entropies(block_features(network))
    assert score(network, "az_expressivity") == pytest.approx(sum(expected), rel=1e-6)
    steps = [after - before for before, after in pairwise(expected)]
    assert score(network, "az_progressivity") == pytest.approx(min(steps), rel=1e-6)


def test_trainability_equals_its_equation(network):
    scores = []
    for before, after in reversed(list(pairwise(block_features(network)))):
        signs = torch.empty_like(after).bernoulli_(0.5) * 2 - 1
        (gradient,) = torch.autograd.grad(after, before, signs, retain_graph=True)
        if gradient.shape[2:] != signs.shape[2:]:
            gradient = F.pixel_unshuffle(gradient, gradient.shape[2] // signs.shape[2])
        outer = torch.einsum("nchw,ndhw->cd", gradient, signs) / signs[:, 0].numel()
        norm = np.linalg.svd(outer.numpy(), compute_uv=False).max()
        scores.append(-norm - 1 / (norm + 1e-6) + 2)
    assert score(network, "az_trainability") == pytest.approx(np.mean(scores), rel=1e-9)


def test_vkdnw_equals_its_equation(any_network):
    model, noise = kaiming(any_network)
    model.eval()
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def logits(firsts, image):
        moved = {
            name: torch.cat([first[None], p.flatten()[1:]]).reshape(p.shape)
            for first, (name, p) in zip(firsts, parameters.items(), strict=True)
        }
        return functional_call(model, moved, (image[None],))[0]

    firsts = torch.stack([p.flatten()[0] for p in parameters.values()])
    fisher = np.zeros((len(firsts), len(firsts)))
    for image in noise:
        probabilities = logits(firsts, image).softmax(0).numpy() * 0.95 + 0.05 / 5
        covariance = np.diag(probabilities) - np.outer(probabilities, probabilities)
        root = np.zeros((5, 5))
        root[:4, :4] = np.linalg.cholesky(covariance[:4, :4])
        root[4, :4] = np.linalg.solve(root[:4, :4], covariance[:4, 4])
        half = root @ jacrev(logits)(firsts, image).numpy()
        fisher += half.T @ half / len(noise)
    deciles = np.quantile(np.linalg.eigvalsh(fisher).clip(0), np.arange(1, 10) / 10)
    shares = deciles / (deciles.sum() + 1e-10)
    assert score(any_network, "vkdnw") == pytest.approx(-(shares * np.log(shares + 1e-10)).sum(), rel=1e-6)


# By hand


def test_zico_of_two_images_by_hand():
    """With logits w x and labels 0 the gradient of the first weight is -x / 2 at w = 0, and so on."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False)).double()
    nn.init.zeros_(model[1].weight)
    images = torch.tensor([1.0, 3.0]).double().reshape(2, 1, 1, 1)
    found = score(model, "zico", images, torch.zeros(2, dtype=torch.long))
    assert found == pytest.approx(math.log(2 * 2))  # mean 1, deviation 1/2, two weights


def test_grad_sign_of_a_linear_layer_by_hand():
    """Of images 1, 1, -1 with one label, two agree in each of two weights: |2 - 1| twice."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(1, 2, bias=False)).double()
    images = torch.tensor([1.0, 1.0, -1.0]).double().reshape(3, 1, 1, 1)
    assert score(model, "grad_sign", images, torch.zeros(3, dtype=torch.long)) == 2


def test_ntk_of_a_linear_layer_is_the_products_of_its_inputs():
    model = nn.Sequential(nn.Flatten(), nn.Linear(108, 5)).double()
    images, _ = batch()
    products = images.flatten(1) @ images.flatten(1).T
    assert score(model, "ntk_condition") == pytest.approx(np.linalg.cond(products.numpy()), rel=1e-9)


def test_meco_of_two_channels_is_one_minus_their_correlation():
    model = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)).double()
    images = torch.tensor([[[1.0, 2, 3, 4]], [[2.0, 1, 4, 3]]]).double()[None]  # correlation 0.6
    labels = torch.zeros(1, dtype=torch.long)
    assert score(model, "meco", images, labels) == pytest.approx(0.4)
    nested = nn.Sequential(nn.Sequential(*model[:1]), *model[1:])
    assert score(nested, "meco", images, labels) == pytest.approx(0.8)


def test_patterns_by_hand():
    """Three images, four units: the units show three patterns, and two images are alike."""
    model = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Linear(4, 2)).double()
    images = torch.tensor([[1.0, -1, 1, -1], [1, -1, 1, 2], [2, -3, 1, -1]]).double().reshape(3, 1, 2, 2)
    labels = torch.zeros(3, dtype=torch.long)
    assert score(model, "swap", images, labels) == 3
    assert score(model, "linear_regions", images, labels) == 2


def chain(norm):
    model = nn.Sequential(
        nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(4, 1, bias=False)
    )
    with torch.no_grad():
        model[0].weight.fill_(-3.0)
        model[3].weight.copy_(torch.tensor([[1.0, -2.0, 3.0, 4.0]]))
    return model if norm else nn.Sequential(model[0], *model[2:])


def test_log_synflow_of_a_chain_by_hand():
    images, labels = torch.zeros(1, 1, 2, 2), torch.zeros(1, dtype=torch.long)
    expected = 3 * math.log(1 + 10) + (1 + 2 + 3 + 4) * math.log(1 + 3)
    assert score(chain(norm=True), "log_synflow", images, labels) == pytest.approx(expected)


def test_synflow_with_batchnorm_is_synflow_where_there_is_none_and_zero_where_it_sees_a_constant():
    images, labels = torch.zeros(1, 1, 2, 2), torch.zeros(1, dtype=torch.long)
    names = ["synflow", "synflow_bn", "synflow_zcp"]
    assert set(zcrepro.score(chain(norm=False), images, labels, names).values()) == {60.0}
    assert dict(zcrepro.score(chain(norm=True), images, labels, names)) == {
        "synflow": 60.0,
        "synflow_bn": 0.0,
        "synflow_zcp": 60.0,
    }


def test_layers_counts_parameter_tensors_once():
    assert score(built(convolutional()), "layers") == 10
    model = built(single_layer())
    model.again = model[1]
    assert score(model, "layers") == 2


# What the definitions imply


def test_the_order_of_the_batch_does_not_matter():
    model, (images, labels) = built(convolutional()), batch()
    order = torch.tensor([3, 0, 7, 5, 1, 6, 2, 4])
    for name in ("swap", "linear_regions", "grad_sign", "ntk_condition"):
        moved = score(model, name, images[order], labels[order])
        assert moved == pytest.approx(score(model, name), rel=1e-6), name


def test_zico_does_not_know_the_first_half_from_the_second_nor_the_order_within():
    model, (images, labels) = built(convolutional()), batch()
    order = torch.tensor([6, 4, 7, 5, 1, 3, 0, 2])
    assert score(model, "zico", images[order], labels[order]) == pytest.approx(score(model, "zico"), rel=1e-9)


@pytest.mark.parametrize("name", sorted(set(LATER) - {"zico", "grad_sign"}))
def test_labels_do_not_matter(name):
    model, (_, labels) = built(convolutional()), batch()
    assert score(model, name, labels=labels.flip(0)) == score(model, name)


NOISE = {"az_expressivity", "az_progressivity", "az_trainability", "vkdnw"}


@pytest.mark.parametrize("name", LATER)
def test_only_what_draws_noise_depends_on_the_seed_and_that_not_on_images_or_weights(name):
    model, (images, _) = built(convolutional()), batch()
    assert (score(model, name, seed=0) == score(model, name, seed=1)) == (name not in NOISE)
    if name in NOISE:
        other = copy.deepcopy(model)
        nn.init.ones_(other[0].weight)
        other[3].running_var.fill_(3.0)
        assert score(other, name, images.flip(0)) == score(model, name)


def test_meco_looks_at_the_first_image_and_ntk_at_the_first_sixteen():
    model, (images, labels) = built(convolutional()), batch(20)
    assert score(model, "meco", images[:1], labels[:1]) == score(model, "meco", images, labels)
    model = built(single_layer())
    first = score(model, "ntk_condition", images[:16], labels[:16])
    assert score(model, "ntk_condition", images, labels) == first


class Dead(nn.Module):
    """A network whose ``model`` decides, and a convolution that runs for nothing."""

    def __init__(self, model):
        super().__init__()
        self.model, self.dead = model, nn.Conv2d(3, 4, 3).double()
        self.act = nn.ReLU()

    def forward(self, x):
        self.act(self.dead(x))
        return self.model(x)


@pytest.mark.parametrize("name", [n for n in LATER if not zcrepro.list_proxies()[n].counts_dead])
def test_a_dead_branch_changes_no_score_that_does_not_count_it(name):
    model = built(convolutional())
    assert score(Dead(model), name) == pytest.approx(score(model, name), rel=1e-12)


def test_what_counts_modules_counts_a_dead_branch():
    model = built(convolutional())
    for name in ("meco", "swap", "layers"):
        assert zcrepro.list_proxies()[name].counts_dead
        assert score(Dead(model), name) != score(model, name), name


def test_scaling_a_layer_before_batchnorm_changes_no_pattern():
    model = built(convolutional())
    other = copy.deepcopy(model)
    with torch.no_grad():
        other[2].weight.mul_(8.0)
        other[2].bias.mul_(8.0)
    assert score(other, "swap") == score(model, "swap")


def test_blocks_are_what_is_left_when_containers_are_unfolded():
    layers = convolutional()
    plain = nn.Sequential(*layers)
    nested = nn.Sequential(nn.Sequential(*layers[:2], nn.Sequential(layers[2])), *layers[3:])
    assert blocks(plain) == blocks(nested) == blocks(nn.Sequential(nested)) == layers
    network = SPACE.network(("skip_connect",) * 6, "cifar10")
    assert blocks(network) == [network.stem, *network.cells, network.head, network.classifier]
    assert reductions(network, torch.zeros(2, 3, 32, 32)) == [network.cells[5], network.cells[11]]


# Where there is no score


class Pointwise(nn.Module):
    """A stem, one block between feature maps, and a head."""

    def __init__(self, block):
        super().__init__()
        self.stem, self.block = nn.Conv2d(3, 4, 3, padding=1), block
        self.pool, self.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(4, 5)

    def forward(self, x):
        return self.classifier(self.pool(self.block(self.stem(x))).flatten(1))


class Copy(nn.Module):
    """Puts out its input as another tensor."""

    def forward(self, x):
        return x.clone()


class Nothing(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)


class Functional(Pointwise):
    """Its stem's weights are used without a call of the stem."""

    def forward(self, x):
        return self.classifier(self.pool(F.conv2d(x, self.stem.weight)).flatten(1))


ALONE = "a batch of one "
UNDEFINED = [
    (lambda: convolutional(), 1, "zico", ALONE + "has no two halves to compare"),
    (lambda: convolutional(), 1, "ntk_condition", ALONE + "has a kernel of one value"),
    (lambda: convolutional(), 1, "linear_regions", ALONE + "lies in one region, whatever the network"),
    (single_layer, 8, "swap", "no feature map runs through a ReLU"),
    (single_layer, 8, "linear_regions", "no feature map runs through a ReLU"),
    (single_layer, 8, "meco", "the network has no feature maps"),
    (single_layer, 8, "az_expressivity", "the blocks put out 0 feature maps, and 1 are needed"),
    (single_layer, 8, "az_trainability", "the blocks put out 0 feature maps, and 2 are needed"),
    (lambda: [Pointwise(Copy())], 8, "az_trainability", "a block passes its input on unchanged"),
    (lambda: [Pointwise(Nothing())], 8, "az_trainability", "a block passes no gradient on to the block before it"),
    (lambda: [Pointwise(Nothing())], 8, "az_progressivity", "the features of a block are constant"),
    (lambda: [Pointwise(nn.AdaptiveAvgPool2d(4))], 8, "az_trainability", "a block changes the resolution by no whole factor"),
    (lambda: [Pointwise(Nothing())], 8, "ntk_condition", "the kernel is singular"),
    (lambda: [Functional(nn.Identity())], 8, "vkdnw", "a weight is used otherwise than by a call of its module"),
    (lambda: [nn.AdaptiveAvgPool2d(1), nn.Flatten()], 8, "vkdnw", "the network has no parameters"),
    (lambda: [nn.AdaptiveAvgPool2d(1), nn.Flatten()], 8, "ntk_condition", "the network has no weights"),
    (lambda: [nn.AdaptiveAvgPool2d(1), nn.Flatten()], 8, "grad_sign", "the network has no nn.Conv2d and no nn.Linear"),
    (lambda: [nn.AdaptiveAvgPool2d(1), nn.Flatten()], 8, "zico", "the network has no nn.Conv2d and no nn.Linear"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "size", "name", "reason"), UNDEFINED)
def test_undefined_scores_say_why(layers, size, name, reason):
    images, labels = batch(size)
    assert status(built(layers()), name, images, labels % 3) == reason


def test_a_block_that_hides_the_one_before_leaves_the_other_components_defined():
    images, labels = batch()
    found = zcrepro.score(built([Pointwise(Copy())]), images, labels, LATER, SEED)
    undefined = {name for name in LATER if found.status[name] != "ok"}
    assert undefined == {"az_trainability", "swap", "linear_regions"}


@pytest.mark.parametrize("name", ["meco", "grad_sign", "synflow_bn"])
def test_a_batchnorm_that_sees_one_value_leaves_single_images_undefined(name):
    model = built([nn.Flatten(), nn.Linear(108, 4), nn.BatchNorm1d(4), nn.Linear(4, 5)])
    images, labels = batch()
    reason = "a normalisation sees a single value of each channel, which has no variance"
    assert status(model, name, images, labels) == reason


def test_weights_that_are_computed_from_others_cannot_be_drawn_anew():
    model, (images, labels) = built(convolutional()), batch()
    torch.nn.utils.parametrizations.weight_norm(model[0])
    for name in ("az_expressivity", "vkdnw", "log_synflow", "synflow_bn"):
        assert "computed from others" in status(model, name, images, labels)
    plain = built(convolutional())
    for name in ("zico", "meco", "swap", "grad_sign"):
        assert score(model, name) == pytest.approx(score(plain, name), rel=1e-6), name


# What is left behind


class Broken(nn.Module):
    """Fails after its first layers have run."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm, self.act = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.ReLU(inplace=True)

    def forward(self, x):
        self.act(self.norm(self.stem(x)))
        raise RuntimeError("out of memory")


def everything(model):
    """What a score may not change."""
    modules, parameters = list(model.modules()), list(model.parameters())
    hooks = [(dict(module._forward_hooks), dict(module._forward_pre_hooks)) for module in modules]
    flags = [
        (module.training, getattr(module, "inplace", None), "forward" in vars(module)) for module in modules
    ]
    tensors = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
    gradients = [None if p.grad is None else p.grad.tolist() for p in parameters]
    identity = [(id(p), p.requires_grad) for p in parameters]
    return hooks, flags, tensors, gradients, identity, torch.get_rng_state().tolist()


@pytest.mark.parametrize("name", sorted(set(LATER) - {"layers"}))
def test_the_model_is_left_as_it_was_found_when_it_raises(name):
    model = Broken().double().eval()
    before = everything(model)
    with pytest.raises(ValueError, match=r"cannot process images.*out of memory"):
        score(model, name)
    assert everything(model) == before


@pytest.mark.parametrize("name", LATER)
def test_the_model_is_left_as_it_was_found(name):
    model = built([*convolutional()[:-1], nn.Dropout(0.5, inplace=True), nn.Linear(2, 5)]).eval()
    model[0].train()
    model[0].weight.requires_grad_(False)
    model[2].bias.grad = torch.ones(4, dtype=torch.double)
    before, (images, labels) = everything(model), batch()
    score(model, name, images, labels)
    assert everything(model) == before
    assert not images.requires_grad


@pytest.mark.parametrize("name", sorted(set(LATER) - {"meco"}))
def test_dropout_drops_nothing(name):
    layers = convolutional()
    model = built([*layers[:2], nn.Dropout2d(0.5), *layers[2:]])
    assert score(model, name) == score(built(convolutional()), name)
