"""The embedded chain: identities have no effect within their stage."""

import torch

import zcrepro

SPACE = zcrepro.get_space("embedded_chain")


def chain(*operations):
    return SPACE.parse(f"|{'|'.join(operations)}|")


def test_an_identity_does_nothing_wherever_it_stands_in_its_stage():
    first = chain("identity", "conv_3x3", "conv_1x1", "identity", "identity", "identity")
    second = chain("conv_3x3", "identity", "identity", "conv_1x1", "identity", "identity")
    assert SPACE.canonical(first) == SPACE.canonical(second) == "conv_3x3+conv_1x1+#"
    images = torch.randn(4, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    assert torch.equal(SPACE.network(first, "digits")(images), SPACE.network(second, "digits")(images))


def test_the_same_layers_in_another_stage_are_another_graph():
    first = chain("conv_3x3", "identity", "identity", "identity", "identity", "identity")
    second = chain("identity", "identity", "conv_3x3", "identity", "identity", "identity")
    assert SPACE.canonical(first) != SPACE.canonical(second)
