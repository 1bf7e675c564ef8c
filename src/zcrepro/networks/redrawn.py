"""Kaiming weights: the initialisation that some proxies are defined on, whatever the model's own weights."""

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from zcrepro.networks.layers import WEIGHTED
from zcrepro.networks.preserve import own_tensors
from zcrepro.networks.undefined import UndefinedScoreError

NEW_NORM = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1, "num_batches_tracked": 0}


def kaiming_weights(model: nn.Module) -> dict[int, Tensor]:
    """Every parameter and buffer by the id of what it replaces, for ``substituted``.

    Weights of convolutions and linear layers are N(0, 2 / fan-in), their biases zero; BatchNorm and
    GroupNorm are as when new; all else is a copy. He et al. (ICCV 2015), from torch's generator.
    """
    tensors = {id(tensor): tensor.detach().clone() for tensor in own_tensors(model)}
    for module in model.modules():
        if isinstance(module, WEIGHTED):
            if id(module.weight) not in tensors:
                raise UndefinedScoreError("a weight is computed from others, so it cannot be drawn anew")
            nn.init.kaiming_normal_(tensors[id(module.weight)], nonlinearity="relu")
            if module.bias is not None:
                tensors[id(module.bias)].zero_()
        elif isinstance(module, _BatchNorm | nn.GroupNorm):
            for name, value in NEW_NORM.items():
                if (tensor := getattr(module, name, None)) is not None:
                    tensors[id(tensor)].fill_(value)
    return tensors
