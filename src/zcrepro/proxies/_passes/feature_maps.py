"""The pass of feature maps: one forward of one image, and a hook on every module."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zcrepro.networks.training import training
from zcrepro.proxies._base import Batch, Need


@dataclass(frozen=True)
class Correlations:
    """``smallest``: for each call of a module that put out a feature map, (1, channels, ...), the smallest
    eigenvalue of the correlation matrix of its channels."""

    smallest: list[float]


class FeatureMapPass:
    name = "feature_maps"
    cost = "0.2"

    def run(self, model: nn.Module, batch: Batch, needs: frozenset[Need], seed: int) -> Correlations:
        del needs  # there is one thing to record
        smallest: list[float] = []

        def add(module: nn.Module, inputs: object, output: object) -> None:
            del module, inputs
            # Whatever else modules put out, such as computed weights, is not of one image.
            if isinstance(output, Tensor) and output.dim() > 2 and len(output) == 1:
                smallest.append(_smallest_eigenvalue(output[0].flatten(1)))

        handles = [module.register_forward_hook(add) for module in model.modules()]
        try:
            with training(model, seed), torch.no_grad():
                model(batch.images[:1])
        finally:
            for handle in handles:
                handle.remove()
        return Correlations(smallest)


def _smallest_eigenvalue(features: Tensor) -> float:
    """Of the correlation matrix of (channels, positions), in float64; a constant channel correlates
    with nothing, not even with itself."""
    centred = features.double() - features.double().mean(1, keepdim=True)
    lengths = centred.norm(dim=1, keepdim=True)
    unit = torch.where(lengths > 0, centred / lengths, torch.zeros_like(centred))
    return float(torch.linalg.eigvalsh(unit @ unit.T)[0])


FEATURE_MAPS = FeatureMapPass()
