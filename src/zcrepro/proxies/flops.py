"""Multiply-adds of one image, as NAS-Bench-Suite-Zero counts them (tensorwatch).

Reported in millions there; here it is the plain number. Counted are nn.Conv2d, nn.Linear, BatchNorm2d, ReLU,
LeakyReLU and pooling modules that are called. Left out is what functions compute, above all the products of
attention and the projections inside nn.MultiheadAttention."""

from zcrepro.proxies._passes.structure import STRUCTURE, Structure
from zcrepro.proxies.base import Proxy


def flops(record: Structure) -> float:
    """The number of multiply-adds."""
    return record.operations


PROXY = Proxy(
    name="flops",
    runs_in=STRUCTURE,
    needs=frozenset({"operations"}),
    formula=r"\sum_l \mathrm{multiply\text{-}adds}_l",
    citation="Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022",
    direction="higher",
    compute=flops,
)
