"""EPE-NAS: correlation of the Jacobians within each class.

Lopes et al. (2021). For at most 100 classes the absolute class scores are added; for more, each
class score is divided by the size of the class and absolute differences of all pairs of classes
are added and divided by the number of classes (the released code). NaN where the sum of the logits is
constant, as for ``jacov``."""

import torch

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.networks.scalars import on_host
from zcrepro.proxies._passes.gradients import (
    GRADIENTS,
    GradientRecord,
    required_jacobian,
)
from zcrepro.proxies.base import Proxy

STABILITY = 1e-5
MANY_CLASSES = 100


def epe_nas(record: GradientRecord) -> float:
    """In float64; a class with a single image counts log(1 + k), or nothing with many classes."""
    if len(record.labels.unique()) == len(record.labels):
        raise UndefinedScoreError("no class has two images to correlate")
    jacobian = required_jacobian(record).double()
    many = record.logits.shape[1] > MANY_CLASSES
    scores = []
    for label in record.labels.unique():
        rows = jacobian[record.labels == label]
        if len(rows) > 1 or not many:
            logarithms = (torch.corrcoef(rows).abs() + STABILITY).log()
            scores.append(logarithms.sum() / (len(rows) if many else 1))
    of_classes = on_host(scores)
    if many:
        return sum(abs(a - b) for a in of_classes for b in of_classes) / len(of_classes)
    return sum(map(abs, of_classes))


PROXY = Proxy(
    name="epe_nas",
    runs_in=GRADIENTS,
    needs=frozenset({"jacobian"}),
    formula=r"\sum_c \left|\sum_{ij} \log\left(|\rho^c_{ij}| + k\right)\right|",
    citation="Lopes et al., EPE-NAS, ICANN 2021",
    direction="higher",
    compute=epe_nas,
    counts_dead=False,
)
