"""The 13 proxies of NAS-Bench-Suite-Zero by their plain definitions, each on a copy of the network.

They share nothing with the engine: no pass, no closed form, no product instead of a pooling.
"""

import copy
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
SEED = 3
ROUNDING = 1e-10  # of a gradient in float64


def copied(model):
    model = copy.deepcopy(model).train()
    for module in model.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return model


def layers_of(model):
    return [module for module in model.modules() if isinstance(module, nn.Conv2d | nn.Linear)]


def derivatives(scalar, tensors, **options):
    if not scalar.requires_grad:
        return [torch.zeros_like(tensor) for tensor in tensors]
    found = torch.autograd.grad(scalar, tensors, allow_unused=True, **options)
    return [
        torch.zeros_like(tensor) if gradient is None else gradient
        for tensor, gradient in zip(tensors, found, strict=True)
    ]


def weights_and_gradients(model, images, labels):
    weights = [layer.weight for layer in layers_of(model)]
    return weights, derivatives(F.cross_entropy(model(images), labels), weights)


def grad_norm(model, images, labels):
    return sum(g.norm().item() for g in weights_and_gradients(model, images, labels)[1])


def snip(model, images, labels):
    pairs = zip(*weights_and_gradients(model, images, labels), strict=True)
    return sum((w * g).abs().sum().item() for w, g in pairs)


def plain(model, images, labels):
    pairs = zip(*weights_and_gradients(model, images, labels), strict=True)
    return sum((w * g).sum().item() for w, g in pairs)


def grasp(model, images, labels):
    weights = [layer.weight for layer in layers_of(model)]
    gradients = derivatives(F.cross_entropy(model(images), labels), weights, create_graph=True)
    inner = sum((g.detach() * g).sum() for g in gradients)
    return sum(-(w * h).sum().item() for w, h in zip(weights, derivatives(inner, weights), strict=True))


def _keep(calls):
    def keep(module, inputs, output):
        del inputs
        calls.append((module, output))
        return output.clone()  # which the network may overwrite

    return keep


def fisher(model, images, labels):
    calls = []
    for layer in layers_of(model):
        layer.register_forward_hook(_keep(calls))
    loss = F.cross_entropy(model(images), labels)
    gradients = derivatives(loss, [output for _, output in calls])
    total = 0.0
    for (layer, output), gradient in zip(calls, gradients, strict=True):
        if isinstance(layer, nn.Linear):  # its channels stand last
            output, gradient = output.movedim(-1, 1), gradient.movedim(-1, 1)
        for channel, weights in enumerate(layer.weight):
            of_images = (output[:, channel] * gradient[:, channel]).reshape(len(images), -1).sum(1)
            total += weights.numel() * 0.5 * (of_images**2).mean().item()
    return total


def jacobian_of(model, images):
    images = images.clone().requires_grad_()
    (jacobian,) = derivatives(model(images).sum(), [images])
    return jacobian.reshape(len(images), -1) if jacobian.abs().max() > ROUNDING else None


def jacov(model, images, labels):
    del labels
    if len(images) == 1 or (jacobian := jacobian_of(model, images)) is None:
        return math.nan
    values = np.linalg.eigvalsh(np.corrcoef(jacobian.numpy())) + 1e-5
    return float(-(np.log(values) + 1 / values).sum())


def epe_nas(model, images, labels):
    if len(set(labels.tolist())) == len(labels) or (jacobian := jacobian_of(model, images)) is None:
        return math.nan
    total = 0.0
    for label in set(labels.tolist()):
        correlations = np.atleast_2d(np.corrcoef(jacobian[labels == label].numpy()))
        total += abs(np.log(np.abs(correlations) + 1e-5).sum())
    return float(total)


def nwot(model, images, labels):
    del labels
    kernel = np.zeros((len(images), len(images)))

    def add(module, inputs, output):
        del module, inputs
        on = (output > 0).reshape(len(output), -1).double().numpy()
        kernel[:] += on @ on.T + (1 - on) @ (1 - on).T

    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    for relu in relus:
        relu.register_forward_hook(add)
    model(images)
    full = np.linalg.matrix_rank(kernel) == len(kernel)
    return float(np.linalg.slogdet(kernel)[1]) if relus and full else math.nan


def synflow(model, images, labels):
    del labels
    for module in model.modules():
        if isinstance(module, NORMS):  # one that activates, too, does just that
            module.forward = (lambda act: lambda x: act(x))(getattr(module, "act", nn.Identity()))
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.abs_()
    weights = [layer.weight for layer in layers_of(model)]
    gradients = derivatives(model(torch.ones_like(images[:1])).sum(), weights)
    return sum((w * g).abs().sum().item() for w, g in zip(weights, gradients, strict=True))


@torch.no_grad()
def zen(model, images, labels):
    del labels
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_parameters()
        norm.reset_running_stats()
    torch.manual_seed(SEED)
    for layer in layers_of(model):
        layer.weight.normal_()
        if layer.bias is not None:
            layer.bias.zero_()
    noise = torch.randn_like(images)
    pooled = []
    for module in model.modules():
        if isinstance(module, (nn.AdaptiveAvgPool2d, nn.AvgPool2d)):  # the last one that runs counts
            module.register_forward_pre_hook(lambda _, inputs: pooled.append(inputs[0]))
    model(noise)
    before = pooled[-1] if pooled else None
    model(noise + 0.01 * torch.randn_like(images))
    if before is None or not (pooled[-1] - before).any():
        return math.nan
    distance = (pooled[-1] - before).abs().flatten(1).sum(1).mean().item()
    ran = [norm.running_var.mean().item() for norm in norms if norm.num_batches_tracked]
    return math.log(distance) + sum(math.log(math.sqrt(variance)) for variance in ran)


def params(model, images, labels):
    del images, labels
    return sum(parameter.numel() for parameter in model.parameters())


def l2_norm(model, images, labels):
    del images, labels
    return sum(layer.weight.norm().item() for layer in layers_of(model))


FUNCTIONS = (grad_norm, snip, plain, grasp, fisher, jacov, epe_nas, nwot, synflow, zen, params, l2_norm)
PLAIN = {function.__name__: function for function in FUNCTIONS}
"""The 13 proxies of NAS-Bench-Suite-Zero except flops, which is compared with published counts."""
