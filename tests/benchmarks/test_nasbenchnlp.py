"""The recipes for NAS-Bench-NLP: the tracked table, and small files in the published formats."""

from pathlib import Path

import pandas as pd
import pytest

from samples import nasbenchnlp
from zcrepro.benchmarks._nasbenchnlp_recipes import SCHEMA, read_recipes, table_of_logs
from zcrepro.benchmarks.nasbenchnlp import RECIPE, RECIPES, TASK
from zcrepro.benchmarks.serianni_nasbenchnlp import FILE
from zcrepro.benchmarks.serianni_nasbenchnlp import RECIPE as SERIANNI
from zcrepro.benchmarks.tidy import read_one
from zcrepro.spaces.nasbenchnlp import SPACE

ROOT = Path(__file__).parents[2]
TRACKED = {RECIPES: ROOT / RECIPES}


@pytest.fixture
def files(tmp_path):
    paths = {RECIPES: tmp_path / "recipes.parquet", FILE: tmp_path / "results.csv"}
    nasbenchnlp.write_recipes(paths[RECIPES])
    nasbenchnlp.write_results(paths[FILE])
    return paths


def test_a_log_becomes_a_row_in_which_a_loss_that_diverged_is_not_a_number(tmp_path):
    path = tmp_path / "logs.csv"
    nasbenchnlp.write_logs(path)
    table = table_of_logs(path)
    assert list(table) == SCHEMA.names
    assert table["recipe"].tolist() == [1000000, 1000005, 2000001]
    assert table["arch"].tolist() == [nasbenchnlp.PLAIN, nasbenchnlp.PLAIN, nasbenchnlp.GATED]
    assert table["validation_loss"].tolist()[:2] == [5.0, 4.0]
    assert table["validation_loss"].isna().tolist() == [False, False, True]


def test_the_accuracy_of_a_cell_is_minus_the_mean_loss_of_its_trainings_that_finished(files):
    frame = RECIPE.accuracies({RECIPES: files[RECIPES]})
    assert set(frame["arch"]) == {nasbenchnlp.PLAIN}
    by_metric = frame.set_index("metric")
    assert by_metric["accuracy"].to_dict() == {"validation": -4.5, "test": -4.0}
    assert by_metric["seeds"].tolist() == [2, 2]


def test_counts_are_also_of_cells_that_diverged_and_once_each(files):
    counts = RECIPE.counts({RECIPES: files[RECIPES]}).set_index("arch")["count"]
    assert counts.to_dict() == {nasbenchnlp.PLAIN: 5_731_600, nasbenchnlp.GATED: 6_833_200}


def test_a_cell_has_the_scores_of_its_first_recipe_and_unknown_recipes_are_left_out(files):
    frame = SERIANNI.released(files).set_index("arch")
    assert list(frame.index) == [nasbenchnlp.PLAIN, nasbenchnlp.GATED]
    assert frame["synaptic_saliency"].tolist() == [10.0, 30.0]
    assert frame["hidden_covariance_3"].tolist() == [13.0, 33.0]


def test_the_tracked_table_has_every_training_and_the_accuracies_of_those_that_finished():
    table = read_recipes(TRACKED[RECIPES])
    assert (len(table), table["arch"].nunique()) == (14_322, 12_123)
    frame = read_one("nasbenchnlp", "accuracies", TRACKED, SPACE)
    assert frame.groupby("metric")["arch"].nunique().to_dict() == {"test": 9_461, "validation": 9_461}
    assert frame.groupby("metric")["seeds"].sum().to_dict() == {"test": 11_598, "validation": 11_598}
    assert (frame["graph"] == frame["arch"]).all()


def test_the_networks_have_as_many_parameters_as_all_14322_trained_ones():
    table = read_recipes(TRACKED[RECIPES])
    counts = {text: SPACE.parameters(SPACE.parse(text), TASK) for text in table["arch"].unique()}
    assert (table["arch"].map(counts) == table["parameters"]).all()


def test_recipes_that_are_one_cell_were_trained_to_nearly_one_loss():
    """Their losses differ by far less than those of different cells, so the cells are rightly called equal."""
    table = read_recipes(TRACKED[RECIPES])
    finished = table[table["status"] == "OK"]
    repeated = finished[finished["arch"].duplicated(keep=False)]
    within = repeated.groupby("arch")["validation_loss"].std()
    assert len(within) == 628
    assert within.median() < 0.005
    assert finished["validation_loss"].std() > 100 * within.median()


def test_a_file_of_another_shape_is_refused(files):
    pd.DataFrame({"log name": ["x"]}).to_csv(files[FILE], index=False)
    with pytest.raises(ValueError, match=r"results\.csv.*no column Activation Distance"):
        SERIANNI.released(files)
    nasbenchnlp.write_results(files[FILE], first="model_1.json")
    with pytest.raises(ValueError, match=r"'model_1\.json' is not the name of a log"):
        SERIANNI.released(files)
