"""The kernel of activation patterns, by bits and by a product."""

import numpy as np
import pytest
import torch

from zcrepro.networks import relu_kernel


@pytest.mark.parametrize("shape", [(5, 3, 4, 4), (1, 7), (6, 64), (4, 65), (3, 1), (9, 2, 31)])
def test_both_ways_count_the_units_in_which_two_images_agree(shape):
    activations = torch.randn(shape, generator=torch.Generator().manual_seed(0)).relu()
    active = (activations > 0).flatten(1)
    expected = [[int((one == other).sum()) for other in active] for one in active]
    for count in (relu_kernel._by_bits, relu_kernel._by_product):
        found = count(active)
        assert found.dtype == torch.float64
        assert found.tolist() == expected
    assert relu_kernel.agreement(activations).tolist() == expected


def test_a_view_that_is_not_contiguous_is_counted_alike():
    activations = torch.randn(4, 6, 5, 5).permute(0, 2, 3, 1)[:, ::2]
    active = (activations > 0).flatten(1).numpy()
    expected = np.array([[(one == other).sum() for other in active] for one in active])
    np.testing.assert_array_equal(relu_kernel.agreement(activations).numpy(), expected)
