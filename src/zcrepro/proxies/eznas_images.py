"""The number of images of each input that the programs of EZNAS are evaluated on.

It says nothing about a network, but is told beside the scores of programs: it is 16 unless the tensors of all
layers would take too much memory.
"""

from zcrepro.proxies._passes.layer_statistics import CITATION, COUNT, LAYER_STATISTICS, LayerOutputs
from zcrepro.proxies.base import Proxy


def compute(record: LayerOutputs) -> float:
    """Return the number of images."""
    return float(record.batch_size)


PROXY = Proxy(
    name="eznas_images",
    runs_in=LAYER_STATISTICS,
    needs=frozenset({COUNT}),
    formula=r"n",
    citation=CITATION,
    direction="higher",
    compute=compute,
)
