"""NAS-Bench-NLP on the published files: the tracked table is theirs, and the files agree on the losses."""

import os
from pathlib import Path

import numpy as np
import pytest

from zcrepro.benchmarks._nasbenchnlp_recipes import read_recipes, recipe_number, table_of_logs
from zcrepro.benchmarks.nasbenchnlp import RECIPE, RECIPES
from zcrepro.benchmarks.serianni_nasbenchnlp import COLUMNS, FILE, LOG, scores
from zcrepro.benchmarks.serianni_nasbenchnlp import RECIPE as SERIANNI
from zcrepro.files.csv import read_csv
from zcrepro.ranking.correlation import spearman

pytestmark = pytest.mark.data

LOGS = "nasbenchnlp/nasbenchnlp_ptb_14322.csv.gz"
"""The table of the logs, which has no URL: a mirror must hold it."""


def test_the_tracked_table_is_made_of_the_logs(real):
    folder = os.environ.get("ZCREPRO_MIRROR")
    if folder is None:
        pytest.skip("the table of the logs has no URL; set ZCREPRO_MIRROR to a folder that holds it")
    made = table_of_logs(Path(folder) / LOGS).sort_values("recipe", ignore_index=True)
    tracked = read_recipes(real(RECIPES))
    assert made.astype(tracked.dtypes.to_dict()).equals(tracked)


def test_both_files_have_the_same_test_losses(real):
    results = read_csv(real(FILE), encoding="utf-8-sig")
    results["recipe"] = results[LOG].map(recipe_number)
    both = results.merge(read_recipes(real(RECIPES)), on="recipe")
    assert len(both) == 2_936
    assert np.allclose(both["loss"], both["test_loss"], atol=1e-6)
    assert np.allclose(np.log(both["perplexity"]), both["loss"], atol=1e-6)


@pytest.mark.parametrize(
    ("score", "whole"),
    [
        ("hidden_covariance_1", 0.524),
        ("jacobian_cosine", 0.398),
        ("synaptic_saliency", -0.183),
        ("jacobian_covariance", 0.005),
    ],
)
def test_the_recipes_with_an_architecture_rank_as_all_8794_do(real, score, whole):
    results = read_csv(real(FILE), encoding="utf-8-sig")
    column = next(column for column, name in COLUMNS.items() if name == score)
    assert len(scores(real(FILE))) == len(results) == 8_794
    every = spearman(results[column].to_numpy(), -results["perplexity"].to_numpy())
    assert every == pytest.approx(whole, abs=0.001)
    accuracies = RECIPE.accuracies({RECIPES: real(RECIPES)})
    known = SERIANNI.released({name: real(name) for name in (RECIPES, FILE)})
    joined = known.merge(accuracies[accuracies["metric"] == "test"], on="arch")
    assert spearman(joined[score].to_numpy(), joined["accuracy"].to_numpy()) == pytest.approx(whole, abs=0.01)
