"""VKDNW, by its equation."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn import functional as F

from proxies.small_networks import Pointwise, kaiming, pooled_alone, score, status


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


class Functional(Pointwise):
    """The weights of its stem are used without a call of the stem."""

    def forward(self, x):
        return self.classifier(self.pool(F.conv2d(x, self.stem.weight)).flatten(1))


def test_undefined_scores_say_why():
    reason = "a weight is used otherwise than by a call of its module"
    assert status([Functional(nn.Identity())], "vkdnw") == reason
    assert status(pooled_alone(), "vkdnw") == "the network has no parameters"
