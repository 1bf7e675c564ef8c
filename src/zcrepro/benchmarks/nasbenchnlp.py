"""Read losses and parameters of NAS-Bench-NLP (Klyuchnikov et al., IEEE Access 2022).

The table in the repository has 14,322 trainings on the Penn Treebank, one per recipe. 11,598 of them finished
their 50 epochs; the loss of the others diverged, and they have no accuracy. Recipes that differ in notation
alone are one architecture, so that there are 12,123, of which 9,461 have accuracies: the means of their
trainings.

The accuracy is minus the loss after the last epoch, in nats per word, so that higher is better. It ranks
architectures as their perplexity does, which is the exponential of the loss.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zcrepro.benchmarks._base import require_files
from zcrepro.benchmarks._nasbenchnlp_recipes import FINISHED, REMEDY, read_recipes

RECIPES = "resources/nasbenchnlp/recipes.parquet"
TASK = "ptb"
SOURCE = "NAS-Bench-NLP, minus the loss"
LOSSES = {"validation": "validation_loss", "test": "test_loss"}


class NASBenchNLP:
    """Recipe for validation and test losses, and parameter counts."""

    not_percent = frozenset({TASK})
    remedy = REMEDY

    def accuracies(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return accuracies, see ``_base.Accuracies``."""
        require_files(files, [RECIPES], "nasbenchnlp")
        cells = finished(files[RECIPES]).groupby("arch", sort=False)
        parts = [
            pd.DataFrame({"accuracy": -cells[loss].mean(), "seeds": cells.size()}).assign(metric=metric)
            for metric, loss in LOSSES.items()
        ]
        frame = pd.concat(parts).reset_index().astype({"seeds": "Int64"})
        return frame.assign(task=TASK, source=SOURCE, file=RECIPES)

    def counts(self, files: Mapping[str, Path]) -> pd.DataFrame:
        """Return counts, see ``_base.Counts``, also of trainings that diverged."""
        require_files(files, [RECIPES], "nasbenchnlp")
        counts = read_recipes(files[RECIPES])[["arch", "parameters"]].drop_duplicates(ignore_index=True)
        counts = counts.rename(columns={"parameters": "count"})
        return counts.assign(task=TASK, quantity="params", source="NAS-Bench-NLP", file=RECIPES)


def finished(path: Path) -> pd.DataFrame:
    """Return the rows of the table of recipes whose training did not diverge."""
    table = read_recipes(path)
    return table[table["status"] == FINISHED]


RECIPE = NASBenchNLP()
