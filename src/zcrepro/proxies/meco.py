"""MeCo: how far the channels of the feature maps are from being copies of each other.

Jiang et al. (NeurIPS 2023): the smallest eigenvalue of the correlation matrix of the channels of one image,
summed over layers. Higher is better. Neither labels nor gradients are needed.

The paper sums over layers. The released code, followed here, sums over the calls of all modules: a
container counts the output of its last layer again, so the score depends on how modules are nested. The
released code takes an image of the data set (NAS-Bench-201) or noise of 64 x 64 pixels; here it is the
first image of the batch. A layer with at least as many channels as positions contributes zero, because its
matrix is singular.

MeCo_opt, which is not computed here, draws eight channels of each feature map at random and multiplies the
smallest eigenvalue of their matrix by channels / 8.

Cost: one forward of one image and one eigenvalue problem per module, a quarter of a forward.
"""

from zcrepro.networks.errors import UndefinedScoreError
from zcrepro.proxies._passes.feature_maps import FEATURE_MAPS, Correlations
from zcrepro.proxies.base import Proxy


def meco(record: Correlations) -> float:
    """Return the sum over calls of modules.

    Outputs without positions, such as those of a linear layer, are left out.
    """
    if not record.smallest:
        raise UndefinedScoreError("the network has no feature maps")
    return sum(record.smallest)


PROXY = Proxy(
    name="meco",
    runs_in=FEATURE_MAPS,
    needs=frozenset(),
    formula=r"\sum_l \lambda_{\min}\left(\mathrm{corr}(f^l(x))\right)",
    citation="Jiang et al., MeCo, NeurIPS 2023",
    direction="higher",
    compute=meco,
)
