"""The engine on a GPU: what it leaves behind, and the memory that it keeps."""

import math
from itertools import cycle, islice

import numpy as np
import pytest
import torch
from torch import nn

import zcrepro
from gpu.networks import ALL, GPU, SEED
from zcrepro.provenance import pass_groups

pytestmark = pytest.mark.gpu

NETWORKS, REPEATS = 100, 9


def test_memory_stays_flat_over_a_thousand_networks():
    """Each repeat scores the same networks, one pass on each, so that its memory is that of the first."""
    space = zcrepro.get_space("embedded_cell")
    rng = np.random.default_rng(0)
    cells = [space.sample(rng) for _ in range(NETWORKS)]
    images = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(1)).to(GPU)
    labels = torch.arange(4, device=GPU) % 3
    kept, peaks = [], []
    for _ in range(1 + REPEATS):
        torch.cuda.reset_peak_memory_stats(GPU)
        for cell, proxies in zip(cells, islice(cycle(pass_groups(ALL).values()), NETWORKS), strict=True):
            zcrepro.score(space.network(cell, "digits").to(GPU), images, labels, proxies, SEED)
        kept.append(torch.cuda.memory_allocated(GPU))
        peaks.append(torch.cuda.max_memory_allocated(GPU))
    assert kept[1:] == kept[1:2] * REPEATS
    assert peaks[1:] == peaks[1:2] * REPEATS


def chain(*inner):
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3, padding=1)]
    layers += [nn.BatchNorm2d(4), nn.ReLU(), *inner, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5)]
    return nn.Sequential(*layers).to(GPU)


def batch():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(8, 3, 6, 6, generator=generator).to(GPU), (torch.arange(8) % 3).to(GPU)


def everything(model):
    """Return all that a score may not change."""
    modules, parameters = list(model.modules()), list(model.parameters())
    hooks = [(dict(module._forward_hooks), dict(module._forward_pre_hooks)) for module in modules]
    flags = [
        (module.training, getattr(module, "inplace", None), "forward" in vars(module)) for module in modules
    ]
    tensors = {name: (tensor.tolist(), tensor.device) for name, tensor in model.state_dict().items()}
    gradients = [None if p.grad is None else p.grad.tolist() for p in parameters]
    identity = [(id(p), p.requires_grad) for p in parameters]
    generators = torch.get_rng_state().tolist(), torch.cuda.get_rng_state(GPU).tolist()
    return hooks, flags, tensors, gradients, identity, generators


@pytest.mark.parametrize("proxy", ALL)
def test_the_model_and_the_generators_are_left_as_they_were_found(proxy):
    model = chain(nn.Dropout(0.5)).eval()
    model[0].train()
    model[0].weight.requires_grad_(False)
    model[2].bias.grad = torch.ones_like(model[2].bias)
    images, labels = batch()
    before = everything(model)
    zcrepro.score(model, images, labels, [proxy], SEED)
    assert everything(model) == before
    assert not images.requires_grad


def same(one, other):
    """Return whether two scores are equal, or both undefined."""
    return one == other or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize("proxy", ALL)
def test_the_same_network_has_the_same_score_again(proxy):
    first, again = (zcrepro.score(chain(), *batch(), [proxy], SEED) for _ in range(2))
    assert same(first[proxy], again[proxy])


@pytest.mark.parametrize("proxy", [name for name in ALL if name != "meco"])  # which counts dropout's features
def test_dropout_that_draws_on_the_gpu_drops_nothing(proxy):
    dropping, plain = (
        zcrepro.score(model, *batch(), [proxy], SEED) for model in (chain(nn.Dropout(0.5)), chain())
    )
    assert same(dropping[proxy], plain[proxy])


class Greedy(nn.Module):
    """Allocates more memory than any GPU has."""

    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(108, 5)

    def forward(self, x):
        return self.classifier(x.flatten(1)) + torch.empty(2**50, device=x.device)[0]


def test_want_of_memory_is_an_error_that_says_what_to_set():
    with pytest.raises(
        MemoryError, match=r"pass gradients over a batch of 8 on cuda.*\(features\.batch_size"
    ):
        zcrepro.score(Greedy().to(GPU), *batch(), ["snip"])
