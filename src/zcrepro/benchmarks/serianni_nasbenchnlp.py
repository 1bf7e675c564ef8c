"""Read the scores of NAS-Bench-NLP by Serianni and Kalita (Training-free Neural Architecture Search for RNNs
and Transformers, ACL 2023).

The authors scored 8,794 recipes by twelve metrics on untrained networks. The file names a recipe by the log
of its training. The repository contains 2,936 of these recipes; the others have no architecture here and are
left out. Of recipes that are one architecture, the first has the scores: the others differ in their weights.

These are the authors' definitions, also where a metric has the name of a proxy. Synaptic saliency is the sum
of |W dL/dW| of SynFlow, and Jacobian covariance is that of Mellor et al., 2020.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import parses, require_columns, require_files, without_failures
from zcrepro.benchmarks._nasbenchnlp_recipes import read_recipes, recipe_number
from zcrepro.benchmarks.nasbenchnlp import RECIPES, TASK
from zcrepro.files.csv import read_csv
from zcrepro.files.errors import FETCH_AGAIN

FILE = "nasbenchnlp/RNN_results.csv"
SOURCE = "Serianni and Kalita"

COLUMNS = {
    "Activation Distance": "activation_distance",
    "Synaptic Saliency": "synaptic_saliency",
    "Jacobian Covariance": "jacobian_covariance",
    "Jacobian Cosine": "jacobian_cosine",
    "Large Noise Jacobian": "large_noise_jacobian",
    "Large Noise Jacobian Cosine": "large_noise_jacobian_cosine",
    "More Noised Jacobian": "more_noised_jacobian",
    "More Noised Jacobian Cosine": "more_noised_jacobian_cosine",
    "Hidden Synaptic Saliency": "hidden_synaptic_saliency",
    "Layer 1 Hidden Covariance": "hidden_covariance_1",
    "Layer 2 Hidden Covariance": "hidden_covariance_2",
    "Layer 3 Hidden Covariance": "hidden_covariance_3",
}
"""The columns of the file, and the names of the scores."""

LOG = "log name"


class SerianniNASBenchNLP:
    """Recipe for published scores that are not those of NAS-Bench-Suite-Zero."""

    proxies = tuple(COLUMNS.values())

    def released(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return published scores, see ``_base.Released``."""
        require_files(files, [RECIPES, FILE], "serianni_nasbenchnlp")
        known = read_recipes(files[RECIPES])[["recipe", "arch"]]
        scored = scores(files[FILE]).merge(known, on="recipe").sort_values("recipe")
        return scored.drop_duplicates("arch").assign(task=TASK, source=SOURCE, file=FILE)


@parses
def scores(path: Path) -> pd.DataFrame:
    """Return every row of the file: ``recipe``, the benchmark's number of the recipe, and the scores."""
    table = read_csv(path, FETCH_AGAIN, encoding="utf-8-sig")
    require_columns(table, [LOG, *COLUMNS])
    frame = without_failures(table[list(COLUMNS)]).rename(columns=COLUMNS)
    return frame.assign(recipe=table[LOG].map(recipe_number))


RECIPE = SerianniNASBenchNLP()
