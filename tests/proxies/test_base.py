"""What a proxy may need of its pass."""

import dataclasses
import re

import pytest

from zcrepro.proxies.fisher import PROXY as FISHER
from zcrepro.proxies.zen import PROXY as ZEN


def test_a_misspelt_need_is_refused_with_the_nearest_need_of_the_pass():
    expected = (
        "proxy 'fisher' of the pass 'gradients': unknown need 'output_gradient'; "
        "did you mean 'output_gradients'?"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        dataclasses.replace(FISHER, needs=frozenset({"output_gradient"}))


def test_a_need_like_no_other_is_refused_with_all_needs_of_the_pass():
    with pytest.raises(ValueError, match=r"unknown need 'q'; there are hessian_gradient, jacobian, output_g"):
        dataclasses.replace(FISHER, needs=frozenset({"weight_gradients", "q"}))


def test_a_need_is_refused_if_the_pass_records_the_same_for_every_proxy():
    with pytest.raises(ValueError, match=r"proxy 'zen' of the pass 'zen': unknown need 'features'; the pass"):
        dataclasses.replace(ZEN, needs=frozenset({"features"}))
