"""One thread for torch and BLAS, as in the workflow's jobs: the workers of pytest share the cores."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def single_precision_bound():
    """Return a bound on the float32 error of scores, from disturbed scores of the same network and batch.

    Both arguments map names to numbers: the scores, and several disturbed ones.
    """

    def bound(scores, several):
        # The first term is conditioning. The second is sums of many numbers, which no noise on layers reaches.
        return {
            name: 2 * max(abs(other[name] - score) for other in several) + 1e-6 * abs(score)
            for name, score in scores.items()
        }

    return bound


@pytest.fixture
def disturbed():
    """Return a function that adds hooks to a network, which multiply what layers put out by one plus noise.

    This is Monte Carlo arithmetic (Parker, 1997). By the chain rule gradients are disturbed too. A layer rounds
    a few times and adds up to 576 products, so its error is a few roundings of float32; the noise is up to 64 of
    them. Scores of badly conditioned networks move with it as far as conditioning lets roundings move them.
    """
    import torch

    def disturb(network, seed):
        generator = torch.Generator().manual_seed(seed)

        def hook(module, inputs, output):
            del module, inputs
            noise = 2 * torch.rand(output.shape, generator=generator, dtype=output.dtype) - 1
            return output * (1 + 64 * 2.0**-24 * noise)

        for module in network.modules():
            if not list(module.children()):
                module.register_forward_hook(hook)
        return network

    return disturb
