"""EPE-NAS: the correlation of Jacobians within each class.

Lopes et al. (ICANN 2021), with k = 1e-5 for stability. Higher is better. As in the released code, up to 100
classes contribute the absolute values of their scores. With more, each class score is divided by the number
of images of the class, and the absolute differences of all pairs of classes are added and divided by the
number of classes.

The score is undefined if the sum of the logits is constant, as for ``jacov``.
"""

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
    """Return the score, computed in float64.

    A class with a single image contributes log(1 + k), or nothing if there are many classes.
    """
    if record.labels.dim() > 1:
        raise UndefinedScoreError("each position has a label, so there are no classes of inputs")
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
