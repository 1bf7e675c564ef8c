"""Switch off what a network drops at random in training mode: dropout, stochastic depth, DropPath.

A score must not depend on what was dropped. Evaluation mode of the whole network is no remedy, because it
also changes how BatchNorm normalises. Instead, dropout functions become the identity, and a module that
draws random numbers in its own ``forward`` runs that code, but not the code of its children, in evaluation
mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zcrepro.networks.functions import Function, Intercepted, identity
from zcrepro.networks.generators import states
from zcrepro.networks.preserve import rerouted
from zcrepro.networks.training import training


def _attention_without_dropout(*args: Any, **kwargs: Any) -> Any:
    changed = {"dropout_p": 0.0} if "dropout_p" in kwargs else {}
    return F.scaled_dot_product_attention(*args, **kwargs | changed)


DROPOUTS = (
    *(F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout),
    *(torch.dropout, torch.dropout_, torch.alpha_dropout, torch.alpha_dropout_),
    *(
        torch.feature_dropout,
        torch.feature_dropout_,
        torch.feature_alpha_dropout,
        torch.feature_alpha_dropout_,
    ),
)
REPLACEMENTS: dict[Function, Function] = dict.fromkeys(DROPOUTS, identity)
REPLACEMENTS[F.scaled_dot_product_attention] = _attention_without_dropout


def drawing_modules(model: nn.Module, images: Tensor) -> list[nn.Module]:
    """Return the modules whose own code draws random numbers in training mode.

    Dropout functions are switched off meanwhile, so modules that call nothing else are not among them.
    """
    drawing: dict[nn.Module, None] = {}
    running: list[nn.Module] = []
    last = states(images.device)

    def blame() -> None:
        # Numbers drawn since the last call or return were drawn by the innermost module that is running.
        nonlocal last
        now = states(images.device)
        if now != last and running:
            drawing[running[-1]] = None
        last = now

    def enter(module: nn.Module, inputs: object) -> None:
        del inputs
        blame()
        running.append(module)

    def leave(module: nn.Module, inputs: object, output: object) -> None:
        del module, inputs, output
        blame()
        running.pop()

    with training(model, 0), torch.no_grad(), Intercepted(REPLACEMENTS):
        for module in model.modules():
            module.register_forward_pre_hook(enter)  # training() restores the hooks with the model
            module.register_forward_hook(leave)
        last = states(images.device)
        model(images.clone())
    return list(drawing)


@contextmanager
def dropping_off(drawing: list[nn.Module]) -> Iterator[None]:
    """Run ``drawing`` modules, without their children, in evaluation mode, and dropout as the identity."""
    with Intercepted(REPLACEMENTS), rerouted({module: _evaluated(module) for module in drawing}):
        yield


def _evaluated(module: nn.Module) -> Callable[..., Any]:
    stock = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        before, module.training = module.training, False
        try:
            return stock(*args, **kwargs)
        finally:
            module.training = before

    return forward
