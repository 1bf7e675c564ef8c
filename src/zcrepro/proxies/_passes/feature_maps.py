"""The pass of feature maps: correlations between the channels of every feature map of one image.

Each matrix is reduced to its smallest eigenvalue inside a hook, so that no feature map is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.forward import logits
from zcrepro.networks.hooks import hooked
from zcrepro.networks.layers import tokens_refused
from zcrepro.networks.readable import WRAPPED
from zcrepro.networks.relus import folded
from zcrepro.networks.training import training
from zcrepro.proxies.base import Batch, Need, Record


@dataclass(frozen=True)
class Correlations(Record):
    """The smallest eigenvalue of the correlation matrix of the channels of each feature map.

    ``smallest`` has one value per call of a module whose output is (1, channels, ...), in the order of the
    calls.
    """

    smallest: list[float]


class FeatureMapPass:
    name = "feature_maps"
    records: frozenset[Need] = frozenset()
    cost = "0.2"
    reads_tokens = False

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Correlations:
        del needs  # the record is the same for every proxy
        smallest: list[float] = []

        def add(module: nn.Module, inputs: object, output: object) -> None:
            del module, inputs
            if isinstance(output, Tensor) and output.dim() > 2:
                if reason := folded(output, 1):
                    raise UndefinedScoreError(reason)
                smallest.append(_smallest_eigenvalue(output[0].flatten(1)))

        with (
            hooked(module.register_forward_hook(add) for module in _of_features(model)),
            training(model, seed),
            torch.no_grad(),
            tokens_refused(model),
        ):
            logits(model, batch.images[:1])
        return Correlations(smallest)


def _of_features(model: nn.Module) -> list[nn.Module]:
    """Return the modules that compute features.

    Modules of parametrizations compute weights, and a module around a compiled one computes nothing.
    """
    makers = {
        m for module in model.modules() if isinstance(module, ParametrizationList) for m in module.modules()
    }
    return [module for module in model.modules() if module not in makers and WRAPPED not in module._modules]


def _smallest_eigenvalue(features: Tensor) -> float:
    """Return the smallest eigenvalue of the correlation matrix of (channels, positions), in float64.

    A constant channel has correlation zero with every channel, itself included, as in the released code.

    Raises UndefinedScoreError if a feature is not finite.
    """
    centred = features.double() - features.double().mean(1, keepdim=True)
    lengths = centred.norm(dim=1, keepdim=True)
    if not lengths.isfinite().all():
        raise UndefinedScoreError("a feature map is not finite")
    unit = torch.where(lengths > 0, centred / lengths, torch.zeros_like(centred))
    return float(torch.linalg.eigvalsh(unit @ unit.T)[0])


FEATURE_MAPS = FeatureMapPass()
