"""The blocks of a network, and those that reduce the resolution."""

import torch
from torch import nn

import zcrepro
from proxies.small_networks import convolutional
from zcrepro.networks.blocks import blocks, reductions


def test_blocks_are_what_is_left_when_containers_are_unfolded():
    layers = convolutional()
    plain = nn.Sequential(*layers)
    nested = nn.Sequential(nn.Sequential(*layers[:2], nn.Sequential(layers[2])), *layers[3:])
    assert blocks(plain) == blocks(nested) == blocks(nn.Sequential(nested)) == layers
    space = zcrepro.get_space("nasbench201")
    network = space.network(("skip_connect",) * 6, "cifar10")
    assert blocks(network) == [network.stem, *network.cells, network.head, network.classifier]
    assert reductions(network, torch.zeros(2, 3, 32, 32)) == [network.cells[5], network.cells[11]]
